import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { KeyProviderKind } from '../../../core/signing/key.js'
import type { Basis } from '../law/basis.js'
import type { MandateFacts } from '../law/mandates.js'
import type { SoftwareFacts } from './software-facts.js'

/** What is known of the key at the moment it signed; what a provider did not tell is null and never taken as given. */
export interface KeyEvidence {
  readonly provider: KeyProviderKind
  readonly algorithm: string
  /** Provider's facts: token serial, model, desk, module. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly certificate: { readonly sha256: string; readonly subject: string; readonly issuer: string; readonly notAfter: string }
  readonly chosen: { readonly why: string; readonly others: readonly string[] }
  /** The person or program in whose name it was asked (Art. 8(b)). */
  readonly askedBy: { readonly kind: string; readonly id: string | null; readonly name: string }
  /** Whether the holder proved possession and code at a device of his own (Art. 10). */
  readonly soleControl: 'device-and-code' | 'device-of-the-company' | 'outside'
  /** By which mandate the key signs for the company (Art. 1(5)); null: none was registered. */
  readonly mandate?: MandateFacts | null
  /** Which software signed (Art. 8(b)); signatures from before it was kept have none. */
  readonly software?: SoftwareFacts
  /** Nobody was there: a program or a job asked, and no desk (Art. 8(c)). */
  readonly unattended?: boolean
}

/** How a document stands between key and file. */
export interface SignatureRow {
  readonly invoiceId: string
  readonly state: 'asked' | 'signed'
  readonly keyId: string
  readonly certificateSha256: string
  /** Goes into the signing-time attribute; stays as it is until the key has answered, so that a late answer still fits. */
  readonly signedAt: Date
  /** SHA-256 of the canonical text, lower-case hex. */
  readonly textSha256: string
  readonly evidence: KeyEvidence | null
  readonly basis: Basis | null
  readonly problem: FaultDetail | null
}

interface StoredRow {
  invoice_id: string
  state: SignatureRow['state']
  key_id: string
  certificate_sha256: string
  signed_at: Date
  text_sha256: string
  evidence: KeyEvidence | null
  basis: Basis | null
  problem: FaultDetail | null
}

const table = 'compliance_egypt_signature'

export async function signatureRows(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<Map<string, SignatureRow>> {
  const rows = await transaction
    .knex(table)
    .where({ company_id: transaction.companyId })
    .whereIn('invoice_id', [...invoiceIds])
    .select<StoredRow[]>('*')
  return new Map(
    rows.map((row) => [
      row.invoice_id,
      {
        invoiceId: row.invoice_id,
        state: row.state,
        keyId: row.key_id,
        certificateSha256: row.certificate_sha256,
        signedAt: row.signed_at,
        textSha256: row.text_sha256,
        evidence: row.evidence,
        basis: row.basis,
        problem: row.problem,
      },
    ]),
  )
}

/** Writes how documents stand, many at once. */
export async function writeSignatureRows(transaction: CompanyTransaction, rows: readonly SignatureRow[], now: Date): Promise<void> {
  if (rows.length === 0) return
  // All documents of one signing share evidence and basis: each is written out once.
  const written = new Map<object, string>()
  const json = (value: object | null): string | null => {
    if (value === null) return null
    const text = written.get(value) ?? JSON.stringify(value)
    written.set(value, text)
    return text
  }
  await transaction
    .knex(table)
    .insert(
      rows.map((row) => ({
        company_id: transaction.companyId,
        invoice_id: row.invoiceId,
        state: row.state,
        key_id: row.keyId,
        certificate_sha256: row.certificateSha256,
        signed_at: row.signedAt,
        text_sha256: row.textSha256,
        evidence: json(row.evidence),
        basis: json(row.basis),
        problem: json(row.problem),
        updated_at: now,
      })),
    )
    .onConflict(['company_id', 'invoice_id'])
    .merge()
}
