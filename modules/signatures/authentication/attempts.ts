import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultOptions } from '../../../core/i18n/fault.js'
import type { AuthenticationCase } from './method.js'

/** Wrong answers before a pause; the pause doubles each time, up to a day. */
const triesBeforePause = 5
const firstPauseMinutes = 15
const longestPauseMinutes = 24 * 60
const secondsBetweenSendings = 30
const sendingsAnHour = 6

interface AttemptsRow {
  company_id: string
  signer_id: string
  method: string
  failures: number
  locks: number
  locked_until: Date | null
  sendings: number
  sendings_since: Date | null
  last_sent_at: Date | null
}

/** What a check found: facts for the event log, or why not. `expired` costs no try. */
export type CheckOutcome = { readonly passed: Readonly<Record<string, unknown>> } | { readonly refused: 'wrong' | 'expired' }

type Counted = { readonly facts: Readonly<Record<string, unknown>>; readonly fault?: undefined } | { readonly fault: Fault }

/**
 * Runs one check of an answer with the tries of this signer and method locked: guesses made at the same moment stand in a row and
 * each is counted before the next is looked at. Five wrong ones end the challenge and begin a pause.
 * @throws Fault SIGNATURES-CODE-WRONG (with tries left), SIGNATURES-CODE-EXPIRED, SIGNATURES-CODE-LOCKED (429)
 */
export async function checkWithLimit(
  host: Host,
  signing: AuthenticationCase,
  method: string,
  check: (transaction: CompanyTransaction) => Promise<CheckOutcome>,
): Promise<Readonly<Record<string, unknown>>> {
  const outcome = await host.db.company(signing.context.companyId, async (transaction): Promise<Counted> => {
    const row = await lockedRow(transaction, signing, method)
    const pause = pauseLeft(row, host.now())
    if (pause !== undefined) return { fault: locked(pause) }
    const found = await check(transaction)
    if ('passed' in found) {
      await change(transaction, row, { failures: 0, locks: 0 })
      return { facts: found.passed }
    }
    if (found.refused === 'expired') return { fault: new Fault('SIGNATURES-CODE-EXPIRED', { path: 'code' }) }
    const failures = row.failures + 1
    if (failures < triesBeforePause) {
      await change(transaction, row, { failures })
      return { fault: new Fault('SIGNATURES-CODE-WRONG', { path: 'code', params: { left: triesBeforePause - failures } }) }
    }
    const minutes = Math.min(firstPauseMinutes * 2 ** row.locks, longestPauseMinutes)
    await change(transaction, row, {
      failures: 0,
      locks: row.locks + 1,
      locked_until: new Date(host.now().getTime() + minutes * 60_000),
    })
    // The code is void in every browser of this signer.
    await transaction
      .knex('signatures_challenge')
      .where({ company_id: transaction.companyId, method })
      .whereIn(
        'session_id',
        transaction.knex('signatures_session').select('id').where({ company_id: transaction.companyId, signer_id: signing.signer.id }),
      )
      .delete()
    return { fault: locked(minutes) }
  })
  if (outcome.fault === undefined) return outcome.facts
  // Thrown outside: the count of tries must stay.
  throw outcome.fault
}

/**
 * Counts one sending of a code. To be called in the transaction that stores the code.
 * @throws Fault SIGNATURES-CODE-TOO-OFTEN (429, with seconds), SIGNATURES-CODE-LOCKED (429)
 */
export async function countSending(
  host: Host,
  transaction: CompanyTransaction,
  signing: AuthenticationCase,
  method: string,
): Promise<void> {
  const now = host.now()
  const row = await lockedRow(transaction, signing, method)
  const pause = pauseLeft(row, now)
  if (pause !== undefined) throw locked(pause)
  const since = row.sendings_since === null || now.getTime() - row.sendings_since.getTime() > 3_600_000 ? now : row.sendings_since
  const sendings = since === now ? 0 : row.sendings
  const wait = row.last_sent_at === null ? 0 : secondsBetweenSendings - Math.floor((now.getTime() - row.last_sent_at.getTime()) / 1000)
  if (wait > 0) throw tooOften(wait)
  if (sendings >= sendingsAnHour) throw tooOften(Math.ceil((since.getTime() + 3_600_000 - now.getTime()) / 1000))
  await change(transaction, row, { sendings: sendings + 1, sendings_since: since, last_sent_at: now })
}

/** A sending that failed at the provider may be tried again at once; it stays counted for the hour. */
export async function forgetLastSending(host: Host, signing: AuthenticationCase, method: string): Promise<void> {
  await host.db.company(signing.context.companyId, async (transaction) => {
    await change(transaction, await lockedRow(transaction, signing, method), { last_sent_at: null })
  })
}

async function lockedRow(transaction: CompanyTransaction, signing: AuthenticationCase, method: string): Promise<AttemptsRow> {
  const key = { company_id: transaction.companyId, signer_id: signing.signer.id, method }
  await transaction.knex('signatures_attempts').insert(key).onConflict(['company_id', 'signer_id', 'method']).ignore()
  const row = await transaction.knex<AttemptsRow>('signatures_attempts').where(key).forUpdate().first()
  if (row === undefined) throw new Error('a row that was just inserted is not there')
  return row
}

function pauseLeft(row: AttemptsRow, now: Date): number | undefined {
  if (row.locked_until === null || row.locked_until <= now) return undefined
  return Math.ceil((row.locked_until.getTime() - now.getTime()) / 60_000)
}

async function change(transaction: CompanyTransaction, row: AttemptsRow, changes: Partial<AttemptsRow>): Promise<void> {
  await transaction
    .knex('signatures_attempts')
    .where({ company_id: row.company_id, signer_id: row.signer_id, method: row.method })
    .update(changes)
}

function locked(minutes: number): Fault {
  const options: FaultOptions = { status: 429, path: 'code', params: { minutes } }
  return new Fault('SIGNATURES-CODE-LOCKED', options)
}

function tooOften(seconds: number): Fault {
  return new Fault('SIGNATURES-CODE-TOO-OFTEN', { status: 429, params: { seconds } })
}
