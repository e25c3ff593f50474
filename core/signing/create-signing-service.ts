import { createHash, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import type { Configuration } from '../../config/schema.js'
import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import { digestLengths, verifyDigestSignature } from '../validation/ecdsa.js'
import { decideApproval, findApprovals, readApprovals, type KeyApproval } from './approvals.js'
import { ApprovedUse } from './approved-use.js'
import { defaultDigest, defaultScheme, schemeFits } from './algorithms.js'
import { buildCertificateRequest, encodeName, toPem } from './certificate-request.js'
import { issueCertificate } from './certificates/issue-certificate.js'
import { makeOneUseKey, type OneUseKey } from './certificates/one-use-key.js'
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
  type StoredKey,
} from './key-store.js'
import type { Key, KeyProvider, KeyProviderKind, KeyPurpose, KeyUse } from './key.js'
import { Pkcs11KeyProvider } from './keys/pkcs11/pkcs11-provider.js'
import { generateKeyMaterial, readKeyMaterial, type KeyMaterial } from './keys/software/key-material.js'
import { loadMasterKeys } from './keys/software/master-key.js'
import { wrappingKeyFor } from './keys/software/wrapping-key.js'
import { wrapKey } from './keys/software/wrapping.js'
import { createKeyProviders, type SigningLogger } from './key-providers.js'
import { KeyStates } from './key-state.js'
import { checkPolicy, needsApproval } from './policy.js'
import { DataProtection } from './protection/data-key.js'
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
    const signer = this.signerOf(stored, {}, [], () => Promise.resolve())
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
        this.parts.audit.record(transaction, context, { action: 'key.used', subject: subjectOf(key), facts: factsOf(one) })
    }
    // The log of a use commits before the first signature: a signature without its entry cannot come to be. What asks for
    // approval commits too, and is thrown after it. A use that was approved is logged where the approval is used up.
    const opened = await this.parts.database.company(context.companyId, async (transaction) => {
      const found = await readKey(transaction, keyId)
      checkPolicy(found.key, context, uses, options, this.parts.now())
      const approved = await this.approve(transaction, context, found.key, uses)
      if (approved instanceof Fault) return approved
      if (approved.length === 0) log(transaction, found.key)
      return { found, approved }
    })
    if (opened instanceof Fault) throw opened
    const { found, approved } = opened
    this.states.note(found.key)
    const { database, now } = this.parts
    const approvedUse =
      approved.length === 0
        ? undefined
        : new ApprovedUse(
            database,
            context.companyId,
            found.key.name,
            approved,
            uses.length,
            (transaction) => {
              log(transaction, found.key)
            },
            now,
          )
    return this.signerOf(found, options, uses, undefined, context.actor.name, approvedUse)
  }

  async openOneUse(...[context, authorityKeyId, subject, use]: Parameters<SigningService['openOneUse']>): Promise<OneUseKey> {
    const authority = await this.open(context, authorityKeyId, { ...use, purpose: 'issue-certificate' })
    const made = await makeOneUseKey(authority, subject)
    const facts = { ...factsOf(use), serial: made.serial, certificate: createHash('sha256').update(made.certificate).digest('hex') }
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

  /** @returns the approvals of the uses that need one, or why they may not go on, now that the question is asked or was answered with no */
  private async approve(
    transaction: CompanyTransaction,
    context: CompanyContext,
    key: Key,
    uses: readonly KeyUse[],
  ): Promise<Fault | readonly KeyApproval[]> {
    const wanting = uses.filter((use) => needsApproval(key, use))
    if (wanting.length === 0) return []
    const { approved, asked, waiting, refused } = await findApprovals(transaction, context, key, wanting, this.parts.now())
    for (const one of asked) {
      this.parts.audit.record(transaction, context, { action: 'key.approval-asked', subject: subjectOf(key), facts: approvalFacts(one) })
    }
    const { name } = key
    if (refused !== undefined) {
      const params = { name, id: refused.id, by: refused.decidedBy?.name ?? '', reason: refused.reason ?? '' }
      return new Fault('SIGN-APPROVAL-REFUSED', { params, status: 403 })
    }
    const [first] = waiting
    if (first === undefined) return approved
    const params = { name, id: first.id, group: key.access?.approval?.group ?? '', document: first.subject.label, count: waiting.length }
    return new Fault('SIGN-APPROVAL-NEEDED', { params, status: 409 })
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

  private signerOf(
    stored: StoredKey,
    options: OpenOptions,
    uses: readonly KeyUse[],
    requireUsable: (key: Key) => Promise<void> = (key) => this.states.require(key),
    askedBy?: string,
    approved?: ApprovedUse,
  ): Signer {
    const { key, reference } = stored
    const scheme = options.scheme ?? defaultScheme(key.algorithm)
    const digestAlgorithm = options.digestAlgorithm ?? defaultDigest(key.algorithm)
    if (!schemeFits(key.algorithm, scheme)) throw new Fault('SIGN-ALGORITHM-MISMATCH', { params: { algorithm: key.algorithm, scheme } })
    const provider = this.provider(key.provider)
    const until = Date.now() + openMilliseconds
    const make = async (shown: readonly KeyUse[], digest: Uint8Array, message?: Uint8Array): Promise<Buffer> => {
      await requireUsable(key)
      if (digest.length !== digestLengths[digestAlgorithm]) {
        throw new Fault('SIGN-DIGEST-LENGTH', { params: { digest: digestAlgorithm, length: digest.length } })
      }
      if (Date.now() > until) throw new Fault('SIGN-SIGNER-EXPIRED', { params: { name: key.name }, status: 409 })
      const signature = await provider.signDigest(reference, {
        scheme,
        digestAlgorithm,
        digest,
        uses: shown,
        ...(options.waits === undefined ? {} : { waits: options.waits }),
        ...(askedBy === undefined ? {} : { askedBy }),
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
      // A token or a person may have taken minutes: what was stopped meanwhile gives no signature.
      await requireUsable(key)
      return signature
    }
    const signerFor = (shown: readonly KeyUse[]): Signer => {
      const sign = (digest: Uint8Array, message?: Uint8Array): Promise<Buffer> =>
        approved === undefined ? make(shown, digest, message) : approved.release(() => make(shown, digest, message))
      return {
        algorithm: key.algorithm,
        scheme,
        digestAlgorithm,
        certificates: key.certificates,
        signDigest: (digest) => sign(digest),
        signMessage: (message) => sign(createHash(digestAlgorithm).update(message).digest(), message),
        forUse: (index) => {
          const use = shown[index]
          if (use === undefined) throw new RangeError(`use ${String(index)} of ${String(shown.length)}`)
          return signerFor([use])
        },
      }
    }
    return signerFor(uses)
  }
}

/** What the log tells of a use. */
function factsOf(use: KeyUse): Readonly<Record<string, unknown>> {
  const { purpose, subject, amount, documentHash } = use
  return {
    purpose,
    document: subject,
    ...(amount === undefined ? {} : { amount }),
    ...(documentHash === undefined ? {} : { documentHash }),
  }
}

function approvalFacts(approval: KeyApproval): Readonly<Record<string, unknown>> {
  const { id, purpose, subject, amount, documentHash, reason } = approval
  return { approval: id, purpose, document: subject, amount, documentHash, reason }
}

function requireActive(key: Key): void {
  if (key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
}

function checkNewPolicy({ purposes, limits, access }: Parameters<SigningService['setPolicy']>[3]): void {
  if (purposes?.length === 0) throw new Fault('SIGN-PURPOSE-MISSING', { path: 'purposes' })
  for (const [path, amount] of [
    ['amount', limits?.amount],
    ['approvalAbove', access?.approval?.above],
  ] as const) {
    if (amount === undefined) continue
    const fits = /^\d{1,15}(?:\.\d{1,4})?$/.test(amount.value) && /^[A-Z]{3}$/.test(amount.currency)
    if (!fits) throw new Fault('SIGN-POLICY-AMOUNT', { path, params: { amount: `${amount.value} ${amount.currency}` } })
  }
}

function subjectOf(key: Key): { type: string; id: string; label: string } {
  return { type: 'key', id: key.id, label: key.name }
}

/** The first certificate carries the key; each next one issued the one before, as far as names tell. */
function checkCertificates(key: Pick<Key, 'name' | 'publicKey'>, certificates: readonly Uint8Array[]): void {
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
