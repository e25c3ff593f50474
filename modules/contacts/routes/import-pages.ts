import { isUuid } from '../../../core/access/companies.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import { exportContacts } from '../services/export.js'
import { identifierSchemes } from '../services/identifiers.js'
import { importFields, type ColumnMapping, type ColumnTarget } from '../services/import/map-columns.js'
import {
  createImport,
  faultsOf,
  importOf,
  previewImport,
  startImport,
  stopImport,
  tableOf,
  type RowFault,
} from '../services/import/run-import.js'

const manage = ['contacts.manager']
const shownRows = 8
const shownFaults = 100

/** Import in three steps (file, columns and preview, progress with result), and export. */
export function importPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  const title = (call: PageCall): string => host.i18n.text(call.context.locale, 'contacts.import.title')

  routes.page('get', '/import', manage, (call) =>
    Promise.resolve({ kind: 'page', template: 'contacts/import-file', title: title(call), breadcrumb: crumbs(host, call), data: {} }),
  )

  routes.page('post', '/import', manage, async (call) => {
    const file = call.files.find((candidate) => candidate.field === 'file')
    if (file === undefined || file.bytes.length === 0) throw new Fault('FILE-TABLE-EMPTY', { path: 'file' })
    const id = await inCompany(host, call, (transaction) => createImport(host, call.context, transaction, file))
    return { kind: 'redirect', to: `/app/contacts/import/${id}` }
  })

  routes.page('get', '/import/:id', manage, async (call) => {
    const id = call.params['id'] ?? ''
    const current = await inCompany(host, call, (transaction) => importOf(transaction, id))
    if (current.state === 'preview') return previewPage(host, call, id, current.mapping)
    const data = await inCompany(host, call, (transaction) => progressData(host, call, transaction, id))
    if (call.partial) return { kind: 'fragment', template: 'contacts/import-progress', data }
    return { kind: 'page', template: 'contacts/import-run', title: title(call), breadcrumb: crumbs(host, call), data }
  })

  routes.page('post', '/import/:id', manage, async (call) => {
    const id = call.params['id'] ?? ''
    const action = call.body['action']
    if (action === 'stop') await inCompany(host, call, (transaction) => stopImport(transaction, id))
    else {
      const current = await inCompany(host, call, (transaction) => importOf(transaction, id))
      const mapping = current.state === 'preview' ? mappingOf(call.body) : current.mapping
      if (action === 'preview') return previewPage(host, call, id, mapping)
      await inCompany(host, call, (transaction) => startImport(host, transaction, id, mapping))
    }
    return { kind: 'redirect', to: `/app/contacts/import/${id}` }
  })

  routes.page('get', '/import/:id/result', manage, (call) =>
    inCompany(host, call, async (transaction) => {
      const { resultSha256 } = await importOf(transaction, call.params['id'] ?? '')
      if (resultSha256 === null) throw new Fault('CONTACT-IMPORT-STATE', { status: 409 })
      const { bytes } = await host.files.get(transaction, resultSha256)
      return new FileAnswer(bytes, 'text/csv', 'import-result.csv')
    }),
  )

  routes.page('get', '/export', ['contacts.user'], (call) =>
    inCompany(host, call, async (transaction) => {
      const format = call.query['format'] === 'csv' ? 'csv' : 'xlsx'
      const ids = (call.query['ids'] ?? '').split(',').filter(isUuid)
      const bytes = await exportContacts(transaction, format, ids)
      const mediaType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
      return new FileAnswer(bytes, mediaType, `contacts.${format}`)
    }),
  )
}

function inCompany<Result>(host: Host, call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return host.db.company(call.context.companyId, work)
}

async function previewPage(host: Host, call: PageCall, id: string, mapping: ColumnMapping): Promise<PageAnswer> {
  const { context } = call
  const text = (key: string): string => host.i18n.text(context.locale, key)
  const data = await inCompany(host, call, async (transaction) => {
    const current = await importOf(transaction, id)
    const table = await tableOf(host, transaction, id)
    const schemes = await identifierSchemes(host, context, transaction)
    const preview = await previewImport(host, context, transaction, table, mapping)
    const targets: { value: ColumnTarget; label: string }[] = [
      { value: '', label: text('contacts.import.skip') },
      ...importFields.map((field) => ({
        value: field,
        label: text(`contacts.field.${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`),
      })),
      ...schemes.map((scheme) => ({
        value: `identifier.${scheme.scheme}` as const,
        label: `${scheme.title[context.locale]} (${scheme.scheme})`,
      })),
    ]
    const wrong = new Set(preview.faults.filter(({ fault }) => fault.level !== 'warning').map(({ row }) => row)).size
    return {
      id,
      fileName: current.fileName,
      total: current.total,
      checked: preview.checked,
      wrong,
      columns: table.heads.map((head, index) => ({
        index,
        head,
        options: targets.map((target) => ({ ...target, selected: target.value === (mapping[index] ?? '') })),
      })),
      rows: table.rows.slice(0, shownRows),
      faults: faultRows(host, call, preview.faults),
    }
  })
  return { kind: 'page', template: 'contacts/import-preview', title: text('contacts.import.title'), breadcrumb: crumbs(host, call), data }
}

async function progressData(host: Host, call: PageCall, transaction: CompanyTransaction, id: string): Promise<object> {
  const current = await importOf(transaction, id)
  return {
    ...current,
    running: current.state === 'running',
    stopped: current.state === 'stopped',
    finished: current.state === 'done',
    percent: current.total === 0 ? 0 : Math.floor((current.done * 100) / current.total),
    stateLabel: `contacts.import.state.${current.state}`,
    faults: faultRows(host, call, await faultsOf(transaction, id)),
  }
}

function faultRows(host: Host, call: PageCall, faults: readonly RowFault[]): object[] {
  return faults.slice(0, shownFaults).map(({ row, fault }) => ({
    row,
    code: fault.code,
    field: fault.path ?? '',
    warning: fault.level === 'warning',
    text: host.i18n.faultOnPage(call.context.locale, fault),
  }))
}

/** Targets posted as `column.0`, `column.1`, …; what is no target maps nowhere. */
function mappingOf(body: Readonly<Record<string, unknown>>): ColumnTarget[] {
  const mapping: ColumnTarget[] = []
  for (let index = 0; `column.${String(index)}` in body; index += 1) {
    const value = body[`column.${String(index)}`]
    const field = importFields.find((name) => name === value)
    const scheme = typeof value === 'string' ? /^identifier\.([A-Z0-9]{1,10})$/.exec(value)?.[1] : undefined
    mapping.push(field ?? (scheme === undefined ? '' : `identifier.${scheme}`))
  }
  return mapping
}

function crumbs(host: Host, call: PageCall): { label: string; href?: string }[] {
  const text = (key: string): string => host.i18n.text(call.context.locale, key)
  return [{ label: text('contacts.list.contacts'), href: '/app/contacts/contact' }, { label: text('contacts.import.title') }]
}
