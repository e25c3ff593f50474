import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PKCS11, Handle, TokenInfo } from 'pkcs11js'
import { readCertificate, type Certificate } from '../../../validation/certificate/certificate.js'
import { bitString, integer, nullValue, algorithmIdentifier, sequence, objectIdentifier } from '../../der.js'
import { digestInfoPrefixes, digestLengths, ecdsaFromRaw } from '../../../validation/ecdsa.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../../key.js'
import { algorithmOf } from '../software/key-material.js'
import type { ListedToken, TokenDescription, TokenKeyFound, TokenKeyQuery, TokenProcessSettings } from './messages.js'
import { publicKeysOf } from './public-objects.js'
import { isLost, returnCode, TokenFault } from './token-fault.js'

type Pkcs11js = typeof import('pkcs11js')

const flagLoginRequired = 0x4
const flagPinCountLow = 0x10000
const flagPinFinalTry = 0x20000
const flagPinLocked = 0x40000
const alreadyInitialized = 0x191
const alreadyLoggedIn = 0x100

interface OpenToken {
  readonly slot: Handle
  readonly info: TokenInfo
  /** Never used to sign: while it is open the login lives (C_CloseAllSessions and the last C_CloseSession end it). */
  readonly anchor: Handle
  readonly idle: Handle[]
  opened: number
  readonly waiting: ((session: Handle) => void)[]
  readonly keys: Map<string, Handle>
}

/**
 * One PKCS#11 library in this process: tokens by serial or label, keys by CKA_ID or label, one operation per session at
 * a time. Handles and slot numbers never leave: they change when a token is pulled.
 */
export class TokenLibrary {
  private library: PKCS11 | undefined
  private readonly tokens = new Map<string, OpenToken>()
  private active = 0
  private starting: Promise<void> | undefined
  private pinRefused = false
  /** While `unlock` runs, and no longer. */
  private given: { readonly pin: Uint8Array; readonly finalTry: boolean } | undefined

  constructor(
    private readonly pkcs11js: Pkcs11js,
    private readonly settings: TokenProcessSettings,
  ) {}

  describe(): TokenDescription[] {
    const library = this.loaded()
    return library.C_GetSlotList(true).flatMap((slot) => {
      try {
        return [describeToken(library.C_GetTokenInfo(slot))]
      } catch {
        return []
      }
    })
  }

  /**
   * Tokens with their public objects, without login. While nobody is logged in the library starts anew before: some show
   * a token that came back only then (measured on SoftHSM2).
   */
  async list(): Promise<ListedToken[]> {
    await this.starting
    const gone = [...this.tokens.values()].some(({ slot }) => this.library !== undefined && tokenInfo(this.library, slot) === undefined)
    if (this.tokens.size === 0 || gone) await this.restart(this.library)
    const library = this.loaded()
    return library.C_GetSlotList(true).flatMap((slot) => {
      const info = tokenInfo(library, slot)
      if (info === undefined || (info.flags & this.pkcs11js.CKF_TOKEN_INITIALIZED) === 0) return []
      const session = library.C_OpenSession(slot, this.pkcs11js.CKF_SERIAL_SESSION)
      try {
        const unlocked = this.tokens.has(slot.toString('hex'))
        return [{ token: describeToken(info), unlocked, keys: publicKeysOf(this.pkcs11js, library, session) }]
      } finally {
        library.C_CloseSession(session)
      }
    })
  }

  /** Logs in once with a PIN that a person gave. The token's flags after the try are in the answer or in the fault. */
  unlock(tokenSerial: string, pin: Uint8Array, finalTry: boolean): TokenDescription {
    this.given = { pin, finalTry }
    this.pinRefused = false
    try {
      const { slot } = this.openToken({ tokenSerial })
      return describeToken(this.loaded().C_GetTokenInfo(slot))
    } finally {
      this.given = undefined
      pin.fill(0)
    }
  }

  async find(query: TokenKeyQuery): Promise<TokenKeyFound> {
    return this.withRecovery(() => Promise.resolve(this.findNow(query)))
  }

  async sign(query: TokenKeyQuery, scheme: SignatureScheme, digestAlgorithm: DigestAlgorithm, digest: Uint8Array): Promise<Buffer> {
    return this.withRecovery(async () => {
      const token = this.openToken(query)
      const session = await this.takeSession(token)
      try {
        const key = this.keyHandle(token, query)
        const signature = await this.signOn(session, key, scheme, digestAlgorithm, digest)
        this.giveSession(token, session)
        return signature
      } catch (error) {
        this.dropSession(token, session, isLost(error))
        throw error
      }
    })
  }

  /**
   * Runs once more after the library was started anew, if the token was pulled or sessions were lost. A wrong PIN is never
   * tried again: that fault is none of the ones that lead here.
   */
  private async withRecovery<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.starting
    const generation = this.library
    this.active++
    try {
      return await work()
    } catch (error) {
      if (!isLost(error) && !(error instanceof TokenFault && error.code === 'SIGN-TOKEN-MISSING')) throw error
    } finally {
      this.active--
    }
    await this.restart(generation)
    this.active++
    try {
      return await work()
    } catch (error) {
      if (isLost(error)) throw new TokenFault('SIGN-TOKEN-MISSING', { token: '' })
      throw error
    } finally {
      this.active--
    }
  }

  /** C_Finalize and C_Initialize: measured to be the only cure after a token came back. Waits until nothing runs. */
  private async restart(generation: PKCS11 | undefined): Promise<void> {
    if (this.starting !== undefined) return this.starting
    if (this.library !== generation) return
    this.starting = (async () => {
      while (this.active > 0) await sleep(5)
      try {
        this.library?.C_Finalize()
      } catch {
        // A library that lost its token may refuse even this; it is loaded anew all the same.
      }
      this.library?.close()
      this.library = undefined
      this.tokens.clear()
    })()
    try {
      await this.starting
    } finally {
      this.starting = undefined
    }
  }

  private loaded(): PKCS11 {
    if (this.library !== undefined) return this.library
    const library = new this.pkcs11js.PKCS11()
    try {
      library.load(this.settings.library)
    } catch {
      throw new TokenFault('SIGN-MODULE-UNREADABLE', { module: this.settings.module, library: this.settings.library })
    }
    try {
      library.C_Initialize({ flags: this.pkcs11js.CKF_OS_LOCKING_OK })
    } catch (error) {
      if (returnCode(error) !== alreadyInitialized) throw error
    }
    this.library = library
    return library
  }

  private openToken(query: TokenKeyQuery): OpenToken {
    const library = this.loaded()
    const matching = library.C_GetSlotList(true).flatMap((slot) => {
      const info = tokenInfo(library, slot)
      if (info === undefined) return []
      const fits =
        (query.tokenSerial === undefined || info.serialNumber.trim() === query.tokenSerial) &&
        (query.tokenLabel === undefined || info.label.trim() === query.tokenLabel) &&
        (info.flags & this.pkcs11js.CKF_TOKEN_INITIALIZED) !== 0
      return fits ? [{ slot, info }] : []
    })
    const [found, second] = matching
    const wanted = query.tokenSerial ?? query.tokenLabel ?? ''
    if (found === undefined) throw new TokenFault('SIGN-TOKEN-MISSING', { token: wanted })
    if (second !== undefined) throw new TokenFault('SIGN-TOKEN-AMBIGUOUS', { token: wanted, count: matching.length })
    const known = this.tokens.get(found.slot.toString('hex'))
    if (known !== undefined) return known
    const anchor = library.C_OpenSession(found.slot, this.pkcs11js.CKF_SERIAL_SESSION)
    this.login(library, anchor, found.info)
    const token: OpenToken = { ...found, anchor, idle: [], opened: 0, waiting: [], keys: new Map() }
    this.tokens.set(found.slot.toString('hex'), token)
    return token
  }

  /** One try with the configured PIN, and none when the token says that tries are running out. */
  private login(library: PKCS11, session: Handle, info: TokenInfo): void {
    if ((info.flags & flagLoginRequired) === 0) return
    const token = info.label.trim()
    if (this.pinRefused) throw new TokenFault('SIGN-PIN-WRONG', { token })
    if ((info.flags & flagPinLocked) !== 0) throw new TokenFault('SIGN-PIN-LOCKED', { token })
    if ((info.flags & flagPinFinalTry) !== 0 && this.given?.finalTry !== true) throw new TokenFault('SIGN-PIN-FINAL-TRY', { token })
    const pin = this.readPin()
    try {
      library.C_Login(session, this.pkcs11js.CKU_USER, pin)
    } catch (error) {
      const code = returnCode(error)
      if (code === alreadyLoggedIn) return
      if (code === 0xa0 || code === 0xa1 || code === 0xa2 || code === 0xa4) {
        this.pinRefused = true
        library.C_CloseSession(session)
        throw new TokenFault(code === 0xa4 ? 'SIGN-PIN-LOCKED' : 'SIGN-PIN-WRONG', { token })
      }
      throw error
    }
  }

  private readPin(): string {
    if (this.given !== undefined) return Buffer.from(this.given.pin).toString('utf8')
    const { pinFile, pinEnvironment } = this.settings
    if (pinFile !== null) {
      try {
        return readFileSync(pinFile, 'utf8').replace(/\r?\n$/, '')
      } catch {
        throw new TokenFault('SIGN-PIN-MISSING', { module: this.settings.module })
      }
    }
    const pin = pinEnvironment === null ? undefined : process.env[pinEnvironment]
    if (pin === undefined || pin === '') throw new TokenFault('SIGN-PIN-MISSING', { module: this.settings.module })
    return pin
  }

  private findHandles(session: Handle, template: { type: number; value?: number | boolean | string | Buffer }[]): Handle[] {
    const library = this.loaded()
    library.C_FindObjectsInit(session, template)
    try {
      return library.C_FindObjects(session, 64)
    } finally {
      library.C_FindObjectsFinal(session)
    }
  }

  private keyHandle(token: OpenToken, query: TokenKeyQuery): Handle {
    const name = `${query.keyId ?? ''}|${query.keyLabel ?? ''}`
    const known = token.keys.get(name)
    if (known !== undefined) return known
    const { CKA_CLASS, CKO_PRIVATE_KEY, CKA_ID, CKA_LABEL } = this.pkcs11js
    const handles = this.findHandles(token.anchor, [
      { type: CKA_CLASS, value: CKO_PRIVATE_KEY },
      ...(query.keyId === undefined ? [] : [{ type: CKA_ID, value: Buffer.from(query.keyId, 'hex') }]),
      ...(query.keyLabel === undefined ? [] : [{ type: CKA_LABEL, value: query.keyLabel }]),
    ])
    const [handle, second] = handles
    const wanted = query.keyLabel ?? query.keyId ?? ''
    if (handle === undefined) throw new TokenFault('SIGN-TOKEN-KEY-MISSING', { token: token.info.label.trim(), key: wanted })
    if (second !== undefined)
      throw new TokenFault('SIGN-TOKEN-KEY-AMBIGUOUS', { token: token.info.label.trim(), key: wanted, count: handles.length })
    token.keys.set(name, handle)
    return handle
  }

  private takeSession(token: OpenToken): Promise<Handle> {
    const idle = token.idle.pop()
    if (idle !== undefined) return Promise.resolve(idle)
    const most = token.info.maxSessionCount
    const limit = Math.min(this.settings.sessions, most > 1 && most < 0xffffffff ? most - 1 : this.settings.sessions)
    if (token.opened < limit) {
      const session = this.loaded().C_OpenSession(token.slot, this.pkcs11js.CKF_SERIAL_SESSION)
      token.opened++
      return Promise.resolve(session)
    }
    return new Promise((resolve) => {
      token.waiting.push(resolve)
    })
  }

  private giveSession(token: OpenToken, session: Handle): void {
    const next = token.waiting.shift()
    if (next !== undefined) next(session)
    else token.idle.push(session)
  }

  /** After a fault an operation may still be open in the session: it is closed, not reused. Who waits gets a new one. */
  private dropSession(token: OpenToken, session: Handle, lost: boolean): void {
    token.opened--
    const next = token.waiting.shift()
    try {
      if (!lost) this.loaded().C_CloseSession(session)
      if (next === undefined) return
      const fresh = lost ? session : this.loaded().C_OpenSession(token.slot, this.pkcs11js.CKF_SERIAL_SESSION)
      token.opened++
      next(fresh)
    } catch {
      // The waiting one meets the lost session itself and goes through the restart.
      token.opened++
      next?.(session)
    }
  }

  private async signOn(
    session: Handle,
    key: Handle,
    scheme: SignatureScheme,
    digestAlgorithm: DigestAlgorithm,
    digest: Uint8Array,
  ): Promise<Buffer> {
    const library = this.loaded()
    const p = this.pkcs11js
    const out = Buffer.alloc(1024)
    if (scheme === 'ecdsa') {
      library.C_SignInit(session, { mechanism: p.CKM_ECDSA }, key)
      return ecdsaFromRaw(await library.C_SignAsync(session, Buffer.from(digest), out))
    }
    if (scheme === 'rsa-pkcs1') {
      library.C_SignInit(session, { mechanism: p.CKM_RSA_PKCS }, key)
      return library.C_SignAsync(session, Buffer.concat([digestInfoPrefixes[digestAlgorithm], digest]), out)
    }
    const hashes = {
      sha256: [p.CKM_SHA256, p.CKG_MGF1_SHA256],
      sha384: [p.CKM_SHA384, p.CKG_MGF1_SHA384],
      sha512: [p.CKM_SHA512, p.CKG_MGF1_SHA512],
    } as const
    const [hashAlg, mgf] = hashes[digestAlgorithm]
    const parameter = { type: p.CK_PARAMS_RSA_PSS, hashAlg, mgf, saltLen: digestLengths[digestAlgorithm] }
    library.C_SignInit(session, { mechanism: p.CKM_RSA_PKCS_PSS, parameter }, key)
    return library.C_SignAsync(session, Buffer.from(digest), out)
  }

  private findNow(query: TokenKeyQuery): TokenKeyFound {
    const p = this.pkcs11js
    const library = this.loaded()
    const token = this.openToken(query)
    const handle = this.keyHandle(token, query)
    const { anchor } = token
    const read = (object: Handle, type: number): Buffer | undefined => {
      try {
        const value = library.C_GetAttributeValue(anchor, object, [{ type }])[0]?.value
        return Buffer.isBuffer(value) ? value : undefined
      } catch {
        return undefined
      }
    }
    const truth = (type: number): boolean => read(handle, type)?.[0] === 1
    const identifier = read(handle, p.CKA_ID) ?? Buffer.alloc(0)
    const certificates = this.certificatesFor(anchor, identifier, read)
    const publicKey = this.publicKeyFor(anchor, handle, identifier, read) ?? certificates[0]?.spki
    if (publicKey === undefined) throw new TokenFault('SIGN-TOKEN-PUBLIC-KEY-MISSING', { token: token.info.label.trim() })
    const own = certificates.filter((certificate) => certificate.spki.equals(publicKey))
    return {
      algorithm: algorithmOrFault(publicKey),
      publicKey,
      certificates: own.length === 0 ? [] : certificates.map((certificate) => certificate.der),
      tokenSerial: token.info.serialNumber.trim(),
      tokenLabel: token.info.label.trim(),
      keyId: identifier.toString('hex'),
      keyLabel: read(handle, p.CKA_LABEL)?.toString('utf8') ?? '',
      attributes: {
        module: this.settings.module,
        tokenSerial: token.info.serialNumber.trim(),
        tokenLabel: token.info.label.trim(),
        tokenModel: token.info.model.trim(),
        tokenManufacturer: token.info.manufacturerID.trim(),
        sensitive: truth(p.CKA_SENSITIVE),
        alwaysSensitive: truth(p.CKA_ALWAYS_SENSITIVE),
        extractable: truth(p.CKA_EXTRACTABLE),
        neverExtractable: truth(p.CKA_NEVER_EXTRACTABLE),
        pinCountLow: (token.info.flags & flagPinCountLow) !== 0,
      },
    }
  }

  /** The certificate with the key's CKA_ID, then issuers found on the token by name. */
  private certificatesFor(session: Handle, identifier: Buffer, read: (object: Handle, type: number) => Buffer | undefined): Certificate[] {
    const p = this.pkcs11js
    const all = this.findHandles(session, [{ type: p.CKA_CLASS, value: p.CKO_CERTIFICATE }]).flatMap((object) => {
      const der = read(object, p.CKA_VALUE)
      try {
        return der === undefined ? [] : [{ identifier: read(object, p.CKA_ID), certificate: readCertificate(der) }]
      } catch {
        return []
      }
    })
    const own = all.find((one) => identifier.length > 0 && one.identifier?.equals(identifier) === true)?.certificate
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

  private publicKeyFor(
    session: Handle,
    handle: Handle,
    identifier: Buffer,
    read: (object: Handle, type: number) => Buffer | undefined,
  ): Buffer | undefined {
    const p = this.pkcs11js
    const modulus = read(handle, p.CKA_MODULUS)
    const exponent = read(handle, p.CKA_PUBLIC_EXPONENT)
    if (modulus !== undefined && exponent !== undefined && modulus.length > 0) {
      return sequence(algorithmIdentifier('1.2.840.113549.1.1.1', nullValue), bitString(sequence(integer(modulus), integer(exponent))))
    }
    const [publicObject] = this.findHandles(session, [
      { type: p.CKA_CLASS, value: p.CKO_PUBLIC_KEY },
      { type: p.CKA_ID, value: identifier },
    ])
    if (publicObject === undefined) return undefined
    const parameters = read(publicObject, p.CKA_EC_PARAMS)
    const point = read(publicObject, p.CKA_EC_POINT)
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

function tokenInfo(library: PKCS11, slot: Handle): TokenInfo | undefined {
  try {
    return library.C_GetTokenInfo(slot)
  } catch {
    // A slot whose token was just pulled still stands in the list.
    return undefined
  }
}

function describeToken(info: TokenInfo): TokenDescription {
  return {
    label: info.label.trim(),
    serial: info.serialNumber.trim(),
    manufacturer: info.manufacturerID.trim(),
    model: info.model.trim(),
    loginRequired: (info.flags & flagLoginRequired) !== 0,
    pinCountLow: (info.flags & flagPinCountLow) !== 0,
    pinFinalTry: (info.flags & flagPinFinalTry) !== 0,
    pinLocked: (info.flags & flagPinLocked) !== 0,
  }
}
