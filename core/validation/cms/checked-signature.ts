import { createHash } from 'node:crypto'
import { DerElement } from '../der-reader.js'
import type { CheckedSignature } from '../process/judge-signature.js'
import { noEvidence, type RevocationEvidence } from '../revocation/evidence.js'
import type { Certificate } from '../certificate/certificate.js'
import type { CmsSignedData, CmsSignerInfo, SignerCheck } from './signed-data.js'

/**
 * A checked SignerInfo as the validation process takes it.
 * @param more what lies outside of the CMS: certificates and evidence of a DSS, the time a PDF states
 */
export function checkedSignature(
  cms: CmsSignedData,
  signer: CmsSignerInfo,
  check: SignerCheck,
  more: { readonly certificates?: readonly Certificate[]; readonly evidence?: RevocationEvidence; readonly claimedAt?: Date } = {},
): CheckedSignature {
  const evidence = more.evidence ?? noEvidence
  return {
    failure: check.failure,
    certificate: check.certificate,
    certificates: [...cms.certificates, ...(more.certificates ?? [])],
    digestAlgorithm: check.digestAlgorithm,
    scheme: schemeOf(signer),
    claimedAt: more.claimedAt ?? check.signingTime,
    timeStamps: check.timeStamps.map((token) => ({
      token,
      kind: 'signature' as const,
      stamped: (algorithm: string): Buffer => createHash(algorithm).update(check.signature).digest(),
    })),
    evidence,
  }
}

/** Name of the signature scheme of a SignerInfo; undefined for one this product does not know. */
function schemeOf(signer: CmsSignerInfo): string | undefined {
  const oid = DerElement.read(signer.signatureAlgorithm, 0, { whole: true }).child(0).oid()
  if (oid === '1.2.840.113549.1.1.10') return 'rsa-pss'
  if (oid.startsWith('1.2.840.113549.1.1.')) return 'rsa-pkcs1'
  if (oid.startsWith('1.2.840.10045.')) return 'ecdsa'
  if (oid === '1.3.101.112' || oid === '1.3.101.113') return 'eddsa'
  return undefined
}
