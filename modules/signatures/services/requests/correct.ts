import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { isLocale, type Locale } from '../../../../core/i18n/locale.js'
import { isMailAddress, normalisePhone } from '../../../contacts/index.js'
import type { EventOrigin } from '../../models/event.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { readRequest, signerOfRequest, type SignerRow } from '../request-rows.js'
import { firstReminderAt } from './ask.js'
import { requestHappened } from './happened.js'
import { isMailed, newLink } from './links.js'
import { mailSender, mailSigner, type MailKind } from './mails.js'
import { scheduleReminder } from './reminders.js'
import { askedStates, moveSigner, requireVersion, stored } from './states.js'

/** Ways of proving that hang on a person or his device: another person starts from the link's own code. */
const personal = ['totp', 'passkey', 'pin', 'account']

export interface Correction {
  readonly name?: string
  /** Empty: none. */
  readonly email?: string
  readonly phone?: string
  readonly locale?: Locale
}

/**
 * Puts a name, an address, a number or a language right without starting over. Links sent before are void, and who is asked already gets
 * a new one; what he proved before counts no more.
 * @throws Fault SIGNATURES-CORRECT-TOO-LATE (409) once he has submitted, SIGNATURES-NAME-MISSING, SIGNATURES-EMAIL-MISSING,
 * SIGNATURES-EMAIL-WRONG, SIGNATURES-PHONE-WRONG, SIGNATURES-PERSON-TWICE; paths `name`, `email`, `phone`
 */
export async function correctSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  signerId: string,
  correction: Correction,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  if (!mayChange(request, signer)) throw new Fault('SIGNATURES-CORRECT-TOO-LATE', { status: 409, params: { name: signer.name } })
  const company = await host.access.company(context.companyId)
  const person = await readPerson(request, signer, company.country, correction)
  const changed = (['name', 'email', 'phone', 'locale'] as const).filter((fact) => person[fact] !== signer[fact])
  if (changed.length === 0) return
  await replacePerson(host, transaction, context, request, signer, person, 'corrected', {
    type: 'corrected',
    facts: Object.fromEntries(changed.map((fact) => [fact, { from: signer[fact], to: person[fact] }])),
  })
}

/**
 * Hands a part on to somebody else, where the request allows it: by the person himself on his page, or by the sender.
 * @throws Fault SIGNATURES-DELEGATE-NOT-ALLOWED (403), SIGNATURES-CORRECT-TOO-LATE (409) and the faults of `correctSigner`
 */
export async function delegateSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  delegation: {
    readonly requestId: string
    readonly signerId: string
    readonly version?: number
    readonly to: { readonly name: string; readonly email?: string; readonly phone?: string; readonly locale?: Locale }
    readonly reason?: string
    readonly origin?: EventOrigin
  },
): Promise<void> {
  const request = await readRequest(transaction, delegation.requestId, { lock: true })
  const signer = signerOfRequest(request, delegation.signerId)
  requireVersion(signer, delegation.version)
  if (!signer.canDelegate || signer.keyId !== null)
    throw new Fault('SIGNATURES-DELEGATE-NOT-ALLOWED', { status: 403, params: { name: signer.name } })
  if (request.state !== 'sent' || !askedStates.includes(signer.state))
    throw new Fault('SIGNATURES-CORRECT-TOO-LATE', { status: 409, params: { name: signer.name } })
  const company = await host.access.company(context.companyId)
  const { name, email = '', phone = '', locale = signer.locale } = delegation.to
  const person = await readPerson(request, signer, company.country, { name, email, phone, locale })
  await replacePerson(
    host,
    transaction,
    context,
    request,
    signer,
    person,
    'delegated',
    {
      type: 'delegated',
      actor: context.actor.kind === 'user' ? undefined : { kind: 'signer', id: signer.id, name: signer.name },
      origin: delegation.origin,
      facts: {
        from: signer.name,
        to: person.name,
        email: person.email,
        ...(delegation.reason === undefined ? {} : { reason: delegation.reason }),
      },
    },
    {
      contact_id: null,
      values: {},
      pin_hash: null,
      authentication: authenticationOfAnother(signer, person),
    },
  )
  const now = await readRequest(transaction, request.id)
  await mailSender(host, transaction, context, now, 'delegated', { by: signer.name })
  await requestHappened(host, transaction, context, now, 'sign_request.delegated', signer.id)
}

/** Still open for another person: not before a draft is sent (its page changes it), not after he submitted. */
export function mayChange(request: Pick<SignRequest, 'state'>, signer: Pick<RequestSigner, 'state'>): boolean {
  return request.state === 'sent' && (signer.state === 'waiting' || askedStates.includes(signer.state))
}

interface Person {
  readonly name: string
  readonly email: string | null
  readonly phone: string | null
  readonly locale: Locale
}

function readPerson(request: SignRequest, signer: RequestSigner, country: string, given: Correction): Promise<Person> {
  const text = (value: string | undefined, old: string | null): string | null => {
    if (value === undefined) return old
    return value.trim() === '' ? null : value.trim()
  }
  const name = text(given.name, signer.name)
  const email = text(given.email, signer.email)
  const typed = text(given.phone, signer.phone)
  const phone = typed === null ? null : normalisePhone(typed, country)
  if (name === null || name.length > 200) throw new Fault('SIGNATURES-NAME-MISSING', { path: 'name', params: { role: signer.role } })
  if (email !== null && !isMailAddress(email)) throw new Fault('SIGNATURES-EMAIL-WRONG', { path: 'email', params: { name, value: email } })
  if (email === null && request.sendEmail && (signer.action === 'copy' || !signer.inPerson))
    throw new Fault('SIGNATURES-EMAIL-MISSING', { path: 'email', params: { name } })
  if (phone === undefined) throw new Fault('SIGNATURES-PHONE-WRONG', { path: 'phone', params: { name, value: typed ?? '' } })
  if (phone === null && signer.authentication.includes('sms-code'))
    throw new Fault('SIGNATURES-PHONE-MISSING', { path: 'phone', params: { name } })
  const twin = request.signers.find(
    (one) => one.id !== signer.id && one.action === signer.action && email !== null && one.email?.toLowerCase() === email.toLowerCase(),
  )
  if (twin !== undefined) throw new Fault('SIGNATURES-PERSON-TWICE', { path: 'email', params: { name, other: twin.name } })
  return Promise.resolve({ name, email, phone, locale: isLocale(given.locale) ? given.locale : signer.locale })
}

/** Proofs that another person can give. The number of channels does not fall: what was two stays two. */
function authenticationOfAnother(signer: RequestSigner, person: Person): string[] {
  const kept = signer.authentication.filter((method) => !personal.includes(method))
  const wanted = kept.includes('email-code') || person.email === null ? kept : ['email-code', ...kept]
  if (wanted.length >= signer.authentication.length) return wanted
  if (person.phone !== null && !wanted.includes('sms-code')) return [...wanted, 'sms-code']
  throw new Fault('SIGNATURES-DELEGATE-PROOF', { path: 'phone', params: { name: person.name } })
}

async function replacePerson(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  signer: RequestSigner,
  person: Person,
  kind: MailKind & ('corrected' | 'delegated'),
  event: {
    readonly type: 'corrected' | 'delegated'
    readonly actor?: { readonly kind: string; readonly id: string | null; readonly name: string } | undefined
    readonly origin?: EventOrigin | undefined
    readonly facts: Readonly<Record<string, unknown>>
  },
  more: Partial<SignerRow> = {},
): Promise<void> {
  const changes: Partial<SignerRow> = { ...person, ...more, version: signer.version + 1 }
  const asked = askedStates.includes(signer.state)
  const next = asked ? firstReminderAt(request, host.now()) : null
  if (asked)
    await moveSigner(transaction, signer, 'sent', {
      ...changes,
      sent_at: host.now(),
      viewed_at: null,
      verified_at: null,
      reminders: 0,
      next_reminder_at: next,
    })
  else await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: signer.id }).update(stored(changes))
  await recordEvent(host, transaction, context, {
    requestId: request.id,
    type: event.type,
    signerId: signer.id,
    ...(event.actor === undefined ? {} : { actor: event.actor }),
    ...(event.origin === undefined ? {} : { origin: event.origin }),
    facts: event.facts,
  })
  if (!asked) return
  const changed = await readRequest(transaction, request.id)
  const now = signerOfRequest(changed, signer.id)
  if (!isMailed(changed, now)) return
  const token = await newLink(host, transaction, now)
  await mailSigner(host, transaction, context, changed, now, kind, { token, by: signer.name })
  if (next !== null) await scheduleReminder(host, transaction, signer.id, next)
}
