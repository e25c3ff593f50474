import type { Company } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import type { Capture, SignerAttachment } from '../../models/capture.js'
import type { FieldValues } from '../../models/field.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { readAttachment, readCapture } from '../../signing-page/read-captures.js'
import { finishedStates } from '../requests/states.js'
import type { Submitted } from './fills.js'

/** Values of the sender and of those who have finished, by field id: what conditions may ask for. */
export function valuesOfOthers(request: SignRequest, but: string): FieldValues {
  const finished = request.signers.filter((one) => one.id !== but && finishedStates.includes(one.state))
  return Object.assign({}, request.values, ...finished.map((one) => one.values)) as FieldValues
}

/**
 * Drawings and files that values name. Each must be this signer's own, made for what it stands for.
 * @throws Fault SIGNATURES-VALUE-CAPTURE, SIGNATURES-VALUE-ATTACHMENT (422)
 */
export async function readGiven(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
  signer: Pick<RequestSigner, 'id' | 'role'>,
  values: FieldValues,
): Promise<Pick<Submitted, 'captures' | 'attachments'>> {
  const captures = new Map<string, Capture>()
  const attachments = new Map<string, SignerAttachment>()
  const faults: FaultDetail[] = []
  for (const field of request.fields) {
    const value = field.role === signer.role ? values[field.id] : undefined
    if (typeof value !== 'object') continue
    const params = { field: field.label === '' ? field.id : field.label }
    if ('capture' in value) {
      const capture = await unlessMissing(readCapture(host, transaction, value.capture))
      if (capture?.signerId === signer.id && capture.purpose === field.type) captures.set(capture.id, capture)
      else faults.push({ code: 'SIGNATURES-VALUE-CAPTURE', path: `values.${field.id}`, params })
    } else {
      const attachment = await unlessMissing(readAttachment(transaction, value.attachment))
      if (attachment?.signerId === signer.id && attachment.fieldId === field.id) attachments.set(attachment.id, attachment)
      else faults.push({ code: 'SIGNATURES-VALUE-ATTACHMENT', path: `values.${field.id}`, params })
    }
  }
  Fault.throwIfAny(faults)
  return { captures, attachments }
}

async function unlessMissing<Row>(reading: Promise<Row>): Promise<Row | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Fault && error.status === 404) return undefined
    throw error
  }
}

export async function readSubmitted(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
  signer: RequestSigner,
  company: Company,
): Promise<Submitted> {
  const given = await readGiven(host, transaction, request, signer, signer.values)
  return { request, signer, ...given, others: valuesOfOthers(request, signer.id), company }
}
