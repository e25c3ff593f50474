import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Capture, SignerAttachment } from '../models/capture.js'

interface CaptureRow {
  company_id: string
  id: string
  signer_id: string
  purpose: Capture['purpose']
  kind: Capture['kind']
  text: string | null
  font: string | null
  picture_sha256: string | null
  picture_type: 'image/svg+xml' | 'image/png' | null
  width: number | null
  height: number | null
  strokes: Buffer | null
  facts: Record<string, string | number | boolean>
  created_at: Date
}

/** @throws Fault SIGNATURES-CAPTURE-UNKNOWN (404) */
export async function readCapture(host: Pick<Host, 'files'>, transaction: CompanyTransaction, id: string): Promise<Capture> {
  const row = await transaction.knex<CaptureRow>('signatures_capture').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SIGNATURES-CAPTURE-UNKNOWN', { status: 404 })
  const { picture_sha256: sha256, picture_type: mediaType, width, height } = row
  const picture =
    sha256 === null || mediaType === null || width === null || height === null
      ? null
      : { bytes: (await host.files.get(transaction, sha256)).bytes, mediaType, sha256, width, height }
  return {
    id: row.id,
    signerId: row.signer_id,
    purpose: row.purpose,
    kind: row.kind,
    text: row.text,
    font: row.font,
    picture,
    strokes: row.strokes,
    facts: row.facts,
    createdAt: row.created_at,
  }
}

interface AttachmentRow {
  company_id: string
  id: string
  signer_id: string
  field_id: string
  sha256: string
  name: string
  media_type: string
  size: number
}

/** @throws Fault SIGNATURES-ATTACHMENT-UNKNOWN (404) */
export async function readAttachment(transaction: CompanyTransaction, id: string): Promise<SignerAttachment> {
  const row = await transaction.knex<AttachmentRow>('signatures_attachment').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SIGNATURES-ATTACHMENT-UNKNOWN', { status: 404 })
  const { signer_id: signerId, field_id: fieldId, media_type: mediaType, sha256, name, size } = row
  return { id: row.id, signerId, fieldId, sha256, name, mediaType, size }
}
