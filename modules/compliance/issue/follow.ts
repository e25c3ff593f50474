import { setTimeout as pause } from 'node:timers/promises'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { printStatesOf, type PrintState } from '../../invoicing/index.js'
import { rowsOfInvoices, type DocumentRow } from '../models/document-rows.js'
import type { PostedRow } from './issue-rows.js'
import type { ResultFiles, ResultStatus } from './results.js'

export interface FollowOptions {
  /** Wait for the final PDF too. */
  readonly pdf: boolean
  /** Wait for the authority's answer; without it a signed document is done. */
  readonly submit: boolean
  /** How long the row in front may stand without getting anywhere before it is answered as `posted`. */
  readonly patienceMs: number
}

export interface SettledRow {
  readonly posted: PostedRow
  readonly status: ResultStatus
  readonly number?: string
  readonly faults: readonly FaultDetail[]
  readonly files: ResultFiles
}

interface Standing {
  readonly document: DocumentRow | undefined
  readonly print: PrintState | undefined
}

/** Posted rows as they come: posting goes on while the first ones are followed. */
export interface Feed {
  readonly rows: PostedRow[]
  /** Rows that were settled and given out. */
  settled: number
  done: boolean
  /** Nobody follows any more. */
  left: boolean
}

/** Rows looked at together. */
const windowSize = 100
const pollMs = 60

/**
 * Rows in their order, each once it is settled: refused, or answered by the authority and printed. The jobs of the host do the work; this
 * only looks at what they wrote.
 */
export async function* followRows(host: Host, feed: Feed, options: FollowOptions): AsyncGenerator<SettledRow> {
  let lastProgress = performance.now()
  while (!feed.done || feed.settled < feed.rows.length) {
    const window = feed.rows.slice(feed.settled, feed.settled + windowSize)
    if (window.length === 0) {
      lastProgress = performance.now()
      await pause(pollMs)
      continue
    }
    const standings = await standingsOf(host, window)
    let settled = 0
    for (const posted of window) {
      const waited = performance.now() - lastProgress > options.patienceMs && settled === 0
      const row = settle(posted, standings.get(posted), options, waited)
      if (row === undefined) break
      yield { ...row, files: await filesOf(host, posted, standings.get(posted)) }
      settled += 1
      feed.settled += 1
    }
    if (settled > 0) lastProgress = performance.now()
    else await pause(pollMs)
  }
}

async function standingsOf(host: Host, rows: readonly PostedRow[]): Promise<Map<PostedRow, Standing>> {
  const byCompany = new Map<string, { posted: PostedRow; invoiceId: string }[]>()
  for (const posted of rows) {
    if (posted.context === undefined || posted.outcome.status !== 'posted') continue
    const known = byCompany.get(posted.context.companyId) ?? []
    known.push({ posted, invoiceId: posted.outcome.invoiceId })
    byCompany.set(posted.context.companyId, known)
  }
  const standings = new Map<PostedRow, Standing>()
  for (const [companyId, own] of byCompany) {
    const ids = own.map(({ invoiceId }) => invoiceId)
    const { documents, prints } = await host.db.company(companyId, async (transaction) => ({
      documents: new Map((await rowsOfInvoices(transaction, ids)).map((row) => [row.invoiceId, row])),
      prints: await printStatesOf(transaction, ids),
    }))
    for (const { posted, invoiceId } of own) {
      standings.set(posted, { document: documents.get(invoiceId), print: prints.get(invoiceId) })
    }
  }
  return standings
}

/** What a row has come to; undefined while it is on its way. */
function settle(
  posted: PostedRow,
  standing: Standing | undefined,
  options: FollowOptions,
  waited: boolean,
): Omit<SettledRow, 'files'> | undefined {
  const { outcome } = posted
  if (outcome.status === 'invalid') return { posted, status: 'invalid', faults: outcome.faults }
  const { number } = outcome
  const document = standing?.document
  const print = standing?.print
  const faults = [...outcome.faults, ...(document?.faults ?? [])]
  const answered = document === undefined || isFinal(document.state)
  const signed = document !== undefined && document.state !== 'prepared'
  if (document?.state === 'rejected') return { posted, status: 'rejected', number, faults }
  const status: ResultStatus = answered && document !== undefined ? 'accepted' : 'posted'
  const filed = options.submit ? answered : answered || signed
  // A print that is held only waits for the authority, which was not asked.
  const printed = !options.pdf || print?.state === 'ready' || (!options.submit && print?.state === 'held')
  if (filed && printed) return { posted, status, number, faults }
  if (!waited) return undefined
  const reason = document?.lastError ?? print?.fault
  return { posted, status, number, faults: [...faults, ...(reason ? [reason] : []), { code: 'ISSUE-STILL-WAITING', params: { number } }] }
}

function isFinal(state: DocumentRow['state']): boolean {
  return state === 'accepted' || state === 'accepted_with_warnings' || state === 'rejected'
}

async function filesOf(host: Host, posted: PostedRow, standing: Standing | undefined): Promise<ResultFiles> {
  const { context } = posted
  if (context === undefined || standing === undefined) return {}
  const { document, print } = standing
  return host.db.company(context.companyId, async (transaction) => {
    const legal = document?.copySha256 ?? document?.legalSha256
    return {
      ...(legal === undefined || legal === null
        ? {}
        : { legal: { bytes: await bytesOf(host, transaction, legal), extension: document?.legalExtension ?? 'xml' } }),
      ...(print?.sha256 === undefined || print.sha256 === null ? {} : { pdf: await bytesOf(host, transaction, print.sha256) }),
    }
  })
}

async function bytesOf(host: Host, transaction: CompanyTransaction, sha256: string): Promise<Buffer> {
  return (await host.files.get(transaction, sha256)).bytes
}

/** Makes the prints that need no authority, side by side: for runs that file nothing and so run no jobs. */
export async function printNow(
  host: Host,
  rows: readonly PostedRow[],
  print: (host: Host, context: CompanyContext, invoiceId: string) => Promise<PrintState>,
): Promise<void> {
  const queue = [...rows]
  const worker = async (): Promise<void> => {
    for (let posted = queue.shift(); posted !== undefined; posted = queue.shift()) {
      if (posted.context !== undefined && posted.outcome.status === 'posted') await print(host, posted.context, posted.outcome.invoiceId)
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
}
