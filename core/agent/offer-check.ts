import { createHash } from 'node:crypto'
import type { FaultDetail } from '../i18n/fault.js'
import type { Offer } from '../signing/keys/agent/protocol.js'
import { readCertificate, type Certificate } from '../validation/certificate/certificate.js'
import { digestLengths } from '../validation/ecdsa.js'
import type { PresentKey } from './tokens.js'

/** Whether what is signed is tied to the document's hash that is shown. `unknown`: the host did not send the bytes. */
export type Tie = 'tied' | 'not-tied' | 'unknown'

export interface OfferCheck {
  /** Why it cannot be signed at all. */
  readonly fault: FaultDetail | undefined
  readonly tie: Tie
}

/**
 * What the desk finds out by itself, whatever the host says: the digest is the one of the bytes, its length is right, and the
 * bytes name the document's hash (as bytes, hexadecimal or base64: CMS attributes, XML references).
 */
export function checkOffer(offer: Offer): OfferCheck {
  const digest = Buffer.from(offer.digest, 'hex')
  if (digest.length !== digestLengths[offer.digestAlgorithm]) return { fault: { code: 'SIGN-AGENT-DIGEST' }, tie: 'unknown' }
  if (offer.message === null) return { fault: undefined, tie: 'unknown' }
  const message = Buffer.from(offer.message, 'base64')
  if (!createHash(offer.digestAlgorithm).update(message).digest().equals(digest))
    return { fault: { code: 'SIGN-AGENT-DIGEST' }, tie: 'not-tied' }
  const hashes = offer.uses.flatMap((use) => (use.documentHash === undefined ? [] : [use.documentHash]))
  if (hashes.length === 0) return { fault: undefined, tie: 'unknown' }
  return { fault: undefined, tie: hashes.every((hash) => names(message, digest, hash)) ? 'tied' : 'not-tied' }
}

function names(message: Buffer, digest: Buffer, documentHash: string): boolean {
  const hash = Buffer.from(documentHash, 'hex')
  if (hash.length < 32) return false
  return (
    hash.equals(digest) || message.includes(hash) || message.includes(hash.toString('hex')) || message.includes(hash.toString('base64'))
  )
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
