import { createHash, randomBytes } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  BasicOCSPResponse,
  CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  KeyHash,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
  type CertID,
} from '@peculiar/asn1-ocsp'
import { AlgorithmIdentifier, Certificate, CRLReason, SubjectPublicKeyInfo } from '@peculiar/asn1-x509'
import { ocspNoCheck } from './authority.js'
import type { AuthorityName, CertificateAuthorities } from './authority.js'
import { arrayBufferOf, ecdsaWithSha256, keyIdentifier, rawExtension, signWith, wholeSecond } from './certificate.js'
import { reasonCodes } from './crl.js'
import { buildName } from './names.js'

const answering: readonly AuthorityName[] = ['root', 'issuing', 'saudi', 'egypt', 'stranger']
const digests: Readonly<Record<string, string>> = { '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' }

/** Wrong answers a client must see through. `stale` ended yesterday, `wrong-signer` is signed by a responder of another authority. */
export const ocspFaults = ['wrong-nonce', 'status-unknown', 'status-revoked', 'stale', 'wrong-signer'] as const
export type OcspFault = (typeof ocspFaults)[number]

const day = 86_400_000

/** OCSP responder (RFC 6960): delegated, one responder certificate with id-pkix-ocsp-nocheck per authority. */
export class OcspResponder {
  constructor(private readonly authorities: CertificateAuthorities) {}

  /** @returns DER OCSPResponse; a request it cannot read is answered `malformedRequest`, one about several issuers `unauthorized` */
  respond(body: Uint8Array, now: Date, fault?: OcspFault): Buffer {
    let request: OCSPRequest
    try {
      request = AsnConvert.parse(body, OCSPRequest)
    } catch {
      return refuse(OCSPResponseStatus.malformedRequest)
    }
    const asked = request.tbsRequest.requestList.map((single) => single.reqCert)
    const issuers = new Set(asked.map((id) => this.issuerOf(id)))
    const [issuer] = issuers
    if (asked.length === 0 || issuers.size !== 1 || issuer === undefined || issuer === null) return refuse(OCSPResponseStatus.unauthorized)

    const responder = this.responderOf(fault === 'wrong-signer' ? 'stranger' : issuer)
    const asWas = request.tbsRequest.requestExtensions?.find((one) => one.extnID === id_pkix_ocsp_nonce)
    const nonce =
      fault === 'wrong-nonce' ? rawExtension(id_pkix_ocsp_nonce, Buffer.concat([Buffer.from([0x04, 0x10]), randomBytes(16)])) : asWas
    const at = fault === 'stale' ? new Date(now.getTime() - 2 * day) : now
    const data = new ResponseData({
      responderID: new ResponderID({ byKey: new KeyHash(keyIdentifier(responder.key.spki)) }),
      producedAt: wholeSecond(at),
      responses: asked.map(
        (certID) =>
          new SingleResponse({
            certID,
            certStatus: this.statusOf(issuer, Buffer.from(certID.serialNumber).toString('hex'), at, fault),
            thisUpdate: wholeSecond(at),
            nextUpdate: wholeSecond(new Date(at.getTime() + 3_600_000)),
          }),
      ),
      ...(nonce === undefined ? {} : { responseExtensions: [nonce] }),
    })
    const toSign = Buffer.from(AsnConvert.serialize(data))
    const basic = new BasicOCSPResponse({
      tbsResponseData: data,
      signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 }),
      signature: arrayBufferOf(signWith(responder.key, toSign)),
      certs: [AsnConvert.parse(responder.chain[0] ?? Buffer.alloc(0), Certificate)],
    })
    const response = new OCSPResponse({
      responseStatus: OCSPResponseStatus.successful,
      responseBytes: new ResponseBytes({ responseType: id_pkix_ocsp_basic, response: new OctetString(AsnConvert.serialize(basic)) }),
    })
    return Buffer.from(AsnConvert.serialize(response))
  }

  private responderOf(authority: AuthorityName): ReturnType<CertificateAuthorities['service']> {
    return this.authorities.service(`ocsp-${authority}`, {
      authority,
      profile: 'ocsp',
      curve: 'prime256v1',
      subject: buildName({ C: 'SA', O: 'Khatm Sandbox', CN: `OCSP responder of ${authority}` }),
      further: [ocspNoCheck()],
    })
  }

  private statusOf(issuer: AuthorityName, serial: string, now: Date, fault: OcspFault | undefined): CertStatus {
    if (fault === 'status-unknown') return new CertStatus({ unknown: null })
    if (fault === 'status-revoked') {
      const revocationTime = wholeSecond(new Date(now.getTime() - day))
      return new CertStatus({ revoked: new RevokedInfo({ revocationTime, revocationReason: new CRLReason(reasonCodes.keyCompromise) }) })
    }
    const revocation = this.authorities.revocation(serial)
    if (this.authorities.issued(serial)?.authority !== issuer) return new CertStatus({ unknown: null })
    if (revocation === undefined) return new CertStatus({ good: null })
    return new CertStatus({
      revoked: new RevokedInfo({
        revocationTime: wholeSecond(revocation.at),
        ...(revocation.reason === 'unspecified' ? {} : { revocationReason: new CRLReason(reasonCodes[revocation.reason]) }),
      }),
    })
  }

  private issuerOf(id: CertID): AuthorityName | null {
    const digest = digests[id.hashAlgorithm.algorithm]
    if (digest === undefined) return null
    const hash = (bytes: Uint8Array): Buffer => createHash(digest).update(bytes).digest()
    const found = answering.find((authority) => {
      const info = AsnConvert.parse(this.authorities.key(authority).spki, SubjectPublicKeyInfo)
      const name = Buffer.from(AsnConvert.serialize(this.authorities.name(authority)))
      return (
        hash(name).equals(Buffer.from(id.issuerNameHash.buffer)) &&
        hash(Buffer.from(info.subjectPublicKey)).equals(Buffer.from(id.issuerKeyHash.buffer))
      )
    })
    return found ?? null
  }
}

function refuse(responseStatus: OCSPResponseStatus): Buffer {
  return Buffer.from(AsnConvert.serialize(new OCSPResponse({ responseStatus })))
}
