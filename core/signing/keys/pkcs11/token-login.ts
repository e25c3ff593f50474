import { readFileSync } from 'node:fs'
import type { Handle, PKCS11, TokenInfo } from 'pkcs11js'
import type { TokenDescription, TokenProcessSettings } from './messages.js'
import { pinOfParent } from './pin-source.js'
import { PinTries } from './pin-tries.js'
import { returnCode, TokenFault } from './token-fault.js'

type Pkcs11js = typeof import('pkcs11js')

const alreadyLoggedIn = 0x100

const flags = {
  loginRequired: 0x4,
  pinInitialized: 0x8,
  protectedPath: 0x100,
  pinCountLow: 0x10000,
  pinFinalTry: 0x20000,
  pinLocked: 0x40000,
} as const

/** What a person must know of a token before a PIN is risked (CK_TOKEN_INFO, PKCS#11 3.1 section 3.2). */
export function describeToken(info: TokenInfo, slot: string): TokenDescription {
  const has = (flag: number): boolean => (info.flags & flag) !== 0
  return {
    label: info.label.trim(),
    serial: info.serialNumber.trim(),
    manufacturer: info.manufacturerID.trim(),
    model: info.model.trim(),
    loginRequired: has(flags.loginRequired),
    pinCountLow: has(flags.pinCountLow),
    pinFinalTry: has(flags.pinFinalTry),
    pinLocked: has(flags.pinLocked),
    pinInitialized: has(flags.pinInitialized),
    protectedPath: has(flags.protectedPath),
    firmware: `${info.firmwareVersion.major}.${info.firmwareVersion.minor}`,
    slot,
  }
}

/** Logs in to tokens with the configured PIN: one try, and none when the token says that tries are running out. */
export class TokenLogin {
  /** Serials of tokens that refused it; others may have the same PIN or not. */
  private readonly refused: Set<string>
  private readonly tries: PinTries
  /** While `withPin` runs, and no longer. */
  private given: { readonly pin: Uint8Array; readonly finalTry: boolean } | undefined
  private pin: string | undefined

  constructor(
    private readonly pkcs11js: Pkcs11js,
    private readonly settings: TokenProcessSettings,
  ) {
    this.refused = new Set(settings.refused)
    this.tries = new PinTries(settings.triesFolder, settings.pin)
  }

  /** @throws TokenFault SIGN-PIN-WRONG, SIGN-PIN-LOCKED, SIGN-PIN-FINAL-TRY, SIGN-PIN-MISSING, SIGN-PIN-NOT-SET */
  toToken(library: PKCS11, session: Handle, info: TokenInfo): void {
    if ((info.flags & flags.loginRequired) === 0) return
    const token = info.label.trim()
    this.requireNotRefused(info)
    if ((info.flags & flags.pinLocked) !== 0) throw new TokenFault('SIGN-PIN-LOCKED', { token })
    if ((info.flags & flags.pinInitialized) === 0) throw new TokenFault('SIGN-PIN-NOT-SET', { token })
    if ((info.flags & flags.pinFinalTry) !== 0 && this.given?.finalTry !== true) throw new TokenFault('SIGN-PIN-FINAL-TRY', { token })
    this.login(library, session, info, this.pkcs11js.CKU_USER)
  }

  /** Logins inside `work` use a PIN a person just gave; it is wiped afterwards. `finalTry`: the person knows that it is the last one. */
  withPin<Result>(pin: Uint8Array, finalTry: boolean, work: () => Result): Result {
    this.given = { pin, finalTry }
    // The person's PIN is another one than any that was refused.
    this.refused.clear()
    try {
      return work()
    } finally {
      this.given = undefined
      pin.fill(0)
    }
  }

  /** For one signature of a key that wants the PIN each time; the operation must be begun. */
  toOperation(library: PKCS11, session: Handle, info: TokenInfo): void {
    this.requireNotRefused(info)
    this.login(library, session, info, this.pkcs11js.CKU_CONTEXT_SPECIFIC)
  }

  private requireNotRefused(info: TokenInfo): void {
    const serial = info.serialNumber.trim()
    if (this.refused.has(serial)) throw new TokenFault('SIGN-PIN-WRONG', { token: info.label.trim(), serial })
  }

  private login(library: PKCS11, session: Handle, info: TokenInfo, user: number): void {
    const pin = this.read((info.flags & flags.protectedPath) !== 0)
    const [serial, token] = [info.serialNumber.trim(), info.label.trim()]
    // A person's own PIN is the person's affair; what the reader asks for itself is none of ours.
    const noted = pin !== undefined && this.given === undefined
    if (noted) this.tries.before(serial, token)
    try {
      // Without a PIN the reader asks the person on its own keys; the call lasts until it is typed. The binding cannot give
      // "no PIN" but only one of no length, which libraries with readers take for the same.
      library.C_Login(session, user, pin ?? '')
      if (noted) this.tries.after(serial, 'accepted')
    } catch (error) {
      const code = returnCode(error)
      const refused = code === 0xa0 || code === 0xa1 || code === 0xa2 || code === 0xa4
      if (noted) this.tries.after(serial, refused ? 'refused' : 'nothing')
      if (code === alreadyLoggedIn) return
      if (refused) {
        this.refused.add(serial)
        throw new TokenFault(code === 0xa4 ? 'SIGN-PIN-LOCKED' : 'SIGN-PIN-WRONG', { token, serial })
      }
      throw error
    }
  }

  private read(protectedPath: boolean): string | undefined {
    const { pin, module } = this.settings
    if (this.given !== undefined) return Buffer.from(this.given.pin).toString('utf8')
    if ((pin.from === 'nowhere' || pin.from === 'person') && protectedPath) return undefined
    const found = this.pin ?? this.readSource()
    if (found === undefined || found === '') throw new TokenFault('SIGN-PIN-MISSING', { module })
    // What came through the input comes once; a file or variable is read anew, since it may have changed.
    if (pin.from === 'input') this.pin = found
    return found
  }

  private readSource(): string | undefined {
    const { pin } = this.settings
    try {
      switch (pin.from) {
        case 'file':
          return readFileSync(pin.file, 'utf8').replace(/\r?\n$/, '')
        case 'host-environment':
          return pinOfParent(pin.name)
        case 'input':
          return readFileSync(0, 'utf8')
        case 'person':
        case 'nowhere':
          return undefined
      }
    } catch {
      return undefined
    }
  }
}
