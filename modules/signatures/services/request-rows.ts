import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { FieldValues, PageShape, TemplateField } from '../models/field.js'
import type { RequestSigner, RequestState, SignerState, SignRequest } from '../models/request.js'
import type { RoleAction, SignatureLevel, TemplateRole } from '../models/role.js'

export interface RequestRow {
  company_id: string
  id: string
  number: string
  name: string
  state: RequestState
  template_id: string
  template_version_id: string
  roles: TemplateRole[]
  fields: TemplateField[]
  pages: PageShape[]
  variables: Record<string, string>
  values: FieldValues
  message: { subject?: string; body?: string }
  signing_order: SignRequest['order']
  locale: Locale
  original_sha256: string | null
  frozen_sha256: string | null
  form_prefix: string
  head_sha256: string | null
  sealed_sha256: string | null
  certificate_sha256: string | null
  event_log_sha256: string | null
  evidence_sha256: string | null
  expires_at: Date | null
  reminders: { firstAfterDays: number; everyDays: number } | null
  reply_to: string | null
  source_type: string | null
  source_id: string | null
  source_label: string | null
  external_id: string | null
  metadata: Record<string, unknown>
  completed_redirect_url: string | null
  send_email: boolean
  bulk_id: string | null
  fault: FaultDetail | null
  hold_reason: string | null
  created_by: string | null
  created_by_name: string
  created_at: Date
  updated_at: Date
  sent_at: Date | null
  completed_at: Date | null
}

export interface SignerRow {
  company_id: string
  id: string
  request_id: string
  role: string
  action: RoleAction
  signing_group: number
  position: number
  name: string
  email: string | null
  phone: string | null
  locale: Locale
  contact_id: string | null
  key_id: string | null
  level: SignatureLevel
  authentication: string[]
  pin_hash: string | null
  in_person: boolean
  can_delegate: boolean
  state: SignerState
  version: number
  values: FieldValues
  sent_at: Date | null
  viewed_at: Date | null
  verified_at: Date | null
  submitted_at: Date | null
  completed_at: Date | null
  decline_reason: string | null
  reminders: number
  next_reminder_at: Date | null
  fault: FaultDetail | null
  external_id: string | null
  metadata: Record<string, unknown>
}

export function signerOf(row: SignerRow): RequestSigner {
  return {
    id: row.id,
    requestId: row.request_id,
    role: row.role,
    action: row.action,
    group: row.signing_group,
    position: row.position,
    name: row.name,
    email: row.email,
    phone: row.phone,
    locale: row.locale,
    contactId: row.contact_id,
    keyId: row.key_id,
    level: row.level,
    authentication: row.authentication,
    inPerson: row.in_person,
    canDelegate: row.can_delegate,
    state: row.state,
    version: row.version,
    values: row.values,
    sentAt: row.sent_at,
    viewedAt: row.viewed_at,
    verifiedAt: row.verified_at,
    submittedAt: row.submitted_at,
    completedAt: row.completed_at,
    declineReason: row.decline_reason,
    reminders: row.reminders,
    nextReminderAt: row.next_reminder_at,
    fault: row.fault,
    externalId: row.external_id,
    metadata: row.metadata,
  }
}

export function requestOf(row: RequestRow, signers: readonly SignerRow[]): SignRequest {
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    state: row.state,
    templateId: row.template_id,
    templateVersionId: row.template_version_id,
    roles: row.roles,
    fields: row.fields,
    pages: row.pages,
    variables: row.variables,
    values: row.values,
    message: row.message,
    order: row.signing_order,
    locale: row.locale,
    originalSha256: row.original_sha256,
    frozenSha256: row.frozen_sha256,
    formPrefix: row.form_prefix,
    headSha256: row.head_sha256,
    sealedSha256: row.sealed_sha256,
    certificateSha256: row.certificate_sha256,
    eventLogSha256: row.event_log_sha256,
    evidenceSha256: row.evidence_sha256,
    expiresAt: row.expires_at,
    reminders: row.reminders,
    replyTo: row.reply_to,
    source:
      row.source_type === null || row.source_id === null
        ? null
        : { type: row.source_type, id: row.source_id, label: row.source_label ?? '' },
    externalId: row.external_id,
    metadata: row.metadata,
    completedRedirectUrl: row.completed_redirect_url,
    sendEmail: row.send_email,
    bulkId: row.bulk_id,
    fault: row.fault,
    createdBy: { id: row.created_by, name: row.created_by_name },
    createdAt: row.created_at,
    sentAt: row.sent_at,
    completedAt: row.completed_at,
    signers: signers.map(signerOf),
  }
}

/**
 * A request with its signers in their order. `lock` holds the request's row until the transaction ends: who moves a request or its
 * document on takes it first.
 * @throws Fault SIGNATURES-REQUEST-UNKNOWN (404)
 */
export async function readRequest(transaction: CompanyTransaction, id: string, options: { lock?: boolean } = {}): Promise<SignRequest> {
  const query = transaction.knex<RequestRow>('signatures_request').where({ company_id: transaction.companyId, id }).first()
  const row = await (options.lock === true ? query.forUpdate() : query)
  if (row === undefined) throw new Fault('SIGNATURES-REQUEST-UNKNOWN', { status: 404 })
  const signers = await transaction
    .knex<SignerRow>('signatures_signer')
    .where({ company_id: transaction.companyId, request_id: id })
    .orderBy('position')
  return requestOf(row, signers)
}

/** @throws Fault SIGNATURES-SIGNER-UNKNOWN (404) */
export function signerOfRequest(request: SignRequest, signerId: string): RequestSigner {
  const signer = request.signers.find((one) => one.id === signerId)
  if (signer === undefined) throw new Fault('SIGNATURES-SIGNER-UNKNOWN', { status: 404 })
  return signer
}
