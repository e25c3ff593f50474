import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import {
  createImport,
  importOf,
  previewImport,
  startImport,
  stopImport,
  tableOf,
  type EmployeeImport,
  type ImportFault,
} from '../services/import.js'
import { employeeTargets, type EmployeeTarget } from '../services/table-columns.js'

const manage = ['employment.manager']
const shownRows = 8
const shownFaults = 100

/** Employees from a CSV or XLSX: file, columns with a trial of the first rows, progress. */
export function importPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  const inCompany = <Result>(call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
    host.db.company(call.context.companyId, work)
  const page = (call: PageCall, template: string, data: object): PageAnswer => {
    const say = (key: string): string => host.i18n.text(call.context.locale, key)
    const title = say('employment.import.title')
    return {
      kind: 'page',
      template,
      title,
      data,
      breadcrumb: [{ label: say('employment.list.employees'), href: '/app/employment/employee' }, { label: title }],
    }
  }

  routes.page('get', '/import', manage, (call) => Promise.resolve(page(call, 'employment/import-file', {})))

  routes.page('post', '/import', manage, async (call) => {
    const file = call.files.find((one) => one.field === 'file')
    if (file === undefined || file.bytes.length === 0) throw new Fault('FILE-TABLE-EMPTY', { path: 'file' })
    const id = await inCompany(call, (transaction) => createImport(host, transaction, file))
    return { kind: 'redirect', to: `/app/employment/import/${id}` }
  })

  routes.page('get', '/import/:id', manage, async (call) => {
    const current = await inCompany(call, (transaction) => importOf(transaction, call.params['id'] ?? ''))
    if (current.state === 'preview') return page(call, 'employment/import-preview', await previewData(host, call, current, current.mapping))
    const data = progressData(host, call, current)
    return call.partial ? { kind: 'fragment', template: 'employment/import-progress', data } : page(call, 'employment/import-run', data)
  })

  routes.page('post', '/import/:id', manage, async (call) => {
    const id = call.params['id'] ?? ''
    const current = await inCompany(call, (transaction) => importOf(transaction, id))
    const mapping = current.state === 'preview' ? mappingOf(call.body) : current.mapping
    const { action } = call.body
    if (action === 'preview') return page(call, 'employment/import-preview', await previewData(host, call, current, mapping))
    await inCompany(call, (transaction) => (action === 'stop' ? stopImport(transaction, id) : startImport(host, transaction, id, mapping)))
    return { kind: 'redirect', to: `/app/employment/import/${id}` }
  })
}

async function previewData(host: Host, call: PageCall, current: EmployeeImport, mapping: readonly EmployeeTarget[]): Promise<object> {
  const say = (key: string): string => host.i18n.text(call.context.locale, key)
  const table = await host.db.company(call.context.companyId, (transaction) => tableOf(host, transaction, current.id))
  const preview = await previewImport(host, call.context, table, mapping)
  const targets = [
    { value: '', label: say('employment.import.skip') },
    ...employeeTargets.map((value) => ({ value, label: say(labelOf(value)) })),
  ]
  return {
    id: current.id,
    fileName: current.fileName,
    total: current.total,
    checked: preview.checked,
    wrong: new Set(preview.faults.filter(({ fault }) => fault.level !== 'warning').map(({ row }) => row)).size,
    columns: table.heads.map((head, index) => ({
      index,
      head,
      options: targets.map((target) => ({ ...target, selected: target.value === (mapping[index] ?? '') })),
    })),
    rows: table.rows.slice(0, shownRows),
    faults: faultRows(host, call, preview.faults),
  }
}

function labelOf(target: EmployeeTarget): string {
  if (target === 'street') return 'employment.field.address'
  return `employment.field.${target.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function progressData(host: Host, call: PageCall, current: EmployeeImport): object {
  return {
    ...current,
    running: current.state === 'running',
    stopped: current.state === 'stopped',
    finished: current.state === 'done',
    percent: current.total === 0 ? 0 : Math.floor((current.done * 100) / current.total),
    stateLabel: `employment.bulk.state.${current.state}`,
    faults: faultRows(host, call, current.errors),
  }
}

function faultRows(host: Host, call: PageCall, faults: readonly ImportFault[]): object[] {
  return faults.slice(0, shownFaults).map(({ row, fault }) => ({
    row,
    code: fault.code,
    warning: fault.level === 'warning',
    text: host.i18n.faultOnPage(call.context.locale, fault),
  }))
}

function mappingOf(body: Readonly<Record<string, unknown>>): EmployeeTarget[] {
  const mapping: EmployeeTarget[] = []
  for (let index = 0; `column.${String(index)}` in body; index += 1) {
    const value = body[`column.${String(index)}`]
    mapping.push(employeeTargets.find((target) => target === value) ?? '')
  }
  return mapping
}
