import { randomInt } from 'node:crypto'
import { sameText } from '../../../core/access/secrets.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { CheckOutcome } from './attempts.js'
import type { AuthenticationCase } from './method.js'
import { typedDigits } from './mask.js'

export const codeMinutes = 10

interface ChallengeRow {
  company_id: string
  session_id: string
  method: string
  answer_hash: string | null
  data: Record<string, unknown>
  expires_at: Date
}

/** Six digits, each as likely as the others. */
export function newCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/** Keyed with what only the browser of this session holds. @throws Error outside a session: a programming mistake */
export function keyedHash(signing: AuthenticationCase, method: string, code: string): string {
  if (signing.keyed === undefined || signing.sessionId === '') throw new Error('a challenge belongs to a session')
  return signing.keyed(`${signing.sessionId} ${method} ${code}`)
}

/** Replaces the challenge of this session and method; the one before is void. */
export async function storeChallenge(
  host: Host,
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  method: string,
  challenge: { readonly code?: string; readonly data?: Readonly<Record<string, unknown>>; readonly minutes?: number },
): Promise<void> {
  await transaction
    .knex('signatures_challenge')
    .insert({
      company_id: transaction.companyId,
      session_id: signing.sessionId,
      method,
      answer_hash: challenge.code === undefined ? null : keyedHash(signing, method, challenge.code),
      data: JSON.stringify(challenge.data ?? {}),
      expires_at: new Date(host.now().getTime() + (challenge.minutes ?? codeMinutes) * 60_000),
    })
    .onConflict(['company_id', 'session_id', 'method'])
    .merge()
}

/** The challenge of this session that has not ended. */
export async function openChallenge(
  host: Host,
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  method: string,
): Promise<ChallengeRow | undefined> {
  return transaction
    .knex<ChallengeRow>('signatures_challenge')
    .where({ company_id: transaction.companyId, session_id: signing.sessionId, method })
    .where('expires_at', '>', host.now())
    .first()
}

/** A challenge is answered once. */
export async function endChallenge(transaction: CompanyTransaction, signing: AuthenticationCase, method: string): Promise<void> {
  await transaction
    .knex('signatures_challenge')
    .where({ company_id: transaction.companyId, session_id: signing.sessionId, method })
    .delete()
}

/** Compares a typed code with the one that was sent to this session. */
export async function checkSentCode(
  host: Host,
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  method: string,
  answer: Readonly<Record<string, unknown>>,
  facts: Readonly<Record<string, unknown>>,
): Promise<CheckOutcome> {
  const challenge = await openChallenge(host, transaction, signing, method)
  if (challenge?.answer_hash === undefined || challenge.answer_hash === null) return { refused: 'expired' }
  if (!sameText(challenge.answer_hash, keyedHash(signing, method, typedDigits(answer['code'])))) return { refused: 'wrong' }
  await endChallenge(transaction, signing, method)
  return { passed: facts }
}
