import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type BatchOutcome } from '../../compliance/index.js'
import type { EtaReply } from './eta-client.js'
import { readError, tooLarge } from './eta-errors.js'

/** What it means for documents, or receipts, that the call which carried them was not taken. */
export type RefusedCall =
  /** From this call or an earlier one the authority may have them: asked for before anything is sent again. */
  | { readonly means: 'there-already'; readonly outcome: SubmissionUncertain }
  | { readonly means: 'unknown'; readonly outcome: SubmissionUncertain }
  /** Nothing was taken, and nothing of ours will be until somebody mends it. */
  | { readonly means: 'set-up'; readonly outcome: Fault }
  /** Nothing was taken because of one of them: which, the halves tell. Alone, this is its outcome. */
  | { readonly means: 'one-of-them'; readonly outcome: BatchOutcome }

/** Reads a submission's answer that is neither 200 nor 202. */
export function readRefusedCall(reply: EtaReply): RefusedCall {
  const { status, text: body } = reply
  const { code, duplicate, faults } = readError(reply.json, body)
  if (duplicate || [208, 303, 409].includes(status) || (status === 422 && code === '')) {
    return { means: 'there-already', outcome: new SubmissionUncertain(`HTTP ${String(status)} ${code}`.trim()) }
  }
  if (status === 403) {
    const params = { code, message: body.slice(0, 200), place: '' }
    return { means: 'set-up', outcome: new Fault('EG-ETA-INCORRECT-SUBMITTER', { status: 502, params }) }
  }
  if (status === 413) return { means: 'one-of-them', outcome: { state: 'rejected', status, body, faults: tooLarge(body) } }
  if (status !== 400 && status !== 422) return { means: 'unknown', outcome: new SubmissionUncertain(`HTTP ${String(status)}`) }
  if (code !== '') return { means: 'one-of-them', outcome: { state: 'rejected', status, body, faults } }
  return { means: 'one-of-them', outcome: new SubmissionUncertain(`unreadable answer (HTTP ${String(status)})`) }
}
