import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import { createTimeStampClient } from '../../../core/signing/tsp/time-stamp-client.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { readTimeStamp, checkTimeStamp } from '../../../core/validation/cms/time-stamp-token.js'
import { openTrust } from '../../../core/validation/trust/open-trust.js'
import { rowsOfInvoices } from '../../compliance/index.js'
import { signatureValueOf } from './signature-of-file.js'
import { timeAuthorities, type Dependence, type TimeAuthority } from './time-authorities.js'

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
const longestWaitMs = 6 * 3_600_000
const sweepDays = 30
const sweepCount = 500

/** Asks for the time of these signatures soon; filing goes on without waiting for it. */
export async function askForTime(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  if (invoiceIds.length === 0 || (await timeAuthorities(host.config, transaction)).length === 0) return
  await host.jobs.add(transaction, timeStampJob, { invoiceIds }, { runAt: new Date(host.now().getTime() + afterSigningMs), priority: 50 })
}

interface Wanted {
  readonly invoiceId: string
  readonly authority: TimeAuthority
  readonly attempts: number
  readonly firstFailedAt: Date | null
}

/**
 * The job: tokens of every archive over every one of these signatures. An archive that fails is written down with its reason and asked
 * again, each time later; one that cannot be reached is not asked for the rest of the batch. What was stamped stays stamped.
 * @throws RunAgain when something is still awaited
 */
export async function stampTimes(host: Host, context: CompanyContext, { invoiceIds }: TimeStampPayload): Promise<void> {
  const now = host.now()
  const { wanted, later, values } = await host.db.company(context.companyId, async (transaction) => {
    const authorities = await timeAuthorities(host.config, transaction)
    const where = { company_id: transaction.companyId }
    const [stamps, requests, rows] = await Promise.all([
      transaction
        .knex('compliance_egypt_time_stamp')
        .where(where)
        .whereIn('invoice_id', [...invoiceIds])
        .select<Place[]>('invoice_id', 'url'),
      transaction
        .knex('compliance_egypt_time_request')
        .where(where)
        .whereIn('invoice_id', [...invoiceIds])
        .select<StoredRequest[]>('*'),
      rowsOfInvoices(transaction, [...invoiceIds]),
    ])
    const stamped = new Set(stamps.map(placeOf))
    const failed = new Map(requests.map((one) => [placeOf(one), one]))
    const due: Wanted[] = []
    const waits: Date[] = []
    const found = new Map<string, { cms: Buffer; value: Buffer }>()
    for (const row of rows) {
      if (row.legalSha256 === null) continue
      const missing = authorities.filter(({ url }) => !stamped.has(placeOf({ invoice_id: row.invoiceId, url })))
      if (missing.length === 0) continue
      const signature = signatureValueOf((await host.files.get(transaction, row.legalSha256)).bytes)
      if (signature === undefined) continue
      found.set(row.invoiceId, signature)
      for (const authority of missing) {
        const before = failed.get(placeOf({ invoice_id: row.invoiceId, url: authority.url }))
        if (before !== undefined && before.next_try_at > now) waits.push(before.next_try_at)
        else
          due.push({
            invoiceId: row.invoiceId,
            authority,
            attempts: before?.attempts ?? 0,
            firstFailedAt: before?.first_failed_at ?? null,
          })
      }
    }
    return { wanted: due, later: waits, values: found }
  })
  const away = new Map<string, FaultDetail>()
  for (const one of wanted) {
    const signature = values.get(one.invoiceId)
    if (signature === undefined) continue
    const known = away.get(one.authority.url)
    const outcome = known ?? (await stampDigest(host, one.authority, createHash('sha256').update(signature.value).digest()))
    if (!('token' in outcome) && outcome.code === 'SIGN-TSA-UNREACHABLE') away.set(one.authority.url, outcome)
    await host.db.company(context.companyId, async (transaction) => {
      if ('token' in outcome) await keepToken(host, context, transaction, one, signature.cms, outcome)
      else later.push(await keepFailure(transaction, one, outcome, host.now()))
    })
  }
  const [next] = later.sort((first, second) => first.getTime() - second.getTime())
  if (next !== undefined) throw new RunAgain(next, 'a time stamp is awaited')
}

/** What no job holds any more: signatures of the last weeks that an archive has not stamped. */
export async function sweepTimes(host: Host, context: CompanyContext): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const authorities = await timeAuthorities(host.config, transaction)
    if (authorities.length === 0) return
    const { rows } = await transaction.knex.raw<{ rows: { invoice_id: string }[] }>(
      `select signature.invoice_id from compliance_egypt_signature signature
        where signature.company_id = :companyId and signature.state = 'signed' and signature.updated_at > :since
          and (select count(*) from compliance_egypt_time_stamp stamp
                where stamp.company_id = signature.company_id and stamp.invoice_id = signature.invoice_id and stamp.url = any(:urls)) < :count
          and not exists (select 1 from compliance_egypt_time_request request
                where request.company_id = signature.company_id and request.invoice_id = signature.invoice_id and request.next_try_at > :now)
        order by signature.updated_at limit :limit`,
      {
        companyId: transaction.companyId,
        since: new Date(host.now().getTime() - sweepDays * 86_400_000),
        now: host.now(),
        urls: authorities.map(({ url }) => url),
        count: authorities.length,
        limit: sweepCount,
      },
    )
    if (rows.length > 0)
      await host.jobs.add(
        transaction,
        timeStampJob,
        { invoiceIds: rows.map((row) => row.invoice_id) },
        { key: `${timeStampJob}:sweep`, priority: 60 },
      )
  })
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

interface Place {
  readonly invoice_id: string
  readonly url: string
}

interface StoredRequest extends Place {
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

interface Stamped {
  readonly token: Buffer
  readonly at: Date
  readonly authority: string
  readonly trusted: boolean
  readonly certificate: Certificate | undefined
}

function placeOf({ invoice_id: invoiceId, url }: Place): string {
  return `${invoiceId} ${url}`
}

/** A token of an archive over a SHA-256, or why there is none. What the archive is worth is asked of its certificate too. */
export async function stampDigest(host: Host, authority: TimeAuthority, digest: Buffer): Promise<Stamped | FaultDetail> {
  const { config } = host
  const client = createTimeStampClient(authority.url, {
    allowPrivate: config.allowedPrivateOrigins,
    now: () => host.now(),
    ...(authority.root === null ? {} : { trust: [authority.root.der] }),
  })
  try {
    const { token, at, authority: name } = await client.stamp('sha256', digest)
    // A root the company pinned for it was asked for already; else what this host trusts decides, practice authorities left out.
    const anchors = openTrust({ dataDir: config.dataDir, trustFiles: config.validation.trustFiles, now: at }).anchors
    const check = checkTimeStamp(token, (algorithm) => (algorithm === 'sha256' ? digest : Buffer.alloc(0)), [
      ...anchors.map((der) => readCertificate(der)),
      ...(authority.root === null ? [] : [authority.root]),
    ])
    return { token, at, authority: name, trusted: check.trusted, certificate: check.certificate }
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, params: error.params }
    throw error
  }
}

async function keepToken(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  { invoiceId, authority: { url, dependence } }: Wanted,
  cms: Buffer,
  { token, at, authority, trusted, certificate }: Stamped,
): Promise<void> {
  const where = { company_id: transaction.companyId, invoice_id: invoiceId, url }
  const kept = await transaction
    .knex('compliance_egypt_time_stamp')
    .insert({
      ...where,
      authority,
      stamped_at: at,
      cms_sha256: createHash('sha256').update(cms).digest('hex'),
      token,
      dependence,
      trusted,
      certificate_sha256: certificate?.sha256 ?? null,
    })
    .onConflict(['company_id', 'invoice_id', 'url'])
    .ignore()
    .returning('url')
  await transaction.knex('compliance_egypt_time_request').where(where).delete()
  // Two jobs may have asked; the first token is the one that is kept and told of.
  if (kept.length === 0) return
  host.audit.record(transaction, context, {
    action: 'compliance-egypt.time-stamped',
    subject: { type: 'invoicing.invoice', id: invoiceId },
    facts: { authority, at: at.toISOString(), tokenSha256: createHash('sha256').update(token).digest('hex') },
  })
}

async function keepFailure(
  transaction: CompanyTransaction,
  { invoiceId, authority: { url }, attempts, firstFailedAt }: Wanted,
  problem: FaultDetail,
  now: Date,
): Promise<Date> {
  const next = new Date(now.getTime() + Math.min(longestWaitMs, 30_000 * 2 ** Math.min(attempts, 12)))
  await transaction
    .knex('compliance_egypt_time_request')
    .insert({
      company_id: transaction.companyId,
      invoice_id: invoiceId,
      url,
      attempts: attempts + 1,
      problem: JSON.stringify(problem),
      first_failed_at: firstFailedAt ?? now,
      next_try_at: next,
    })
    .onConflict(['company_id', 'invoice_id', 'url'])
    .merge()
  return next
}
