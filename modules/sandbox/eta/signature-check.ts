import { createHash } from 'node:crypto'
import { checkSigner, readSignedData } from '../../../core/validation/cms/signed-data.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import type { CertificateAuthorities } from '../ca/authority.js'
import { itemsOf, memberOf, plainAt, signedText, type Written } from './written-json.js'

/** What the signature component says: null when all signatures hold. */
export interface SignatureRefusal {
  readonly code: string
  readonly message: string
}

/** id-digestedData: the content type the authority prescribes (ITIDA "Digital Signature Format for E-Invoice System" 1.1). */
const digestedData = '1.2.840.113549.1.7.5'

/** ITIDA Signature Validator: form, value over the text of the document as it was sent, chain, revocation, and whose signature it is. */
export function checkSignatures(
  document: Written,
  authorities: CertificateAuthorities,
  now: Date,
  issuer = plainAt(document, 'issuer', 'id') ?? '',
): SignatureRefusal | null {
  const signatures = itemsOf(memberOf(document, 'signatures'))
  const content = Buffer.from(signedText(document), 'utf8')
  for (const [index, signature] of signatures.entries()) {
    const type = plainAt(signature, 'signatureType')
    if (type !== (index === 0 ? 'I' : 'S'))
      return { code: '4041', message: 'The first signature is the issuer’s (I), a second one the provider’s (S)' }
    const refusal = checkOne(plainAt(signature, 'value') ?? '', content, type === 'I' ? issuer : null, authorities, now)
    if (refusal !== null) return refusal
  }
  return signatures.length > 2 ? { code: '4041', message: 'A document has at most two signatures' } : null
}

function checkOne(
  base64: string,
  content: Buffer,
  issuer: string | null,
  authorities: CertificateAuthorities,
  now: Date,
): SignatureRefusal | null {
  const unreadable = { code: '4042', message: 'The signature is no CAdES-BES structure of the prescribed form' }
  if (!/^[A-Z0-9+/]+={0,2}$/i.test(base64)) return unreadable
  let certificate: Certificate | undefined
  try {
    const cms = readSignedData(Buffer.from(base64, 'base64'))
    const [signer] = cms.signers
    if (signer === undefined || cms.signers.length !== 1 || cms.contentType !== digestedData || cms.content !== undefined) return unreadable
    const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(content).digest())
    if (check.failure !== null)
      return { code: '4043', message: `The signature does not match the document (${check.failure.subIndication})` }
    if (!check.hasSigningCertificate || check.signingTime === undefined) return unreadable
    certificate = check.certificate
  } catch {
    return unreadable
  }
  if (certificate === undefined) return unreadable
  if (authorities.issued(certificate.serialHex)?.der.equals(certificate.der) !== true)
    return { code: '4044', message: 'The certificate was not issued by an authority that ITIDA has licensed' }
  if (authorities.revocation(certificate.serialHex) !== undefined) return { code: '4045', message: 'The certificate was revoked' }
  if (now < certificate.notBefore || now > certificate.notAfter)
    return { code: '4046', message: 'The certificate is not valid at this time' }
  const holder = certificate.subjectAttributes.filter((one) => one.oid === '2.5.4.97').map((one) => one.value)
  if (issuer !== null && !holder.includes(`VATEG-${issuer}`))
    return { code: 'ISFX305', message: 'Submitter of the document does not match the first signer’s tax registration number' }
  return null
}
