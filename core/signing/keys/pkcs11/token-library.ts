import { setTimeout as sleep } from 'node:timers/promises'
import type { Handle, PKCS11, TokenInfo } from 'pkcs11js'
import type { DriverFacts, KeyAlgorithm } from '../../key.js'
import type {
  ListedKey,
  ListedToken,
  TokenDescription,
  TokenKeyFound,
  TokenKeyQuery,
  TokenKeyWish,
  TokenProcessSettings,
} from './messages.js'
import { publicKeysOf } from './public-objects.js'
import { isLost, returnCode, TokenFault } from './token-fault.js'
import { describeToken, TokenLogin } from './token-login.js'
import { describeDriver } from './token-driver.js'
import { planSignature, runPlan, type SignWork } from './token-mechanisms.js'
import { TokenObjects } from './token-objects.js'
import { TokenSessions } from './token-sessions.js'

type Pkcs11js = typeof import('pkcs11js')

const alreadyInitialized = 0x191

interface OpenKey {
  readonly handle: Handle
  readonly algorithm: KeyAlgorithm
  readonly pinEachTime: boolean
}

interface OpenToken {
  readonly slot: Handle
  readonly info: TokenInfo
  readonly mechanisms: ReadonlySet<number>
  /** Never used to sign: while it is open the login lives (C_CloseAllSessions and the last C_CloseSession end it). */
  readonly anchor: Handle
  readonly objects: TokenObjects
  readonly sessions: TokenSessions
  readonly keys: Map<string, OpenKey>
}

/**
 * One PKCS#11 library in this process: tokens by serial or label, keys by CKA_ID or label, one operation per session at
 * a time. Handles and slot numbers never leave: they change when a token is pulled.
 */
export class TokenLibrary {
  private library: PKCS11 | undefined
  /** Of the library as it was loaded. */
  private driverFacts: DriverFacts | undefined
  /** By the query's own words, so that a signature does not walk the slots; emptied with every restart. */
  private readonly known = new Map<string, OpenToken>()
  private readonly tokens = new Map<string, OpenToken>()
  private active = 0
  private starting: Promise<void> | undefined
  private readonly login: TokenLogin

  constructor(
    private readonly pkcs11js: Pkcs11js,
    private readonly settings: TokenProcessSettings,
  ) {
    this.login = new TokenLogin(pkcs11js, settings)
  }

  /** What signs here, as evidence. */
  async driver(): Promise<DriverFacts> {
    await this.starting
    const library = this.loaded()
    this.driverFacts ??= describeDriver(library, this.settings.library)
    return this.driverFacts
  }

  /** Tokens that are plugged in now. A library that keeps an old list of readers is started anew while nothing signs. */
  async describe(): Promise<TokenDescription[]> {
    if (this.active === 0 && this.tokens.size === 0 && this.library !== undefined) await this.restart(this.library)
    const library = this.loaded()
    return library.C_GetSlotList(true).flatMap((slot) => {
      const info = tokenInfo(library, slot)
      if (info === undefined || (info.flags & this.pkcs11js.CKF_TOKEN_INITIALIZED) === 0) return []
      return [describeToken(info, slotName(library, slot))]
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
    const driver = await this.driver()
    return library.C_GetSlotList(true).flatMap((slot) => {
      const info = tokenInfo(library, slot)
      if (info === undefined || (info.flags & this.pkcs11js.CKF_TOKEN_INITIALIZED) === 0) return []
      const session = library.C_OpenSession(slot, this.pkcs11js.CKF_SERIAL_SESSION)
      try {
        const open = this.tokens.get(slot.toString('hex'))
        const keys = publicKeysOf(this.pkcs11js, library, session).map((key) => withProtection(key, open))
        return [{ token: { ...describeToken(info, slotName(library, slot)), driver }, unlocked: open !== undefined, keys }]
      } finally {
        library.C_CloseSession(session)
      }
    })
  }

  /** Logs in once with a PIN that a person gave. The token's flags after the try are in the answer or in the fault. */
  unlock(tokenSerial: string, pin: Uint8Array, finalTry: boolean): TokenDescription {
    return this.login.withPin(pin, finalTry, () => {
      const { slot } = this.openToken({ tokenSerial })
      const library = this.loaded()
      return describeToken(library.C_GetTokenInfo(slot), slotName(library, slot))
    })
  }

  /** Whether every session has work and more of it waits: an answer that is held for a moment keeps no session idle. */
  get hasQueue(): boolean {
    return [...this.tokens.values()].some(({ sessions }) => sessions.hasQueue)
  }

  /** The key that the query names, with its public key and certificates. @throws Fault of the token */
  find(query: TokenKeyQuery): Promise<TokenKeyFound> {
    return this.withRecovery(() => {
      const { objects } = this.openToken(query)
      return Promise.resolve(objects.describe(objects.privateKey(query)))
    })
  }

  /** All keys of one token. */
  keys(query: TokenKeyQuery): Promise<TokenKeyFound[]> {
    return this.withRecovery(() => Promise.resolve(this.openToken(query).objects.all()))
  }

  /** Makes a key pair inside the token, which it cannot leave. @throws Fault of the token */
  generate(query: TokenKeyQuery, wish: TokenKeyWish): Promise<TokenKeyFound> {
    return this.withRecovery(() => this.writing(query, (objects) => objects.generate(wish)))
  }

  /** Puts the certificate (DER) beside the key the query names. @throws Fault of the token */
  writeCertificate(query: TokenKeyQuery, certificate: Uint8Array): Promise<void> {
    return this.withRecovery(() =>
      this.writing(query, (objects) => {
        objects.writeCertificate(objects.describe(objects.privateKey(query)), Buffer.from(certificate))
        return Promise.resolve()
      }),
    )
  }

  /** The raw signature, in a session of its own of the token's. `pin` for a key that asks for it each time. @throws Fault of the token */
  sign(query: TokenKeyQuery, work: SignWork & { readonly pin?: Uint8Array }): Promise<Buffer> {
    return this.withRecovery(async () => {
      const token = this.openToken(query)
      const key = keyOf(token, query)
      const plan = planSignature(this.pkcs11js, token.mechanisms, key.algorithm, work)
      const session = await token.sessions.take()
      const library = this.loaded()
      try {
        const login = (): void => {
          this.login.toOperation(library, session, token.info)
        }
        const { pin } = work
        const authenticate = (): void => {
          if (pin === undefined) login()
          else this.login.withPin(pin, false, login)
        }
        const signature = await runPlan(library, session, key.handle, plan, key.pinEachTime ? authenticate : undefined)
        token.sessions.give(session)
        return signature
      } catch (error) {
        token.sessions.drop(session, isLost(error))
        throw error
      }
    })
  }

  /**
   * Runs once more after the library was started anew, if the token was pulled or sessions were lost. A wrong PIN is never
   * tried again: that fault is none of the ones that lead here.
   */
  private async withRecovery<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.starting !== undefined) await this.starting
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
      this.driverFacts = undefined
      this.tokens.clear()
      this.known.clear()
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
    const name = `${query.tokenSerial ?? ''}|${query.tokenLabel ?? ''}`
    const before = this.known.get(name)
    if (before !== undefined) return before
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
    const token = this.tokens.get(found.slot.toString('hex')) ?? this.logInto(library, found.slot, found.info)
    this.known.set(name, token)
    return token
  }

  private logInto(library: PKCS11, slot: Handle, info: TokenInfo): OpenToken {
    const anchor = library.C_OpenSession(slot, this.pkcs11js.CKF_SERIAL_SESSION)
    try {
      this.login.toToken(library, anchor, info)
    } catch (error) {
      library.C_CloseSession(anchor)
      throw error
    }
    const { module } = this.settings
    const mechanisms = new Set(library.C_GetMechanismList(slot))
    const objects = new TokenObjects(this.pkcs11js, { library, session: anchor, info, module })
    const token: OpenToken = { slot, info, mechanisms, anchor, objects, sessions: this.sessionsOf(slot, info), keys: new Map() }
    this.tokens.set(slot.toString('hex'), token)
    return token
  }

  /** A read-write session of its own for the one change; the login of the token holds in it. */
  private async writing<Result>(query: TokenKeyQuery, work: (objects: TokenObjects) => Promise<Result>): Promise<Result> {
    const token = this.openToken(query)
    const library = this.loaded()
    const session = library.C_OpenSession(token.slot, this.pkcs11js.CKF_SERIAL_SESSION | this.pkcs11js.CKF_RW_SESSION)
    try {
      return await work(new TokenObjects(this.pkcs11js, { library, session, info: token.info, module: this.settings.module }))
    } finally {
      token.keys.clear()
      library.C_CloseSession(session)
    }
  }

  private sessionsOf(slot: Handle, info: TokenInfo): TokenSessions {
    const most = info.maxSessionCount
    const limit = Math.min(this.settings.sessions, most > 1 && most < 0xffffffff ? most - 1 : this.settings.sessions)
    const open = (): Handle => this.loaded().C_OpenSession(slot, this.pkcs11js.CKF_SERIAL_SESSION)
    return new TokenSessions(limit, open, (session) => {
      this.loaded().C_CloseSession(session)
    })
  }
}

function keyOf(token: OpenToken, query: TokenKeyQuery): OpenKey {
  const name = `${query.keyId ?? ''}|${query.keyLabel ?? ''}`
  const known = token.keys.get(name)
  if (known !== undefined) return known
  const handle = token.objects.privateKey(query)
  const { algorithm } = token.objects.describe(handle)
  const key = { handle, algorithm, pinEachTime: token.objects.wantsPinEachTime(handle) }
  token.keys.set(name, key)
  return key
}

/** Private keys show themselves to a session that is logged in alone. */
function withProtection(key: ListedKey, open: OpenToken | undefined): ListedKey {
  if (open === undefined) return key
  try {
    return { ...key, protection: open.objects.protection(open.objects.privateKey({ keyId: key.keyId })) }
  } catch {
    // A certificate without its key, or two keys of one name: nothing is claimed.
    return key
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

function slotName(library: PKCS11, slot: Handle): string {
  try {
    return library.C_GetSlotInfo(slot).slotDescription.trim()
  } catch {
    return ''
  }
}
