import type { Configuration } from '../../../config/schema.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import type { SignatureRow } from '../signing/signature-rows.js'
import { acceptedAuthorities } from './accepted-authorities.js'
import { legalBasis, type Basis } from './basis.js'
import { keptCertificates } from './kept-certificates.js'

/**
 * The ground of a signature, found again from what is kept, for the moment of signing: an authority that was accepted then counts
 * although its pin was taken away or its decision withdrawn since, and one accepted only later does not.
 * @param presented the signer's certificates as a caller knows them, for signatures from before they were kept
 */
export async function basisAgain(
  config: Pick<Configuration, 'dataDir'>,
  transaction: CompanyTransaction,
  signature: SignatureRow | undefined,
  presented: readonly Certificate[],
  question: { readonly at: Date; readonly examination?: string },
): Promise<{ readonly basis: Basis; readonly path: readonly Certificate[]; readonly authorities: readonly Certificate[] }> {
  const { at, examination } = question
  const rests = signature?.basis?.rests
  const kept = rests === undefined ? [] : await keptCertificates(transaction, rests.path)
  const path = kept.length > 0 && kept[0]?.sha256 === presented[0]?.sha256 ? kept : presented
  const accepted = await acceptedAuthorities(config, transaction, at)
  const authority = rests?.authority ?? null
  const [then] = authority === null ? [] : await keptCertificates(transaction, [authority])
  const known = then !== undefined && accepted.some(({ certificate }) => certificate.sha256 === then.sha256)
  const { foreign } = signature?.basis ?? {}
  const recorded =
    then === undefined || known
      ? []
      : [
          {
            certificate: readCertificate(then.der),
            foreign: foreign === undefined ? null : { ground: foreign.ground, decision: foreign.decision, equivalentClass: null },
          },
        ]
  const authorities = [...accepted, ...recorded]
  const basis = legalBasis({
    certificates: path,
    authorities,
    control: signature?.evidence?.soleControl,
    at,
    ...(examination === undefined ? {} : { examination }),
  })
  return { basis, path, authorities: authorities.map(({ certificate }) => certificate) }
}
