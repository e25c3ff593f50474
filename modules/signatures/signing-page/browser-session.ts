import { createHmac, randomUUID } from 'node:crypto'
import { hashSecret, newSecret } from '../../../core/access/secrets.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { AnswerCookie } from '../../../core/http/routes.js'
import type { RequestSigner } from '../models/request.js'

export const browserCookie = 'khatm-sign'
/** A session ends when nothing was done for so long. */
const idleMinutes = 120

/** What one browser has proven with one link. */
export interface BrowserSession {
  readonly id: string
  /** Passed methods: when, and the facts of the proof. */
  readonly verified: Readonly<Record<string, { readonly at: string; readonly facts: Readonly<Record<string, unknown>> }>>
  readonly inPerson: boolean
  /** HMAC whose key only this browser holds. */
  readonly keyed: (text: string) => string
}

interface SessionRow {
  company_id: string
  id: string
  signer_id: string
  version: number
  secret_hash: string
  verified: BrowserSession['verified']
  in_person: boolean
  created_at: Date
  seen_at: Date
}

const keyedWith = (secret: string) => (text: string) => createHmac('sha256', secret).update(text).digest('hex')

/** The session of this browser with this signer's link, as the person stands now; undefined for another browser and after two idle hours. */
export async function findSession(
  host: Host,
  transaction: CompanyTransaction,
  signer: Pick<RequestSigner, 'id' | 'version'>,
  secret: string | undefined,
): Promise<BrowserSession | undefined> {
  if (secret === undefined || secret.length > 100) return undefined
  const now = host.now()
  const row = await transaction
    .knex<SessionRow>('signatures_session')
    .where({ company_id: transaction.companyId, signer_id: signer.id, version: signer.version, secret_hash: hashSecret(secret) })
    .where('seen_at', '>', new Date(now.getTime() - idleMinutes * 60_000))
    .first()
  if (row === undefined) return undefined
  // Once a minute is enough to know that somebody is there.
  if (now.getTime() - row.seen_at.getTime() > 60_000)
    await transaction.knex('signatures_session').where({ company_id: transaction.companyId, id: row.id }).update({ seen_at: now })
  return { id: row.id, verified: row.verified, inPerson: row.in_person, keyed: keyedWith(secret) }
}

/** Begins a session, or begins it anew; the browser keeps one secret for all its links. */
export async function beginSession(
  host: Host,
  transaction: CompanyTransaction,
  signer: Pick<RequestSigner, 'id' | 'version'>,
  known: string | undefined,
  options: { readonly inPerson?: boolean } = {},
): Promise<{ session: BrowserSession; cookie: AnswerCookie }> {
  const secret = known !== undefined && /^[\w-]{43}$/.test(known) ? known : newSecret()
  const now = host.now()
  const inPerson = options.inPerson ?? false
  const [row] = await transaction
    .knex<SessionRow>('signatures_session')
    .insert({
      company_id: transaction.companyId,
      id: randomUUID(),
      signer_id: signer.id,
      version: signer.version,
      secret_hash: hashSecret(secret),
      in_person: inPerson,
      created_at: now,
      seen_at: now,
    })
    .onConflict(['company_id', 'signer_id', 'secret_hash'])
    .merge({ version: signer.version, verified: transaction.knex.raw(`'{}'::jsonb`), in_person: inPerson, created_at: now, seen_at: now })
    .returning('*')
  if (row === undefined) throw new Error('no session after its insert')
  // A code that was sent before, perhaps to an address that was corrected since, is no answer here.
  await transaction.knex('signatures_challenge').where({ company_id: transaction.companyId, session_id: row.id }).delete()
  return {
    session: { id: row.id, verified: {}, inPerson, keyed: keyedWith(secret) },
    cookie: { name: browserCookie, value: secret, path: '/sign', maxAge: 30 * 24 * 3_600_000 },
  }
}

/** One more proof. Proofs of two tabs add up, since the row holds them by name. */
export async function addProof(
  host: Host,
  transaction: CompanyTransaction,
  sessionId: string,
  method: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const proof = JSON.stringify({ [method]: { at: host.now().toISOString(), facts } })
  await transaction
    .knex('signatures_session')
    .where({ company_id: transaction.companyId, id: sessionId })
    .update({ verified: transaction.knex.raw('verified || ?::jsonb', [proof]), seen_at: host.now() })
}
