import type { CompanyTransaction } from '../../../../core/db/database.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { RequestSigner, RequestState, SignerState, SignRequest } from '../../models/request.js'
import type { RequestRow, SignerRow } from '../request-rows.js'

/** Where a request may go from where it is: the only table of it. States without a way out are the ends. */
export const requestTransitions: Readonly<Record<RequestState, readonly RequestState[]>> = {
  draft: ['sent', 'cancelled'],
  sent: ['signed', 'declined', 'expired', 'cancelled'],
  signed: ['sealed', 'sealing_failed'],
  sealing_failed: ['signed', 'sealed', 'sealing_failed'],
  sealed: [],
  declined: [],
  expired: [],
  cancelled: [],
}

/**
 * The same for one person. `sent` is entered again by who comes anew: after a correction, a delegation. A submission that is taken
 * back (its signature cannot be made) leads to `verified`.
 */
export const signerTransitions: Readonly<Record<SignerState, readonly SignerState[]>> = {
  waiting: ['sent', 'copied', 'expired'],
  sent: ['sent', 'viewed', 'verified', 'submitted', 'signed', 'approved', 'declined', 'delegated', 'expired'],
  viewed: ['sent', 'verified', 'submitted', 'signed', 'approved', 'declined', 'delegated', 'expired'],
  verified: ['sent', 'submitted', 'signed', 'approved', 'declined', 'delegated', 'expired'],
  submitted: ['signed', 'verified', 'expired'],
  delegated: ['sent'],
  signed: [],
  approved: [],
  copied: [],
  declined: [],
  expired: [],
}

/** Those who are asked now and have not answered. */
export const askedStates: readonly SignerState[] = ['sent', 'viewed', 'verified']
/** Those who did what they were asked for. */
export const finishedStates: readonly SignerState[] = ['signed', 'approved', 'copied']

/** @throws Fault SIGNATURES-REQUEST-STATE (409) when the step is not in the table */
export function requireRequestStep(request: Pick<SignRequest, 'number' | 'state'>, to: RequestState): void {
  if (!requestTransitions[request.state].includes(to))
    throw new Fault('SIGNATURES-REQUEST-STATE', { status: 409, params: { number: request.number, state: request.state, to } })
}

/** @throws Fault SIGNATURES-SIGNER-STATE (409) when the step is not in the table */
export function requireSignerStep(signer: Pick<RequestSigner, 'name' | 'state'>, to: SignerState): void {
  if (!signerTransitions[signer.state].includes(to))
    throw new Fault('SIGNATURES-SIGNER-STATE', { status: 409, params: { name: signer.name, state: signer.state, to } })
}

/**
 * Under the lock of the request: the person who acts is still the one whose link was opened.
 * @throws Fault SIGNATURES-LINK-ENDED (409)
 */
export function requireVersion(signer: Pick<RequestSigner, 'version'>, version: number | undefined): void {
  if (version !== undefined && signer.version !== version) throw new Fault('SIGNATURES-LINK-ENDED', { status: 409 })
}

/**
 * Moves a request on. The row is changed only from the state that was read: somebody who was quicker is told by the fault.
 * @throws Fault SIGNATURES-REQUEST-STATE (409)
 */
export async function moveRequest(
  host: { now(): Date },
  transaction: CompanyTransaction,
  request: Pick<SignRequest, 'id' | 'number' | 'state'>,
  to: RequestState,
  changes: Partial<RequestRow> = {},
): Promise<void> {
  requireRequestStep(request, to)
  const moved = await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: request.id, state: request.state })
    .update({ ...stored(changes), state: to, updated_at: host.now() })
  if (moved !== 1)
    throw new Fault('SIGNATURES-REQUEST-STATE', { status: 409, params: { number: request.number, state: request.state, to } })
}

/** The same for one person. @throws Fault SIGNATURES-SIGNER-STATE (409) */
export async function moveSigner(
  transaction: CompanyTransaction,
  signer: Pick<RequestSigner, 'id' | 'name' | 'state'>,
  to: SignerState,
  changes: Partial<SignerRow> & { readonly reminded_at?: Date | null } = {},
): Promise<void> {
  requireSignerStep(signer, to)
  const moved = await transaction
    .knex('signatures_signer')
    .where({ company_id: transaction.companyId, id: signer.id, state: signer.state })
    .update({ ...stored(changes), state: to })
  if (moved !== 1) throw new Fault('SIGNATURES-SIGNER-STATE', { status: 409, params: { name: signer.name, state: signer.state, to } })
}

/** Lists and objects go into JSON columns as text. */
export function stored(changes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'object' && value !== null && !(value instanceof Date) && !Buffer.isBuffer(value) ? JSON.stringify(value) : value,
    ]),
  )
}
