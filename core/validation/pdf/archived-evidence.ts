import type { CmsSignerInfo } from '../cms/signed-data.js'
import { MalformedDer } from '../der-reader.js'
import { noEvidence, type RevocationEvidence } from '../revocation/evidence.js'
import { oidRevocationArchival } from './baseline-level.js'

const maximumOfKind = 100

/**
 * CRLs and OCSP answers in the signed attribute adbe-revocationInfoArchival (ISO 32000-2 12.8.3.3.2), where signatures
 * that are no PAdES ones keep them: `SEQUENCE { [0] SEQUENCE OF CRL, [1] SEQUENCE OF OCSPResponse, … }`.
 */
export function archivedEvidence(signer: CmsSignerInfo): RevocationEvidence {
  try {
    const attribute = signer.signedAttributes?.children.find((one) => one.child(0).oid() === oidRevocationArchival)
    if (attribute === undefined) return noEvidence
    const parts = attribute.child(1).expect(0x31).child(0).expect(0x30).children
    const listOf = (tag: number): Buffer[] => {
      const list = parts
        .find((part) => part.is(tag))
        ?.child(0)
        .expect(0x30)
      return (list?.children ?? []).slice(0, maximumOfKind).map((one) => one.bytes)
    }
    return { crls: listOf(0xa0), ocspResponses: listOf(0xa1) }
  } catch (error) {
    // Evidence that cannot be read is none; whether enough is left is judged with the path.
    if (error instanceof MalformedDer) return noEvidence
    throw error
  }
}
