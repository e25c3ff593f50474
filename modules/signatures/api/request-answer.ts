import { z } from 'zod'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { RequestSigner, SignRequest } from '../models/request.js'
import { requestStates, signerStates } from '../models/request.js'

const time = z.iso.datetime().nullable()
const faultShape = z.object({
  code: z.string(),
  path: z.string().nullable(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
})

export const signerAnswerShape = z.object({
  id: z.uuid(),
  role: z.string(),
  action: z.enum(['sign', 'approve', 'copy']),
  order: z.number().int(),
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  locale: z.enum(['ar', 'en', 'bg']),
  level: z.enum(['simple', 'advanced', 'qualified']),
  authentication: z.array(z.string()),
  status: z.enum(signerStates),
  values: z.record(z.string(), z.unknown()),
  sent_at: time,
  opened_at: time,
  completed_at: time,
  decline_reason: z.string().nullable(),
  fault: faultShape.nullable(),
  external_id: z.string().nullable(),
  metadata: z.looseObject({}),
})
export type SignerAnswer = z.infer<typeof signerAnswerShape>

export const requestAnswerShape = z.object({
  id: z.uuid(),
  number: z.string(),
  name: z.string(),
  status: z.enum(requestStates),
  template_id: z.uuid(),
  order: z.enum(['groups', 'parallel', 'sequential']),
  variables: z.record(z.string(), z.string()),
  source: z.object({ type: z.string(), id: z.string(), label: z.string() }).nullable(),
  external_id: z.string().nullable(),
  metadata: z.looseObject({}),
  created_at: z.iso.datetime(),
  sent_at: time,
  completed_at: time,
  expire_at: time,
  /** SHA-256 of the finished document, hexadecimal. */
  sha256: z.string().nullable(),
  fault: faultShape.nullable(),
  signers: z.array(signerAnswerShape),
})
export type RequestAnswer = z.infer<typeof requestAnswerShape>

function faultAnswer(fault: FaultDetail | null): z.infer<typeof faultShape> | null {
  return fault === null ? null : { code: fault.code, path: fault.path ?? null, params: { ...fault.params } }
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

function signerAnswer(signer: RequestSigner): SignerAnswer {
  return {
    id: signer.id,
    role: signer.role,
    action: signer.action,
    order: signer.group,
    name: signer.name,
    email: signer.email,
    phone: signer.phone,
    locale: signer.locale,
    level: signer.level,
    authentication: [...signer.authentication],
    status: signer.state,
    values: signer.values,
    sent_at: iso(signer.sentAt),
    opened_at: iso(signer.viewedAt),
    completed_at: iso(signer.completedAt),
    decline_reason: signer.declineReason,
    fault: faultAnswer(signer.fault),
    external_id: signer.externalId,
    metadata: { ...signer.metadata },
  }
}

/** A request as programs get it, from the API and in webhooks: names as DocuSeal and Documenso have made them known. */
export function requestAnswer(request: SignRequest): RequestAnswer {
  return {
    id: request.id,
    number: request.number,
    name: request.name,
    status: request.state,
    template_id: request.templateId,
    order: request.order,
    variables: { ...request.variables },
    source: request.source,
    external_id: request.externalId,
    metadata: { ...request.metadata },
    created_at: request.createdAt.toISOString(),
    sent_at: iso(request.sentAt),
    completed_at: iso(request.completedAt),
    expire_at: iso(request.expiresAt),
    sha256: request.sealedSha256,
    fault: faultAnswer(request.fault),
    signers: request.signers.map(signerAnswer),
  }
}
