import { createHash, randomBytes } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  id_contentType,
  id_messageDigest,
  id_signedData,
  IssuerAndSerialNumber,
  MessageDigest,
  SignatureAlgorithmIdentifier,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
} from '@peculiar/asn1-cms'
import {
  Accuracy,
  id_ct_tstInfo,
  MessageImprint,
  PKIFailureInfo,
  PKIFreeText,
  PKIStatus,
  PKIStatusInfo,
  TimeStampReq,
  TimeStampResp,
  TimeStampToken,
  TSTInfo,
} from '@peculiar/asn1-tsp'
import { Certificate } from '@peculiar/asn1-x509'
import type { CertificateAuthorities } from '../ca/authority.js'
import { arrayBufferOf, ecdsaWithSha256, signWith, wholeSecond } from '../ca/certificate.js'
import { buildName } from '../ca/names.js'

const sha256 = '2.16.840.1.101.3.4.2.1'
/** Accepted imprints and the octets of their digests. SHA-1 and MD5 are refused (ETSI EN 319 422 5.2). */
const digestLengths: Readonly<Record<string, number>> = {
  [sha256]: 32,
  '2.16.840.1.101.3.4.2.2': 48,
  '2.16.840.1.101.3.4.2.3': 64,
}
/** Policy of the sandbox's stamps, in the arc for examples. */
export const timeStampPolicy = '2.16.724.999.2.1'

/** Bit numbers of PKIFailureInfo (RFC 3161 2.4.2). */
const failure = { badAlg: 0, badDataFormat: 5, timeNotAvailable: 14, unacceptedPolicy: 15, unacceptedExtension: 16 } as const

/** Wrong answers a client must see through. */
export const timeStampFaults = ['wrong-nonce', 'wrong-imprint', 'untrusted', 'rejected', 'slow', 'error', 'garbage'] as const
export type TimeStampFault = (typeof timeStampFaults)[number]

/** Time-stamp authority (RFC 3161, ETSI EN 319 422). */
export class TimeStampAuthority {
  constructor(private readonly authorities: CertificateAuthorities) {}

  /** Makes key and certificate now, so that the first stamp is not the slow one. */
  prepare(): void {
    this.service('issuing')
  }

  /** @returns DER TimeStampResp, also when the request is refused (`rejection` with the failure of RFC 3161 2.4.2) */
  respond(body: Uint8Array, now: Date, fault?: TimeStampFault): Buffer {
    let request: TimeStampReq
    try {
      request = AsnConvert.parse(body, TimeStampReq)
    } catch {
      return reject(failure.badDataFormat, 'the request is no TimeStampReq')
    }
    if (fault === 'rejected') return reject(failure.timeNotAvailable, 'no time source')
    const length = digestLengths[request.messageImprint.hashAlgorithm.algorithm]
    if (length === undefined) return reject(failure.badAlg, 'this digest algorithm is not accepted')
    if (request.messageImprint.hashedMessage.byteLength !== length) return reject(failure.badDataFormat, 'digest length')
    if (request.reqPolicy !== undefined && request.reqPolicy !== timeStampPolicy) return reject(failure.unacceptedPolicy, 'unknown policy')
    if (request.extensions !== undefined && request.extensions.length > 0)
      return reject(failure.unacceptedExtension, 'extensions are not accepted')
    return this.stamp(request, now, fault)
  }

  private stamp(request: TimeStampReq, now: Date, fault: TimeStampFault | undefined): Buffer {
    const service = this.service(fault === 'untrusted' ? 'stranger' : 'issuing')
    const leaf = service.chain[0] ?? Buffer.alloc(0)
    const certificate = AsnConvert.parse(leaf, Certificate)
    const imprint =
      fault === 'wrong-imprint'
        ? new MessageImprint({
            hashAlgorithm: request.messageImprint.hashAlgorithm,
            hashedMessage: new OctetString(randomBytes(request.messageImprint.hashedMessage.byteLength)),
          })
        : request.messageImprint
    const nonce = fault === 'wrong-nonce' ? arrayBufferOf(Buffer.concat([Buffer.from([1]), randomBytes(7)])) : request.nonce
    const info = new TSTInfo({
      policy: timeStampPolicy,
      messageImprint: imprint,
      serialNumber: arrayBufferOf(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      genTime: wholeSecond(now),
      accuracy: new Accuracy({ seconds: 1 }),
      ordering: false,
      ...(nonce === undefined ? {} : { nonce }),
    })
    const content = Buffer.from(AsnConvert.serialize(info))
    const token = AsnConvert.serialize(
      new TimeStampToken(this.signedContent(content, service.key, certificate, leaf, request.certReq ? service.chain : [])),
    )
    const response = new TimeStampResp({
      status: new PKIStatusInfo({ status: PKIStatus.granted }),
      timeStampToken: AsnConvert.parse(token, TimeStampToken),
    })
    return Buffer.from(AsnConvert.serialize(response))
  }

  private signedContent(
    content: Buffer,
    key: Parameters<typeof signWith>[0],
    certificate: Certificate,
    leaf: Buffer,
    sent: readonly Buffer[],
  ): ContentInfo {
    const tbs = certificate.tbsCertificate
    const attributes = sorted([
      new Attribute({ attrType: id_contentType, attrValues: [arrayBufferOf(derOid(id_ct_tstInfo))] }),
      new Attribute({
        attrType: id_messageDigest,
        attrValues: [AsnConvert.serialize(new MessageDigest(createHash('sha256').update(content).digest()))],
      }),
      new Attribute({ attrType: '1.2.840.113549.1.9.16.2.47', attrValues: [arrayBufferOf(signingCertificateV2(leaf))] }),
    ])
    const signer = new SignerInfo({
      version: CMSVersion.v1,
      sid: new SignerIdentifier({
        issuerAndSerialNumber: new IssuerAndSerialNumber({ issuer: tbs.issuer, serialNumber: tbs.serialNumber }),
      }),
      digestAlgorithm: new DigestAlgorithmIdentifier({ algorithm: sha256 }),
      signedAttrs: attributes,
      signatureAlgorithm: new SignatureAlgorithmIdentifier({ algorithm: ecdsaWithSha256 }),
      signature: new OctetString(signWith(key, setOf(attributes))),
    })
    const signed = new SignedData({
      version: CMSVersion.v3,
      digestAlgorithms: new DigestAlgorithmIdentifiers([new DigestAlgorithmIdentifier({ algorithm: sha256 })]),
      encapContentInfo: new EncapsulatedContentInfo({
        eContentType: id_ct_tstInfo,
        eContent: new EncapsulatedContent({ single: new OctetString(content) }),
      }),
      ...(sent.length === 0
        ? {}
        : {
            certificates: new CertificateSet(
              sent.map((der) => new CertificateChoices({ certificate: AsnConvert.parse(der, Certificate) })),
            ),
          }),
      signerInfos: new SignerInfos([signer]),
    })
    return new ContentInfo({ contentType: id_signedData, content: AsnConvert.serialize(signed) })
  }

  private service(authority: 'issuing' | 'stranger'): ReturnType<CertificateAuthorities['service']> {
    return this.authorities.service(`tsa-${authority}`, {
      authority,
      profile: 'tsa',
      curve: 'prime256v1',
      subject: buildName({
        C: 'SA',
        O: 'Khatm Sandbox',
        CN: authority === 'issuing' ? 'Khatm Sandbox Time Stamps' : 'Stranger Time Stamps',
      }),
    })
  }
}

/** DER of the attributes as a SET OF: what the signature covers (RFC 5652 5.4). The attributes come sorted, as X.690 11.6 wants them. */
function setOf(attributes: readonly Attribute[]): Buffer {
  const content = Buffer.concat(attributes.map((attribute) => Buffer.from(AsnConvert.serialize(attribute))))
  // Three attributes of fixed size: always between 128 and 255 octets, so one length octet after 0x81.
  return Buffer.concat([Buffer.from([0x31, 0x81, content.length]), content])
}

function sorted(attributes: readonly Attribute[]): Attribute[] {
  const bytesOf = (attribute: Attribute): Buffer => Buffer.from(AsnConvert.serialize(attribute))
  return [...attributes].sort((one, other) => Buffer.compare(bytesOf(one), bytesOf(other)))
}

function derOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return Buffer.from([0x06, octets.length, ...octets])
}

/** SigningCertificateV2 (RFC 5035 3) with the SHA-256 of the certificate; the default algorithm is left out. */
function signingCertificateV2(certificate: Uint8Array): Buffer {
  const hash = createHash('sha256').update(certificate).digest()
  const id = Buffer.concat([Buffer.from([0x30, 0x22, 0x04, 0x20]), hash])
  return Buffer.concat([Buffer.from([0x30, 0x26, 0x30, 0x24]), id])
}

function reject(bit: number, text: string): Buffer {
  const failInfo = new PKIFailureInfo(2 ** bit)
  const status = new PKIStatusInfo({ status: PKIStatus.rejection, statusString: new PKIFreeText([text]), failInfo })
  return Buffer.from(AsnConvert.serialize(new TimeStampResp({ status })))
}
