import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import { rowsOfInvoices } from '../../compliance/index.js'
import { signatureValueOf } from './signature-of-file.js'
import { stampDigest, trustedRoots, type Stamped } from './stamp-digest.js'
import { timeAuthorities, type TimeAuthority } from './time-authorities.js'
import { timeStampJob, type Place, type StoredRequest, type TimeStampPayload } from './time-stamps.js'

const longestWaitMs = 6 * 3_600_000
const sweepDays = 30
const sweepCount = 500

/** One archive to be asked for one signature. */
interface Task {
  readonly invoiceId: string
  readonly authority: TimeAuthority
  readonly signature: { readonly cms: Buffer; readonly value: Buffer }
  readonly attempts: number
  readonly firstFailedAt: Date | null
}

/**
 * The job: tokens of every archive over every one of these signatures. An archive that fails is written down with its reason and asked
 * again, each time later; one that cannot be reached is not asked for the rest of the batch. What was stamped stays stamped.
 * @throws RunAgain when something is still awaited
 */
export async function stampTimes(host: Host, context: CompanyContext, { invoiceIds }: TimeStampPayload): Promise<void> {
  const { due, later } = await host.db.company(context.companyId, (transaction) => missingStamps(host, transaction, invoiceIds))
  const roots = due.length === 0 ? [] : trustedRoots(host)
  const away = new Map<string, FaultDetail>()
  for (const task of due) {
    const { authority, signature } = task
    const digest = createHash('sha256').update(signature.value).digest()
    const outcome = away.get(authority.url) ?? (await stampDigest(host, authority, digest, roots))
    if (!('token' in outcome) && outcome.code === 'SIGN-TSA-UNREACHABLE') away.set(authority.url, outcome)
    await host.db.company(context.companyId, async (transaction) => {
      if ('token' in outcome) await keepToken(host, context, transaction, task, outcome)
      else later.push(await keepFailure(transaction, task, outcome, host.now()))
    })
  }
  const [next] = later.sort((first, second) => first.getTime() - second.getTime())
  if (next !== undefined) throw new RunAgain(next, 'a time stamp is awaited')
}

/** What archives have not stamped of these signatures: what is due now, and when the rest is. */
async function missingStamps(
  host: Host,
  transaction: CompanyTransaction,
  invoiceIds: readonly string[],
): Promise<{ readonly due: readonly Task[]; readonly later: Date[] }> {
  const authorities = await timeAuthorities(host.config, transaction)
  const of = (table: string) =>
    transaction
      .knex(table)
      .where({ company_id: transaction.companyId })
      .whereIn('invoice_id', [...invoiceIds])
  // One after another: a transaction has one connection.
  const stamped = new Set((await of('compliance_egypt_time_stamp').select<Place[]>('invoice_id', 'url')).map(placeOf))
  const failed = new Map((await of('compliance_egypt_time_request').select<StoredRequest[]>('*')).map((one) => [placeOf(one), one]))
  const due: Task[] = []
  const later: Date[] = []
  for (const { invoiceId, legalSha256 } of await rowsOfInvoices(transaction, [...invoiceIds])) {
    const missing = authorities.filter(({ url }) => !stamped.has(placeOf({ invoice_id: invoiceId, url })))
    if (legalSha256 === null || missing.length === 0) continue
    const signature = signatureValueOf((await host.files.get(transaction, legalSha256)).bytes)
    if (signature === undefined) continue
    for (const authority of missing) {
      const before = failed.get(placeOf({ invoice_id: invoiceId, url: authority.url }))
      if (before !== undefined && before.next_try_at > host.now()) later.push(before.next_try_at)
      else due.push({ invoiceId, authority, signature, attempts: before?.attempts ?? 0, firstFailedAt: before?.first_failed_at ?? null })
    }
  }
  return { due, later }
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

function placeOf({ invoice_id: invoiceId, url }: Place): string {
  return `${invoiceId} ${url}`
}

async function keepToken(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  { invoiceId, authority: { url, dependence }, signature: { cms } }: Task,
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
  { invoiceId, authority: { url }, attempts, firstFailedAt }: Task,
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
