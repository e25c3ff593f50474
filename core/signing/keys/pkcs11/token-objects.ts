import { createPublicKey, randomBytes } from 'node:crypto'
import type { Handle, PKCS11, Template, TokenInfo } from 'pkcs11js'
import { readCertificate, type Certificate } from '../../../validation/certificate/certificate.js'
import { algorithmIdentifier, bitString, element, integer, nullValue, objectIdentifier, sequence } from '../../der.js'
import type { KeyAlgorithm } from '../../key.js'
import { algorithmOf } from '../software/key-material.js'
import { certificateInUse } from './certificate-in-use.js'
import type { KeyProtection, TokenKeyFound, TokenKeyQuery, TokenKeyWish } from './messages.js'
import { TokenFault } from './token-fault.js'

type Pkcs11js = typeof import('pkcs11js')

/** One token with a session that is logged in. */
export interface TokenAccess {
  readonly library: PKCS11
  readonly session: Handle
  readonly info: TokenInfo
  readonly module: string
}

const curves: Partial<Record<KeyAlgorithm, string>> = {
  'ec-p256': '1.2.840.10045.3.1.7',
  'ec-p384': '1.3.132.0.34',
  'ec-secp256k1': '1.3.132.0.10',
}

/** Keys and certificates of a token, as objects of PKCS#11 (3.1 section 4). */
export class TokenObjects {
  constructor(
    private readonly p: Pkcs11js,
    private readonly token: TokenAccess,
  ) {}

  /** @throws TokenFault SIGN-TOKEN-KEY-MISSING, SIGN-TOKEN-KEY-AMBIGUOUS */
  privateKey(query: TokenKeyQuery): Handle {
    const handles = this.find([
      { type: this.p.CKA_CLASS, value: this.p.CKO_PRIVATE_KEY },
      ...(query.keyId === undefined ? [] : [{ type: this.p.CKA_ID, value: Buffer.from(query.keyId, 'hex') }]),
      ...(query.keyLabel === undefined ? [] : [{ type: this.p.CKA_LABEL, value: query.keyLabel }]),
    ])
    const [handle, second] = handles
    const params = { token: this.token.info.label.trim(), key: query.keyLabel ?? query.keyId ?? '' }
    if (handle === undefined) throw new TokenFault('SIGN-TOKEN-KEY-MISSING', params)
    if (second !== undefined) throw new TokenFault('SIGN-TOKEN-KEY-AMBIGUOUS', { ...params, count: handles.length })
    return handle
  }

  /** Every private key a product of ours can use; others are left out. */
  all(): TokenKeyFound[] {
    return this.find([{ type: this.p.CKA_CLASS, value: this.p.CKO_PRIVATE_KEY }]).flatMap((handle) => {
      try {
        return [this.describe(handle)]
      } catch (error) {
        if (error instanceof TokenFault) return []
        throw error
      }
    })
  }

  /** @throws TokenFault SIGN-TOKEN-PUBLIC-KEY-MISSING, SIGN-KEY-UNSUPPORTED */
  describe(handle: Handle): TokenKeyFound {
    const { p } = this
    const { info, module } = this.token
    const identifier = this.read(handle, p.CKA_ID) ?? Buffer.alloc(0)
    const label = this.read(handle, p.CKA_LABEL)?.toString('utf8') ?? ''
    const known = this.publicKey(handle, identifier, label)
    const certificates = this.certificatesOf(identifier, label, known)
    const publicKey = known ?? certificates[0]?.spki
    if (publicKey === undefined) throw new TokenFault('SIGN-TOKEN-PUBLIC-KEY-MISSING', { token: info.label.trim() })
    return {
      algorithm: algorithmOrFault(publicKey),
      publicKey,
      certificates: certificates.map((certificate) => certificate.der),
      tokenSerial: info.serialNumber.trim(),
      tokenLabel: info.label.trim(),
      keyId: identifier.toString('hex'),
      keyLabel: label,
      attributes: {
        module,
        tokenSerial: info.serialNumber.trim(),
        tokenLabel: info.label.trim(),
        tokenModel: info.model.trim(),
        tokenManufacturer: info.manufacturerID.trim(),
        firmware: `${info.firmwareVersion.major}.${info.firmwareVersion.minor}`,
        keyLabel: label,
        ...this.protection(handle),
        loginRequired: (info.flags & p.CKF_LOGIN_REQUIRED) !== 0,
        pinInitialized: (info.flags & p.CKF_USER_PIN_INITIALIZED) !== 0,
      },
    }
  }

  /** What the token says of how the key is kept. An attribute it does not tell is none it has. */
  protection(handle: Handle): KeyProtection {
    const { p } = this
    const truth = (type: number): boolean => this.read(handle, type)?.[0] === 1
    return {
      onToken: truth(p.CKA_TOKEN),
      sensitive: truth(p.CKA_SENSITIVE),
      alwaysSensitive: truth(p.CKA_ALWAYS_SENSITIVE),
      extractable: truth(p.CKA_EXTRACTABLE),
      neverExtractable: truth(p.CKA_NEVER_EXTRACTABLE),
      madeOnToken: truth(p.CKA_LOCAL),
      pinEachTime: truth(p.CKA_ALWAYS_AUTHENTICATE),
    }
  }

  /** Whether the key wants the PIN for each signature. */
  wantsPinEachTime(handle: Handle): boolean {
    return this.read(handle, this.p.CKA_ALWAYS_AUTHENTICATE)?.[0] === 1
  }

  /**
   * Makes a key pair that cannot leave the token. The session must be read-write.
   * @throws TokenFault SIGN-TOKEN-KEY-EXISTS
   */
  async generate(wish: TokenKeyWish): Promise<TokenKeyFound> {
    const { p } = this
    const taken = this.find([
      { type: p.CKA_CLASS, value: p.CKO_PRIVATE_KEY },
      { type: p.CKA_LABEL, value: wish.label },
    ])
    if (taken.length > 0) throw new TokenFault('SIGN-TOKEN-KEY-EXISTS', { key: wish.label, token: this.token.info.label.trim() })
    const identifier = randomBytes(8)
    const curve = curves[wish.algorithm]
    const shared: Template = [
      { type: p.CKA_TOKEN, value: true },
      { type: p.CKA_ID, value: identifier },
      { type: p.CKA_LABEL, value: wish.label },
    ]
    const publicTemplate: Template = [
      ...shared,
      { type: p.CKA_VERIFY, value: true },
      ...(curve === undefined
        ? [
            { type: p.CKA_MODULUS_BITS, value: Number(wish.algorithm.slice(4)) },
            { type: p.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
          ]
        : [{ type: p.CKA_EC_PARAMS, value: objectIdentifier(curve) }]),
    ]
    const privateTemplate: Template = [
      ...shared,
      { type: p.CKA_PRIVATE, value: true },
      { type: p.CKA_SENSITIVE, value: true },
      { type: p.CKA_EXTRACTABLE, value: false },
      { type: p.CKA_SIGN, value: true },
    ]
    const mechanism = { mechanism: curve === undefined ? p.CKM_RSA_PKCS_KEY_PAIR_GEN : p.CKM_EC_KEY_PAIR_GEN }
    const pair = await this.token.library.C_GenerateKeyPairAsync(this.token.session, mechanism, publicTemplate, privateTemplate)
    return this.describe(pair.privateKey)
  }

  /**
   * Writes the key's certificate beside it, under the same CKA_ID, for other programs that use the token. One that is there stays.
   * @throws TokenFault SIGN-CERT-MISMATCH
   */
  writeCertificate(key: TokenKeyFound, der: Buffer): void {
    const { p } = this
    const certificate = readCertificate(der)
    if (!certificate.spki.equals(Buffer.from(key.publicKey))) throw new TokenFault('SIGN-CERT-MISMATCH', { name: key.keyLabel })
    if (this.certificates().some((one) => one.certificate.der.equals(der))) return
    this.token.library.C_CreateObject(this.token.session, [
      { type: p.CKA_CLASS, value: p.CKO_CERTIFICATE },
      { type: p.CKA_CERTIFICATE_TYPE, value: p.CKC_X_509 },
      { type: p.CKA_TOKEN, value: true },
      { type: p.CKA_PRIVATE, value: false },
      { type: p.CKA_ID, value: Buffer.from(key.keyId, 'hex') },
      { type: p.CKA_LABEL, value: key.keyLabel },
      { type: p.CKA_SUBJECT, value: certificate.subjectDer },
      { type: p.CKA_ISSUER, value: certificate.issuerDer },
      { type: p.CKA_SERIAL_NUMBER, value: element(0x02, certificate.serialBytes) },
      { type: p.CKA_VALUE, value: der },
    ])
  }

  private find(template: Template): Handle[] {
    const { library, session } = this.token
    library.C_FindObjectsInit(session, template)
    try {
      return library.C_FindObjects(session, 64)
    } finally {
      library.C_FindObjectsFinal(session)
    }
  }

  private read(object: Handle, type: number): Buffer | undefined {
    try {
      const value = this.token.library.C_GetAttributeValue(this.token.session, object, [{ type }])[0]?.value
      return Buffer.isBuffer(value) ? value : undefined
    } catch {
      // Attributes a token does not know, or does not show, are told by an error each.
      return undefined
    }
  }

  private certificates(): { identifier: Buffer | undefined; label: string; certificate: Certificate }[] {
    const { p } = this
    return this.find([{ type: p.CKA_CLASS, value: p.CKO_CERTIFICATE }]).flatMap((object) => {
      const der = this.read(object, p.CKA_VALUE)
      if (der === undefined) return []
      try {
        const certificate = readCertificate(der)
        return [{ identifier: this.read(object, p.CKA_ID), label: this.read(object, p.CKA_LABEL)?.toString('utf8') ?? '', certificate }]
      } catch {
        return []
      }
    })
  }

  /**
   * The key's certificate, then issuers found on the token by name. Certificate and key share a CKA_ID by convention; tokens
   * written by other tools may share the label alone. Either way the public key must be the same.
   */
  private certificatesOf(identifier: Buffer, label: string, publicKey: Buffer | undefined): Certificate[] {
    const all = this.certificates()
    const candidates = [
      ...all.filter((one) => identifier.length > 0 && one.identifier?.equals(identifier) === true),
      ...all.filter((one) => label !== '' && one.label === label),
      ...(publicKey === undefined ? [] : all),
    ].filter((one) => publicKey === undefined || one.certificate.spki.equals(publicKey))
    const own = certificateInUse(
      candidates.map(({ certificate }) => certificate),
      new Date(),
    )
    if (own === undefined) return []
    const chain = [own]
    for (let last = own; last.issuerKey !== last.subjectKey && chain.length < 8;) {
      const issuer = all.find((one) => one.certificate.subjectKey === last.issuerKey && !chain.includes(one.certificate))?.certificate
      if (issuer === undefined) break
      chain.push(issuer)
      last = issuer
    }
    return chain
  }

  private publicKey(handle: Handle, identifier: Buffer, label: string): Buffer | undefined {
    const { p } = this
    const modulus = this.read(handle, p.CKA_MODULUS)
    const exponent = this.read(handle, p.CKA_PUBLIC_EXPONENT)
    if (modulus !== undefined && exponent !== undefined && modulus.length > 0) {
      return sequence(algorithmIdentifier('1.2.840.113549.1.1.1', nullValue), bitString(sequence(integer(modulus), integer(exponent))))
    }
    const publicClass = { type: p.CKA_CLASS, value: p.CKO_PUBLIC_KEY }
    const [publicObject] =
      identifier.length > 0
        ? this.find([publicClass, { type: p.CKA_ID, value: identifier }])
        : this.find([publicClass, { type: p.CKA_LABEL, value: label }])
    if (publicObject === undefined) return undefined
    const parameters = this.read(publicObject, p.CKA_EC_PARAMS)
    const point = this.read(publicObject, p.CKA_EC_POINT)
    if (parameters === undefined || point === undefined) return undefined
    // CKA_EC_POINT is the point inside an OCTET STRING; some libraries leave that wrapper out. Points of our curves have
    // 65 or 97 bytes, wrapped ones two more.
    const bare = point.length === 65 || point.length === 97
    const wrapped = bare ? point : point.subarray(2)
    return sequence(sequence(objectIdentifier('1.2.840.10045.2.1'), parameters), bitString(wrapped))
  }
}

function algorithmOrFault(publicKey: Buffer): KeyAlgorithm {
  try {
    return algorithmOf(createPublicKey({ key: publicKey, format: 'der', type: 'spki' }))
  } catch {
    throw new TokenFault('SIGN-KEY-UNSUPPORTED', { type: 'token' })
  }
}
