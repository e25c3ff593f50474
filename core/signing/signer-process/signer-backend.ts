import { createHash, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { readCertificate, readCertificateFile } from '../../validation/certificate/certificate.js'
import { Pkcs11KeyProvider, type TokenKey } from '../keys/pkcs11/pkcs11-provider.js'
import { algorithmOf, readKeyMaterial } from '../keys/software/key-material.js'
import { CscError } from './csc-error.js'
import type { CscBackend, CscCaller, ServedCredential, SignOrder } from './csc-protocol.js'
import { KeyRing } from './key-ring.js'
import { RateLimit } from './rate-limit.js'
import { readSecretFile, readSignerFile, type SignerConfiguration, type SignerCredentialConfiguration } from './signer-configuration.js'
import type { StoppedCredentials } from './stopped-credentials.js'
import type { UseEntry } from './use-log.js'

/** What the signer writes to: pino, or any of its shape. */
export interface SignerLogger {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

interface Held {
  readonly configuration: SignerCredentialConfiguration
  readonly served: Omit<ServedCredential, 'enabled'>
  readonly limit: RateLimit
  /** SHA-256 of the PIN a client must send. */
  readonly pin: Buffer | undefined
  wrongPins: number
  /** Where a token keeps the key; found at the first use, and again after it was missing. */
  found: Promise<TokenKey> | undefined
}

/** Wrong PINs of clients in a row, after which a credential waits for the operator (reload). */
const pinTries = 3

/** The keys of `khatm signer` and the rules about them. One is made for each reading of the configuration. */
export class SignerBackend implements CscBackend {
  readonly name: string
  readonly region: string
  readonly description = 'Signing process of Khatm'
  readonly authType: readonly string[]
  private readonly held = new Map<string, Held>()
  private readonly clientLimits: ReadonlyMap<string, RateLimit>
  private readonly ring = new KeyRing()
  private readonly tokens: Pkcs11KeyProvider

  /** @throws Fault SIGNER-FILE-MISSING, SIGNER-FILE-EXPOSED, SIGNER-CERT-MISMATCH, SIGN-IMPORT-…, SIGN-CERT-UNREADABLE */
  constructor(
    configuration: SignerConfiguration,
    private readonly stopped: StoppedCredentials,
    private readonly log: (entry: UseEntry) => Promise<void>,
    private readonly logger: SignerLogger,
  ) {
    this.name = configuration.name
    this.region = configuration.region
    this.authType = configuration.tls === undefined ? ['external'] : ['TLS']
    this.tokens = new Pkcs11KeyProvider(configuration.pkcs11, logger, { triesFolder: join(configuration.stateFolder, 'pin-tries') })
    this.clientLimits = new Map(configuration.clients.map((client) => [client.name, new RateLimit(client.maxPerMinute)]))
    for (const one of configuration.credentials) this.held.set(one.id, this.load(one))
  }

  /** The credentials this caller may use; stopped ones are shown as disabled. */
  credentials(caller: CscCaller): Promise<readonly ServedCredential[]> {
    return Promise.resolve(
      [...this.held.values()]
        .filter((one) => one.configuration.clients.includes(caller.name))
        .map((one) => ({ ...one.served, enabled: this.stopped.get(one.served.id) === undefined })),
    )
  }

  /**
   * Allows `count` signatures, or refuses: by purpose (403), by the limits of a minute (429), by PIN. Refusals are logged. @throws
   * CscError
   */
  async authorize(
    caller: CscCaller,
    credential: ServedCredential,
    factors: { readonly pin?: string },
    count: number,
    clientData: string,
  ): Promise<void> {
    const held = this.get(credential.id)
    const { purposes } = held.configuration
    if (purposes !== undefined) {
      const named = /^purpose=([\w -]{1,500})$/.exec(clientData)?.[1]?.split(' ') ?? []
      if (named.length === 0 || named.some((purpose) => !purposes.includes(purpose)))
        throw await this.refuse(
          caller,
          credential,
          new CscError(403, 'access_denied', 'The purpose is not allowed for this credential'),
          clientData,
        )
    }
    for (const limit of [this.clientLimits.get(caller.name), held.limit]) {
      const seconds = limit?.take(count) ?? 0
      if (seconds > 0) throw new CscError(429, 'too_many_requests', 'Too many signatures in a minute', seconds)
    }
    if (held.pin === undefined) return
    if (held.wrongPins >= pinTries) throw new CscError(400, 'pin_locked', 'PIN locked')
    if (
      !timingSafeEqual(
        held.pin,
        createHash('sha256')
          .update(factors.pin ?? '')
          .digest(),
      )
    ) {
      held.wrongPins++
      throw await this.refuse(caller, credential, new CscError(400, 'invalid_pin', 'The PIN is invalid'), clientData)
    }
    held.wrongPins = 0
  }

  /** A signature per hash, in order, each logged before it is made; a log that cannot be written stops the signing. @throws CscError */
  async sign(caller: CscCaller, credential: ServedCredential, order: SignOrder): Promise<readonly Buffer[]> {
    const held = this.get(credential.id)
    const { scheme, digestAlgorithm, hashes, clientData } = order
    const use = {
      client: caller.name,
      credential: credential.id,
      scheme,
      digest: digestAlgorithm,
      hashes: hashes.map((hash) => hash.toString('hex')),
      ...(clientData === '' ? {} : { for: clientData.slice(0, 200) }),
    }
    await this.log({ event: 'signing', ...use })
    // Stopped while the entry was written: the report wins.
    if (this.stopped.get(credential.id) !== undefined) throw new CscError(400, 'invalid_request', 'The credential is disabled')
    try {
      if (held.configuration.key.kind === 'file') return await this.ring.sign(credential.id, order)
      const { stored } = await this.tokenKey(held)
      const reference = { keyId: credential.id, companyId: 'signer', algorithm: credential.algorithm, stored }
      return await Promise.all(hashes.map((digest) => this.tokens.signDigest(reference, { scheme, digestAlgorithm, digest })))
    } catch (error) {
      held.found = undefined
      const reason = error instanceof Fault ? error.code : 'error'
      this.logger.warn({ credential: credential.id, reason, err: error }, 'signing failed')
      await this.log({ event: 'failed', client: caller.name, credential: credential.id, reason })
      throw new CscError(503, 'server_error', reason)
    }
  }

  /** Opens every token key now, so that the first signature is not the slow one. @returns what does not answer */
  async warmUp(): Promise<readonly { credential: string; reason: string }[]> {
    const faults: { credential: string; reason: string }[] = []
    for (const held of this.held.values()) {
      if (held.configuration.key.kind === 'file') continue
      try {
        await this.tokenKey(held)
      } catch (error) {
        faults.push({ credential: held.served.id, reason: error instanceof Fault ? error.code : String(error) })
      }
    }
    return faults
  }

  /** Ids of all credentials served. */
  get ids(): readonly string[] {
    return [...this.held.keys()]
  }

  /** Forgets the keys and ends the processes of tokens. */
  async close(): Promise<void> {
    await Promise.all([this.ring.close(), this.tokens.close()])
  }

  private get(id: string): Held {
    const held = this.held.get(id)
    // A reload took it away between the two looks.
    if (held === undefined) throw new CscError(400, 'invalid_request', 'Invalid parameter credentialID')
    return held
  }

  private load(configuration: SignerCredentialConfiguration): Held {
    const { id, key, chainFile, pinFile } = configuration
    let certificates: readonly Buffer[] = chainFile === undefined ? [] : certificatesOf(chainFile)
    if (key.kind === 'file') {
      const password = key.passwordFile === undefined ? undefined : readSecretFile(key.passwordFile)
      const bytes = readSignerFile(key.file)
      const material = readKeyMaterial(bytes, password)
      bytes.fill(0)
      if (certificates.length === 0) certificates = material.certificates
      this.ring.add(id, material)
      const [own] = certificates
      if (own === undefined || !readCertificate(own).spki.equals(material.publicKey)) throw mismatch(id)
    }
    const [own] = certificates
    if (own === undefined) throw mismatch(id)
    const { description, multisign, maxPerMinute } = configuration
    const algorithm = algorithmOf(readCertificate(own).publicKey())
    const pin = pinFile === undefined ? undefined : createHash('sha256').update(readSecretFile(pinFile)).digest()
    return {
      configuration,
      served: { id, description, algorithm, certificates, pin: pin !== undefined, otp: false, multisign },
      limit: new RateLimit(maxPerMinute),
      pin,
      wrongPins: 0,
      found: undefined,
    }
  }

  private tokenKey(held: Held): Promise<TokenKey> {
    const { key } = held.configuration
    if (key.kind === 'file') throw new RangeError('a key file is on no token')
    held.found ??= this.tokens
      .findKey({
        module: key.module,
        ...(key.tokenSerial === undefined ? {} : { tokenSerial: key.tokenSerial }),
        ...(key.tokenLabel === undefined ? {} : { tokenLabel: key.tokenLabel }),
        ...(key.keyLabel === undefined ? {} : { keyLabel: key.keyLabel }),
        ...(key.keyId === undefined ? {} : { keyId: key.keyId }),
      })
      .then((found) => {
        const [own] = held.served.certificates
        if (own === undefined || !readCertificate(own).spki.equals(found.publicKey)) throw mismatch(held.served.id)
        return found
      })
      .catch((error: unknown) => {
        held.found = undefined
        throw error
      })
    return held.found
  }

  private async refuse(caller: CscCaller, credential: ServedCredential, error: CscError, clientData: string): Promise<CscError> {
    await this.log({ event: 'refused', client: caller.name, credential: credential.id, reason: error.error, for: clientData.slice(0, 200) })
    return error
  }
}

function certificatesOf(file: string): readonly Buffer[] {
  try {
    return readCertificateFile(readSignerFile(file)).map((certificate) => certificate.der)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('SIGN-CERT-UNREADABLE', { params: { file }, cause })
  }
}

function mismatch(credential: string): Fault {
  return new Fault('SIGNER-CERT-MISMATCH', { params: { credential } })
}
