import type { FaultDetail } from '../i18n/fault.js'
import type { Certificate } from './certificate/certificate.js'
import type { DocumentVerdict, SignatureVerdict } from './verdict.js'

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
      signature.indication === 'TOTAL-FAILED' && signature.subIndication !== 'REVOKED' && signature.subIndication !== 'NOT_YET_VALID',
  )
  return { verdict: failed ? 'failed' : passed ? 'passed' : 'indeterminate', integrity: broken ? 'broken' : 'intact', signatures, findings }
}

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
