import { EtaRefusal, textMember, type EtaAnswer } from './answers.js'
import { cancellationHoursOf } from './document-types.js'
import type { EtaAuthority } from './eta-authority.js'
import type { EtaDocument, EtaStatus, StateChange, Taxpayer } from './register.js'

/** PUT documents/state/{uuid}/state: cancelled by the issuer, rejected by the receiver, within the time of the document type. */
export function changeState(authority: EtaAuthority, taxpayer: Taxpayer, uuid: string, body: unknown): EtaAnswer {
  const document = authority.visible(taxpayer, uuid)
  const wanted = textMember(body, 'status')?.toLowerCase()
  const reason = textMember(body, 'reason') ?? ''
  if (wanted !== 'cancelled' && wanted !== 'rejected') throw new EtaRefusal(400, 'BadArgument', 'status is cancelled or rejected', 'status')
  if (reason === '') throw new EtaRefusal(400, 'BadArgument', 'A reason is needed', 'reason')
  const own = wanted === 'cancelled' ? document.issuer : document.receiver
  if (own !== taxpayer.rin) throw new EtaRefusal(403, 'Forbidden', 'Only the issuer cancels and only the receiver rejects', 'uuid')
  if (authority.register.statusOf(document, authority.now()) !== 'Valid')
    throw new EtaRefusal(400, 'IncorrectState', 'The document is not valid', 'status')
  const hours = wanted === 'cancelled' ? cancellationHoursOf(authority.settings, document.type) : authority.settings.rejectionHours
  if (authority.now().getTime() > Date.parse(document.receivedAt) + hours * 3_600_000)
    throw new EtaRefusal(400, 'OperationPeriodOver', `The time to ask for this is over (${hours} hours)`, 'status')
  if (declined(authority, document.uuid, wanted))
    throw new EtaRefusal(400, 'IncorrectState', 'The other party has declined this before', 'status')
  return recordChange(authority, document, wanted, reason)
}

/** PUT documents/state/{uuid}/decline/cancelation (by the receiver) and …/decline/rejection (by the issuer): once each. */
export function decline(authority: EtaAuthority, taxpayer: Taxpayer, uuid: string, what: 'cancelation' | 'rejection'): EtaAnswer {
  const document = authority.visible(taxpayer, uuid)
  const own = what === 'cancelation' ? document.receiver : document.issuer
  if (own !== taxpayer.rin) throw new EtaRefusal(403, 'Forbidden', 'Only the other party declines', 'uuid')
  const last = authority.register.changesOf(uuid).at(-1)
  if (last?.change !== (what === 'cancelation' ? 'cancelled' : 'rejected'))
    throw new EtaRefusal(400, 'IncorrectState', 'There is nothing to decline', 'uuid')
  const hours = what === 'cancelation' ? authority.settings.cancellationHours : authority.settings.rejectionHours
  if (authority.now().getTime() > Date.parse(last.at) + hours * 3_600_000)
    throw new EtaRefusal(400, 'OperationPeriodOver', 'The time to decline is over', 'uuid')
  return recordChange(authority, document, `${what}-declined`, '')
}

function declined(authority: EtaAuthority, uuid: string, wanted: 'cancelled' | 'rejected'): boolean {
  return authority.register
    .changesOf(uuid)
    .some((one) => one.change === (wanted === 'cancelled' ? 'cancelation-declined' : 'rejection-declined'))
}

function recordChange(authority: EtaAuthority, document: EtaDocument, change: StateChange['change'], reason: string): EtaAnswer {
  authority.register.addChange({ kind: 'change', uuid: document.uuid, change, reason, at: authority.now().toISOString() })
  const type = change === 'cancelled' ? 'document-cancelled' : change === 'rejected' ? 'document-rejected' : 'document-validated'
  authority.notifier.tell(document, type, [document.issuer, document.receiver])
  return { status: 200, body: null }
}

/**
 * What a person does at the portal: decides a document that is being validated (or over again), or cancels or rejects a valid one as
 * its issuer or receiver would there, or as the other of them declines that. @returns false when there is no such document or it cannot become that
 */
export function decideDocument(authority: EtaAuthority, uuid: string, state: EtaStatus | 'Declined', reason: string): boolean {
  const document = authority.register.document(uuid)
  if (document === undefined || state === 'Submitted') return false
  const at = authority.now().toISOString()
  if (state === 'Valid' || state === 'Invalid') {
    authority.register.decide(uuid, state, reason, at)
    authority.notifier.tell(document, 'document-validated', [document.issuer])
    return true
  }
  const status = authority.register.statusOf(document, authority.now())
  if (state === 'Declined') {
    if (status !== 'Cancelled' && status !== 'Rejected') return false
    recordChange(authority, document, status === 'Cancelled' ? 'cancelation-declined' : 'rejection-declined', reason)
    return true
  }
  if (status !== 'Valid') return false
  recordChange(authority, document, state === 'Cancelled' ? 'cancelled' : 'rejected', reason)
  return true
}
