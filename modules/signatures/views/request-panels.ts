import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { formatMoment, type Presentation } from '../../../core/views/format.js'
import { authenticationMethods } from '../authentication/registry.js'
import { areFilesDeleted } from '../evidence/legal-hold.js'
import type { RequestSigner, SignerState, SignRequest } from '../models/request.js'
import { readRequest } from '../services/request-rows.js'
import { isMailed } from '../services/requests/links.js'
import { mayChange } from '../services/requests/correct.js'
import { mailStatesOf } from '../services/requests/mail-states.js'
import { askedStates } from '../services/requests/states.js'
import { requestPath } from './request-model.js'

export const signerColours: Readonly<Record<SignerState, string>> = {
  waiting: 'grey',
  sent: 'blue',
  viewed: 'blue',
  verified: 'blue',
  submitted: 'orange',
  signed: 'green',
  approved: 'green',
  copied: 'green',
  declined: 'red',
  delegated: 'grey',
  expired: 'grey',
}

/** The people of a request as its page shows them: where each stands, how he proves himself, his mail, what may be done. */
export async function peopleOf(host: Host, transaction: CompanyTransaction, context: CompanyContext, requestId: string): Promise<object> {
  const request = await readRequest(transaction, requestId)
  const company = await host.access.company(context.companyId)
  const shown: Presentation = { locale: context.locale, digits: company.digits, timeZone: company.timeZone }
  const titles = new Map(
    (await authenticationMethods(host, context)).map((method) => [method.name, host.i18n.pick(context.locale, method.title)]),
  )
  const mails = await mailStatesOf(host, transaction, requestId)
  const groups = new Set(request.signers.filter((signer) => signer.action !== 'copy').map((signer) => signer.group))
  return {
    base: requestPath(requestId),
    people: request.signers.map((signer) => {
      const asked = request.state === 'sent' && askedStates.includes(signer.state)
      const mail = mails.find((one) => one.signerId === signer.id)
      return {
        id: signer.id,
        name: signer.name,
        email: signer.email,
        phone: signer.phone,
        role: request.roles.find((role) => role.id === signer.role)?.name ?? signer.role,
        order: groups.size > 1 && signer.action !== 'copy' ? String(signer.group) : '',
        stateLabel: stateLabelOf(request, signer),
        colour: request.state === 'draft' ? 'grey' : signerColours[signer.state],
        done: ['signed', 'approved', 'copied'].includes(signer.state),
        when: whenOf(signer, shown),
        level: signer.action === 'sign' ? `signatures.level.${signer.level}` : `signatures.action-of.${signer.action}`,
        methods: signer.authentication.map((name) => titles.get(name) ?? name).join(' · '),
        reminders: signer.reminders,
        reason: signer.declineReason,
        fault: signer.fault === null ? null : host.i18n.faultOnPage(context.locale, signer.fault),
        mail:
          mail === undefined
            ? undefined
            : { ...mail, label: `views.mail.${mail.state}`, failed: mail.state === 'failed', colour: mailColours[mail.state] ?? 'grey' },
        mayRemind: asked && isMailed(request, signer),
        mayCorrect: mayChange(request, signer),
        // Whoever is sent no mail is given his link here: in person, or by the sender's own way.
        mayOpen: asked && signer.inPerson,
        mayCopy: asked && !isMailed(request, signer) && !signer.inPerson,
      }
    }),
  }
}

/** Nobody's time is over when a request was withdrawn or somebody declined, and nobody waits for a turn that never comes. */
function stateLabelOf(request: SignRequest, signer: RequestSigner): string {
  if (request.state === 'draft') return 'signatures.signer.draft'
  const over = request.state === 'cancelled' || request.state === 'declined' || request.state === 'expired'
  if (over && (signer.state === 'waiting' || (signer.state === 'expired' && request.state !== 'expired'))) return 'signatures.signer.ended'
  return `signatures.signer.${signer.state}`
}

const mailColours: Readonly<Record<string, string>> = { sent: 'green', failed: 'red', queued: 'grey', sending: 'grey' }

function whenOf(signer: RequestSigner, shown: Presentation): string {
  const at = signer.completedAt ?? signer.submittedAt ?? signer.verifiedAt ?? signer.viewedAt ?? signer.sentAt
  return at === null ? '' : formatMoment(at, shown)
}

/** Why a request stands still, in words; null while it does not. */
export async function troubleOf(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
): Promise<object | null> {
  const request = await readRequest(transaction, requestId)
  const told = (kind: string, text: string, level: string): object => ({ title: `signatures.trouble.${kind}`, text, level })
  if (request.state === 'sealing_failed')
    return told('sealing', request.fault === null ? '' : host.i18n.faultOnPage(context.locale, request.fault), 'danger')
  if (request.state === 'signed') return told('signed', '', 'success')
  const declined = request.signers.find((signer) => signer.state === 'declined')
  if (request.state === 'declined' && declined !== undefined)
    return told('declined', `${declined.name}: ${declined.declineReason ?? ''}`, 'warning')
  if (request.state === 'expired' || request.state === 'cancelled') return told(request.state, '', 'warning')
  return null
}

/** The document as it stands now; nothing before sending, when it is not made yet. */
export async function previewOf(transaction: CompanyTransaction, requestId: string): Promise<object | null> {
  const request = await readRequest(transaction, requestId)
  if (request.headSha256 === null || (await areFilesDeleted(transaction, requestId))) return null
  return { url: `${requestPath(requestId)}/file/document` }
}
