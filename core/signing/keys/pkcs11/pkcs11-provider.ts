import type { Configuration } from '../../../../config/schema.js'
import { Fault } from '../../../i18n/fault.js'
import type { DriverFacts, KeyAlgorithm, KeyProvider, KeyReference, SignDigestRequest } from '../../key.js'
import type { TokenDescription, TokenKeyFound, TokenKeyQuery, TokenKeyWish } from './messages.js'
import { withholdPins } from './pin-source.js'
import { TokenHost } from './token-host.js'

/** A key of a token that was found or made; `publicKey` is DER SubjectPublicKeyInfo, `stored` finds it again. */
export interface TokenKey {
  readonly algorithm: KeyAlgorithm
  readonly publicKey: Buffer
  readonly certificates: readonly Buffer[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly stored: Readonly<Record<string, string>>
}

/** Bounds of the provider, times in milliseconds. */
export interface Pkcs11Options {
  /** One request, from asking to answer; a library that takes longer is ended. */
  readonly timeoutMs?: number
  /** Sessions on one token; each signs one digest at a time. */
  readonly sessions?: number
  /** Where tries of PINs are noted, so that no other process and no later one tries a wrong PIN again. */
  readonly triesFolder?: string
}

/** How much longer than a signature the making of a key may take. */
const generationPatience = 10

/**
 * Keys on USB tokens, PCI and network HSMs: the same provider with different module paths. Nothing of a library runs in
 * the host; each configured module has a process of its own.
 */
export class Pkcs11KeyProvider implements KeyProvider {
  readonly kind = 'pkcs11'
  private readonly hosts = new Map<string, TokenHost>()
  /** Tokens that sign messages and no digests. */
  private readonly hashing = new Set<string>()

  constructor(
    private readonly modules: Configuration['signing']['pkcs11'],
    private readonly logger: { warn(facts: object, message: string): void },
    private readonly options: Pkcs11Options = {},
  ) {
    withholdPins(modules)
  }

  /** Names of the configured modules. */
  moduleNames(): string[] {
    return this.modules.map(({ name }) => name)
  }

  /** Tokens of a module with their PIN flags. @throws Fault SIGN-MODULE-UNKNOWN and those of the token process */
  async tokens(module: string): Promise<TokenDescription[]> {
    return (await this.host(module).request({ operation: 'tokens' })) as TokenDescription[] // answered by token-process alone
  }

  /** @throws Fault SIGN-MODULE-UNKNOWN, SIGN-TOKEN-MISSING, SIGN-TOKEN-KEY-MISSING, SIGN-TOKEN-KEY-AMBIGUOUS, SIGN-PIN-WRONG, … */
  async findKey(wanted: TokenKeyQuery & { readonly module: string }): Promise<TokenKey> {
    const { tokenSerial, tokenLabel, keyLabel, keyId } = wanted
    const query = defined({ tokenSerial, tokenLabel, keyLabel, keyId })
    return tokenKey(wanted.module, (await this.host(wanted.module).request({ operation: 'find', query })) as TokenKeyFound) // answered by token-process alone
  }

  /** Usable keys of one token; logs in. @throws Fault those of findKey */
  async keysOf(wanted: { readonly module: string; readonly tokenSerial: string }): Promise<(TokenKey & { readonly label: string })[]> {
    const query = { tokenSerial: wanted.tokenSerial }
    const found = (await this.host(wanted.module).request({ operation: 'keys', query })) as TokenKeyFound[] // answered by token-process alone
    return found.map((one) => ({ ...tokenKey(wanted.module, one), label: one.keyLabel }))
  }

  /**
   * Makes a key pair on the token that cannot leave it. Large RSA keys take a USB token minutes.
   * @throws Fault SIGN-TOKEN-KEY-EXISTS and those of findKey
   */
  async generateKey(wanted: TokenKeyWish & { readonly module: string; readonly tokenSerial: string }): Promise<TokenKey> {
    const { module, tokenSerial, algorithm, label } = wanted
    const request = { operation: 'generate', query: { tokenSerial }, wish: { algorithm, label } } as const
    return tokenKey(module, (await this.host(module).request(request, generationPatience)) as TokenKeyFound) // answered by token-process alone
  }

  /** Writes a key's certificate on its token, for other programs that use it. @throws Fault SIGN-CERT-MISMATCH */
  async writeCertificate(stored: Readonly<Record<string, string>>, certificate: Uint8Array): Promise<void> {
    const { module, query } = placeOf(stored)
    await this.host(module).request({ operation: 'write-certificate', query, certificate })
  }

  /**
   * The token's raw signature. The whole message crosses only to tokens that hash by themselves. @throws Fault of the token
   * (SIGN-TOKEN-…, SIGN-PIN-…)
   */
  async signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const { module, query, token } = placeOf(reference.stored)
    const { scheme, digestAlgorithm, digest, message } = request
    const host = this.host(module)
    const work = { operation: 'sign', query, scheme, digestAlgorithm, digest } as const
    try {
      const whole = message !== undefined && this.hashing.has(token) ? { ...work, message } : work
      return Buffer.from((await host.request(whole)) as Uint8Array) // answered by token-process alone
    } catch (error) {
      // Most tokens sign a digest; the bytes cross only to those that said once that they hash by themselves.
      if (!(error instanceof Fault) || error.code !== 'SIGN-TOKEN-NEEDS-MESSAGE' || message === undefined) throw error
      this.hashing.add(token)
      return Buffer.from((await host.request({ ...work, message })) as Uint8Array)
    }
  }

  /** What the module says of itself (C_GetInfo). @throws Fault when it cannot be loaded */
  async driver(module: string): Promise<DriverFacts> {
    return (await this.host(module).request({ operation: 'driver' })) as DriverFacts // answered by token-process alone
  }

  /** Process number of a module's process, when it runs. */
  processOf(module: string): number | undefined {
    return this.hosts.get(module)?.pid
  }

  /** Ends the processes that hold the modules. */
  close(): Promise<void> {
    for (const host of this.hosts.values()) host.close()
    this.hosts.clear()
    return Promise.resolve()
  }

  private host(module: string): TokenHost {
    const known = this.hosts.get(module)
    if (known !== undefined) return known
    const configured = this.modules.find((one) => one.name === module)
    if (configured === undefined) throw new Fault('SIGN-MODULE-UNKNOWN', { params: { module } })
    const { library, pinFile, pinEnvironment } = configured
    const { triesFolder } = this.options
    const host = new TokenHost(
      {
        module,
        library,
        pinFile,
        pinEnvironment,
        sessions: this.options.sessions ?? 8,
        ...(triesFolder === undefined ? {} : { triesFolder }),
      },
      {
        timeoutMs: this.options.timeoutMs ?? 30_000,
        warn: (facts, message) => {
          this.logger.warn(facts, message)
        },
      },
    )
    this.hosts.set(module, host)
    return host
  }
}

function tokenKey(module: string, found: TokenKeyFound): TokenKey {
  return {
    algorithm: found.algorithm,
    publicKey: Buffer.from(found.publicKey),
    certificates: found.certificates.map((der) => Buffer.from(der)),
    attributes: found.attributes,
    stored: {
      module,
      tokenSerial: found.tokenSerial,
      keyId: found.keyId,
      ...(found.keyId === '' ? { keyLabel: found.keyLabel } : {}),
    },
  }
}

interface KeyPlace {
  readonly module: string
  readonly query: TokenKeyQuery
  /** Module and serial, which tell one token from another. */
  readonly token: string
}

/** Of keys that are open: read once for many signatures. */
const places = new WeakMap<Readonly<Record<string, string>>, KeyPlace>()

/** @throws Fault SIGN-KEY-UNREACHABLE */
function placeOf(stored: Readonly<Record<string, string>>): KeyPlace {
  const known = places.get(stored)
  if (known !== undefined) return known
  const { module, tokenSerial, keyId, keyLabel } = stored
  if (module === undefined) throw new Fault('SIGN-KEY-UNREACHABLE', { params: { key: keyId ?? '' }, status: 503 })
  const query = defined({ tokenSerial, keyId: keyId === '' ? undefined : keyId, keyLabel })
  const place = { module, query, token: `${module}|${tokenSerial ?? ''}` }
  places.set(stored, place)
  return place
}

/** Without the entries nobody gave. */
function defined(query: Readonly<Record<string, string | undefined>>): TokenKeyQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}
