import { createHash } from 'node:crypto'
import { DerElement, MalformedDer } from '../der-reader.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { nameKey } from '../certificate/distinguished-name.js'
import { digestNameByOid } from '../signature-algorithm.js'
import { crlReasons } from './crl.js'

/** What a responder says of one certificate (RFC 6960 4.2.1 SingleResponse). */
export interface SingleAnswer {
  /** Digest the names below were made with, as node names it; undefined for one that is not known. */
  readonly digest: string | undefined
  readonly issuerNameHash: Buffer
  readonly issuerKeyHash: Buffer
  readonly serialHex: string
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly revokedAt: Date | undefined
  readonly reason: string | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** The responder keeps answers about certificates that expired since then (RFC 6960 4.4.4). */
  readonly archiveCutoff: Date | undefined
  /** A critical extension of it is not known. */
  readonly partlyUnknown: boolean
}

/** A BasicOCSPResponse (RFC 6960 4.2.1). */
export interface OcspResponse {
  readonly der: Buffer
  /** Signed part, complete encoding. */
  readonly tbs: Buffer
  /** Folded name of the responder, or SHA-1 of its public key. */
  readonly responder: { readonly nameKey: string } | { readonly keyHash: Buffer }
  readonly producedAt: Date
  readonly answers: readonly SingleAnswer[]
  /** Content of the nonce extension (RFC 9654), undefined without one. */
  readonly nonce: Buffer | undefined
  readonly signatureAlgorithmDer: Buffer
  readonly signatureValue: Buffer
  readonly certificates: readonly Certificate[]
  readonly partlyUnknown: boolean
}

/** OCSPResponseStatus other than successful, by name. */
export const ocspStatuses: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
}

/** A responder may send its whole chain, and a file may be meant to keep a verifier busy. */
const maximumCertificates = 32
const maximumAnswers = 10_000

const basicResponse = '1.3.6.1.5.5.7.48.1.1'
const nonceOid = '1.3.6.1.5.5.7.48.1.2'

/**
 * Reads an OCSPResponse or the BasicOCSPResponse in it, strictly DER. Nothing is checked but the form.
 * @throws MalformedDer, also for a response whose status is an error
 */
export function readOcspResponse(bytes: Uint8Array): OcspResponse {
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outer = DerElement.read(der, 0, { whole: true }).expect(0x30)
  if (!outer.child(0).is(0x0a)) return readBasicResponse(outer)
  const status = outer.child(0).smallInteger()
  if (status !== 0) throw new MalformedDer(`OCSP ${ocspStatuses[status] ?? String(status)}`, 0)
  const wrapped = outer.child(1).expect(0xa0).child(0).expect(0x30)
  if (wrapped.child(0).oid() !== basicResponse) throw new MalformedDer('kind of OCSP response', wrapped.start)
  const content = wrapped.child(1).expect(0x04).content
  return readBasicResponse(DerElement.read(content, 0, { whole: true }).expect(0x30))
}

function readBasicResponse(basic: DerElement): OcspResponse {
  const tbs = basic.child(0).expect(0x30)
  if (basic.children.length > 4) throw new MalformedDer('OCSP response', basic.start)
  let index = 0
  if (tbs.child(0).is(0xa0)) {
    if (tbs.child(0).child(0).smallInteger() !== 0) throw new MalformedDer('OCSP version', tbs.start)
    index = 1
  }
  const id = tbs.child(index)
  const responder = id.is(0xa1) ? { nameKey: nameKey(id.child(0)) } : { keyHash: id.expect(0xa2).child(0).expect(0x04).content }
  const answers = tbs.child(index + 2).expect(0x30).children
  if (answers.length > maximumAnswers) throw new MalformedDer('too many answers', tbs.start)
  const extensions = readExtensions(tbs.children[index + 3], new Set([nonceOid]))
  const nonce = extensions.values.get(nonceOid)
  const certificates = (basic.children[3]?.expect(0xa0).child(0).expect(0x30).children ?? []).slice(0, maximumCertificates)
  return {
    der: basic.bytes,
    tbs: tbs.bytes,
    responder,
    producedAt: tbs
      .child(index + 1)
      .expect(0x18)
      .time(true),
    answers: answers.map(readAnswer),
    nonce: nonce === undefined ? undefined : nonceContent(nonce),
    signatureAlgorithmDer: basic.child(1).expect(0x30).bytes,
    signatureValue: basic.child(2).bitString(),
    certificates: certificates.map((certificate) => readCertificate(certificate.bytes)),
    partlyUnknown: extensions.unknown,
  }
}

/** An OCTET STRING in newer responders, bare bytes in older ones. */
function nonceContent(value: Buffer): Buffer {
  try {
    return DerElement.read(value, 0, { whole: true }).expect(0x04).content
  } catch {
    return value
  }
}

function readAnswer(single: DerElement): SingleAnswer {
  const id = single.expect(0x30).child(0).expect(0x30)
  const status = single.child(1)
  const rest = single.children.slice(3)
  const next = rest.find((part) => part.is(0xa0))
  const extensions = readExtensions(
    rest.find((part) => part.is(0xa1)),
    new Set(['1.3.6.1.5.5.7.48.1.6', '1.3.6.1.5.5.7.48.1.3', '2.5.29.21', '2.5.29.24']),
  )
  const cutoff = extensions.values.get('1.3.6.1.5.5.7.48.1.6')
  const reason = status.is(0xa1) ? status.children[1]?.child(0).expect(0x0a).smallInteger() : undefined
  if (!status.is(0x80) && !status.is(0xa1) && !status.is(0x82)) throw new MalformedDer('certificate status', status.start)
  return {
    digest: digestNameByOid[id.child(0).child(0).oid()],
    issuerNameHash: id.child(1).expect(0x04).content,
    issuerKeyHash: id.child(2).expect(0x04).content,
    serialHex: id.child(3).expect(0x02).content.toString('hex'),
    status: status.is(0x80) ? 'good' : status.is(0xa1) ? 'revoked' : 'unknown',
    revokedAt: status.is(0xa1) ? status.child(0).expect(0x18).time(true) : undefined,
    reason: reason === undefined ? undefined : (crlReasons[reason] ?? 'unspecified'),
    thisUpdate: single.child(2).expect(0x18).time(true),
    nextUpdate: next?.child(0).expect(0x18).time(true),
    archiveCutoff: cutoff === undefined ? undefined : DerElement.read(cutoff, 0, { whole: true }).expect(0x18).time(true),
    partlyUnknown: extensions.unknown,
  }
}

function readExtensions(
  wrapped: DerElement | undefined,
  known: ReadonlySet<string>,
): { values: ReadonlyMap<string, Buffer>; unknown: boolean } {
  const values = new Map<string, Buffer>()
  let unknown = false
  for (const extension of wrapped?.expect(0xa1).child(0).expect(0x30).children ?? []) {
    const oid = extension.child(0).oid()
    const marked = extension.child(1).is(0x01)
    if (marked && extension.child(1).boolean() && !known.has(oid)) unknown = true
    values.set(oid, extension.child(marked ? 2 : 1).expect(0x04).content)
  }
  return { values, unknown }
}

const hashable = new Set(['sha1', 'sha256', 'sha384', 'sha512'])

/** The answer about one certificate: CertID by name, key and serial number (RFC 6960 4.1.1), SHA-1 and SHA-2. */
export function answerFor(
  response: OcspResponse,
  certificate: Certificate,
  issuer: { readonly spki: Buffer; readonly subjectDer: Buffer },
): SingleAnswer | undefined {
  return response.answers.find((answer) => {
    if (answer.serialHex !== certificate.serialHex || answer.digest === undefined || !hashable.has(answer.digest)) return false
    const { digest } = answer
    const hash = (bytes: Buffer): Buffer => createHash(digest).update(bytes).digest()
    const named = [certificate.issuerDer, issuer.subjectDer].some((name) => hash(name).equals(answer.issuerNameHash))
    return named && hash(publicKeyBits(issuer.spki)).equals(answer.issuerKeyHash)
  })
}

/** Whether the responder names itself as the holder of this key. */
export function isResponder(response: OcspResponse, holder: { readonly spki: Buffer; readonly subjectKey: string }): boolean {
  const { responder } = response
  if ('nameKey' in responder) return responder.nameKey === holder.subjectKey
  return createHash('sha1').update(publicKeyBits(holder.spki)).digest().equals(responder.keyHash)
}

/** Content of the BIT STRING subjectPublicKey, which key identifiers are made of. */
function publicKeyBits(spki: Buffer): Buffer {
  return DerElement.read(spki, 0, { whole: true }).child(1).bitString()
}
