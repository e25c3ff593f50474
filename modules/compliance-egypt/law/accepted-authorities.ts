import type { CompanyTransaction } from '../../../core/db/database.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { cairoDay } from '../data/cairo-day.js'

/** Ground of Art. 21 on which ITIDA accepted an authority abroad. */
export type ForeignGround = 'a' | 'b' | 'c' | 'd'

/** An authority whose certificates count in Egypt: ITIDA's root as the operator pinned it, or one abroad with its decision. */
export interface AcceptedAuthority {
  readonly certificate: Certificate
  readonly foreign: { readonly ground: ForeignGround; readonly decision: string; readonly equivalentClass: string | null } | null
}

/**
 * Anchors of Egyptian law at a moment: files pinned for the country (`trust/EG/*.pem` of the data folder), and authorities abroad whose
 * decision stands then (Art. 21, 22). Being qualified elsewhere is no such decision. Nothing is built in: a root that came with the
 * program would be a root nobody compared.
 */
export async function acceptedAuthorities(
  { dataDir }: { readonly dataDir: string },
  transaction: CompanyTransaction,
  at: Date,
): Promise<AcceptedAuthority[]> {
  const pinned = new TrustFolder(dataDir).anchors().filter(({ country }) => country === 'EG')
  const day = cairoDay(at)
  const rows = await transaction
    .knex('compliance_egypt_foreign_authority')
    .where({ company_id: transaction.companyId })
    .where('valid_from', '<=', day)
    .whereRaw('(valid_until is null or valid_until >= ?)', [day])
    .whereRaw('(withdrawn_at is null or withdrawn_at > ?)', [at])
    .select<{ certificate: Buffer; ground: ForeignGround; decision: string; equivalent_class: string | null }[]>(
      'certificate',
      'ground',
      'decision',
      'equivalent_class',
    )
  return [
    ...pinned.map(({ certificate }) => ({ certificate, foreign: null })),
    ...rows.map(({ certificate, ground, decision, equivalent_class: equivalentClass }) => ({
      certificate: readCertificate(certificate),
      foreign: { ground, decision, equivalentClass },
    })),
  ]
}
