import { createHash, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import type { Configuration } from '../../config/schema.js'
import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { decideApproval, readApprovals, type KeyApproval } from './approvals.js'
import { approveUses } from './approve-uses.js'
import { ApprovedUse } from './approved-use.js'
import { buildCertificateRequest, encodeName, toPem } from './certificate-request.js'
import { checkCertificates } from './check-certificates.js'
import { issueCertificate } from './certificates/issue-certificate.js'
import { makeOneUseKey, type OneUseKey } from './certificates/one-use-key.js'
import { approvalFacts, subjectOf, useFacts } from './key-events.js'
import {
  claimKey,
  insertKey,
  raiseVersion,
  readKey,
  readKeys,
  replaceCertificates,
  stopKeys,
  updatePolicy,
  wasStopped,
  type NewKeyRow,
} from './key-store.js'
import type { Key, KeyProvider, KeyProviderKind, KeyPurpose, KeyUse } from './key.js'
import { Pkcs11KeyProvider } from './keys/pkcs11/pkcs11-provider.js'
import { generateKeyMaterial, readKeyMaterial, type KeyMaterial } from './keys/software/key-material.js'
import { loadMasterKeys } from './keys/software/master-key.js'
import { wrappingKeyFor } from './keys/software/wrapping-key.js'
import { wrapKey } from './keys/software/wrapping.js'
import { createKeyProviders, type SigningLogger } from './key-providers.js'
import { KeyStates } from './key-state.js'
import { openSigner, type Opening } from './open-signer.js'
import { checkNewPolicy, checkPolicy } from './policy.js'
import { DataProtection } from './protection/data-key.js'
import type { Signer, SigningService } from './signing-service.js'

/** What the signing service rests on. */
export interface SigningParts {
  readonly database: Database
  readonly audit: Audit
  readonly config: Pick<Configuration, 'dataDir' | 'signing'>
  readonly now: () => Date
  readonly logger: SigningLogger
}

/** The signing service over every source of keys (key-providers.ts lists them). */
export function createSigningService(parts: SigningParts): SigningService {
  return new LocalSigningService(parts)
}

class LocalSigningService implements SigningService {
  private readonly providers: ReadonlyMap<KeyProviderKind, KeyProvider>
  private readonly states: KeyStates
  private readonly protection: DataProtection

  constructor(private readonly parts: SigningParts) {
    this.states = new KeyStates(parts.database)
    this.protection = new DataProtection(parts.database, parts.config, parts.now)
    this.providers = createKeyProviders({ ...parts, masterKeys: () => loadMasterKeys(parts.config) })
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
    requireActive(key)
    checkCertificates(key, certificates)
    await replaceCertificates(transaction, keyId, certificates)
    await raiseVersion(transaction, keyId)
    this.changed(transaction, keyId)
    const facts = { certificates: certificates.map((der) => createHash('sha256').update(der).digest('hex')) }
    this.parts.audit.record(transaction, context, { action: 'key.certificate-installed', subject: subjectOf(key), facts })
    return (await readKey(transaction, keyId)).key
  }

  async certificateRequest(...[transaction, context, keyId, subject]: Parameters<SigningService['certificateRequest']>): Promise<string> {
    const stored = await readKey(transaction, keyId)
    requireActive(stored.key)
    // The state was read in this very transaction; a key made in it no other connection could see yet.
    const signer = this.signerOf({ stored, options: {}, uses: [], requireUsable: () => undefined })
    const request = await buildCertificateRequest(signer, stored.key.publicKey, subject)
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
    requireActive(key)
    checkNewPolicy(policy)
    await updatePolicy(transaction, keyId, policy)
    const { purposes, limits, access } = policy
    const facts = { purposes, until: limits?.until?.toISOString(), amount: limits?.amount, access }
    this.parts.audit.record(transaction, context, { action: 'key.policy-changed', subject: subjectOf(key), facts })
    this.changed(transaction, keyId)
    return (await readKey(transaction, keyId)).key
  }

  async stopKey(...[transaction, context, keyId, reason]: Parameters<SigningService['stopKey']>): Promise<void> {
    const { key } = await readKey(transaction, keyId)
    // The same key registered twice is lost twice.
    const stopped = await stopKeys(transaction, key.publicKey, { reason, by: context.actor.name, at: this.parts.now() })
    for (const one of stopped) {
      this.parts.audit.record(transaction, context, { action: 'key.stopped', subject: { type: 'key', ...one }, facts: { reason } })
    }
    for (const { id } of stopped) for (const provider of this.providers.values()) await provider.stopping?.(transaction, id)
    // Signers that are open in this process end with the commit; those of other processes when they read the row again.
    transaction.afterCommit(() => {
      for (const { id } of stopped) {
        this.states.stop(id)
        for (const provider of this.providers.values()) provider.forget?.(id)
      }
    })
  }

  async open(...[context, keyId, use, options = {}]: Parameters<SigningService['open']>): Promise<Signer> {
    const uses: readonly KeyUse[] = 'purpose' in use ? [use] : use
    const log = (transaction: CompanyTransaction, key: Key): void => {
      for (const one of uses)
        this.parts.audit.record(transaction, context, { action: 'key.used', subject: subjectOf(key), facts: useFacts(one) })
    }
    // The log of a use commits before the first signature: a signature without its entry cannot come to be. What asks for
    // approval commits too, and is thrown after it. A use that was approved is logged where the approval is used up.
    const opened = await this.parts.database.company(context.companyId, async (transaction) => {
      const found = await readKey(transaction, keyId)
      checkPolicy(found.key, context, uses, options, this.parts.now())
      const approved = await approveUses(this.parts.audit, transaction, context, found.key, uses, this.parts.now())
      if (approved instanceof Fault) return approved
      if (approved.length === 0) log(transaction, found.key)
      return { found, approved }
    })
    if (opened instanceof Fault) throw opened
    const { found, approved } = opened
    this.states.note(found.key)
    const { database, now } = this.parts
    const useUp = (transaction: CompanyTransaction): void => {
      log(transaction, found.key)
    }
    const approvedUse = new ApprovedUse(database, context.companyId, found.key.name, approved, uses.length, useUp, now)
    return this.signerOf({
      stored: found,
      options,
      uses,
      askedBy: context.actor.name,
      ...(approved.length === 0 ? {} : { approved: approvedUse }),
    })
  }

  async openOneUse(...[context, authorityKeyId, subject, use]: Parameters<SigningService['openOneUse']>): Promise<OneUseKey> {
    const authority = await this.open(context, authorityKeyId, { ...use, purpose: 'issue-certificate' })
    const made = await makeOneUseKey(authority, subject)
    const facts = { ...useFacts(use), serial: made.serial, certificate: createHash('sha256').update(made.certificate).digest('hex') }
    await this.parts.database.company(context.companyId, async (transaction) => {
      const { key } = await readKey(transaction, authorityKeyId)
      this.parts.audit.record(transaction, context, { action: 'key.one-use-issued', subject: subjectOf(key), facts })
    })
    return made
  }

  async certifyAuthority(...[context, keyId, subject, years]: Parameters<SigningService['certifyAuthority']>): Promise<Key> {
    const { companyId } = context
    const { key } = await this.parts.database.company(companyId, (transaction) => readKey(transaction, keyId))
    if (key.certificates.length > 0) return key
    const [name] = subject.slice(-1)
    const use = { purpose: 'issue-certificate', subject: { type: 'key', id: keyId, label: name?.value ?? key.name } } as const
    const signer = await this.open(context, keyId, use, { withoutCertificate: true })
    // A day back: certificates of the first hour begin some minutes back.
    const notBefore = new Date(this.parts.now().getTime() - 86_400_000)
    const notAfter = new Date(notBefore)
    notAfter.setUTCFullYear(notAfter.getUTCFullYear() + years)
    const shape = { subject, publicKey: key.publicKey, notBefore, notAfter, keyUsage: ['keyCertSign', 'cRLSign'] } as const
    const issuer = { name: encodeName(subject), publicKey: key.publicKey, signer }
    const { der } = await issueCertificate(issuer, { ...shape, authority: { pathLength: 0 } })
    return this.parts.database.company(companyId, async (transaction) => {
      // Two may have made one at once: the first one stands.
      await transaction.knex('core_key').where({ company_id: companyId, id: keyId }).forUpdate().select('id')
      const now = (await readKey(transaction, keyId)).key
      return now.certificates.length > 0 ? now : this.installCertificates(transaction, context, keyId, [der])
    })
  }

  protect(...[{ companyId }, bytes, purpose]: Parameters<SigningService['protect']>): Promise<Buffer> {
    return this.protection.protect(companyId, bytes, purpose)
  }

  reveal(...[{ companyId }, bytes, purpose]: Parameters<SigningService['reveal']>): Promise<Buffer> {
    return this.protection.reveal(companyId, bytes, purpose)
  }

  async approvals(...[transaction, filter = {}]: Parameters<SigningService['approvals']>): Promise<KeyApproval[]> {
    return readApprovals(transaction, filter, this.parts.now())
  }

  async decideApproval(
    ...[transaction, context, approvalId, decision]: Parameters<SigningService['decideApproval']>
  ): Promise<KeyApproval> {
    const keyOf = async (id: string): Promise<Key> => (await readKey(transaction, id)).key
    const decided = await decideApproval(transaction, context, approvalId, decision, keyOf, this.parts.now())
    const key = await keyOf(decided.keyId)
    const action = decision.approved ? 'key.use-approved' : 'key.use-refused'
    this.parts.audit.record(transaction, context, { action, subject: subjectOf(key), facts: approvalFacts(decided) })
    return decided
  }

  /** Open signers of the key end when the change commits. */
  private changed(transaction: CompanyTransaction, keyId: string): void {
    transaction.afterCommit(() => {
      this.states.forget(keyId)
    })
  }

  async close(): Promise<void> {
    this.protection.close()
    for (const provider of this.providers.values()) await provider.close?.()
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
    const masterKey = await wrappingKeyFor(transaction, this.parts.config, this.parts.now())
    const wrapped = wrapKey(masterKey, transaction.companyId, id, pkcs8)
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
    if (await wasStopped(transaction, row.publicKey)) throw new Fault('SIGN-KEY-WAS-STOPPED', { params: { name: row.name }, status: 409 })
    if (certificates.length > 0) checkCertificates(row, certificates)
    if (!(await claimKey(transaction, row.publicKey))) throw new Fault('SIGN-KEY-ELSEWHERE', { params: { name: row.name }, status: 409 })
    await insertKey(transaction, row, this.parts.now())
    await replaceCertificates(transaction, row.id, certificates)
    const { key } = await readKey(transaction, row.id)
    const facts = { provider: row.provider, algorithm: row.algorithm, purposes: row.purposes }
    this.parts.audit.record(transaction, context, { action, subject: subjectOf(key), facts })
    return key
  }

  private signerOf(opening: Omit<Opening, 'provider' | 'requireUsable' | 'logger'> & Partial<Pick<Opening, 'requireUsable'>>): Signer {
    return openSigner({
      provider: this.provider(opening.stored.key.provider),
      requireUsable: (key) => (this.states.knows(key) ? undefined : this.states.require(key)),
      logger: this.parts.logger,
      ...opening,
    })
  }
}

function requireActive(key: Key): void {
  if (key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
}
