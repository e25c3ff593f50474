import { createHash } from 'node:crypto'
import type { Certificate } from '../../validation/certificate/certificate.js'
import { extendedKeyUsagesOf } from '../../validation/certificate/path.js'
import { DerElement } from '../../validation/der-reader.js'
import { isResponder, ocspStatuses, readOcspResponse, type OcspResponse } from '../../validation/revocation/ocsp.js'
import { verifyMessageSignature } from '../../validation/signature-algorithm.js'
import { algorithmIdentifier, element, nullValue, octetString, sequence } from '../der.js'

const oidOcspSigning = '1.3.6.1.5.5.7.3.9'
const oidNoCheck = '1.3.6.1.5.5.7.48.1.5'

/** CertID of RFC 6960 4.1.1 under SHA-1: the one form every responder knows (RFC 5019 2.1.1); it protects nothing here. */
export function certId(certificate: Certificate, issuer: Certificate): Buffer {
  const key = DerElement.read(issuer.spki).child(1).bitString()
  const sha1 = (bytes: Uint8Array): Buffer => octetString(createHash('sha1').update(bytes).digest())
  return sequence(
    algorithmIdentifier('1.3.14.3.2.26', nullValue),
    sha1(certificate.issuerDer),
    sha1(key),
    element(0x02, certificate.serialBytes),
  )
}

/**
 * Reads an OCSPResponse.
 * @returns the answer, or the name of the refusal (RFC 6960 4.2.1 OCSPResponseStatus)
 * @throws MalformedDer
 */
export function readOcspAnswer(bytes: Uint8Array): OcspResponse | string {
  const status = DerElement.read(bytes, 0, { whole: true }).expect(0x30).child(0).expect(0x0a).smallInteger()
  return status === 0 ? readOcspResponse(bytes) : (ocspStatuses[status] ?? `status ${status}`)
}

/**
 * The certificate whose key signed the answer: the issuer itself, or one the issuer made for OCSP (RFC 6960 4.2.2.2).
 * Undefined when there is none: then anybody may have written it.
 */
export function responderOf(answer: OcspResponse, issuer: Certificate, at: Date): Certificate | undefined {
  const signed = (certificate: Certificate): boolean =>
    isResponder(answer, certificate) && holds(answer.signatureAlgorithmDer, answer.tbs, answer.signatureValue, certificate)
  if (signed(issuer)) return issuer
  return answer.certificates.find(
    (certificate) =>
      certificate.issuerKey === issuer.subjectKey &&
      at >= certificate.notBefore &&
      at <= certificate.notAfter &&
      isForOcsp(certificate) &&
      holds(certificate.signatureAlgorithmDer, certificate.tbs, certificate.signatureValue, issuer) &&
      signed(certificate),
  )
}

/** The authority says of this responder's certificate that its status need not be asked (RFC 6960 4.2.2.2.1). */
export function isNoCheck(certificate: Certificate): boolean {
  return certificate.extensions.has(oidNoCheck)
}

function isForOcsp(certificate: Certificate): boolean {
  try {
    return extendedKeyUsagesOf(certificate)?.usages.includes(oidOcspSigning) === true
  } catch {
    return false
  }
}

function holds(algorithm: Buffer, message: Buffer, signature: Buffer, by: Certificate): boolean {
  return verifyMessageSignature({ algorithm, message, spki: by.spki, key: by.publicKey, signature }) === 'valid'
}
