import { randomBytes, timingSafeEqual, createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { MessageImprint, TimeStampReq, TimeStampResp } from '@peculiar/asn1-tsp'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import type { KeyAlgorithm } from '../../../core/signing/key.js'
import { generateKeyMaterial, readKeyMaterial, type KeyMaterial } from '../../../core/signing/keys/software/key-material.js'
import { CscError } from '../../../core/signing/signer-process/csc-error.js'
import type { CscBackend, CscCaller, ServedCredential, SignOrder } from '../../../core/signing/signer-process/csc-protocol.js'
import { KeyRing } from '../../../core/signing/signer-process/key-ring.js'
import type { TimeStampAuthority } from '../tsa/time-stamp-authority.js'
import { arrayBufferOf } from '../ca/certificate.js'
import type { CertificateAuthorities } from '../ca/authority.js'
import { buildName } from '../ca/names.js'

/** The factors of the sandbox's people: known to everyone, worth nothing. */
export const sandboxPin = '246810'
export const sandboxOneTimePassword = '135791'

interface Shape {
  readonly id: string
  readonly description: string
  readonly algorithm: KeyAlgorithm
  readonly multisign: number
  readonly pin?: boolean
  readonly otp?: boolean
  readonly disabled?: boolean
  /** Answers ECDSA as r||s, as some services do. */
  readonly raw?: boolean
}

const shapes: readonly Shape[] = [
  { id: 'seal-p256', description: 'Seal of a company, P-256', algorithm: 'ec-p256', multisign: 100 },
  { id: 'seal-rsa', description: 'Seal of a company, RSA 2048', algorithm: 'rsa-2048', multisign: 100 },
  { id: 'seal-rsa-3072', description: 'Seal of a company, RSA 3072', algorithm: 'rsa-3072', multisign: 100 },
  { id: 'seal-p384', description: 'Seal of a company, P-384', algorithm: 'ec-p384', multisign: 100 },
  { id: 'seal-k256', description: 'Seal of a company, secp256k1', algorithm: 'ec-secp256k1', multisign: 100 },
  { id: 'seal-raw', description: 'Seal of a company, signatures as r||s', algorithm: 'ec-p256', multisign: 1, raw: true },
  { id: 'person-pin', description: 'A person, authorised by PIN', algorithm: 'ec-p256', multisign: 10, pin: true },
  {
    id: 'person-otp',
    description: 'A person, authorised by PIN and one-time password',
    algorithm: 'ec-p256',
    multisign: 1,
    pin: true,
    otp: true,
  },
  { id: 'disabled', description: 'A credential that was switched off', algorithm: 'ec-p256', multisign: 1, disabled: true },
]

interface Opened extends ServedCredential {
  readonly raw: boolean
}

/** PINs that may be wrong in a row before the credential is locked. */
const pinTries = 3
const tokenSeconds = 3600

/** A remote signing service of a qualified provider as its clients know it: OAuth 2 client credentials, PIN, one-time password. */
export class RemoteSigner implements CscBackend {
  readonly name = 'Khatm Sandbox Remote Signing'
  readonly region = 'BG'
  readonly description = 'Remote signatures for trials; nothing here has legal effect'
  readonly authType = ['oauth2client']
  /** Wrong PINs in a row, by credential. */
  readonly wrongPins = new Map<string, number>()
  private readonly ring = new KeyRing()
  private readonly tokens = new Map<string, number>()
  private opened: Promise<readonly Opened[]> | undefined

  constructor(
    private readonly folder: string,
    private readonly authorities: CertificateAuthorities,
    private readonly now: () => Date,
    readonly oauth2: string,
    private readonly timeStamps: TimeStampAuthority,
  ) {}

  /** The one client this service knows. The secret is made once and kept in the folder. */
  get client(): { readonly id: string; readonly secret: string } {
    const path = join(this.folder, 'csc-client')
    if (!existsSync(path)) {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 })
      writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o600 })
    }
    return { id: 'khatm', secret: readFileSync(path, 'utf8') }
  }

  /** OAuth 2 client credentials grant (RFC 6749 4.4). @throws CscError invalid_client */
  issueToken(id: string, secret: string): { access_token: string; token_type: string; expires_in: number } {
    const { client } = this
    const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
    const right = timingSafeEqual(hash(`${id}\n${secret}`), hash(`${client.id}\n${client.secret}`))
    if (!right) throw new CscError(401, 'invalid_client', 'Client authentication failed')
    const token = randomBytes(32).toString('base64url')
    this.tokens.set(token, this.now().getTime() + tokenSeconds * 1000)
    return { access_token: token, token_type: 'Bearer', expires_in: tokenSeconds }
  }

  /** @throws CscError invalid_token */
  callerOf(authorization: string | undefined): CscCaller {
    const token = /^Bearer ([\w-]{1,200})$/.exec(authorization ?? '')?.[1]
    const until = token === undefined ? undefined : this.tokens.get(token)
    if (until === undefined || until < this.now().getTime())
      throw new CscError(401, 'invalid_token', 'The access or refresh token is expired, revoked, malformed or invalid')
    return { name: this.client.id }
  }

  /** Ends every access token at once (tests). */
  revokeTokens(): void {
    this.tokens.clear()
  }

  credentials(): Promise<readonly Opened[]> {
    // Keys are made when somebody asks for the first time: most sandboxes never sign remotely.
    return (this.opened ??= Promise.all(shapes.map((shape) => this.open(shape))))
  }

  authorize(_caller: CscCaller, credential: ServedCredential, factors: { readonly pin?: string; readonly otp?: string }): Promise<void> {
    const wrong = this.wrongPins.get(credential.id) ?? 0
    if (credential.pin && wrong >= pinTries) throw new CscError(400, 'pin_locked', 'PIN locked')
    if (credential.pin && factors.pin !== sandboxPin) {
      this.wrongPins.set(credential.id, wrong + 1)
      throw new CscError(400, 'invalid_pin', 'The PIN is invalid')
    }
    this.wrongPins.delete(credential.id)
    if (credential.otp && factors.otp !== sandboxOneTimePassword) throw new CscError(400, 'invalid_otp', 'The OTP is invalid')
    return Promise.resolve()
  }

  async sign(_caller: CscCaller, credential: ServedCredential, order: SignOrder): Promise<readonly Buffer[]> {
    const signatures = await this.ring.sign(credential.id, order)
    const raw = shapes.find((shape) => shape.id === credential.id)?.raw === true
    return raw ? signatures.map(rawOfDer) : signatures
  }

  /** CSC 1.0.4.0 clause 11.10: the bare TimeStampToken. */
  timestamp(digest: Buffer, hashAlgo: string, nonce: string | undefined): Promise<Buffer> {
    const request = new TimeStampReq({
      messageImprint: new MessageImprint({
        hashAlgorithm: new AlgorithmIdentifier({ algorithm: hashAlgo }),
        hashedMessage: new OctetString(digest),
      }),
      certReq: true,
      ...(nonce === undefined ? {} : { nonce: arrayBufferOf(Buffer.from(nonce, 'hex')) }),
    })
    const answer = AsnConvert.parse(this.timeStamps.respond(Buffer.from(AsnConvert.serialize(request)), this.now()), TimeStampResp)
    if (answer.timeStampToken === undefined) throw new CscError(400, 'invalid_request', 'Invalid parameter hashAlgo')
    return Promise.resolve(Buffer.from(AsnConvert.serialize(answer.timeStampToken)))
  }

  reset(): void {
    this.wrongPins.clear()
    this.tokens.clear()
  }

  close(): Promise<void> {
    return this.ring.close()
  }

  private async open(shape: Shape): Promise<Opened> {
    const { material, certificates } = await this.loadOrMake(shape)
    this.ring.add(shape.id, material)
    const { id, description, algorithm, multisign } = shape
    return {
      id,
      description,
      algorithm,
      multisign,
      certificates,
      enabled: shape.disabled !== true,
      pin: shape.pin === true,
      otp: shape.otp === true,
      raw: shape.raw === true,
    }
  }

  private async loadOrMake(shape: Shape): Promise<{ material: KeyMaterial; certificates: Buffer[] }> {
    const path = join(this.folder, `csc-${shape.id}.json`)
    const issuers = this.authorities.issuersOf('issuing')
    if (existsSync(path)) {
      const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
      if (typeof kept === 'object' && kept !== null && 'key' in kept && 'certificate' in kept) {
        const material = readKeyMaterial(Buffer.from(String(kept.key)))
        return { material, certificates: [Buffer.from(String(kept.certificate), 'base64'), ...issuers] }
      }
      throw new Error(`${path} is damaged`)
    }
    const material = await generateKeyMaterial(shape.algorithm)
    const certificates = this.authorities.issue({
      authority: 'issuing',
      profile: shape.id.startsWith('person') ? 'person' : 'seal',
      subject: buildName({ C: 'BG', O: 'Khatm Sandbox', CN: shape.description }),
      spki: material.publicKey,
      days: 730,
    })
    const key = material.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    writeFileSync(`${path}.new`, JSON.stringify({ key, certificate: (certificates[0] ?? Buffer.alloc(0)).toString('base64') }), {
      mode: 0o600,
    })
    renameSync(`${path}.new`, path)
    return { material, certificates }
  }
}

/** DER Ecdsa-Sig-Value of P-256 to r||s, written here once more so that the product's own conversion is not its own judge. */
function rawOfDer(der: Buffer): Buffer {
  const numberAt = (at: number): Buffer => {
    const bytes = der.subarray(at + 2, at + 2 + der.readUInt8(at + 1))
    return Buffer.concat([Buffer.alloc(32), bytes]).subarray(-32)
  }
  return Buffer.concat([numberAt(2), numberAt(4 + der.readUInt8(3))])
}
