import type { FaultDetail } from '../i18n/fault.js'
import type { Certificate } from './certificate/certificate.js'
import type { DocumentVerdict, SignatureVerdict, SubIndication } from './verdict.js'

/** Bottom line of a file from its signatures: one failed signature fails it, one doubtful one leaves it in doubt. */
export function concludeDocument(
  signatures: readonly SignatureVerdict[],
  findings: readonly FaultDetail[] = [],
): Omit<DocumentVerdict, 'file'> {
  if (signatures.length === 0)
    return { verdict: 'failed', integrity: 'none', signatures, findings: [...findings, { code: 'VERIFY-NO-SIGNATURE' }] }
  const failed = signatures.some((signature) => signature.indication === 'TOTAL-FAILED')
  const passed = signatures.every((signature) => signature.indication === 'TOTAL-PASSED')
  // A signer whose certificate was revoked or not yet valid did not thereby change the bytes.
  const broken = signatures.some(
    (signature) =>
      signature.indication === 'TOTAL-FAILED' && (signature.subIndication === null || !aboutCertificates.has(signature.subIndication)),
  )
  // Where the mathematics was not done, or rests on a broken algorithm, nobody knows whether the bytes are the signed ones.
  const unproven = signatures.some(isUnproven)
  // Anyone can have anything time-stamped: that proves when, not who, and passes no document.
  const onlyStamped = passed && signatures.every((signature) => signature.level === 'DOCUMENT-TIME-STAMP')
  return {
    verdict: failed ? 'failed' : passed && !onlyStamped ? 'passed' : 'indeterminate',
    integrity: broken ? 'broken' : unproven ? 'none' : 'intact',
    signatures,
    findings: onlyStamped ? [...findings, { code: 'VERIFY-ONLY-TIME-STAMPED' }] : findings,
  }
}

/** Failures of the signer's certificate: the bytes are still the signed ones. */
const aboutCertificates: ReadonlySet<SubIndication> = new Set(['REVOKED', 'NOT_YET_VALID', 'EXPIRED'])

/** Whether nobody knows if the signature fits the bytes. */
export function isUnproven({ subIndication, findings }: Pick<SignatureVerdict, 'subIndication' | 'findings'>): boolean {
  return (subIndication !== null && unprovenBy.has(subIndication)) || findings.some(isAboutItsAlgorithm)
}

/** The signature's own algorithm, not that of a time stamp beside it. */
function isAboutItsAlgorithm(finding: FaultDetail): boolean {
  return finding.code === 'VERIFY-ALGORITHM' && finding.path === undefined
}

const unprovenBy: ReadonlySet<SubIndication> = new Set([
  'NO_SIGNING_CERTIFICATE_FOUND',
  'SIGNED_DATA_NOT_FOUND',
  'CRYPTO_CONSTRAINTS_FAILURE',
])

/** The signer as a verdict shows it; null when the certificate is not there. */
export function describeSigner(certificate: Certificate | undefined): SignatureVerdict['signer'] {
  if (certificate === undefined) return null
  return {
    name: certificate.holder,
    issuer: certificate.issuer,
    serial: certificate.serialDecimal,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
  }
}
