import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { ConsentFacts } from '../../models/consent.js'
import type { FieldValues } from '../../models/field.js'
import { stored } from '../requests/states.js'
import type { EventOrigin } from '../../models/event.js'

/** Whose authority stands behind a signer's certificate: this host, the signer's own key configured here, or a program of his own. */
export type CertificateIssuerKind = 'host' | 'own' | 'outside'

export interface SigningRow {
  company_id: string
  signer_id: string
  request_id: string
  user_id: string | null
  origin: EventOrigin
  consent: ConsentFacts
  attempts: number
  base_sha256: string | null
  prepared_at: Date | null
  leased_until: Date | null
  outside_sha256: string | null
  outside_values: FieldValues | null
  issuer: CertificateIssuerKind | null
  certificate: Buffer | null
  certificate_sha256: string | null
  certificate_serial: string | null
  signature_level: string | null
  signed_sha256: string | null
  signed_at: Date | null
  stamped_at: Date | null
}

/** A signature that stands, for evidence. */
export interface SignatureFacts {
  readonly signerId: string
  readonly issuer: CertificateIssuerKind
  /** DER. */
  readonly certificate: Buffer
  readonly certificateSha256: string
  readonly serial: string
  /** `PAdES-BASELINE-T`. */
  readonly level: string
  /** The document as it was before this signature and with it. */
  readonly baseSha256: string
  readonly signedSha256: string
  readonly signedAt: Date
  /** Time that the time stamp proves; null at level B. */
  readonly stampedAt: Date | null
}

export async function readSigning(transaction: CompanyTransaction, signerId: string): Promise<SigningRow | undefined> {
  return transaction.knex<SigningRow>('signatures_signing').where({ company_id: transaction.companyId, signer_id: signerId }).first()
}

/** Signatures of a request that stand, in the order they were made. */
export async function signaturesOf(transaction: CompanyTransaction, requestId: string): Promise<SignatureFacts[]> {
  const rows = await transaction
    .knex<SigningRow>('signatures_signing')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .whereNotNull('signed_sha256')
    .orderBy('signed_at')
  return rows.flatMap((row) => {
    const { issuer, certificate, certificate_sha256: certificateSha256, certificate_serial: serial, signature_level: level } = row
    const { base_sha256: baseSha256, signed_sha256: signedSha256, signed_at: signedAt, stamped_at: stampedAt, signer_id: signerId } = row
    if (issuer === null || certificate === null || certificateSha256 === null || serial === null || level === null) return []
    if (baseSha256 === null || signedSha256 === null || signedAt === null) return []
    return [{ signerId, issuer, certificate, certificateSha256, serial, level, baseSha256, signedSha256, signedAt, stampedAt }]
  })
}

/** An own key of somebody else that was asked for this request and may still answer: nobody else signs until then. */
export async function leaseOf(
  transaction: CompanyTransaction,
  requestId: string,
  but: string,
  now: Date,
): Promise<{ signerId: string; until: Date } | undefined> {
  const row = await transaction
    .knex<SigningRow>('signatures_signing')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .whereNot({ signer_id: but })
    .whereNull('signed_sha256')
    .where('leased_until', '>', now)
    .first()
  return row?.leased_until === null || row?.leased_until === undefined ? undefined : { signerId: row.signer_id, until: row.leased_until }
}

export async function updateSigning(transaction: CompanyTransaction, signerId: string, changes: Partial<SigningRow>): Promise<void> {
  await transaction.knex('signatures_signing').where({ company_id: transaction.companyId, signer_id: signerId }).update(stored(changes))
}
