import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { RunAgain } from '../../../core/jobs/jobs.js'
import { readTimeStamp } from '../../../core/validation/cms/time-stamp-token.js'
import { stampDigest, trustedRoots } from './stamp-digest.js'
import { timeAuthorities, type Dependence } from './time-authorities.js'

export const revocationStampJob = 'compliance-egypt.stamp-revocation'

export interface RevocationStampPayload {
  /** SHA-256 of lists and answers, lower-case hex. */
  readonly answers: readonly string[]
  /** When they were kept. */
  readonly since: string
}

/** An archive's token over a list or an OCSP answer: from then on it was there, whoever's clock made it. */
export interface RevocationStamp {
  /** Of the list or answer, lower-case hex: what the token is over. */
  readonly sha256: string
  readonly url: string
  readonly authority: string
  readonly at: Date
  readonly token: Buffer
  readonly dependence: Dependence
  readonly trusted: boolean
}

const againMs = 15 * 60_000
/** What an archive has not stamped in a week it does not stamp any more; the dossier then says so by having no token of it. */
const patienceMs = 7 * 86_400_000

/** Asks the company's archives of time for tokens over these answers; nobody waits for them. */
export async function stampAnswersSoon(host: Host, transaction: CompanyTransaction, answers: readonly string[]): Promise<void> {
  if (answers.length === 0 || (await timeAuthorities(host.config, transaction)).length === 0) return
  const payload: RevocationStampPayload = { answers, since: host.now().toISOString() }
  await host.jobs.add(transaction, revocationStampJob, payload, { priority: 60 })
}

/**
 * The job: a token of every archive over each of these answers, once. An archive that does not answer is asked again.
 * @throws RunAgain when a token is still awaited
 */
export async function stampAnswers(host: Host, context: CompanyContext, { answers, since }: RevocationStampPayload): Promise<void> {
  const { authorities, stamped } = await host.db.company(context.companyId, async (transaction) => ({
    authorities: await timeAuthorities(host.config, transaction),
    stamped: new Set((await stampsOf(transaction, answers)).map(({ sha256, url }) => `${sha256} ${url}`)),
  }))
  const missing = authorities.flatMap((authority) =>
    answers.filter((sha256) => !stamped.has(`${sha256} ${authority.url}`)).map((sha256) => ({ authority, sha256 })),
  )
  if (missing.length === 0) return
  const roots = trustedRoots(host)
  const silent = new Set<string>()
  for (const { authority, sha256 } of missing) {
    if (silent.has(authority.url)) continue
    const outcome = await stampDigest(host, authority, Buffer.from(sha256, 'hex'), roots)
    if (!('token' in outcome)) silent.add(authority.url)
    else
      await host.db.company(context.companyId, ({ knex, companyId }) =>
        knex('compliance_egypt_revocation_stamp')
          .insert({
            company_id: companyId,
            sha256,
            url: authority.url,
            authority: outcome.authority,
            stamped_at: outcome.at,
            token: outcome.token,
            dependence: authority.dependence,
            trusted: outcome.trusted,
          })
          .onConflict(['company_id', 'sha256', 'url'])
          .ignore(),
      )
  }
  const now = host.now().getTime()
  if (silent.size > 0 && now - Date.parse(since) < patienceMs)
    throw new RunAgain(new Date(now + againMs), 'a time stamp over a revocation answer is awaited')
}

/** Tokens over these answers, oldest first. */
export async function stampsOf({ knex, companyId }: CompanyTransaction, answers: readonly string[]): Promise<RevocationStamp[]> {
  const rows = await knex('compliance_egypt_revocation_stamp')
    .where({ company_id: companyId })
    .whereIn('sha256', [...answers])
    .orderBy('stamped_at')
    .orderBy('url')
    .select<(Omit<RevocationStamp, 'at'> & { stamped_at: Date })[]>('*')
  return rows.map(({ stamped_at: at, sha256, url, authority, token, dependence, trusted }) => {
    return { sha256, url, authority, at, token, dependence, trusted }
  })
}

/** A token over other bytes proves nothing of these, whatever the table says. */
export function isOverAnswer({ token }: RevocationStamp, bytes: Uint8Array): boolean {
  return readTimeStamp(token, (algorithm) => createHash(algorithm).update(bytes).digest()).intact
}
