import { createHash } from 'node:crypto'
import type { CheckedSignature } from '../process/judge-signature.js'
import { noEvidence, type RevocationEvidence } from '../revocation/evidence.js'
import type { Certificate } from '../certificate/certificate.js'
import { schemeOf } from './signature-scheme.js'
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
  const overSignature = (algorithm: string): Buffer => createHash(algorithm).update(check.signature).digest()
  return {
    failure: check.failure,
    certificate: check.certificate,
    certificates: [...cms.certificates, ...(more.certificates ?? [])],
    digestAlgorithm: check.digestAlgorithm,
    scheme: schemeOf(signer.signatureAlgorithm),
    claimedAt: more.claimedAt ?? check.signingTime,
    timeStamps: [
      ...check.timeStamps.map((token) => ({ token, kind: 'signature' as const, stamped: overSignature })),
      ...check.contentTimeStamps.map((stamp) => ({ ...stamp, kind: 'content' as const })),
    ],
    evidence: {
      crls: [...cms.evidence.crls, ...evidence.crls],
      ocspResponses: [...cms.evidence.ocspResponses, ...evidence.ocspResponses],
    },
    notes: check.notes,
  }
}
