import type { ModuleSetup, Host } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { latinDigits } from '../../../core/views/format.js'
import { contractTypeOf } from '../data/documents.js'
import { documentKinds, isDocumentKind } from '../models/contract-type.js'
import { bulkCsv, bulkOf, makeBulk, rowsOfEmployees, rowsOfFile, startBulk, stopBulk, type Bulk } from '../services/bulk.js'
import { inEnglish } from '../services/contract-values.js'
import { requireKind, tellsPay, type ContractInput } from '../services/contracts.js'
import { faultOnPage } from '../services/fault-text.js'
import { seesPay } from '../views/employee-model.js'

const user = ['employment.user']
const shownRows = 200

/** Documents for many employees: chosen in the list or told by a file, checked row by row, sent by a job that can be paused. */
export function bulkPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  const inCompany = <Result>(call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
    host.db.company(call.context.companyId, work)
  const kindsOf = (call: PageCall) => documentKinds.filter((kind) => seesPay(call.context) || !tellsPay(contractTypeOf('SA', kind)))

  routes.page('get', '/bulk/new', user, (call) => Promise.resolve(newPage(host, call, kindsOf(call))))

  routes.page('post', '/bulk', user, async (call) => {
    const kind = isDocumentKind(call.body['kind']) ? call.body['kind'] : 'contract'
    requireKind(host, call.context, contractTypeOf('SA', kind))
    const file = call.files.find((one) => one.field === 'file' && one.bytes.length > 0)
    const ids = textOf(call.body['ids'])
      .split(',')
      .filter((id) => id !== '')
    const day = (name: string): string | undefined => (textOf(call.body[name]) === '' ? undefined : latinDigits(textOf(call.body[name])))
    const rows = await inCompany(call, async (transaction) => {
      const [from, end] = [day('effectiveFrom'), day('contractEnd')]
      const changes: Record<string, string> = {}
      if (end !== undefined && (kind === 'contract' || kind === 'amendment'))
        Object.assign(changes, { contractEnd: end, contractKind: 'fixed' })
      if (from !== undefined && kind === 'contract') changes['startDate'] = from
      const reason = textOf(call.body['reason'])
      const values: Record<string, string> = reason === '' ? {} : { 'amendment.reasonAr': reason, 'amendment.reasonBg': reason }
      // An Arabic or Bulgarian reason has no place in the English column: rows without an English one say what is missing.
      const english = inEnglish(reason, textOf(call.body['reasonEn']))
      if (english !== undefined) values['amendment.reasonEn'] = english
      const validUntil = day('validUntil')
      const common: Omit<ContractInput, 'kind'> = {
        changes,
        ...(from === undefined ? {} : { effectiveFrom: from }),
        values: { ...values, ...(validUntil === undefined ? {} : { 'offer.validUntil': validUntil }) },
        message: textOf(call.body['message']),
      }
      return file === undefined
        ? rowsOfEmployees(transaction, ids, common)
        : (await rowsOfFile(transaction, file.bytes, kind, call.context.locale)).map((row) => ({
            ...row,
            input: {
              ...common,
              ...row.input,
              changes: { ...common.changes, ...row.input.changes },
            },
          }))
    })
    const id = await makeBulk(host, call.context, kind, rows)
    return { kind: 'redirect', to: `/app/employment/bulk/${id}` }
  })

  routes.page('get', '/bulk/:id', user, async (call) => {
    const bulk = await inCompany(call, (transaction) => bulkOf(transaction, call.params['id'] ?? ''))
    requireKind(host, call.context, contractTypeOf('SA', bulk.kind))
    const data = progressOf(host, call, bulk)
    if (call.partial) return { kind: 'fragment', template: 'employment/bulk-progress', data }
    const title = host.i18n.text(call.context.locale, 'employment.bulk.title')
    return { kind: 'page', template: 'employment/bulk', title, breadcrumb: crumbs(host, call), data }
  })

  routes.page('post', '/bulk/:id', user, async (call) => {
    const id = call.params['id'] ?? ''
    await inCompany(call, async (transaction) => {
      const bulk = await bulkOf(transaction, id)
      requireKind(host, call.context, contractTypeOf('SA', bulk.kind))
      if (call.body['action'] === 'stop') await stopBulk(transaction, bulk.id)
      else await startBulk(host, transaction, bulk.id)
    })
    return { kind: 'redirect', to: `/app/employment/bulk/${id}` }
  })

  routes.page('get', '/bulk/:id/result', user, async (call) => {
    const { kind, results } = await inCompany(call, (transaction) => bulkOf(transaction, call.params['id'] ?? ''))
    requireKind(host, call.context, contractTypeOf('SA', kind))
    return new FileAnswer(bulkCsv(host, call.context.locale, results), 'text/csv; charset=utf-8', 'sending-result.csv')
  })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 100_000) : '')

function newPage(host: Host, call: PageCall, kinds: readonly string[]): PageAnswer {
  const ids = (call.query['ids'] ?? '').split(',').filter((id) => id !== '')
  if (ids.length > 1000) throw new Fault('EMPLOYMENT-BULK-ROWS', { params: { rows: ids.length, most: 1000 } })
  return {
    kind: 'page',
    template: 'employment/bulk-new',
    title: host.i18n.text(call.context.locale, 'employment.bulk.title'),
    breadcrumb: crumbs(host, call),
    data: {
      ids: ids.join(','),
      count: ids.length,
      kinds: kinds.map((kind) => ({ kind, label: `employment.kind.${kind}`, selected: kind === 'contract' })),
    },
  }
}

function progressOf(host: Host, call: PageCall, bulk: Bulk): object {
  const lines = (faults: readonly FaultDetail[]): object[] =>
    faults.map((fault) => ({ code: fault.code, text: faultOnPage(host, call.context.locale, fault), warning: fault.level === 'warning' }))
  const bad = bulk.rows.filter((row) => row.faults.some(({ level }) => level !== 'warning')).length
  return {
    ...bulk,
    kindLabel: `employment.kind.${bulk.kind}`,
    preview: bulk.state === 'preview',
    running: bulk.state === 'running',
    stopped: bulk.state === 'stopped',
    finished: bulk.state === 'done',
    stateLabel: `employment.bulk.state.${bulk.state}`,
    percent: bulk.total === 0 ? 100 : Math.floor((bulk.done * 100) / bulk.total),
    bad,
    good: bulk.total - bad,
    lines: bulk.rows.slice(0, shownRows).map((row, index) => {
      const result = bulk.results[index]
      return {
        row: index + 1,
        label: row.label,
        number: result?.number ?? null,
        request: result?.requestId === null || result?.requestId === undefined ? null : `/app/signatures/request/${result.requestId}`,
        faults: lines(result?.faults.length === 0 || result === undefined ? row.faults : result.faults),
        sent: result?.number !== null && result !== undefined,
        refused: result !== undefined && result.number === null,
      }
    }),
    more: Math.max(0, bulk.total - shownRows),
  }
}

function crumbs(host: Host, call: PageCall): { label: string; href?: string }[] {
  const text = (key: string): string => host.i18n.text(call.context.locale, key)
  return [{ label: text('employment.list.employees'), href: '/app/employment/employee' }, { label: text('employment.bulk.title') }]
}
