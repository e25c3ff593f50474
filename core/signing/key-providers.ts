import { join } from 'node:path'
import type { Configuration } from '../../config/schema.js'
import type { Audit } from '../audit/audit.js'
import type { Database } from '../db/database.js'
import type { KeyProvider, KeyProviderKind } from './key.js'
import { CscKeyProvider } from './keys/csc/csc-provider.js'
import { AgentKeyProvider } from './keys/agent/agent-provider.js'
import { Pkcs11KeyProvider } from './keys/pkcs11/pkcs11-provider.js'
import { SoftwareKeyProvider } from './keys/software/software-provider.js'

/** What the service writes to: the host's pino logger, or any of its shape. */
export interface SigningLogger {
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** What a provider may be made of. */
export interface ProviderParts {
  readonly database: Database
  readonly audit: Audit
  readonly config: Pick<Configuration, 'dataDir' | 'signing'>
  readonly now: () => Date
  readonly logger: SigningLogger
  /** Master keys that open software keys: one, or two while they change. Read anew at each call. */
  readonly masterKeys: () => readonly Buffer[]
}

/** Makes one source of keys. It does no work and opens nothing until a key is asked for. */
export type KeyProviderFactory = (parts: ProviderParts) => KeyProvider

/** Every source of keys this host knows, in the order they are shown. A further one is one more line here. */
const factories: readonly KeyProviderFactory[] = [
  ({ masterKeys }) => new SoftwareKeyProvider(masterKeys),
  ({ config, logger }) => new Pkcs11KeyProvider(config.signing.pkcs11, logger, { triesFolder: join(config.dataDir, 'pin-tries') }),
  (parts) => new AgentKeyProvider(parts),
  ({ config }) => new CscKeyProvider(config.signing.csc),
]

/** One provider of each kind. Nothing is opened yet: tokens, desks and services are when a key of theirs is used. */
export function createKeyProviders(parts: ProviderParts): ReadonlyMap<KeyProviderKind, KeyProvider> {
  return new Map(factories.map((factory) => factory(parts)).map((provider) => [provider.kind, provider]))
}
