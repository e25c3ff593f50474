import { EventEmitter } from 'node:events'
import { Fault } from '../i18n/fault.js'
import type { DigestAlgorithm, SignatureScheme } from '../signing/key.js'
import type { KeyProtection, ListedKey, ListedToken, TokenDescription } from '../signing/keys/pkcs11/messages.js'
import { TokenHost } from '../signing/keys/pkcs11/token-host.js'
import type { DeskToken } from '../signing/keys/agent/protocol.js'
import type { TokenLibraryFile } from './token-libraries.js'

/** A token in this PC, with the library that shows it. */
export interface PresentToken extends ListedToken {
  readonly library: string
}

/** A key whose token is in a reader now. */
export interface PresentKey {
  readonly token: PresentToken
  readonly key: ListedKey
}

/** Which libraries are asked for tokens, and how. */
export interface TokensOptions {
  readonly libraries: readonly TokenLibraryFile[]
  /** A desk in a server room: the PIN is read from this file by the token's process alone. Null: a person gives it. */
  readonly pinFile: string | null
  readonly warn: (facts: object, message: string) => void
  /** How often tokens are looked for. Milliseconds. */
  readonly lookMs?: number
}

/** Tokens of this PC: looked for again and again, each library in a process of its own. Event `change`. */
export class Tokens {
  readonly bell = new EventEmitter()
  /** Libraries that could not be used, with the fault's code. */
  readonly failed = new Map<string, string>()
  private readonly hosts = new Map<string, TokenHost>()
  private seen: PresentToken[] = []
  /** What tokens told of their keys while they were unlocked, by token and key: a locked one tells nothing of them. */
  private readonly told = new Map<string, KeyProtection>()
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | undefined
  private closed = false

  constructor(private readonly options: TokensOptions) {
    for (const { name, file } of options.libraries) {
      const pins = { pinFile: options.pinFile, pinEnvironment: null, pinOnDemand: options.pinFile === null }
      const settings = { module: name, library: file, ...pins, sessions: 4 }
      this.hosts.set(name, new TokenHost(settings, { timeoutMs: 60_000, warn: options.warn }))
    }
  }

  /** Looks for tokens, and again every three seconds. */
  async start(): Promise<void> {
    await this.look()
    const next = (): void => {
      this.timer = setTimeout(() => {
        void this.look().finally(() => {
          if (!this.closed) next()
        })
      }, this.options.lookMs ?? 3_000)
    }
    next()
  }

  /** What the last look found. */
  get present(): readonly PresentToken[] {
    return this.seen
  }

  /** The key on whichever token holds it. Several tokens may carry the same key only when a maker copied it: the first serial named wins. */
  keyFor(publicKey: string, tokenSerial: string | null): PresentKey | undefined {
    const found = this.seen.flatMap((token) =>
      token.keys.filter((key) => Buffer.from(key.publicKey).toString('base64') === publicKey).map((key) => ({ token, key })),
    )
    return found.find(({ token }) => token.token.serial === tokenSerial) ?? found[0]
  }

  /** Looks now; a look that runs is shared. */
  look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  /**
   * One login with the PIN, which is overwritten with zeros in this process whatever comes of it. The token's process keeps
   * the login, not the PIN.
   * @throws Fault SIGN-PIN-WRONG, SIGN-PIN-LOCKED, SIGN-PIN-FINAL-TRY, SIGN-TOKEN-MISSING
   */
  async unlock(token: PresentToken, pin: Uint8Array, finalTry: boolean): Promise<TokenDescription> {
    try {
      const request = { operation: 'unlock', tokenSerial: token.token.serial, pin, finalTry } as const
      return (await this.host(token.library).request(request)) as TokenDescription // answered by token-process alone
    } finally {
      pin.fill(0)
      await this.look()
    }
  }

  /** The raw signature over a digest, made by the token. @throws Fault of the token when it is locked, gone or refuses */
  async sign(present: PresentKey, scheme: SignatureScheme, digestAlgorithm: DigestAlgorithm, digest: Uint8Array): Promise<Buffer> {
    const query = { tokenSerial: present.token.token.serial, keyId: present.key.keyId }
    const signature = await this.host(present.token.library).request({ operation: 'sign', query, scheme, digestAlgorithm, digest })
    return Buffer.from(signature as Uint8Array) // answered by token-process alone
  }

  /** Ends every login. */
  async lock(): Promise<void> {
    if (this.options.pinFile !== null) return
    // A look under way would end with the process and show no token at all.
    await this.looking
    for (const host of this.hosts.values()) host.endLogins()
    await this.look()
  }

  /** Processes of the libraries, for tests. */
  processes(): readonly number[] {
    return [...this.hosts.values()].flatMap((host) => (host.pid === undefined ? [] : [host.pid]))
  }

  /** Ends the look-out and the processes that hold the tokens' libraries. */
  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    for (const host of this.hosts.values()) host.close()
  }

  private host(library: string): TokenHost {
    const host = this.hosts.get(library)
    if (host === undefined) throw new Fault('SIGN-TOKEN-MISSING', { params: { token: '' }, status: 503 })
    return host
  }

  private remembered({ token }: ListedToken, key: ListedKey): ListedKey {
    const name = `${token.serial}|${key.keyId}|${Buffer.from(key.publicKey).toString('base64')}`
    if (key.protection !== undefined) this.told.set(name, key.protection)
    const protection = key.protection ?? this.told.get(name)
    return protection === undefined ? key : { ...key, protection }
  }

  private async lookNow(): Promise<void> {
    const before = JSON.stringify(this.seen.map(shape))
    const found: PresentToken[] = []
    for (const [library, host] of this.hosts) {
      if (this.closed) return
      try {
        const listed = (await host.request({ operation: 'list' })) as ListedToken[] // answered by token-process alone
        this.failed.delete(library)
        // The same token may be shown by two libraries that know it.
        for (const one of listed)
          if (!found.some(({ token }) => token.serial === one.token.serial && token.serial !== ''))
            found.push({ ...one, keys: one.keys.map((key) => this.remembered(one, key)), library })
      } catch (error) {
        this.failed.set(library, error instanceof Fault ? error.code : 'SIGN-PROVIDER-FAILED')
      }
    }
    this.seen = found
    if (before !== JSON.stringify(found.map(shape))) this.bell.emit('change')
  }
}

/** What makes a difference to who looks. */
function shape({ token, unlocked, keys, library }: PresentToken): unknown {
  return [
    token,
    unlocked,
    library,
    keys.map((key) => [key.keyId, Buffer.from(key.publicKey).toString('base64'), key.certificates.length, key.protection]),
  ]
}

/** A token as the host is told of it. */
export function deskTokenOf({ token, keys, library }: PresentToken): DeskToken {
  return {
    label: token.label.slice(0, 100),
    serial: token.serial.slice(0, 100),
    model: token.model.slice(0, 100),
    manufacturer: token.manufacturer.slice(0, 100),
    library,
    pinCountLow: token.pinCountLow,
    pinFinalTry: token.pinFinalTry,
    pinLocked: token.pinLocked,
    facts: {
      firmware: token.firmware.slice(0, 40),
      loginRequired: token.loginRequired,
      pinInitialized: token.pinInitialized,
      ...(typeof token.driver?.version === 'string' ? { driverVersion: token.driver.version.slice(0, 40) } : {}),
      ...(typeof token.driver?.sha256 === 'string' ? { driverSha256: token.driver.sha256 } : {}),
    },
    keys: keys.slice(0, 64).map((key) => ({
      keyId: key.keyId,
      label: key.label.slice(0, 200),
      algorithm: key.algorithm,
      publicKey: Buffer.from(key.publicKey).toString('base64'),
      certificates: key.certificates.slice(0, 8).map((der) => Buffer.from(der).toString('base64')),
      ...(key.protection === undefined ? {} : { protection: key.protection }),
    })),
  }
}
