import type { CompanyTransaction } from '../../../core/db/database.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import type { BasisRests } from './basis.js'

/** Keeps what a ground of law rests on: the signer's path and the authority at its end. Each certificate once per company. */
export async function keepCertificates(transaction: CompanyTransaction, rests: BasisRests, known: readonly Certificate[]): Promise<void> {
  const wanted = new Set([...rests.path, ...(rests.authority === null ? [] : [rests.authority])])
  const kept = new Map(known.filter(({ sha256 }) => wanted.has(sha256)).map(({ sha256, der }) => [sha256, der]))
  if (kept.size === 0) return
  await transaction
    .knex('compliance_egypt_certificate')
    .insert([...kept].map(([sha256, der]) => ({ company_id: transaction.companyId, sha256, der })))
    .onConflict(['company_id', 'sha256'])
    .ignore()
}

/** Kept certificates in the order asked for; one that was never kept is left out. */
export async function keptCertificates(transaction: CompanyTransaction, fingerprints: readonly string[]): Promise<Certificate[]> {
  const rows = await transaction
    .knex('compliance_egypt_certificate')
    .where({ company_id: transaction.companyId })
    .whereIn('sha256', [...fingerprints])
    .select<{ sha256: string; der: Buffer }[]>('sha256', 'der')
  const found = new Map(rows.map(({ sha256, der }) => [sha256, der]))
  return fingerprints.flatMap((sha256) => {
    const der = found.get(sha256)
    return der === undefined ? [] : [readCertificate(der)]
  })
}
