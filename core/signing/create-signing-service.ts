import { createHash, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import type { Configuration } from '../../config/schema.js'
import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import { verifyDigestSignature } from '../validation/ecdsa.js'
import { defaultDigest, defaultScheme, schemeFits } from './algorithms.js'
import { buildCertificateRequest, toPem } from './certificate-request.js'
import { insertKey, readKey, readKeys, replaceCertificates, type NewKeyRow, type StoredKey } from './key-store.js'
import type { Key, KeyProvider, KeyProviderKind, KeyPurpose, KeyUse } from './key.js'
import { Pkcs11KeyProvider } from './keys/pkcs11/pkcs11-provider.js'
import { generateKeyMaterial, readKeyMaterial, type KeyMaterial } from './keys/software/key-material.js'
import { loadMasterKey, wrapKey } from './keys/software/wrapping.js'
import { createKeyProviders, type SigningLogger } from './key-providers.js'
import { checkPolicy } from './policy.js'
import type { OpenOptions, Signer, SigningService } from './signing-service.js'

export interface SigningParts {
  readonly database: Database
  readonly audit: Audit
  readonly config: Pick<Configuration, 'dataDir' | 'signing'>
  readonly now: () => Date
  readonly logger: SigningLogger
}

/** An opened key serves this long; a batch that takes longer opens again, and so meets the policy again. */
const openMilliseconds = 10 * 60_000

/** The signing service over every source of keys (key-providers.ts lists them). */
export function createSigningService(parts: SigningParts): SigningService {
  return new LocalSigningService(parts)
}

class LocalSigningService implements SigningService {
  private masterKeyLoaded: Buffer | undefined
  private readonly providers: ReadonlyMap<KeyProviderKind, KeyProvider>
  /** Keys stopped while signers of them are open in this process. */
  private readonly stopped = new Set<string>()

  constructor(private readonly parts: SigningParts) {
    this.providers = createKeyProviders({ ...parts, masterKey: () => this.masterKey() })
  }

  async generateKey(...[transaction, context, key]: Parameters<SigningService['generateKey']>): Promise<Key> {
    const made = await generateKeyMaterial(key.algorithm)
    return this.storeSoftwareKey(transaction, context, key, made, 'key.generated')
  }

  async importKey(...[transaction, context, key]: Parameters<SigningService['importKey']>): Promise<Key> {
    return this.storeSoftwareKey(transaction, context, key, readKeyMaterial(key.bytes, key.password), 'key.imported')
  }

  async adoptTokenKey(...[transaction, context, key]: Parameters<SigningService['adoptTokenKey']>): Promise<Key> {
    const pkcs11 = this.provider('pkcs11')
    if (!(pkcs11 instanceof Pkcs11KeyProvider)) throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: 'pkcs11' }, status: 503 })
    const found = await pkcs11.findKey(key)
    return this.adoptKey(transaction, context, { ...found, name: key.name, purposes: key.purposes, provider: 'pkcs11' })
  }

  async adoptKey(...[transaction, context, key]: Parameters<SigningService['adoptKey']>): Promise<Key> {
    const { certificates, ...facts } = key
    return this.store(transaction, context, { id: randomUUID(), ...facts }, certificates, 'key.adopted')
  }

  provider(kind: KeyProviderKind): KeyProvider {
    const provider = this.providers.get(kind)
    if (provider === undefined) throw new Fault('SIGN-PROVIDER-UNKNOWN', { params: { provider: kind }, status: 503 })
    return provider
  }

  async installCertificates(
    ...[transaction, context, keyId, certificates]: Parameters<SigningService['installCertificates']>
  ): Promise<Key> {
    const { key } = await readKey(transaction, keyId)
    checkCertificates(key, certificates)
    await replaceCertificates(transaction, keyId, certificates)
    const facts = { certificates: certificates.map((der) => createHash('sha256').update(der).digest('hex')) }
    this.parts.audit.record(transaction, context, { action: 'key.certificate-installed', subject: subjectOf(key), facts })
    return (await readKey(transaction, keyId)).key
  }

  async certificateRequest(...[transaction, context, keyId, subject]: Parameters<SigningService['certificateRequest']>): Promise<string> {
    const stored = await readKey(transaction, keyId)
    if (stored.key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name: stored.key.name }, status: 409 })
    const request = await buildCertificateRequest(this.signerOf(stored, {}), stored.key.publicKey, subject)
    this.parts.audit.record(transaction, context, { action: 'key.certificate-requested', subject: subjectOf(stored.key) })
    return toPem('CERTIFICATE REQUEST', request)
  }

  async keys(transaction: CompanyTransaction): Promise<Key[]> {
    return (await readKeys(transaction)).map((stored) => stored.key)
  }

  async key(transaction: CompanyTransaction, keyId: string): Promise<Key> {
    return (await readKey(transaction, keyId)).key
  }

  async setPolicy(...[transaction, context, keyId, policy]: Parameters<SigningService['setPolicy']>): Promise<Key> {
    const { key } = await readKey(transaction, keyId)
    const { purposes, limits } = policy
    await transaction
      .knex('core_key')
      .where({ company_id: transaction.companyId, id: keyId })
      .update({
        ...(purposes === undefined ? {} : { purposes: [...purposes] }),
        ...(limits === undefined
          ? {}
          : {
              valid_until: limits.until ?? null,
              amount_limit: limits.amount?.value ?? null,
              amount_currency: limits.amount?.currency ?? null,
            }),
      })
    const facts = { purposes, until: limits?.until?.toISOString(), amount: limits?.amount }
    this.parts.audit.record(transaction, context, { action: 'key.policy-changed', subject: subjectOf(key), facts })
    return (await readKey(transaction, keyId)).key
  }

  async stopKey(...[transaction, context, keyId, reason]: Parameters<SigningService['stopKey']>): Promise<void> {
    const { key } = await readKey(transaction, keyId)
    await transaction
      .knex('core_key')
      .where({ company_id: transaction.companyId, id: keyId })
      .update({ state: 'stopped', stopped_reason: reason, stopped_at: this.parts.now() })
    this.parts.audit.record(transaction, context, { action: 'key.stopped', subject: subjectOf(key), facts: { reason } })
    // Signers that are open in this process end with the commit too.
    transaction.afterCommit(() => {
      this.stopped.add(keyId)
      for (const provider of this.providers.values()) provider.forget?.(keyId)
    })
  }

  async open(...[context, keyId, use, options = {}]: Parameters<SigningService['open']>): Promise<Signer> {
    const uses: readonly KeyUse[] = 'purpose' in use ? [use] : use
    // The log of a use commits before the first signature: a signature without its entry cannot come to be.
    const stored = await this.parts.database.company(context.companyId, async (transaction) => {
      const found = await readKey(transaction, keyId)
      checkPolicy(found.key, uses, options, this.parts.now())
      for (const one of uses) {
        const facts = { purpose: one.purpose, document: one.subject, ...(one.amount === undefined ? {} : { amount: one.amount }) }
        this.parts.audit.record(transaction, context, { action: 'key.used', subject: subjectOf(found.key), facts })
      }
      return found
    })
    return this.signerOf(stored, options, uses)
  }

  async close(): Promise<void> {
    for (const provider of this.providers.values()) await provider.close?.()
  }

  private masterKey(): Buffer {
    return (this.masterKeyLoaded ??= loadMasterKey(this.parts.config))
  }

  private async storeSoftwareKey(
    transaction: CompanyTransaction,
    context: CompanyContext,
    key: { readonly name: string; readonly purposes: readonly KeyPurpose[] },
    made: KeyMaterial,
    action: string,
  ): Promise<Key> {
    const id = randomUUID()
    const pkcs8 = made.privateKey.export({ format: 'der', type: 'pkcs8' })
    const wrapped = wrapKey(this.masterKey(), transaction.companyId, id, pkcs8)
    pkcs8.fill(0)
    const row: NewKeyRow = {
      id,
      name: key.name,
      provider: 'software',
      algorithm: made.algorithm,
      publicKey: made.publicKey,
      purposes: key.purposes,
      attributes: { wrapped: 'AES-256-GCM' },
      stored: { wrapped },
    }
    return this.store(transaction, context, row, made.certificates, action)
  }

  private async store(
    transaction: CompanyTransaction,
    context: CompanyContext,
    row: NewKeyRow,
    certificates: readonly Buffer[],
    action: string,
  ): Promise<Key> {
    if (row.name.trim() === '') throw new Fault('SIGN-KEY-NAME-MISSING', { path: 'name' })
    if (row.purposes.length === 0) throw new Fault('SIGN-PURPOSE-MISSING', { path: 'purposes' })
    await insertKey(transaction, row, this.parts.now())
    await replaceCertificates(transaction, row.id, certificates)
    const { key } = await readKey(transaction, row.id)
    const facts = { provider: row.provider, algorithm: row.algorithm, purposes: row.purposes }
    this.parts.audit.record(transaction, context, { action, subject: subjectOf(key), facts })
    return key
  }

  private signerOf(stored: StoredKey, options: OpenOptions, uses: readonly KeyUse[] = []): Signer {
    const { key, reference } = stored
    const scheme = options.scheme ?? defaultScheme(key.algorithm)
    const digestAlgorithm = options.digestAlgorithm ?? defaultDigest(key.algorithm)
    if (!schemeFits(key.algorithm, scheme)) throw new Fault('SIGN-ALGORITHM-MISMATCH', { params: { algorithm: key.algorithm, scheme } })
    const provider = this.provider(key.provider)
    const until = Date.now() + openMilliseconds
    const sign = async (digest: Uint8Array, message?: Uint8Array): Promise<Buffer> => {
      if (this.stopped.has(key.id)) throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
      if (Date.now() > until) throw new Fault('SIGN-SIGNER-EXPIRED', { params: { name: key.name }, status: 409 })
      const signature = await provider.signDigest(reference, {
        scheme,
        digestAlgorithm,
        digest,
        uses,
        ...(message === undefined ? {} : { message }),
      })
      const check = {
        publicKeySpki: key.publicKey,
        scheme,
        digestAlgorithm,
        digest,
        signature,
        ...(message === undefined ? {} : { message }),
      }
      if (!verifyDigestSignature(check)) {
        this.parts.logger.error({ key: key.id, provider: key.provider }, 'a key provider returned a signature that does not verify')
        throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: key.name }, status: 502 })
      }
      return signature
    }
    return {
      algorithm: key.algorithm,
      scheme,
      digestAlgorithm,
      certificates: key.certificates,
      signDigest: (digest) => sign(digest),
      signMessage: (message) => sign(createHash(digestAlgorithm).update(message).digest(), message),
    }
  }
}

function subjectOf(key: Key): { type: string; id: string; label: string } {
  return { type: 'key', id: key.id, label: key.name }
}

/** The first certificate carries the key; each next one issued the one before, as far as names tell. */
function checkCertificates(key: Key, certificates: readonly Uint8Array[]): void {
  const [own] = certificates
  if (own === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: key.name } })
  for (const [index, der] of certificates.entries()) {
    try {
      readCertificate(der)
    } catch (error) {
      throw new Fault('SIGN-CERT-UNREADABLE', { path: `certificates[${index}]`, cause: error })
    }
  }
  if (!readCertificate(own).spki.equals(key.publicKey)) throw new Fault('SIGN-CERT-MISMATCH', { params: { name: key.name } })
}
