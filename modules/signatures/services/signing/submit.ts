import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import type { ConsentFacts } from '../../models/consent.js'
import type { EventOrigin } from '../../models/event.js'
import type { FieldValue, FieldValues } from '../../models/field.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { afterSigner } from '../requests/after-signer.js'
import { finishedStates, moveSigner, requireVersion, stored } from '../requests/states.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { requireLevel } from './level.js'
import { readGiven, valuesOfOthers } from './read-submitted.js'
import { signSubmitted, takesSignatures } from './sign-submitted.js'
import { checkValues, isEmpty, normalisedValue } from './values/check-values.js'
import { signingDays } from './values/signing-days.js'

export interface Submission {
  readonly requestId: string
  readonly signerId: string
  /** Of the person whose page it came from: who was corrected or replaced meanwhile has not said this. */
  readonly version?: number
  readonly values: FieldValues
  readonly origin: EventOrigin
  readonly consent: ConsentFacts
  /** Who is logged in, for a signer with a key of his own: the key is opened in his name. */
  readonly user?: CompanyContext
}

/**
 * Takes what a signer gave, checks all of it, and makes his signature: at once where it can be had at once, else by a job (a key on
 * somebody's desk, a time stamp authority that is away), while the state is `submitted` and `fault` says what is waited for.
 * A second submission answers with the first.
 * @throws Fault SIGNATURES-REQUEST-CLOSED (409), SIGNATURES-SIGNER-NOT-VERIFIED (403), SIGNATURES-KEY-LOGIN (403), SIGNATURES-VALUE-…
 * (422, details with paths `values.<field id>`), SIGNATURES-LEVEL-… (409)
 */
export async function submitSigner(host: Host, context: CompanyContext, submission: Submission): Promise<RequestSigner> {
  const { requestId, signerId } = submission
  const { companyId } = context
  const before = await host.db.company(companyId, (transaction) => readRequest(transaction, requestId))
  const asked = signerOfRequest(before, signerId)
  const { keyId } = asked
  const key = keyId === null ? undefined : await host.db.company(companyId, (transaction) => host.signing.key(transaction, keyId))
  if (asked.state === 'verified') await requireLevel(host, context, asked, key)
  const taken = await host.db.company(companyId, (transaction) => take(host, context, transaction, submission))
  if (taken.state !== 'submitted') return taken
  // A desk is asked by the job: nobody's browser waits for a person with a token.
  if (key?.provider === 'agent') return taken
  return (await signSubmitted(host, context, requestId, signerId)).signer
}

/** Stores a submission with the job of its signature: the one exists if and only if the other does. */
async function take(host: Host, context: CompanyContext, transaction: CompanyTransaction, submission: Submission): Promise<RequestSigner> {
  const { requestId, signerId, origin, consent, user } = submission
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  requireVersion(signer, submission.version)
  if (signer.state === 'submitted' || finishedStates.includes(signer.state)) return signer
  requireTurn(host, request, signer, 'sign')
  if (signer.keyId !== null && (user?.actor.kind !== 'user' || user.actor.id === null || user.companyId !== transaction.companyId))
    throw new Fault('SIGNATURES-KEY-LOGIN', { status: 403, params: { name: signer.name, key: '' } })
  const company = await host.access.company(transaction.companyId)
  const values = mergedValues(request, signer, submission.values, localDay(host.now(), company.timeZone))
  await readGiven(host, transaction, request, signer, values)
  const now = host.now()
  await moveSigner(transaction, signer, 'submitted', { values, submitted_at: now, fault: null })
  await transaction
    .knex('signatures_signing')
    .insert({
      company_id: transaction.companyId,
      signer_id: signerId,
      request_id: requestId,
      ...stored({ origin, consent }),
      user_id: signer.keyId === null ? null : (user?.actor.id ?? null),
      // What was handed out to be signed elsewhere is void: he signs here now.
      ...nothingPrepared,
    })
    .onConflict(['company_id', 'signer_id'])
    .merge(['origin', 'consent', 'user_id', 'base_sha256', 'prepared_at', 'leased_until', 'outside_sha256', 'outside_values'])
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'submitted',
    signerId,
    actor: { kind: 'signer', id: signerId, name: signer.name },
    origin,
    facts: {
      document: request.headSha256,
      fields: Object.keys(values).length,
      consent: { law: consent.law, version: consent.version, sha256: consent.sha256, at: consent.at, accessProven: consent.accessProven },
    },
  })
  await addSigningJob(host, transaction, requestId, signerId, new Date(now.getTime() + 3_000))
  return signerOfRequest(await readRequest(transaction, requestId), signerId)
}

const nothingPrepared = { base_sha256: null, prepared_at: null, leased_until: null, outside_sha256: null, outside_values: null }

/** The job of a signature; one that waits already is replaced. */
export function addSigningJob(
  host: Host,
  transaction: CompanyTransaction,
  requestId: string,
  signerId: string,
  runAt: Date,
): Promise<void> {
  return host.jobs.add(transaction, 'signatures.sign', { requestId, signerId }, { key: `signatures.sign:${signerId}`, runAt })
}

export function requireTurn(host: Host, request: SignRequest, signer: RequestSigner, action: 'sign' | 'approve'): void {
  const params = { number: request.number, name: signer.name }
  if (!takesSignatures(request, host.now())) throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params })
  if (signer.action !== action || signer.state !== 'verified') throw new Fault('SIGNATURES-SIGNER-NOT-VERIFIED', { status: 403, params })
}

/**
 * What stands for the signer's fields: what he gave, over what the sender had filled in; where the day of signing stands, that day, whatever
 * the sender or he said.
 * @param day ISO day of signing
 * @throws Fault SIGNATURES-VALUE-…
 */
export function mergedValues(request: SignRequest, signer: RequestSigner, given: FieldValues, day: string): FieldValues {
  const own = request.fields.filter((field) => field.role === signer.role)
  const normalised: Record<string, FieldValue> = {}
  for (const [id, value] of Object.entries(given)) {
    const field = own.find((one) => one.id === id)
    normalised[id] = field === undefined ? value : normalisedValue(field, value)
  }
  const sent = { ...request.values, ...signer.values, ...signingDays(own, signer.role, day) }
  const faults = checkValues(request.fields, normalised, { role: signer.role, values: sent, others: valuesOfOthers(request, signer.id) })
  Fault.throwIfAny(faults)
  const fixed = Object.fromEntries(
    own.filter((field) => field.readonly).flatMap((field) => Object.entries(sent).filter(([id]) => id === field.id)),
  )
  return { ...Object.fromEntries(Object.entries(normalised).filter(([, value]) => !isEmpty(value))), ...fixed }
}

/**
 * An approver says yes: those after him are asked. A second yes answers with the first.
 * @throws Fault SIGNATURES-REQUEST-CLOSED (409), SIGNATURES-SIGNER-NOT-VERIFIED (403)
 */
export async function approveSigner(
  host: Host,
  context: CompanyContext,
  approval: Pick<Submission, 'requestId' | 'signerId' | 'version' | 'origin'> & { readonly note?: string },
): Promise<RequestSigner> {
  const { requestId, signerId, origin, note } = approval
  return host.db.company(context.companyId, async (transaction) => {
    const request = await readRequest(transaction, requestId, { lock: true })
    const signer = signerOfRequest(request, signerId)
    requireVersion(signer, approval.version)
    if (signer.state === 'approved') return signer
    requireTurn(host, request, signer, 'approve')
    await moveSigner(transaction, signer, 'approved', { completed_at: host.now(), fault: null })
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'approved',
      signerId,
      actor: { kind: 'signer', id: signerId, name: signer.name },
      origin,
      facts: { document: request.headSha256, ...(note === undefined || note.trim() === '' ? {} : { note: note.trim().slice(0, 1000) }) },
    })
    await afterSigner(host, transaction, context, requestId, signerId)
    return signerOfRequest(await readRequest(transaction, requestId), signerId)
  })
}
