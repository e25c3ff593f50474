import { createHash } from 'node:crypto'
import { readCertificate, type Certificate } from '../../validation/certificate/certificate.js'
import { extendedKeyUsagesOf } from '../../validation/certificate/path.js'
import { DerElement, MalformedDer } from '../../validation/der-reader.js'
import { verifyMessageSignature } from '../../validation/signature-algorithm.js'
import { element, sequence, octetString, algorithmIdentifier, nullValue } from '../der.js'

const oidBasic = '1.3.6.1.5.5.7.48.1.1'
export const oidNonce = '1.3.6.1.5.5.7.48.1.2'
const oidOcspSigning = '1.3.6.1.5.5.7.3.9'
const oidNoCheck = '1.3.6.1.5.5.7.48.1.5'
const maximumCertificates = 20

/** OCSPResponseStatus (RFC 6960 4.2.1) other than successful. */
const refusals: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
}

/** What a client looks at in an answer before it keeps or hands it on. */
export interface OcspAnswer {
  readonly producedAt: Date
  readonly nonce: Buffer | undefined
  readonly singles: readonly { readonly certId: Buffer; readonly thisUpdate: Date; readonly nextUpdate: Date | undefined }[]
  readonly certificates: readonly Certificate[]
  readonly responderId: DerElement
  readonly signed: Buffer
  readonly signatureAlgorithm: Buffer
  readonly signature: Buffer
}

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
 * @returns the answer, or the name of the refusal
 * @throws MalformedDer
 */
export function readOcspAnswer(bytes: Uint8Array): OcspAnswer | string {
  const response = DerElement.read(bytes, 0, { whole: true }).expect(0x30)
  const status = response.child(0).expect(0x0a).smallInteger()
  if (status !== 0) return refusals[status] ?? `status ${status}`
  const wrapped = response.child(1).expect(0xa0).child(0).expect(0x30)
  if (wrapped.child(0).oid() !== oidBasic) throw new MalformedDer('kind of answer', wrapped.start)
  return readBasicAnswer(wrapped.child(1).expect(0x04).content)
}

function readBasicAnswer(bytes: Uint8Array): OcspAnswer {
  const basic = DerElement.read(bytes, 0, { whole: true }).expect(0x30)
  const data = basic.child(0).expect(0x30)
  const fields = data.children.filter((part, index) => !(index === 0 && part.is(0xa0)))
  const [responderId, producedAt, responses, extensions] = fields
  if (responderId === undefined || producedAt === undefined || responses === undefined) throw new MalformedDer('answer', data.start)
  const certificates = basic.children[3]?.expect(0xa0).child(0).expect(0x30).children ?? []
  if (certificates.length > maximumCertificates) throw new MalformedDer('too many certificates', basic.start)
  return {
    producedAt: producedAt.time(true),
    nonce: nonceOf(extensions),
    singles: responses.expect(0x30).children.map((single) => ({
      certId: single.child(0).expect(0x30).bytes,
      thisUpdate: single.child(2).time(true),
      nextUpdate: single.children
        .slice(3)
        .find((part) => part.is(0xa0))
        ?.child(0)
        .time(true),
    })),
    certificates: certificates.map((one) => readCertificate(one.bytes)),
    responderId,
    signed: data.bytes,
    signatureAlgorithm: basic.child(1).bytes,
    signature: basic.child(2).bitString(),
  }
}

function nonceOf(extensions: DerElement | undefined): Buffer | undefined {
  if (extensions === undefined) return undefined
  for (const extension of extensions.expect(0xa1).child(0).expect(0x30).children) {
    if (extension.child(0).oid() !== oidNonce) continue
    const value = extension.children[extension.children.length - 1]?.expect(0x04).content
    // RFC 8954: an OCTET STRING inside the extension's own; old responders give the bare octets back.
    if (value?.[0] === 0x04) {
      try {
        return DerElement.read(value, 0, { whole: true }).content
      } catch {
        return value
      }
    }
    return value
  }
  return undefined
}

/**
 * The certificate whose key signed the answer: the issuer itself, or one the issuer made for OCSP (RFC 6960 4.2.2.2).
 * Undefined when there is none: then anybody may have written it.
 */
export function responderOf(answer: OcspAnswer, issuer: Certificate, at: Date): Certificate | undefined {
  const verifies = (certificate: Certificate): boolean =>
    verifyMessageSignature({
      algorithm: answer.signatureAlgorithm,
      message: answer.signed,
      spki: certificate.spki,
      key: certificate.publicKey,
      signature: answer.signature,
    }) === 'valid'
  if (isNamed(answer.responderId, issuer) && verifies(issuer)) return issuer
  return answer.certificates.find(
    (certificate) =>
      isNamed(answer.responderId, certificate) &&
      certificate.issuerKey === issuer.subjectKey &&
      at >= certificate.notBefore &&
      at <= certificate.notAfter &&
      extendedKeyUsagesOf(certificate)?.usages.includes(oidOcspSigning) === true &&
      verifyMessageSignature({
        algorithm: certificate.signatureAlgorithmDer,
        message: certificate.tbs,
        spki: issuer.spki,
        key: issuer.publicKey,
        signature: certificate.signatureValue,
      }) === 'valid' &&
      verifies(certificate),
  )
}

/** The authority says of this responder's certificate that its status need not be asked (RFC 6960 4.2.2.2.1). */
export function isNoCheck(certificate: Certificate): boolean {
  return certificate.extensions.has(oidNoCheck)
}

function isNamed(responderId: DerElement, certificate: Certificate): boolean {
  if (responderId.is(0xa1)) return responderId.child(0).bytes.equals(certificate.subjectDer)
  const key = DerElement.read(certificate.spki).child(1).bitString()
  return responderId.expect(0xa2).child(0).expect(0x04).content.equals(createHash('sha1').update(key).digest())
}
