import { z } from 'zod'
import type { GuardedAnswer } from '../../../core/http/outgoing.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer } from '../../compliance/index.js'
import { isKnownRule } from '../rules/rule-list.js'
import { readStamped } from '../verify/read-stamped.js'

const message = z.object({ code: z.string().catch(''), message: z.string().catch(''), category: z.string().optional().catch(undefined) })
const messages = z.array(message).nullish().catch([])
const body = z.looseObject({
  validationResults: z
    .looseObject({ warningMessages: messages, errorMessages: messages, status: z.string().nullish() })
    .nullish()
    .catch(null),
  reportingStatus: z.string().nullish().catch(null),
  clearanceStatus: z.string().nullish().catch(null),
  clearedInvoice: z.string().nullish().catch(null),
  uuid: z.string().nullish().catch(null),
  invoiceHash: z.string().nullish().catch(null),
})
type Body = z.infer<typeof body>

/** What was sent: an answer must be about it. */
export interface Sent {
  readonly uuid: string
  readonly hash: string
  readonly clearance: boolean
}

/** Seconds a 429 or 503 asks to wait, at most ten minutes. */
function retryAfter(answer: GuardedAnswer, now: Date): Date | undefined {
  const header = answer.headers['retry-after']
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000
  return Number.isFinite(seconds) && seconds >= 0 ? new Date(now.getTime() + Math.min(seconds, 600) * 1000) : undefined
}

function parseBody(answer: GuardedAnswer): Body | undefined {
  try {
    const parsed = body.safeParse(JSON.parse(answer.body.toString('utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** A message of the authority: by its rule where we have a text of our own for it, else in the authority's words. */
function faultOf(one: z.infer<typeof message>, level: 'error' | 'warning'): FaultDetail {
  if (isKnownRule(one.code)) return { code: one.code, level }
  return { code: 'SA-AUTHORITY', level, params: { code: one.code.slice(0, 100), message: one.message.slice(0, 500) } }
}

function faultsOf(parsed: Body): FaultDetail[] {
  const results = parsed.validationResults
  return [
    ...(results?.errorMessages ?? []).map((one) => faultOf(one, 'error')),
    ...(results?.warningMessages ?? []).map((one) => faultOf(one, 'warning')),
  ]
}

/**
 * What an answer means (developer portal, and what is seen in the field):
 * 200 accepted, 202 accepted with warnings, 208 and 409 the authority has it already, 303 clearance is switched off, 400 rejected,
 * 401 and 403 credentials, 406, 413 and other 4xx our own mistake, 429 and 5xx and everything unreadable: nobody knows, send again.
 * @returns `redirected` for 303
 * @throws SubmissionUncertain, Fault SA-FATOORA-…
 */
export function readAnswer(answer: GuardedAnswer, sent: Sent, now: Date): AuthorityAnswer | 'redirected' {
  const { status } = answer
  if (status === 303) return 'redirected'
  if (status === 401 || status === 403) throw new Fault('SA-FATOORA-CREDENTIALS', { params: { status } })
  if (status === 429 || status >= 500) throw new SubmissionUncertain(`HTTP ${status}`, retryAfter(answer, now))
  const parsed = parseBody(answer)
  if ([200, 202, 208, 409].includes(status)) {
    if (parsed === undefined) throw new SubmissionUncertain(`unreadable answer (HTTP ${status})`)
    return accepted(answer, parsed, sent)
  }
  if (status === 400 && parsed !== undefined && isVerdict(parsed)) {
    refuseStrangers(parsed, sent)
    return { state: 'rejected', status, body: text(answer), faults: faultsOf(parsed) }
  }
  throw new Fault('SA-FATOORA-REFUSED', { params: { status, reply: text(answer).slice(0, 300) } })
}

function isVerdict(parsed: Body): boolean {
  return (parsed.validationResults?.errorMessages ?? []).length > 0 || /^NOT_/.test(parsed.reportingStatus ?? parsed.clearanceStatus ?? '')
}

/** An answer about another document is no answer. */
function refuseStrangers(parsed: Body, sent: Sent): void {
  const uuid = parsed.uuid
  const hash = parsed.invoiceHash
  if (typeof uuid === 'string' && uuid.toLowerCase() !== sent.uuid.toLowerCase())
    throw new SubmissionUncertain('the answer is about another document')
  if (typeof hash === 'string' && hash !== sent.hash) throw new SubmissionUncertain('the answer is about another document')
}

function accepted(answer: GuardedAnswer, parsed: Body, sent: Sent): AuthorityAnswer {
  refuseStrangers(parsed, sent)
  const { status } = answer
  const duplicate = status === 208 || status === 409
  const said = (sent.clearance ? parsed.clearanceStatus : parsed.reportingStatus) ?? ''
  if (/^NOT_/.test(said)) return { state: 'rejected', status, body: text(answer), faults: faultsOf(parsed) }
  if (said === '' && !duplicate) throw new SubmissionUncertain(`the answer says neither yes nor no (HTTP ${status})`)
  // A duplicate is no fault of the document: what the first answer warned of is not repeated.
  const faults = duplicate ? [] : faultsOf(parsed).map((fault) => ({ ...fault, level: 'warning' as const }))
  const state = !duplicate && (status === 202 || faults.length > 0) ? 'accepted_with_warnings' : 'accepted'
  const base = { state, status, body: text(answer), faults } as const
  return sent.clearance ? { ...base, ...legalCopy(parsed, sent) } : base
}

/** The cleared file is the legal copy; it must hold our invoice and no other. */
function legalCopy(parsed: Body, sent: Sent): { legalCopy: Buffer; legalCopyQr?: string } {
  const encoded = parsed.clearedInvoice
  if (typeof encoded !== 'string' || encoded === '') throw new SubmissionUncertain('the answer has no cleared invoice')
  const bytes = Buffer.from(encoded, 'base64')
  try {
    const file = readStamped(bytes)
    if (file.computedHash.toString('base64') !== sent.hash) throw new SubmissionUncertain('the cleared invoice is another one')
    const qr = file.claimed.get('qr')
    return { legalCopy: bytes, ...(qr === undefined ? {} : { legalCopyQr: qr }) }
  } catch (error) {
    if (error instanceof Fault) throw new SubmissionUncertain(`the cleared invoice cannot be read (${error.code})`)
    throw error
  }
}

function text(answer: GuardedAnswer): string {
  return answer.body.toString('utf8')
}
