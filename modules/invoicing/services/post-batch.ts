import { isUuid } from '../../../core/access/companies.js'
import Papa from 'papaparse'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { JobCall } from '../../../core/jobs/jobs.js'
import { postInvoices } from './post.js'

/** More drafts than this are posted by a job: nobody waits that long for a page. */
export const mostAtOnce = 50

/** What became of one draft, in the order they were chosen. */
export interface BatchResult {
  readonly id: string
  /** Null when it was refused. */
  readonly number: string | null
  readonly customer: string | null
  readonly faults: readonly FaultDetail[]
}

export interface PostBatch {
  readonly id: string
  readonly state: 'running' | 'stopped' | 'done'
  readonly total: number
  readonly done: number
  readonly posted: number
  readonly refused: number
  readonly results: readonly BatchResult[]
}

/** Hands drafts to a job. Answers with the batch its progress is read by. */
export async function startBatch(host: Host, transaction: CompanyTransaction, draftIds: readonly string[]): Promise<string> {
  const rows: { id: string }[] = await transaction
    .knex('invoicing_post_batch')
    .insert({ company_id: transaction.companyId, draft_ids: JSON.stringify(draftIds), total: draftIds.length })
    .returning('id')
  const [row] = rows
  if (row === undefined) throw new Error('an inserted batch has an id')
  await queue(host, transaction, row.id)
  return row.id
}

/** @throws Fault INVOICE-BATCH-UNKNOWN (404) */
export async function batchOf(transaction: CompanyTransaction, id: string): Promise<PostBatch> {
  const row: PostBatch | undefined = await transaction
    .knex('invoicing_post_batch')
    .where('company_id', transaction.companyId)
    .whereIn('id', [id].filter(isUuid))
    .first(['id', 'state', 'total', 'done', 'posted', 'refused', 'results'])
  if (row === undefined) throw new Fault('INVOICE-BATCH-UNKNOWN', { status: 404 })
  return row
}

/** Stops it after the drafts that are being posted; it can go on later. */
export async function stopBatch(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction
    .knex('invoicing_post_batch')
    .where({ company_id: transaction.companyId, id, state: 'running' })
    .update({ state: 'stopped' })
}

export async function resumeBatch(host: Host, transaction: CompanyTransaction, id: string): Promise<void> {
  const changed = await transaction
    .knex('invoicing_post_batch')
    .where({ company_id: transaction.companyId, id, state: 'stopped' })
    .update({ state: 'running' })
  if (changed > 0) await queue(host, transaction, id)
}

function queue(host: Host, transaction: CompanyTransaction, batchId: string): Promise<void> {
  return host.jobs.add(transaction, 'invoicing.post-batch', { batchId }, { key: `invoicing.post-batch:${batchId}` })
}

/** Posts what is left, some at a time. Killed and started again it goes on where it was, and finds what it had posted. */
export async function runBatch(host: Host, batchId: string, call: JobCall): Promise<void> {
  for (;;) {
    if (call.signal.aborted) throw new Error('interrupted; the next try goes on from here')
    if (!(await postSome(host, call.context, batchId))) return
  }
}

async function postSome(host: Host, context: CompanyContext, batchId: string): Promise<boolean> {
  const now = await host.db.company(context.companyId, async (transaction) => {
    const row: { state: string; done: number; total: number; draft_ids: string[] } | undefined = await transaction
      .knex('invoicing_post_batch')
      .where({ company_id: transaction.companyId, id: batchId })
      .first('state', 'done', 'total', 'draft_ids')
    return row
  })
  if (now?.state !== 'running') return false
  const ids = now.draft_ids.slice(now.done, now.done + mostAtOnce)
  const outcomes = await postInvoices(
    host,
    context,
    ids.map((draftId) => ({ draftId })),
  )
  return host.db.company(context.companyId, async (transaction) => {
    // Posted is what the rows say: also what an earlier try posted and did not live to count.
    const rows: { id: string; number: string | null; customer_name: string | null }[] = await transaction
      .knex('invoicing_invoice')
      .where('company_id', transaction.companyId)
      .whereIn('id', ids)
      .select('id', 'number', 'customer_name')
    const known = new Map(rows.map((row) => [row.id, row]))
    const results = ids.map((id, index): BatchResult => {
      const row = known.get(id)
      const number = row?.number ?? null
      return { id, number, customer: row?.customer_name ?? null, faults: number === null ? (outcomes[index]?.faults ?? []) : [] }
    })
    const posted = results.filter((result) => result.number !== null).length
    const done = now.done + ids.length
    const finished = done >= now.total
    // Only who found the batch at this place may count it on.
    await transaction.knex.raw(
      `update invoicing_post_batch set done = ?, posted = posted + ?, refused = refused + ?, results = results || cast(? as jsonb),
         state = case when ? then 'done' else state end
       where company_id = ? and id = ? and done = ?`,
      [done, posted, ids.length - posted, JSON.stringify(results), finished, transaction.companyId, batchId, now.done],
    )
    return !finished
  })
}

/** One line per draft: number, customer, and why it was refused. */
export function batchCsv(host: Host, locale: Locale, results: readonly BatchResult[]): Buffer {
  const csv = Papa.unparse(
    {
      fields: ['row', 'status', 'number', 'customer', 'code', 'field', 'message'],
      data: results.map((result, index) => [
        String(index + 1),
        result.number === null ? 'refused' : 'posted',
        result.number ?? '',
        result.customer ?? '',
        result.faults.map((fault) => fault.code).join('; '),
        result.faults.map((fault) => fault.path ?? '').join('; '),
        result.faults.map((fault) => host.i18n.fault(locale, fault)).join('; '),
      ]),
    },
    // A customer's name that begins like a formula must not become one.
    { escapeFormulae: true },
  )
  return Buffer.from(`\ufeff${csv}\r\n`)
}
