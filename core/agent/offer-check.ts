import { createHash } from 'node:crypto'
import { Decimal } from 'decimal.js'
import type { FaultDetail } from '../i18n/fault.js'
import type { Offer } from '../signing/keys/agent/protocol.js'
import { readCertificate, type Certificate } from '../validation/certificate/certificate.js'
import { DerElement } from '../validation/der-reader.js'
import { digestLengths } from '../validation/ecdsa.js'
import type { DocumentView, ViewedDocument } from './document-view.js'
import type { PresentKey } from './tokens.js'

/**
 * Whether what is signed is tied to the document's hash that is shown. `unknown`: the host did not send the
 * bytes. `read`: the desk read the document itself, and its own hash of it is what is signed.
 */
export type Tie = 'read' | 'tied' | 'not-tied' | 'unknown'

/** What the desk found out about an offer before a person sees it. */
export interface OfferCheck {
  /** Why it cannot be signed at all. */
  readonly fault: FaultDetail | undefined
  readonly tie: Tie
  readonly document?: ViewedDocument
}

/**
 * What the desk finds out by itself, whatever the host says: the digest is the one of the bytes, its length is right, and the
 * bytes name the document's hash in the place where a signature names it: messageDigest of CMS signed attributes (RFC 5652
 * 5.4), DigestValue of a reference in ds:SignedInfo (XML-DSig 4.4), or the document itself is what is signed. A hash that merely
 * occurs somewhere in the bytes ties nothing.
 */
export function checkOffer(offer: Offer, views: readonly DocumentView[] = []): OfferCheck {
  const check = checkHashes(offer)
  const { document, message } = offer
  const view = views.find(({ mediaType }) => mediaType === document?.mediaType)
  if (document === undefined || document === null || view === undefined || check.fault !== undefined) return check
  let viewed: ViewedDocument
  try {
    viewed = view.read(Buffer.from(document.bytes, 'base64'))
  } catch {
    return { fault: { code: 'SIGN-AGENT-DOCUMENT' }, tie: 'not-tied' }
  }
  // A document that is not the one under the signature, or another total than was told: somebody lies, and nothing is signed.
  const named = message === null ? new Set<string>() : namedHashes(Buffer.from(message, 'base64'), Buffer.from(offer.digest, 'hex'))
  const [use] = offer.uses
  const told = use?.amount
  const same =
    viewed.amount === null ||
    told === undefined ||
    (told.currency === viewed.amount.currency && sameNumber(told.value, viewed.amount.value))
  if (offer.uses.length !== 1 || !named.has(viewed.signedHash) || !same) return { fault: { code: 'SIGN-AGENT-DOCUMENT' }, tie: 'not-tied' }
  return { fault: undefined, tie: 'read', document: viewed }
}

function sameNumber(one: string, other: string): boolean {
  try {
    return new Decimal(one).equals(other)
  } catch {
    return false
  }
}

function checkHashes(offer: Offer): OfferCheck {
  const digest = Buffer.from(offer.digest, 'hex')
  if (digest.length !== digestLengths[offer.digestAlgorithm]) return { fault: { code: 'SIGN-AGENT-DIGEST' }, tie: 'unknown' }
  if (offer.message === null) return { fault: undefined, tie: 'unknown' }
  const message = Buffer.from(offer.message, 'base64')
  if (!createHash(offer.digestAlgorithm).update(message).digest().equals(digest))
    return { fault: { code: 'SIGN-AGENT-DIGEST' }, tie: 'not-tied' }
  const hashes = offer.uses.flatMap((use) => (use.documentHash === undefined ? [] : [use.documentHash]))
  // Every document of the request, or the check says nothing about the whole of it.
  if (hashes.length === 0 || hashes.length < offer.uses.length) return { fault: undefined, tie: 'unknown' }
  const named = namedHashes(message, digest)
  return { fault: undefined, tie: hashes.every((hash) => named.has(hash.toLowerCase())) ? 'tied' : 'not-tied' }
}

const messageDigestType = '1.2.840.113549.1.9.4'

/** Hashes, in hex, that the bytes name as what is signed. */
function namedHashes(message: Buffer, digest: Buffer): ReadonlySet<string> {
  const named = new Set([digest.toString('hex')])
  const inAttributes = messageDigestOf(message)
  if (inAttributes !== undefined) named.add(inAttributes.toString('hex'))
  const text = message.toString('utf8')
  if (/^<(?:\w+:)?SignedInfo[\s>]/.test(text)) {
    for (const [, value = ''] of text.matchAll(/<(?:\w+:)?DigestValue(?:\s[^<>]*)?>([\w+/=\s]+)</g)) {
      named.add(Buffer.from(value, 'base64').toString('hex'))
    }
  }
  return named
}

/** The one messageDigest of CMS signed attributes (SET OF Attribute); undefined for other bytes. */
function messageDigestOf(message: Buffer): Buffer | undefined {
  try {
    const found = DerElement.read(message, 0, { whole: true })
      .expect(0x31)
      .children.filter((attribute) => attribute.child(0).oid() === messageDigestType)
    const values = found[0]?.child(1).expect(0x31).children
    return found.length === 1 && values?.length === 1 ? values[0]?.expect(0x04).content : undefined
  } catch {
    // Not DER, or not attributes.
    return undefined
  }
}

/** keyUsage bits 0 and 1 (RFC 5280 4.2.1.3): digitalSignature, nonRepudiation; without the extension every use is allowed. */
function maySign(certificate: Certificate): boolean {
  const value = certificate.extensions.get('2.5.29.15')?.value
  return value === undefined || ((value[3] ?? 0) & 0xc0) !== 0
}

/** Whether the key on the token may sign now, by its certificate. A key without one is the host's affair. */
export function checkKey({ key }: PresentKey, now: Date): FaultDetail | undefined {
  const [own] = key.certificates
  if (own === undefined) return undefined
  const certificate = readCertificate(own)
  const name = certificate.holder
  if (now > certificate.notAfter) return { code: 'SIGN-CERT-EXPIRED', params: { name, until: certificate.notAfter.toISOString() } }
  if (now < certificate.notBefore) return { code: 'SIGN-CERT-NOT-YET-VALID', params: { name, from: certificate.notBefore.toISOString() } }
  if (!maySign(certificate)) return { code: 'SIGN-AGENT-KEY-USAGE', params: { name } }
  return undefined
}
