import { Fault } from '../../../i18n/fault.js'
import type { Configuration } from '../../../../config/schema.js'
import type { KeyAlgorithm, KeyProvider, KeyReference, SignDigestRequest } from '../../key.js'

export interface TokenKeyQuery {
  readonly module: string
  readonly tokenSerial?: string
  readonly tokenLabel?: string
  readonly keyLabel?: string
  readonly keyId?: string
}

export interface TokenKey {
  readonly algorithm: KeyAlgorithm
  readonly publicKey: Buffer
  readonly certificates: readonly Buffer[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly stored: Readonly<Record<string, string>>
}

export class Pkcs11KeyProvider implements KeyProvider {
  readonly kind = 'pkcs11'
  constructor(
    private readonly modules: Configuration['signing']['pkcs11'],
    private readonly logger: { warn(facts: object, message: string): void },
  ) {}
  findKey(query: TokenKeyQuery): Promise<TokenKey> {
    this.logger.warn({ modules: this.modules.length }, 'pkcs11')
    return Promise.reject(new Fault('SIGN-MODULE-UNKNOWN', { params: { module: query.module } }))
  }
  signDigest(reference: KeyReference, _request: SignDigestRequest): Promise<Buffer> {
    return Promise.reject(new Fault('SIGN-KEY-UNREACHABLE', { params: { key: reference.keyId }, status: 503 }))
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}
