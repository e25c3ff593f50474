import { Fault } from '../../../i18n/fault.js'
import type { DigestAlgorithm, KeyProvider, KeyReference, SignatureScheme, SignDigestRequest } from '../../key.js'
import type { FoundKey } from '../../signing-service.js'
import { authorizeAnswer, signHashAnswer } from './answers.js'
import { CscConnection, CscRefusal, type CscService } from './connection.js'
import { listCredentials, readCredential, type CscCredential } from './credential.js'
import { PinFile } from './pin-file.js'
import { canonicalSignature, namesOf, type SignatureAlgorithmNames } from './signature-algorithms.js'
import { SignatureBatches } from './signature-batches.js'

/** Bounds of the provider, times in milliseconds; tests set them. */
export interface CscOptions {
  /** One request to a service. Default 15,000. */
  readonly timeoutMs?: number
  /** Longest wait that a busy service may ask for. Default 5,000. */
  readonly patienceMs?: number
  /** Largest batch, whatever the service allows. Default 100. */
  readonly batchSize?: number
  /** Facts of a credential are asked again after this time. Default 10 minutes. */
  readonly credentialMs?: number
}

/** A CSC service in use. */
interface OpenService {
  readonly connection: CscConnection
  readonly pins: PinFile
  readonly credentials: Map<string, { readonly until: number; readonly credential: Promise<CscCredential> }>
  /** One authorisation with a PIN at a time, by credential: a wrong PIN is sent once, however many wait. */
  readonly turns: Map<string, Promise<unknown>>
}

/** A batch that is asked for in one call: everything but the digests is the same. */
interface BatchRequest {
  readonly service: string
  readonly credentialId: string
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  readonly purposes: string
}

/**
 * Keys of remote signing services by the API of the Cloud Signature Consortium, 1.0.4.0 and 2.0.0.2: qualified providers,
 * and `khatm signer` on another machine. Every batch is authorised with its own digests (sole control assurance level 2).
 */
export class CscKeyProvider implements KeyProvider {
  readonly kind = 'csc'
  private readonly services = new Map<string, OpenService>()
  private readonly batches = new Map<string, SignatureBatches>()
  private closed = false

  constructor(
    private readonly configured: readonly CscService[],
    private readonly options: CscOptions = {},
  ) {}

  /** Credentials a service offers to this host. @throws Fault SIGN-CSC-… */
  async credentials(service: string): Promise<CscCredential[]> {
    const { connection } = this.service(service)
    try {
      const found: CscCredential[] = []
      for (const credentialId of await listCredentials(connection)) found.push(await readCredential(connection, credentialId))
      return found
    } catch (error) {
      throw connection.asFault(error)
    }
  }

  /**
   * A credential as a key to adopt (SigningService.adoptKey).
   * @throws Fault SIGN-CSC-SERVICE-UNKNOWN, SIGN-CSC-CREDENTIAL-UNKNOWN, SIGN-CSC-CREDENTIAL-DISABLED, SIGN-CSC-PERSON-NEEDED, …
   */
  async findKey(wanted: { readonly service: string; readonly credentialId: string }): Promise<Omit<FoundKey, 'name' | 'purposes'>> {
    const { connection } = this.service(wanted.service)
    try {
      const [about, credential] = [await connection.info(), await readCredential(connection, wanted.credentialId)]
      checkUsable(credential)
      return {
        provider: 'csc',
        algorithm: credential.algorithm,
        publicKey: credential.publicKey,
        certificates: credential.certificates,
        attributes: {
          service: wanted.service,
          provider: about.name,
          credential: credential.credentialId,
          description: credential.description,
          authorisation: credential.authorisation.mode,
          scal: credential.scal,
          multisign: credential.multisign,
        },
        stored: { service: wanted.service, credentialId: credential.credentialId },
      }
    } catch (error) {
      throw connection.asFault(error)
    }
  }

  /**
   * The service's raw signature; those asked together with the same purposes share an authorisation. @throws Fault
   * SIGN-KEY-UNREACHABLE, SIGN-PROVIDER-CLOSED (503), and what the service refuses with
   */
  async signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const { service, credentialId } = reference.stored
    if (service === undefined || credentialId === undefined)
      throw new Fault('SIGN-KEY-UNREACHABLE', { params: { key: reference.keyId }, status: 503 })
    if (this.closed) throw new Fault('SIGN-PROVIDER-CLOSED', { params: { module: service }, status: 503 })
    const purposes = [...new Set((request.uses ?? []).map((use) => use.purpose))].sort().join(' ')
    const { scheme, digestAlgorithm } = request
    const batch: BatchRequest = { service, credentialId, scheme, digestAlgorithm, purposes }
    const name = JSON.stringify(batch)
    let lane = this.batches.get(name)
    if (lane === undefined) {
      lane = new SignatureBatches(
        async () => {
          const { multisign } = await this.credential(service, credentialId)
          return { size: Math.min(multisign, this.options.batchSize ?? 100), atOnce: multisign > 1 ? 2 : 8 }
        },
        (digests) => this.signBatch(batch, digests),
      )
      this.batches.set(name, lane)
    }
    try {
      return await lane.add(Buffer.from(request.digest))
    } finally {
      if (lane.idle) this.batches.delete(name)
    }
  }

  /** Ends all connections; later calls are refused. */
  close(): Promise<void> {
    this.closed = true
    for (const { connection } of this.services.values()) connection.close()
    this.services.clear()
    return Promise.resolve()
  }

  private async signBatch(batch: BatchRequest, digests: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { connection, credentials } = this.service(batch.service)
    try {
      const credential = await this.credential(batch.service, batch.credentialId)
      const names = namesOf(credential.offered, batch.scheme, batch.digestAlgorithm)
      if (names === undefined) {
        const params = { service: batch.service, credential: batch.credentialId, scheme: batch.scheme, digest: batch.digestAlgorithm }
        throw new Fault('SIGN-CSC-ALGORITHM', { params })
      }
      const hashes = digests.map((digest) => digest.toString('base64'))
      const clientData = batch.purposes === '' ? undefined : `purpose=${batch.purposes}`
      const sad = await this.authorize(credential, names, hashes, clientData)
      const answer = await connection.call(
        'signatures/signHash',
        this.signHashBody(credential, sad, names, hashes, clientData),
        signHashAnswer,
      )
      return readSignatures(credential, digests.length, answer.signatures)
    } catch (error) {
      // Whatever it was, the credential may have changed: its facts are asked again before the next use.
      credentials.delete(batch.credentialId)
      throw connection.asFault(error)
    }
  }

  /** credentials/authorize for exactly these digests. @returns the SAD */
  private async authorize(
    credential: CscCredential,
    names: SignatureAlgorithmNames,
    hashes: readonly string[],
    clientData: string | undefined,
  ): Promise<string> {
    const { connection, pins, turns } = this.service(credential.service)
    const { credentialId, authorisation } = credential
    const two = connection.service.version === '2'
    const body = {
      credentialID: credentialId,
      numSignatures: hashes.length,
      ...(two ? { hashes, hashAlgorithmOID: names.hashAlgo } : { hash: hashes }),
      ...(clientData === undefined ? {} : { clientData }),
    }
    if (authorisation.pin === undefined)
      return (await connection.call('credentials/authorize', Buffer.from(JSON.stringify(body)), authorizeAnswer)).SAD
    const field = authorisation.pin
    const turn = (turns.get(credentialId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => {
        const pin = pins.read(credentialId)
        const written = withPin(body, two, field, pin)
        try {
          const { SAD } = await connection.call('credentials/authorize', written, authorizeAnswer)
          pins.wasAccepted(credentialId)
          return SAD
        } catch (error) {
          if (error instanceof CscRefusal) {
            if (/\bpin\b|_pin|pin_|password/i.test(`${error.error} ${error.description}`)) pins.wasRefused(credentialId)
            // Services name a wrong PIN in many ways: one that was never accepted is not sent again after a refusal without a name.
            else if (error.status === 400) pins.answerLost(credentialId)
            throw error.without(pin)
          }
          if (
            error instanceof Fault &&
            /^SIGN-CSC-(?:UNREACHABLE|MALFORMED)$/.test(error.code) &&
            error.params['reason'] !== 'ECONNREFUSED'
          )
            pins.answerLost(credentialId)
          throw error
        } finally {
          pin.fill(0)
          written.fill(0)
        }
      })
    turns.set(credentialId, turn)
    return turn
  }

  private signHashBody(
    credential: CscCredential,
    sad: string,
    names: SignatureAlgorithmNames,
    hashes: readonly string[],
    clientData: string | undefined,
  ): Buffer {
    const { signAlgo, hashAlgo, signAlgoParams } = names
    const two = this.service(credential.service).connection.service.version === '2'
    const body = {
      credentialID: credential.credentialId,
      SAD: sad,
      ...(two ? { hashes, hashAlgorithmOID: hashAlgo } : { hash: hashes, hashAlgo }),
      signAlgo,
      ...(signAlgoParams === undefined ? {} : { signAlgoParams }),
      ...(two ? { operationMode: 'S' } : {}),
      ...(clientData === undefined ? {} : { clientData }),
    }
    return Buffer.from(JSON.stringify(body))
  }

  /** Facts of a credential, asked once for many uses. @throws Fault SIGN-CSC-CREDENTIAL-DISABLED, SIGN-CSC-PERSON-NEEDED */
  private credential(service: string, credentialId: string): Promise<CscCredential> {
    const { connection, credentials } = this.service(service)
    const known = credentials.get(credentialId)
    if (known !== undefined && known.until > Date.now()) return known.credential
    const credential = readCredential(connection, credentialId).then(
      (read) => {
        checkUsable(read)
        return read
      },
      (error: unknown) => {
        throw connection.asFault(error)
      },
    )
    credentials.set(credentialId, { until: Date.now() + (this.options.credentialMs ?? 600_000), credential })
    credential.catch(() => credentials.delete(credentialId))
    return credential
  }

  private service(name: string): OpenService {
    const known = this.services.get(name)
    if (known !== undefined) return known
    const configured = this.configured.find((one) => one.name === name)
    if (configured === undefined) throw new Fault('SIGN-CSC-SERVICE-UNKNOWN', { params: { service: name } })
    const limits = { timeoutMs: this.options.timeoutMs ?? 15_000, patienceMs: this.options.patienceMs ?? 5_000 }
    const open: OpenService = {
      connection: new CscConnection(configured, limits),
      pins: new PinFile(name, configured.pinFile),
      credentials: new Map(),
      turns: new Map(),
    }
    this.services.set(name, open)
    return open
  }
}

/** @throws Fault SIGN-CSC-CREDENTIAL-DISABLED, SIGN-CSC-PERSON-NEEDED */
function checkUsable(credential: CscCredential): void {
  const { service, credentialId, enabled, authorisation } = credential
  if (!enabled) throw new Fault('SIGN-CSC-CREDENTIAL-DISABLED', { params: { service, credential: credentialId }, status: 409 })
  if (authorisation.oneTimePassword || !/^(?:implicit|explicit)$/.test(authorisation.mode))
    throw new Fault('SIGN-CSC-PERSON-NEEDED', { params: { service, credential: credentialId, mode: authorisation.mode }, status: 409 })
}

/** The request with the PIN written in as bytes, so that it is never a string of this process. */
function withPin(body: object, two: boolean, field: string, pin: Buffer): Buffer {
  const open = JSON.stringify(body).slice(0, -1)
  const [before, after] = two ? [`${open},"authData":[{"id":${JSON.stringify(field)},"value":"`, '"}]}'] : [`${open},"PIN":"`, '"}']
  return Buffer.concat([Buffer.from(before), pin, Buffer.from(after)])
}

/**
 * As many signatures as digests, each in our form. That each belongs to its own digest is checked by the signing service,
 * for this provider as for every other. @throws Fault SIGN-CSC-MALFORMED
 */
function readSignatures(credential: CscCredential, count: number, signatures: readonly string[]): readonly Buffer[] {
  const malformed = (reason: string): Fault =>
    new Fault('SIGN-CSC-MALFORMED', { params: { service: credential.service, reason }, status: 502 })
  if (signatures.length !== count) throw malformed(`${signatures.length} signatures for ${count} digests`)
  return signatures.map((text) => {
    const signature = canonicalSignature(credential.algorithm, Buffer.from(text, 'base64'))
    if (signature === undefined) throw malformed('signature')
    return signature
  })
}
