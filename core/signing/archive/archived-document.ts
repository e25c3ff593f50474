import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../access/context.js'
import type { Audit } from '../../audit/audit.js'
import type { CompanyTransaction } from '../../db/database.js'
import { newestTimeStamp, type AlgorithmFacts, type NewestTimeStamp } from './newest-time-stamp.js'

/** A PDF that is kept provable by new time stamps. */
export interface ArchivedDocument {
  readonly id: string
  readonly subject: { readonly type: string; readonly id: string; readonly label: string }
  /** Newest version, in the file store; the versions before it stay there too. */
  readonly sha256: string
  readonly version: number
  readonly stampedAt: Date
  /** When the newest time stamp ends to prove anything. */
  readonly validUntil: Date
  /** Why the last renewal did not succeed; null when it did or was not due. */
  readonly error: { readonly code: string; readonly params: Readonly<Record<string, string | number>> } | null
  readonly attempts: number
}

/** A row of `core_archived_document`. */
export interface ArchivedRow {
  company_id: string
  id: string
  subject_type: string
  subject_id: string
  subject_label: string
  sha256: string
  version: number
  stamped_at: Date
  valid_until: Date
  algorithm: AlgorithmFacts
  error_code: string | null
  error_params: Record<string, string | number>
  attempts: number
  tried_at: Date | null
  created_at: Date
}

/** The document as the service tells it, of its row. */
export function documentOf(row: ArchivedRow): ArchivedDocument {
  return {
    id: row.id,
    subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
    sha256: row.sha256,
    version: row.version,
    stampedAt: row.stamped_at,
    validUntil: row.valid_until,
    error: row.error_code === null ? null : { code: row.error_code, params: row.error_params },
    attempts: row.attempts,
  }
}

/** A document to be kept provable from now on. */
export interface ToArchive {
  /** The file as it lies in the store: level LTA, with a document time stamp. */
  readonly pdf: Buffer
  readonly sha256: string
  readonly subject: ArchivedDocument['subject']
}

/**
 * Remembers a sealed PDF, in the transaction that stores it: from now on its time stamps are renewed before they end. A file
 * that is remembered already stays as it is.
 * @returns its identifier in the archive
 * @throws Fault SIGN-ARCHIVE-NOT-STAMPED, SIGN-PDF-UNREADABLE
 */
export async function rememberArchive(
  host: { readonly audit: Audit; readonly now: () => Date },
  transaction: CompanyTransaction,
  context: CompanyContext,
  { pdf, sha256, subject }: ToArchive,
): Promise<string> {
  const stamp = newestTimeStamp(pdf)
  const known = await transaction
    .knex<ArchivedRow>('core_archived_document')
    .where({ company_id: transaction.companyId, sha256 })
    .first('id')
  if (known !== undefined) return known.id
  const id = randomUUID()
  await transaction.knex('core_archived_document').insert({
    company_id: transaction.companyId,
    id,
    subject_type: subject.type,
    subject_id: subject.id,
    subject_label: subject.label,
    sha256,
    ...stampColumns(stamp),
    created_at: host.now(),
  })
  await insertVersion(transaction, { documentId: id, version: 1, sha256, stamp, at: host.now() })
  host.audit.record(transaction, context, {
    action: 'archive.kept',
    subject,
    facts: { documentId: id, sha256, validUntil: stamp.validUntil.toISOString() },
  })
  return id
}

/** The newest time stamp, as the document's row keeps it. */
export function stampColumns(stamp: NewestTimeStamp): { stamped_at: Date; valid_until: Date; algorithm: string } {
  return { stamped_at: stamp.at, valid_until: stamp.validUntil, algorithm: JSON.stringify(stamp.algorithm) }
}

/** Writes down a version of a document; earlier ones stay. `sha256` names its bytes in the file store. */
export async function insertVersion(
  transaction: CompanyTransaction,
  added: { documentId: string; version: number; sha256: string; stamp: NewestTimeStamp; at: Date },
): Promise<void> {
  await transaction.knex('core_archived_version').insert({
    company_id: transaction.companyId,
    document_id: added.documentId,
    version: added.version,
    sha256: added.sha256,
    stamped_at: added.stamp.at,
    valid_until: added.stamp.validUntil,
    authority: added.stamp.authority,
    created_at: added.at,
  })
}

/** All archived documents of the company, those that end first before the others. */
export async function archivedDocuments(transaction: CompanyTransaction): Promise<ArchivedDocument[]> {
  const rows = await transaction
    .knex<ArchivedRow>('core_archived_document')
    .where({ company_id: transaction.companyId })
    .orderBy('valid_until')
    .select()
  return rows.map(documentOf)
}

/** Contents of every version of a document, oldest first. */
export async function archivedVersions(
  transaction: CompanyTransaction,
  documentId: string,
): Promise<{ version: number; sha256: string; stampedAt: Date; validUntil: Date; authority: string }[]> {
  const rows = await transaction
    .knex<{
      company_id: string
      document_id: string
      version: number
      sha256: string
      stamped_at: Date
      valid_until: Date
      authority: string
    }>('core_archived_version')
    .where({ company_id: transaction.companyId, document_id: documentId })
    .orderBy('version')
    .select()
  return rows.map((row) => ({
    version: row.version,
    sha256: row.sha256,
    stampedAt: row.stamped_at,
    validUntil: row.valid_until,
    authority: row.authority,
  }))
}
