import { createHash } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { readTimeStamp } from '../../../core/validation/cms/time-stamp-token.js'
import { timeAuthorities, type Dependence } from './time-authorities.js'

export const timeStampJob = 'compliance-egypt.time-stamp'

export interface TimeStampPayload {
  readonly invoiceIds: readonly string[]
}

/** A moment proven by somebody else than the signer's clock, and what it is worth under Art. 8(a). */
export interface ProvenTime {
  readonly url: string
  readonly authority: string
  readonly at: Date
  readonly token: Buffer
  readonly dependence: Dependence
  /** The token's authority leads to a root this host trusts or the company pinned for it. */
  readonly trusted: boolean
}

export interface AwaitedTime {
  readonly url: string
  readonly problem: FaultDetail
  readonly attempts: number
  readonly nextTryAt: Date
}

/** Signatures are written down first: a moment later the file lies where the job looks for it. */
const afterSigningMs = 2_000

/** Asks for the time of these signatures soon; filing goes on without waiting for it. */
export async function askForTime(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  if (invoiceIds.length === 0 || (await timeAuthorities(host.config, transaction)).length === 0) return
  await host.jobs.add(transaction, timeStampJob, { invoiceIds }, { runAt: new Date(host.now().getTime() + afterSigningMs), priority: 50 })
}

/** Times proven for a signature and those still awaited, oldest first. */
export async function timesOf(
  transaction: CompanyTransaction,
  invoiceId: string,
): Promise<{ readonly proven: readonly ProvenTime[]; readonly awaited: readonly AwaitedTime[] }> {
  const where = { company_id: transaction.companyId, invoice_id: invoiceId }
  const [stamps, requests] = await Promise.all([
    transaction.knex('compliance_egypt_time_stamp').where(where).orderBy('stamped_at').select<StoredStamp[]>('*'),
    transaction.knex('compliance_egypt_time_request').where(where).orderBy('url').select<StoredRequest[]>('*'),
  ])
  return {
    proven: stamps.map((row) => ({
      url: row.url,
      authority: row.authority,
      at: row.stamped_at,
      token: row.token,
      dependence: row.dependence,
      trusted: row.trusted,
    })),
    awaited: requests.map((row) => ({ url: row.url, problem: row.problem, attempts: row.attempts, nextTryAt: row.next_try_at })),
  }
}

/** A token over other bytes is no proof of these, whatever the table says. */
export function isOver(token: Uint8Array, signatureValue: Uint8Array): boolean {
  return readTimeStamp(token, (algorithm) => createHash(algorithm).update(signatureValue).digest()).intact
}

/** Of which signature, by which archive. */
export interface Place {
  readonly invoice_id: string
  readonly url: string
}

/** What an archive still owes. */
export interface StoredRequest extends Place {
  readonly attempts: number
  readonly problem: FaultDetail
  readonly first_failed_at: Date
  readonly next_try_at: Date
}

interface StoredStamp extends Place {
  readonly authority: string
  readonly stamped_at: Date
  readonly token: Buffer
  readonly dependence: Dependence
  readonly trusted: boolean
}
