import { createHash, sign } from 'node:crypto'
import { defaultDigest, defaultScheme, signatureIdentifier } from '../../signing/algorithms.js'
import { encodeName } from '../../signing/certificate-request.js'
import {
  algorithmIdentifier,
  bitString,
  boolean,
  context,
  contextPrimitive,
  element,
  generalizedTime,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from '../../signing/der.js'
import type { TestCertificate } from '../../signing/test/test-authority.js'
import { readCertificate } from '../certificate/certificate.js'
import { DerElement } from '../der-reader.js'

export const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value))

export interface ListWishes {
  readonly signer: TestCertificate
  /** Issuer of the list by name; the signer unless told. */
  readonly issuer?: TestCertificate
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  readonly revoked?: readonly { readonly certificate: TestCertificate; readonly at: Date; readonly reason?: number }[]
  /** Further certificates by number. */
  readonly serials?: readonly { readonly serial: bigint; readonly at: Date }[]
  readonly extensions?: readonly Buffer[]
}

const signed = (tbs: Buffer, signer: TestCertificate): Buffer[] => {
  const digest = defaultDigest(signer.algorithm)
  return [signatureIdentifier(defaultScheme(signer.algorithm), digest), bitString(sign(digest, tbs, signer.privateKey))]
}

/** A revocation list of a test authority. */
export function issueList(wishes: ListWishes): Buffer {
  const { signer } = wishes
  const identifier = signatureIdentifier(defaultScheme(signer.algorithm), defaultDigest(signer.algorithm))
  const entries = (wishes.revoked ?? []).map(({ certificate, at, reason }) =>
    sequence(
      element(0x02, readCertificate(certificate.der).serialBytes),
      time(at),
      ...(reason === undefined ? [] : [sequence(extension('2.5.29.21', element(0x0a, Buffer.from([reason]))))]),
    ),
  )
  for (const { serial, at } of wishes.serials ?? []) entries.push(sequence(integer(serial), time(at)))
  const tbs = sequence(
    integer(1),
    identifier,
    encodeName((wishes.issuer ?? signer).name),
    time(wishes.thisUpdate),
    ...(wishes.nextUpdate === undefined ? [] : [time(wishes.nextUpdate)]),
    ...(entries.length === 0 ? [] : [element(0x30, Buffer.concat(entries))]),
    context(0, sequence(extension('2.5.29.20', integer(1)), ...(wishes.extensions ?? []))),
  )
  return sequence(tbs, ...signed(tbs, signer))
}

export interface ResponseWishes {
  readonly certificate: TestCertificate
  readonly issuer: TestCertificate
  readonly signer: TestCertificate
  readonly producedAt: Date
  readonly nextUpdate?: Date
  readonly revokedAt?: Date
  /** CRLReason by number. */
  readonly reason?: number
  readonly digest?: 'sha1' | 'sha256'
  readonly certificates?: readonly TestCertificate[]
  readonly single?: readonly Buffer[]
}

/** A BasicOCSPResponse of a test responder that names itself by its key. */
export function issueResponse(wishes: ResponseWishes): Buffer {
  const digest = wishes.digest ?? 'sha1'
  const hash = (bytes: Buffer): Buffer => createHash(digest).update(bytes).digest()
  const keyBits = (one: TestCertificate): Buffer => DerElement.read(readCertificate(one.der).spki).child(1).bitString()
  const algorithm = algorithmIdentifier(digest === 'sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1')
  const leaf = readCertificate(wishes.certificate.der)
  const id = sequence(
    algorithm,
    octetString(hash(leaf.issuerDer)),
    octetString(hash(keyBits(wishes.issuer))),
    element(0x02, leaf.serialBytes),
  )
  const reason = wishes.reason === undefined ? [] : [context(0, element(0x0a, Buffer.from([wishes.reason])))]
  const status =
    wishes.revokedAt === undefined ? contextPrimitive(0, Buffer.alloc(0)) : context(1, generalizedTime(wishes.revokedAt), ...reason)
  const single = sequence(
    id,
    status,
    generalizedTime(wishes.producedAt),
    ...(wishes.nextUpdate === undefined ? [] : [context(0, generalizedTime(wishes.nextUpdate))]),
    ...(wishes.single === undefined ? [] : [context(1, sequence(...wishes.single))]),
  )
  const responder = context(2, octetString(createHash('sha1').update(keyBits(wishes.signer)).digest()))
  const tbs = sequence(responder, generalizedTime(wishes.producedAt), sequence(single))
  const certificates = (wishes.certificates ?? []).map((one) => one.der)
  return sequence(tbs, ...signed(tbs, wishes.signer), ...(certificates.length === 0 ? [] : [context(0, sequence(...certificates))]))
}
