import type { Configuration } from '../../../../config/schema.js'
import { Fault } from '../../../i18n/fault.js'
import type { KeyAlgorithm, KeyProvider, KeyReference, SignDigestRequest } from '../../key.js'
import type { TokenDescription, TokenKeyFound, TokenKeyQuery } from './messages.js'
import { TokenHost } from './token-host.js'

export interface TokenKey {
  readonly algorithm: KeyAlgorithm
  readonly publicKey: Buffer
  readonly certificates: readonly Buffer[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly stored: Readonly<Record<string, string>>
}

export interface Pkcs11Options {
  /** One request, from asking to answer; a library that takes longer is ended. */
  readonly timeoutMs?: number
  /** Sessions on one token; each signs one digest at a time. */
  readonly sessions?: number
}

/**
 * Keys on USB tokens, PCI and network HSMs: the same provider with different module paths. Nothing of a library runs in
 * the host; each configured module has a process of its own.
 */
export class Pkcs11KeyProvider implements KeyProvider {
  readonly kind = 'pkcs11'
  private readonly hosts = new Map<string, TokenHost>()

  constructor(
    private readonly modules: Configuration['signing']['pkcs11'],
    private readonly logger: { warn(facts: object, message: string): void },
    private readonly options: Pkcs11Options = {},
  ) {}

  /** Tokens of a module with their PIN flags. @throws Fault SIGN-MODULE-UNKNOWN and those of the token process */
  async tokens(module: string): Promise<TokenDescription[]> {
    return (await this.host(module).request({ operation: 'tokens' })) as TokenDescription[] // answered by token-process alone
  }

  /** @throws Fault SIGN-MODULE-UNKNOWN, SIGN-TOKEN-MISSING, SIGN-TOKEN-KEY-MISSING, SIGN-TOKEN-KEY-AMBIGUOUS, SIGN-PIN-WRONG, … */
  async findKey(wanted: TokenKeyQuery & { readonly module: string }): Promise<TokenKey> {
    const { tokenSerial, tokenLabel, keyLabel, keyId } = wanted
    const query = defined({ tokenSerial, tokenLabel, keyLabel, keyId })
    const found = (await this.host(wanted.module).request({ operation: 'find', query })) as TokenKeyFound // answered by token-process alone
    return {
      algorithm: found.algorithm,
      publicKey: Buffer.from(found.publicKey),
      certificates: found.certificates.map((der) => Buffer.from(der)),
      attributes: found.attributes,
      stored: {
        module: wanted.module,
        tokenSerial: found.tokenSerial,
        keyId: found.keyId,
        ...(found.keyId === '' ? { keyLabel: found.keyLabel } : {}),
      },
    }
  }

  async signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const { module, tokenSerial, keyId, keyLabel } = reference.stored
    if (module === undefined) throw new Fault('SIGN-KEY-UNREACHABLE', { params: { key: reference.keyId }, status: 503 })
    const query = defined({ tokenSerial, keyId: keyId === '' ? undefined : keyId, keyLabel })
    const { scheme, digestAlgorithm, digest } = request
    const signature = await this.host(module).request({ operation: 'sign', query, scheme, digestAlgorithm, digest })
    return Buffer.from(signature as Uint8Array) // answered by token-process alone
  }

  /** Process number of a module's process, when it runs. */
  processOf(module: string): number | undefined {
    return this.hosts.get(module)?.pid
  }

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
    const settings = { module, library, pinFile, pinEnvironment, sessions: this.options.sessions ?? 8 }
    const host = new TokenHost(settings, {
      timeoutMs: this.options.timeoutMs ?? 30_000,
      warn: (facts, message) => {
        this.logger.warn(facts, message)
      },
    })
    this.hosts.set(module, host)
    return host
  }
}

/** Without the entries nobody gave. */
function defined(query: Readonly<Record<string, string | undefined>>): TokenKeyQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}
