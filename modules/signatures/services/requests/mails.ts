import { randomUUID } from 'node:crypto'
import type { Company, CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { Locale } from '../../../../core/i18n/locale.js'
import { formatMoment } from '../../../../core/views/format.js'
import { inSentence, offsetOf } from '../../mails/mail-text.js'
import { renderMail, type RenderedMail } from '../../mails/render-mail.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { publicAddress, signerPath } from './links.js'

/** Mails to people of a request. Texts are `signatures.mail.<kind>.…`. */
export const mailKinds = [
  'asked',
  'turn',
  'reminder',
  'expiring',
  'declined',
  'cancelled',
  'expired',
  'completed',
  'copy',
  'delegated',
  'corrected',
] as const
export type MailKind = (typeof mailKinds)[number]

export interface MailExtras {
  /** Of the link that the button leads to; without it the mail has no button. */
  readonly token?: string
  /** Why it was declined or cancelled, in the words of who did. */
  readonly reason?: string
  /** Who declined, who handed the task on. */
  readonly by?: string
  readonly attachments?: readonly { readonly name: string; readonly sha256: string }[]
}

/** Kinds in which the sender's own message stands. */
const withMessage: readonly MailKind[] = ['asked', 'turn', 'delegated', 'corrected']
/** Kinds that ask for something: their texts tell whether to sign or to approve, and till when. */
const asking: readonly MailKind[] = ['asked', 'turn', 'reminder', 'expiring', 'delegated', 'corrected']

/**
 * Queues a mail to a person of a request, in his language, and says so in the request's log. A mail that carries a link is
 * confidential: its text is gone once it was sent.
 */
export async function mailSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  signer: RequestSigner,
  kind: MailKind,
  extras: MailExtras = {},
): Promise<void> {
  if (signer.email === null) return
  await queueMail(host, transaction, context, request, kind, extras, {
    to: signer.email,
    name: signer.name,
    locale: signer.locale,
    action: signer.action,
    signerId: signer.id,
  })
}

/** The same to the sender, where the request names an address for answers. */
export async function mailSender(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  kind: MailKind,
  extras: MailExtras = {},
): Promise<void> {
  if (request.replyTo === null) return
  const company = await host.access.company(context.companyId)
  await queueMail(host, transaction, context, request, kind, extras, {
    to: request.replyTo,
    name: request.createdBy.name,
    locale: company.locale,
    action: 'copy',
    signerId: null,
  })
}

interface Reader {
  readonly to: string
  readonly name: string
  readonly locale: Locale
  readonly action: RequestSigner['action']
  readonly signerId: string | null
}

async function queueMail(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  kind: MailKind,
  extras: MailExtras,
  reader: Reader,
): Promise<void> {
  const company = await host.access.company(context.companyId)
  const texts = composeRequestMail(host, company, request, kind, extras, reader)
  const replyTo = request.replyTo ?? company.email
  const mailId = await host.mail.queue(transaction, context, {
    to: [reader.to],
    ...(replyTo === null ? {} : { replyTo }),
    ...texts,
    ...(extras.attachments === undefined ? {} : { attachments: extras.attachments }),
    subjectRecord: { type: 'signatures.request', id: request.id },
    confidential: extras.token !== undefined,
  })
  await transaction.knex('signatures_mail').insert({
    company_id: transaction.companyId,
    id: randomUUID(),
    request_id: request.id,
    signer_id: reader.signerId,
    mail_id: mailId,
    kind,
    created_at: host.now(),
  })
  await recordEvent(host, transaction, context, {
    requestId: request.id,
    type: 'mail_queued',
    ...(reader.signerId === null ? {} : { signerId: reader.signerId }),
    facts: { kind, to: reader.to, mail: mailId },
  })
}

/** Subject, plain text and HTML of a mail: who asks what of whom, till when, one button. */
export function composeRequestMail(
  host: Host,
  company: Company,
  request: SignRequest,
  kind: MailKind,
  extras: MailExtras,
  reader: Pick<Reader, 'name' | 'locale' | 'action'>,
): RenderedMail {
  const { locale } = reader
  const sender = locale === 'ar' ? (company.nameAr ?? company.name) : company.name
  const person = request.createdBy.name
  const approves = reader.action === 'approve'
  const asks = asking.includes(kind)
  const until =
    request.expiresAt === null
      ? ''
      : `${formatMoment(request.expiresAt, { locale, digits: company.digits, timeZone: company.timeZone })} (${offsetOf(request.expiresAt, company.timeZone)})`
  const params = { name: reader.name, document: request.name, number: request.number, sender, person, by: extras.by ?? '', until }
  const isolated = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, inSentence(locale, value)]))
  const text = (key: string): string => host.i18n.text(locale, `signatures.mail.${key}`, isolated)
  const own = withMessage.includes(kind) ? request.message : {}
  const link = extras.token === undefined ? undefined : `${publicAddress(host, company)}${signerPath(extras.token)}`
  const body = text(approves && asks ? `${kind}.body-approve` : `${kind}.body`)
  return renderMail(host, company, locale, {
    // A subject stands alone in lists of mails; control characters have no place in it.
    subject:
      own.subject === undefined || own.subject === '' ? host.i18n.text(locale, `signatures.mail.${kind}.subject`, params) : own.subject,
    sender,
    greeting: text('greeting'),
    heading: text(approves && asks ? `${kind}.heading-approve` : `${kind}.heading`),
    preview: asks && until !== '' ? `${body} ${text('fact.until')}: ${inSentence(locale, until)}` : body,
    paragraphs: [body],
    reason: extras.reason === undefined || extras.reason === '' ? undefined : { label: text('reason'), text: extras.reason },
    message: own.body === undefined || own.body === '' ? undefined : { label: text('message'), lines: own.body.split(/\r?\n/) },
    facts: [
      { label: text('fact.document'), value: request.name },
      { label: text('fact.number'), value: request.number },
      { label: text('fact.from'), value: sender === person ? sender : `${person} · ${sender}` },
      ...(kind === 'cancelled' ? [] : [{ label: text('fact.signers'), value: namesOf(request) }]),
      ...(asks && until !== '' ? [{ label: text('fact.until'), value: until }] : []),
    ],
    button:
      link === undefined
        ? undefined
        : { label: text(asks ? (approves ? 'button.approve' : 'button.sign') : 'button.download'), link, hint: text('link-hint') },
    notes: [...(link === undefined ? [] : [text('private-link')]), text(asks ? 'data' : 'data-done')],
  })
}

const mostNames = 6

/** Who signs, in the order of the request; of many the first. */
function namesOf(request: SignRequest): string[] {
  const names = request.signers.filter(({ action }) => action === 'sign').map(({ name }) => name)
  return names.length > mostNames ? [...names.slice(0, mostNames - 1), `+${String(names.length - mostNames + 1)}`] : names
}
