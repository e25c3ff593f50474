import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { readTimeStamp } from '../../../core/validation/cms/time-stamp-token.js'
import { stampDigest, trustedRoots } from './stamp-digest.js'
import { timeAuthorities, type Dependence } from './time-authorities.js'

export const logStampJob = 'compliance-egypt.stamp-log-head'

/** A head of the event log under an archive's token: from then on nobody, the company included, can write what went before anew. */
export interface LogStamp {
  readonly sequence: number
  /** SHA-256, lower-case hex: what the token is over. */
  readonly hash: string
  readonly authority: string
  readonly at: Date
  readonly token: Buffer
  readonly dependence: Dependence
  readonly trusted: boolean
}

interface Row {
  readonly sequence: string | number
  readonly hash: string
  readonly authority: string
  readonly stamped_at: Date
  readonly token: Buffer
  readonly dependence: Dependence
  readonly trusted: boolean
}

/** The daily job: the head of the company's event log under a token of every archive of time it has. One that fails is asked tomorrow. */
export async function stampLogHead(host: Host, context: CompanyContext): Promise<void> {
  const { authorities, head } = await host.db.company(context.companyId, async (transaction) => ({
    authorities: await timeAuthorities(host.config, transaction),
    head: await host.audit.head(transaction),
  }))
  if (head.sequence === 0 || authorities.length === 0) return
  const roots = trustedRoots(host)
  for (const authority of authorities) {
    const outcome = await stampDigest(host, authority, Buffer.from(head.hash, 'hex'), roots)
    if (!('token' in outcome)) continue
    await host.db.company(context.companyId, async (transaction) => {
      await transaction
        .knex('compliance_egypt_log_stamp')
        .insert({
          company_id: transaction.companyId,
          sequence: head.sequence,
          hash: head.hash,
          url: authority.url,
          authority: outcome.authority,
          stamped_at: outcome.at,
          token: outcome.token,
          dependence: authority.dependence,
          trusted: outcome.trusted,
        })
        .onConflict(['company_id', 'sequence', 'url'])
        .ignore()
    })
  }
}

/** Tokens over the first stamped head at or after an event. */
export async function logStampsAfter({ knex, companyId }: CompanyTransaction, sequence: number): Promise<LogStamp[]> {
  const rows = await knex('compliance_egypt_log_stamp')
    .where({ company_id: companyId })
    .where(
      'sequence',
      knex('compliance_egypt_log_stamp').where({ company_id: companyId }).where('sequence', '>=', sequence).min('sequence'),
    )
    .orderBy('stamped_at')
    .select<Row[]>('sequence', 'hash', 'authority', 'stamped_at', 'token', 'dependence', 'trusted')
  return rows.map(({ stamped_at: at, sequence: place, ...row }) => ({ ...row, sequence: Number(place), at }))
}

/** A token over another hash proves nothing of this head, whatever the table says. */
export function isOverHead({ token, hash }: LogStamp): boolean {
  return readTimeStamp(token, (algorithm) => (algorithm === 'sha256' ? Buffer.from(hash, 'hex') : Buffer.alloc(0))).intact
}
