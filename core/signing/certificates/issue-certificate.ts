import { createHash, randomBytes } from 'node:crypto'
import { DerElement } from '../../validation/der-reader.js'
import { signatureIdentifier } from '../algorithms.js'
import { encodeName } from '../certificate-request.js'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  time,
  utf8String,
} from '../der.js'
import { signWith } from '../sign-with.js'
import type { CertificateRequestSubject, Signer } from '../signing-service.js'

/** Who signs a certificate. */
export interface CertificateIssuer {
  /** DER Name: of its own certificate, byte for byte. */
  readonly name: Buffer
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  readonly signer: Signer
}

/** What a certificate is to say (RFC 5280). */
export interface CertificateShape {
  readonly subject: CertificateRequestSubject['name']
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  readonly notBefore: Date
  readonly notAfter: Date
  /** Bits of keyUsage by RFC 5280 4.2.1.3. */
  readonly keyUsage: readonly KeyUsageBit[]
  /** An authority, that may issue certificates below it for so many further authorities. */
  readonly authority?: { readonly pathLength: number }
  /** Addresses in subjectAltName; ASCII. */
  readonly emails?: readonly string[]
  /** With the words that a reader shows beside the policy (userNotice, at most 200 characters). */
  readonly policies?: readonly { readonly oid: string; readonly notice?: string }[]
  /** RFC 9608: no status will ever be published for it. Not of authorities. */
  readonly withoutStatus?: boolean
  /** ETSI EN 319 412-1 5.2: its short life is assured, a status is not needed. */
  readonly shortTerm?: boolean
}

const usageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, cRLSign: 6 } as const
/** A bit of keyUsage by its name in RFC 5280, clause 4.2.1.3. */
export type KeyUsageBit = keyof typeof usageBits

/** RFC 5280 4.2.1.2, method 1: SHA-1 over the bits of the public key. */
function keyIdentifier(publicKey: Buffer): Buffer {
  const info = DerElement.read(publicKey, 0, { whole: true })
  return createHash('sha1').update(info.child(1).bitString()).digest()
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return critical ? sequence(objectIdentifier(oid), boolean(true), octetString(value)) : sequence(objectIdentifier(oid), octetString(value))
}

function usage(bits: readonly KeyUsageBit[]): Buffer {
  let byte = 0
  for (const bit of bits) byte |= 0x80 >> usageBits[bit]
  return bitString(Buffer.from([byte]), byte === 0 ? 0 : 31 - Math.clz32(byte & -byte))
}

function policy({ oid, notice }: { readonly oid: string; readonly notice?: string }): Buffer {
  if (notice === undefined) return sequence(objectIdentifier(oid))
  const text = utf8String(Array.from(notice).slice(0, 200).join(''))
  return sequence(objectIdentifier(oid), sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.2.2'), sequence(text))))
}

function extensionsOf(shape: CertificateShape, issuerKey: Buffer): Buffer[] {
  const { authority, emails = [], policies = [] } = shape
  return [
    extension('2.5.29.19', authority === undefined ? sequence() : sequence(boolean(true), integer(authority.pathLength)), true),
    extension('2.5.29.15', usage(shape.keyUsage), true),
    extension('2.5.29.14', octetString(keyIdentifier(shape.publicKey))),
    extension('2.5.29.35', sequence(contextPrimitive(0, keyIdentifier(issuerKey)))),
    ...(emails.length === 0
      ? []
      : [extension('2.5.29.17', sequence(...emails.map((email) => contextPrimitive(1, Buffer.from(email, 'latin1')))))]),
    ...(policies.length === 0 ? [] : [extension('2.5.29.32', sequence(...policies.map(policy)))]),
    // RFC 9608 2: never critical, its value is NULL.
    ...(shape.withoutStatus === true ? [extension('2.5.29.56', nullValue)] : []),
    ...(shape.shortTerm === true ? [extension('0.4.0.194121.2.1', nullValue)] : []),
  ]
}

/** Positive, 16 octets of chance, never with a leading zero (RFC 5280 4.1.2.2 allows 20). */
function newSerial(): Buffer {
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial
}

/** A certificate just issued. */
export interface IssuedCertificate {
  readonly der: Buffer
  /** Lower-case hex. */
  readonly serial: string
}

/**
 * An X.509 certificate, version 3 (RFC 5280). Self-signed where the issuer's key is the certificate's own.
 * @throws Fault SIGN-REQUEST-SUBJECT for a name that cannot be written, and what the signer throws
 */
export async function issueCertificate(issuer: CertificateIssuer, shape: CertificateShape): Promise<IssuedCertificate> {
  const { signer } = issuer
  const serial = newSerial()
  const identifier = signatureIdentifier(signer.scheme, signer.digestAlgorithm)
  const tbs = sequence(
    context(0, integer(2)),
    integer(serial),
    identifier,
    issuer.name,
    sequence(time(shape.notBefore), time(shape.notAfter)),
    encodeName(shape.subject),
    shape.publicKey,
    context(3, sequence(...extensionsOf(shape, issuer.publicKey))),
  )
  const signature = await signWith(signer, tbs)
  return { der: sequence(tbs, identifier, bitString(signature)), serial: serial.toString('hex') }
}
