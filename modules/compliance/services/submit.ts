import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import {
  claimedNow,
  claimForSending,
  recordAnswers,
  recordFailures,
  type AnsweredRow,
  type DocumentRow,
  type FailedRow,
} from '../models/document-rows.js'
import type { AuthorityAnswer, Regime } from '../regime.js'
import { leaseSeconds } from './lease.js'
import { addProcessing } from './processing-jobs.js'
import { sendClaimed, type Outcome } from './send.js'

/** Of the lease: calls are begun in this part of it, so that the last of them, its renewed token and its time-outs end within it. */
const sendingSeconds = 60
/** Seconds to the next try after an uncertain one. The last stays: a queue empties within minutes of the authority's return. */
const waits = [2, 5, 15, 30, 60, 120] as const
/** Where our own set-up is at fault, trying often helps nobody. */
const refusedWaitSeconds = 300
const keptBody = 200_000

/** What this process is sending, by host: however a clock is set meanwhile, the database's too, it gives nothing out that is still on its way. */
const underWay = new WeakMap<Host, Set<string>>()

function underWayOf(host: Host): Set<string> {
  const known = underWay.get(host) ?? new Set<string>()
  underWay.set(host, known)
  return known
}

/**
 * Sends signed documents: claimed in one transaction, sent side by side outside it, answered in another. Whatever happens in
 * between, the row says it was tried and the same bytes go again.
 */
export async function submitNow(
  host: Host,
  context: CompanyContext,
  company: Company,
  regime: Regime,
  invoiceIds: readonly string[],
  onAccepted: (transaction: CompanyTransaction, invoiceIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const sending = underWayOf(host)
  // Who sends one of them looks after it himself, and the watch after him.
  const ours = invoiceIds.filter((id) => !sending.has(id))
  if (ours.length === 0) return
  for (const id of ours) sending.add(id)
  try {
    await claimAndSend(host, context, company, regime, ours, onAccepted)
  } finally {
    for (const id of ours) sending.delete(id)
  }
}

async function claimAndSend(...[host, context, company, regime, invoiceIds, onAccepted]: Parameters<typeof submitNow>): Promise<void> {
  const begun = host.now()
  const until = performance.now() + sendingSeconds * 1000
  const claimed = await host.db.company(company.id, async (transaction) => {
    const rows = await claimForSending(transaction, invoiceIds, begun, leaseSeconds)
    // Taken by another: should his process have died, this job would be the last that knows of them.
    const others = invoiceIds.filter((id) => !rows.some(({ invoiceId }) => invoiceId === id))
    const taken = others.length === 0 ? [] : await claimedNow(transaction, others)
    const ids = taken.map(({ invoiceId }) => invoiceId)
    const [longest] = taken
    await addProcessing(host, transaction, ids, longest === undefined ? undefined : new Date(begun.getTime() + longest.seconds * 1000))
    const documents: { row: DocumentRow; bytes: Buffer }[] = []
    for (const row of rows) {
      if (row.legalSha256 !== null) documents.push({ row, bytes: (await host.files.get(transaction, row.legalSha256)).bytes })
    }
    return documents
  })
  if (claimed.length === 0) return
  const outcomes = await sendClaimed(context, company, regime, claimed, until)
  await host.db.company(company.id, (transaction) => record(host, context, transaction, outcomes, onAccepted))
}

/** Spread by a fifth, so that a thousand documents do not knock at the same moment. */
function nextTry(outcome: Extract<Outcome, { fault: FaultDetail }>, now: Date): Date {
  if (outcome.retryAt !== undefined) return outcome.retryAt
  const seconds = outcome.uncertain ? (waits[Math.min(outcome.row.attempts, waits.length) - 1] ?? 120) : refusedWaitSeconds
  return new Date(now.getTime() + seconds * 1000 * (0.9 + Math.random() * 0.2))
}

async function record(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  outcomes: readonly Outcome[],
  onAccepted: (transaction: CompanyTransaction, invoiceIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const now = host.now()
  const answered: { row: DocumentRow; answer: AuthorityAnswer; written: AnsweredRow }[] = []
  const failed: FailedRow[] = []
  for (const outcome of outcomes) {
    if ('answer' in outcome && outcome.answer.state !== 'pending') {
      const { row, answer } = outcome
      const copy = answer.legalCopy
      const stored = copy === undefined ? undefined : await host.files.put(transaction, copy, row.legalType ?? 'application/xml')
      answered.push({
        row,
        answer,
        written: {
          invoice_id: row.invoiceId,
          state: answer.state,
          answer_status: answer.status,
          // Text columns hold no NUL; a reply with one is still evidence.
          answer_body: answer.body.slice(0, keptBody).replaceAll('\u0000', '\ufffd'),
          authority_reference: answer.reference ?? null,
          copy_sha256: stored?.sha256 ?? null,
          qr: answer.legalCopyQr ?? null,
          faults: answer.faults,
        },
      })
    } else if ('answer' in outcome) {
      const waiting = { row: outcome.row, fault: { code: 'COMPLIANCE-PENDING' }, uncertain: true, retryAt: outcome.answer.retryAt }
      failed.push(failedRow(waiting, now))
    } else failed.push(failedRow(outcome, now))
  }
  if (failed.length > 0) {
    await recordFailures(transaction, failed)
    const byTime = new Map<string, string[]>()
    for (const { invoice_id: id, next_try_at: at } of failed) {
      if (at === null) continue
      // Tries within the same few seconds share a job.
      const slot = new Date(Math.ceil(Date.parse(at) / 2000) * 2000).toISOString()
      byTime.set(slot, [...(byTime.get(slot) ?? []), id])
    }
    for (const [at, ids] of byTime) await addProcessing(host, transaction, ids, new Date(at))
  }
  if (answered.length === 0) return
  const changed = await recordAnswers(
    transaction,
    answered.map(({ written }) => written),
    now,
  )
  const final = answered.filter(({ row }) => changed.has(row.invoiceId))
  for (const { row, answer } of final) {
    host.audit.record(transaction, context, {
      action: answer.state === 'rejected' ? 'compliance.rejected' : 'compliance.accepted',
      subject: { type: 'invoicing.invoice', id: row.invoiceId, label: row.number },
      facts: {
        number: row.number,
        status: answer.status,
        state: answer.state,
        attempts: row.attempts,
        codes: answer.faults.map((fault) => fault.code),
      },
    })
    await host.hooks.notify(
      'compliance.answered',
      { invoiceId: row.invoiceId, state: answer.state as Exclude<AuthorityAnswer['state'], 'pending'> },
      { context, transaction },
    )
  }
  await onAccepted(
    transaction,
    final.filter(({ answer }) => answer.state !== 'rejected').map(({ row }) => row.invoiceId),
  )
}

function failedRow(outcome: Extract<Outcome, { fault: FaultDetail }>, now: Date): FailedRow {
  return {
    invoice_id: outcome.row.invoiceId,
    attempts: outcome.row.attempts,
    state: outcome.uncertain ? 'submitted' : 'signed',
    last_error: outcome.fault,
    next_try_at: nextTry(outcome, now).toISOString(),
  }
}
