import { randomUUID } from 'node:crypto'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { recordEvent } from '../services/events.js'
import type { OpenLink } from './open-link.js'

const largestAttachment = 10 * 1024 * 1024
const mostAttachments = 40

const kinds: readonly { readonly mediaType: string; readonly begins: (bytes: Buffer) => boolean }[] = [
  { mediaType: 'application/pdf', begins: (bytes) => bytes.subarray(0, 1024).includes('%PDF-') },
  { mediaType: 'image/png', begins: (bytes) => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) },
  { mediaType: 'image/jpeg', begins: (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) },
]

/**
 * Keeps a file that a signer adds for a field. What it is, its own first bytes say.
 * @throws Fault SIGNATURES-ATTACHMENT-KIND, SIGNATURES-ATTACHMENT-LARGE (413), SIGNATURES-ATTACHMENT-EMPTY, SIGNATURES-FIELD-UNKNOWN (404)
 */
export async function saveAttachment(
  host: Host,
  link: OpenLink,
  fieldId: string,
  file: { readonly name: string; readonly bytes: Buffer },
): Promise<{ id: string; name: string }> {
  const { context, request, signer, origin } = link
  const field = request.fields.find((one) => one.id === fieldId && one.role === signer.role && one.type === 'attachment')
  if (field === undefined) throw new Fault('SIGNATURES-FIELD-UNKNOWN', { status: 404, params: { field: fieldId } })
  if (file.bytes.length === 0) throw new Fault('SIGNATURES-ATTACHMENT-EMPTY')
  if (file.bytes.length > largestAttachment)
    throw new Fault('SIGNATURES-ATTACHMENT-LARGE', { status: 413, params: { megabytes: largestAttachment / 1024 / 1024 } })
  const kind = kinds.find(({ begins }) => begins(file.bytes))
  if (kind === undefined) throw new Fault('SIGNATURES-ATTACHMENT-KIND')
  const name =
    file.name
      .replace(/[\p{Cc}\p{Cf}/\\]/gu, '')
      .trim()
      .slice(0, 150) || 'file'
  const id = randomUUID()
  await host.db.company(context.companyId, async (transaction) => {
    const before = await transaction
      .knex('signatures_attachment')
      .where({ company_id: context.companyId, signer_id: signer.id })
      .count<{ count: string }[]>('* as count')
    if (Number(before[0]?.count ?? 0) >= mostAttachments) throw new Fault('SIGNATURES-CAPTURES-MANY', { status: 429 })
    const stored = await host.files.put(transaction, file.bytes, kind.mediaType)
    await transaction.knex('signatures_attachment').insert({
      company_id: context.companyId,
      id,
      signer_id: signer.id,
      field_id: fieldId,
      sha256: stored.sha256,
      name,
      media_type: kind.mediaType,
      size: file.bytes.length,
      created_at: host.now(),
    })
    await recordEvent(host, transaction, context, {
      requestId: request.id,
      type: 'attachment_added',
      signerId: signer.id,
      origin,
      facts: { field: fieldId, name, sha256: stored.sha256, size: file.bytes.length },
    })
  })
  return { id, name }
}
