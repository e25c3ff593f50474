import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { formText } from '../../../core/http/form-text.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { TemplateVersion } from '../models/template.js'
import { readTemplate, readVersion } from '../services/template-rows.js'
import {
  bulkJob,
  bulkOf,
  createBulk,
  listBulks,
  progressOf,
  resumeBulk,
  retryRefused,
  rowsOf,
  setColumns,
  startBulk,
  stopBulk,
  tableOf,
  type Bulk,
  type BulkRow,
} from './bulk.js'
import { rowChecker } from './check-rows.js'
import { inputOfRow, personFacts, rolesToFill, targetsOf, type BulkOptions } from './columns.js'
import { placeOfFault } from './place-of-fault.js'
import { resultCsv, sampleCsv } from './result.js'
import { runBulk } from './run-bulk.js'
import { countSigned, signedFiles } from './signed-files.js'

const user = ['signatures.user']
const shownRows = 8
const shownFaults = 100

/** Bulk sending: file, columns and preview, progress with result. The page says the same after a reload or on another computer. */
export function addBulkSending(setup: ModuleSetup): void {
  const { host, routes } = setup
  setup.jobs.define<{ bulkId: string }>(bulkJob, ({ bulkId }, call) => runBulk(host, bulkId, call))
  setup.views.menu({
    app: 'signatures',
    label: 'signatures.bulk.title',
    icon: 'users',
    href: '/app/signatures/bulk',
    order: 40,
    group: 'signatures.user',
    parent: true,
  })

  routes.page('get', '/bulk', user, async (call) => {
    const bulks = await inCompany(host, call, async (transaction) =>
      Promise.all((await listBulks(transaction)).map(async (bulk) => ({ ...bulk, ...(await progressOf(transaction, bulk.id)) }))),
    )
    const data = {
      bulks: bulks.map((bulk) => ({ ...bulk, href: `/app/signatures/bulk/${bulk.id}`, stateLabel: `signatures.bulk.state.${bulk.state}` })),
    }
    return { kind: 'page', template: 'signatures/bulk-list', title: text(host, call, 'signatures.bulk.title'), data }
  })

  routes.page('get', '/bulk/new', user, async (call) => {
    const templates: { id: string; name: string }[] = await inCompany(host, call, (transaction) =>
      transaction
        .knex('signatures_template')
        .where({ company_id: transaction.companyId, active: true, single: false })
        .orderBy('name')
        .select('id', 'name'),
    )
    const chosen = call.query['template']
    const data = {
      templates: templates.map((one) => ({ ...one, selected: one.id === chosen })),
      chosen: templates.some(({ id }) => id === chosen) ? chosen : null,
    }
    return {
      kind: 'page',
      template: 'signatures/bulk-file',
      title: text(host, call, 'signatures.bulk.new'),
      breadcrumb: crumbs(host, call),
      data,
    }
  })

  routes.page('get', '/bulk/sample', user, async (call) => {
    const template = await inCompany(host, call, (transaction) => readTemplate(transaction, call.query['template'] ?? ''))
    return new FileAnswer(sampleCsv(template.current), 'text/csv; charset=utf-8', `${template.name}.csv`)
  })

  routes.page('post', '/bulk', user, async (call) => {
    const file = call.files.find(({ field }) => field === 'file')
    if (file === undefined || file.bytes.length === 0) throw new Fault('FILE-TABLE-EMPTY', { path: 'file' })
    const id = await createBulk(host, call.context, file, formText(call.body, 'template'))
    return { kind: 'redirect', to: `/app/signatures/bulk/${id}` }
  })

  routes.page('get', '/bulk/:id', user, async (call) => {
    const id = call.params['id'] ?? ''
    const bulk = await inCompany(host, call, (transaction) => bulkOf(transaction, id))
    if (bulk.state === 'preview') return previewPage(host, call, bulk)
    const data = await progressData(host, call, bulk)
    if (call.partial) return { kind: 'fragment', template: 'signatures/bulk-progress', data }
    return { kind: 'page', template: 'signatures/bulk-run', title: bulk.name, breadcrumb: crumbs(host, call), data }
  })

  routes.page('post', '/bulk/:id', user, async (call) => {
    const id = call.params['id'] ?? ''
    const action = formText(call.body, 'action')
    await inCompany(host, call, (transaction) => bulkOf(transaction, id))
    if (action === 'stop') await inCompany(host, call, (transaction) => stopBulk(transaction, id))
    else if (action === 'go-on') await inCompany(host, call, (transaction) => resumeBulk(host, transaction, id))
    else if (action === 'retry') await inCompany(host, call, (transaction) => retryRefused(host, transaction, id))
    else if (action === 'preview' || action === 'start') {
      const bulk = await inCompany(host, call, async (transaction) => {
        await setColumns(transaction, id, mappingOf(call.body), await optionsOf(transaction, id, call.body))
        return bulkOf(transaction, id)
      })
      if (action === 'preview') return previewPage(host, call, bulk)
      await inCompany(host, call, async (transaction) =>
        startBulk(host, transaction, call.context, id, rowChecker(await readVersion(transaction, bulk.templateVersionId))),
      )
    }
    return { kind: 'redirect', to: `/app/signatures/bulk/${id}` }
  })

  routes.page('get', '/bulk/:id/signed', user, async (call) => {
    const { name, bytes } = await inCompany(host, call, async (transaction) => {
      const bulk = await bulkOf(transaction, call.params['id'] ?? '')
      return { name: bulk.name, bytes: await signedFiles(host, transaction, call.context, bulk.id) }
    })
    return new FileAnswer(bytes, 'application/zip', `${name}.zip`)
  })

  routes.page('get', '/bulk/:id/result', user, async (call) => {
    const rows = await inCompany(host, call, async (transaction) => {
      const bulk = await bulkOf(transaction, call.params['id'] ?? '')
      return rowsOf(transaction, bulk.id)
    })
    return new FileAnswer(resultCsv(host, call.context.locale, rows), 'text/csv; charset=utf-8', 'bulk-result.csv')
  })
}

function inCompany<Result>(host: Host, call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return host.db.company(call.context.companyId, work)
}

function text(host: Host, call: PageCall, key: string): string {
  return host.i18n.text(call.context.locale, key)
}

function crumbs(host: Host, call: PageCall): { label: string; href?: string }[] {
  return [
    { label: text(host, call, 'signatures.bulk.title'), href: '/app/signatures/bulk' },
    { label: text(host, call, 'signatures.bulk.new') },
  ]
}

async function previewPage(host: Host, call: PageCall, bulk: Bulk): Promise<PageAnswer> {
  const data = await inCompany(host, call, async (transaction) => {
    const version = await readVersion(transaction, bulk.templateVersionId)
    const table = await tableOf(host, transaction, bulk)
    const targets = targetsOf(version)
    const label = (target: string): string => targetLabel(host, call, version, target)
    const check = rowChecker(version)
    const judged = table.rows.map((cells, index) => {
      const input = inputOfRow(version, bulk, bulk.mapping, cells)
      return { row: index + 2, input, faults: check(input, index + 2) }
    })
    const wrong = judged.filter(({ faults }) => faults.some(({ level }) => level !== 'warning')).length
    return {
      id: bulk.id,
      name: bulk.name,
      fileName: bulk.fileName,
      total: bulk.total,
      wrong,
      right: bulk.total - wrong,
      none: wrong === bulk.total,
      columns: table.heads.map((head, index) => ({
        index,
        head,
        options: [
          { value: '', label: text(host, call, 'signatures.bulk.skip'), selected: (bulk.mapping[index] ?? '') === '' },
          ...targets.map(({ target }) => ({ value: target, label: label(target), selected: target === bulk.mapping[index] })),
        ],
      })),
      rows: table.rows.slice(0, shownRows),
      faults: faultRows(host, call, version, judged),
      message: bulk.options.message ?? {},
      people: rolesToFill(version)
        .filter((role) => !bulk.mapping.some((target) => target.startsWith(`person.${role}.`)))
        .map((role) => ({
          role,
          title: version.roles.find(({ id }) => id === role)?.name ?? role,
          name: bulk.options.people?.[role]?.name ?? '',
          email: bulk.options.people?.[role]?.email ?? '',
        })),
    }
  })
  return {
    kind: 'page',
    template: 'signatures/bulk-preview',
    title: bulk.name,
    breadcrumb: crumbs(host, call),
    here: `/app/signatures/bulk/${bulk.id}`,
    data,
  }
}

async function progressData(host: Host, call: PageCall, bulk: Bulk): Promise<object> {
  return inCompany(host, call, async (transaction) => {
    const progress = await progressOf(transaction, bulk.id)
    const refused = await rowsOf(transaction, bulk.id, 'refused', shownFaults)
    return {
      signed: await countSigned(transaction, bulk.id),
      id: bulk.id,
      name: bulk.name,
      fileName: bulk.fileName,
      total: bulk.total,
      ...progress,
      running: bulk.state === 'running',
      stopped: bulk.state === 'stopped',
      finished: bulk.state === 'done',
      percent: bulk.total === 0 ? 100 : Math.floor((progress.done * 100) / bulk.total),
      stateLabel: `signatures.bulk.state.${bulk.state}`,
      faults: faultRows(host, call, await readVersion(transaction, bulk.templateVersionId), refused),
    }
  })
}

/** What is wrong with rows, in the words of their columns. */
function faultRows(
  host: Host,
  call: PageCall,
  version: TemplateVersion,
  rows: readonly Pick<BulkRow, 'row' | 'input' | 'faults'>[],
): object[] {
  return rows
    .flatMap(({ row, input, faults }) => faults.map((fault) => ({ row, input, fault })))
    .slice(0, shownFaults)
    .map(({ row, input, fault }) => {
      const target = placeOfFault(input, fault)
      const field = target === undefined ? '' : targetLabel(host, call, version, target)
      const named = field !== '' && fault.params?.['field'] !== undefined
      return {
        row,
        code: fault.code,
        field,
        warning: fault.level === 'warning',
        text: host.i18n.faultOnPage(call.context.locale, named ? { ...fault, params: { ...fault.params, field } } : fault),
      }
    })
}

/** What a column's target is called for people; a person's fact that has no column of its own is told by the person's role. */
function targetLabel(host: Host, call: PageCall, version: TemplateVersion, target: string): string {
  const [kind, first = '', second = ''] = target.split('.')
  if (kind === 'person') {
    const role = version.roles.find(({ id }) => id === first)?.name ?? first
    return personFacts.some((fact) => fact === second) ? `${role}: ${text(host, call, `signatures.bulk.fact.${second}`)}` : role
  }
  if (kind === 'field') return version.fields.find(({ id }) => id === first)?.label || first
  if (kind === 'variable') {
    const name = target.slice('variable.'.length)
    const label = version.content.kind === 'text' ? version.content.mergeFields.find((field) => field.name === name)?.label : undefined
    return label?.[call.context.locale] ?? Object.values(label ?? {})[0] ?? name
  }
  return text(host, call, `signatures.bulk.target.${target}`)
}

/** Targets posted as `column.0`, `column.1`, …; unknown ones are dropped where they are stored. */
function mappingOf(body: PageCall['body']): string[] {
  const mapping: string[] = []
  for (let index = 0; `column.${String(index)}` in body; index += 1) mapping.push(String(body[`column.${String(index)}`]))
  return mapping
}

/** What the rows share, as the form says it; people whose columns the sheet has are not asked for. */
async function optionsOf(transaction: CompanyTransaction, id: string, body: PageCall['body']): Promise<BulkOptions> {
  const version = await readVersion(transaction, (await bulkOf(transaction, id)).templateVersionId)
  const given = (name: string): string => formText(body, name)
  const people = Object.fromEntries(
    rolesToFill(version)
      .filter((role) => given(`people.${role}.name`) !== '')
      .map((role) => [
        role,
        { name: given(`people.${role}.name`), ...(given(`people.${role}.email`) === '' ? {} : { email: given(`people.${role}.email`) }) },
      ]),
  )
  const [subject, message] = [given('subject'), given('message')]
  return {
    people,
    ...(subject === '' && message === ''
      ? {}
      : { message: { ...(subject === '' ? {} : { subject }), ...(message === '' ? {} : { body: message }) } }),
  }
}
