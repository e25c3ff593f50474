import { createHash, sign } from 'node:crypto'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { DerElement } from '../../validation/der-reader.js'
import { defaultDigest, defaultScheme, digestIdentifier, signatureIdentifier } from '../algorithms.js'
import {
  bitString,
  context,
  contextPrimitive,
  element,
  generalizedTime,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from '../der.js'
import { createSignedData } from '../formats/cades/signed-data.js'
import { certId } from '../revocation/ocsp-answer.js'
import { issueCertificate, signerOf, type TestCertificate } from './test-authority.js'

const hour = 3_600_000

/** authorityInfoAccess and cRLDistributionPoints as extensions of a test certificate. */
export function addressExtensions(addresses: { ocsp?: string; issuer?: string; crl?: string }): Buffer[] {
  const uri = (address: string): Buffer => contextPrimitive(6, Buffer.from(address, 'latin1'))
  const access = (method: string, address: string): Buffer => sequence(objectIdentifier(method), uri(address))
  const descriptions = [
    ...(addresses.ocsp === undefined ? [] : [access('1.3.6.1.5.5.7.48.1', addresses.ocsp)]),
    ...(addresses.issuer === undefined ? [] : [access('1.3.6.1.5.5.7.48.2', addresses.issuer)]),
  ]
  const point = addresses.crl === undefined ? undefined : sequence(sequence(context(0, context(0, uri(addresses.crl)))))
  return [
    ...(descriptions.length === 0 ? [] : [sequence(objectIdentifier('1.3.6.1.5.5.7.1.1'), octetString(sequence(...descriptions)))]),
    ...(point === undefined ? [] : [sequence(objectIdentifier('2.5.29.31'), octetString(point))]),
  ]
}

export interface Revoked {
  readonly certificate: TestCertificate
  readonly at: Date
  /** CRLReason number. */
  readonly reason?: number
}

/** Certificate list of an authority (RFC 5280 5). */
export function crlOf(issuer: TestCertificate, options: { at?: Date; next?: Date; revoked?: readonly Revoked[] } = {}): Buffer {
  const at = options.at ?? new Date()
  const identifier = signatureIdentifier(defaultScheme(issuer.algorithm), defaultDigest(issuer.algorithm))
  const certificate = readCertificate(issuer.der)
  const entries = (options.revoked ?? []).map(({ certificate: one, at: since, reason }) =>
    sequence(
      element(0x02, readCertificate(one.der).serialBytes),
      time(since),
      ...(reason === undefined
        ? []
        : [sequence(sequence(objectIdentifier('2.5.29.21'), octetString(element(0x0a, Buffer.from([reason])))))]),
    ),
  )
  const keyIdentifier = element(0x80, DerElement.read(certificate.extensions.get('2.5.29.14')?.value ?? Buffer.alloc(0)).content)
  const extensions = [
    sequence(objectIdentifier('2.5.29.35'), octetString(sequence(keyIdentifier))),
    sequence(objectIdentifier('2.5.29.20'), octetString(integer(at.getTime()))),
  ]
  const tbs = sequence(
    integer(1),
    identifier,
    certificate.subjectDer,
    time(at),
    time(options.next ?? new Date(at.getTime() + 24 * hour)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    context(0, sequence(...extensions)),
  )
  return sequence(tbs, identifier, bitString(sign(defaultDigest(issuer.algorithm), tbs, issuer.privateKey)))
}

export interface OcspWishes {
  readonly status?: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason?: number }
  readonly at?: Date
  readonly next?: Date | null
  readonly nonce?: Uint8Array
  /** Signs the answer; the issuer itself unless told. */
  readonly responder?: TestCertificate
}

/** OCSPResponse (RFC 6960) about one certificate. */
export function ocspOf(certificate: TestCertificate, issuer: TestCertificate, wishes: OcspWishes = {}): Buffer {
  const at = wishes.at ?? new Date()
  const responder = wishes.responder ?? issuer
  const { status = 'good' } = wishes
  const told =
    status === 'good'
      ? contextPrimitive(0, Buffer.alloc(0))
      : status === 'unknown'
        ? contextPrimitive(2, Buffer.alloc(0))
        : context(
            1,
            generalizedTime(status.revokedAt),
            ...(status.reason === undefined ? [] : [context(0, element(0x0a, Buffer.from([status.reason])))]),
          )
  const next = wishes.next === null ? [] : [context(0, generalizedTime(wishes.next ?? new Date(at.getTime() + hour)))]
  const single = sequence(certId(readCertificate(certificate.der), readCertificate(issuer.der)), told, generalizedTime(at), ...next)
  const nonce =
    wishes.nonce === undefined
      ? []
      : [context(1, sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.2'), octetString(octetString(wishes.nonce)))))]
  const data = sequence(context(1, readCertificate(responder.der).subjectDer), generalizedTime(at), sequence(single), ...nonce)
  const identifier = signatureIdentifier(defaultScheme(responder.algorithm), defaultDigest(responder.algorithm))
  const signature = bitString(sign(defaultDigest(responder.algorithm), data, responder.privateKey))
  const basic = sequence(data, identifier, signature, ...(responder === issuer ? [] : [context(0, sequence(responder.der))]))
  return sequence(element(0x0a, Buffer.from([0])), context(0, sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.1'), octetString(basic))))
}

/** A certificate for OCSP, with id-pkix-ocsp-nocheck unless told. */
export function responderOf(issuer: TestCertificate, options: { noCheck?: boolean } = {}): TestCertificate {
  const noCheck = sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.5'), octetString(nullValue))
  return issueCertificate({
    commonName: 'Responder',
    issuer,
    keyUsage: 0b1000_0000,
    extendedKeyUsage: '1.3.6.1.5.5.7.3.9',
    extra: options.noCheck === false ? [] : [noCheck],
  })
}

/** A certificate for time stamps. */
export function stampAuthority(
  issuer: TestCertificate,
  wishes: { notBefore?: Date; notAfter?: Date; extra?: readonly Buffer[] } = {},
): TestCertificate {
  return issueCertificate({ commonName: 'Time', issuer, keyUsage: 0b1000_0000, extendedKeyUsage: '1.3.6.1.5.5.7.3.8', ...wishes })
}

/** Time stamp token (RFC 3161) of any time over a digest. */
export async function tokenOf(
  authority: TestCertificate,
  digest: Uint8Array,
  at: Date,
  options: { nonce?: Uint8Array; policy?: string; serial?: number } = {},
): Promise<Buffer> {
  const info = sequence(
    integer(1),
    objectIdentifier(options.policy ?? '1.2.3.4'),
    sequence(digestIdentifier('sha256'), octetString(digest)),
    integer(options.serial ?? 7),
    generalizedTime(at),
    sequence(integer(1)),
    ...(options.nonce === undefined ? [] : [integer(options.nonce)]),
  )
  const contentDigest = createHash('sha256').update(info).digest()
  const made = await createSignedData({
    signer: signerOf(authority),
    contentDigest,
    content: info,
    contentType: '1.2.840.113549.1.9.16.1.4',
  })
  return made.cms
}

/** A time stamp client whose clock stands where the test wants it. */
export function stampClient(
  authority: TestCertificate,
  at: Date,
): { stamp: (algorithm: string, digest: Uint8Array) => Promise<{ token: Buffer; at: Date; authority: string }> } {
  return { stamp: async (_algorithm, digest) => ({ token: await tokenOf(authority, digest, at), at, authority: 'Time' }) }
}
