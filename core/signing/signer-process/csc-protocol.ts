import { createHash, randomBytes } from 'node:crypto'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../key.js'
import { digestLengths } from '../../validation/ecdsa.js'
import { digestByOid } from '../../validation/signature-algorithm.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { curveOids, offeredAlgorithms, readNames } from '../keys/csc/signature-algorithms.js'
import { authorizeRequest, credentialInfoRequest, listRequest, readRequest, signHashRequest, timestampRequest } from './csc-requests.js'
import { CscError, invalid } from './csc-error.js'

/** Version of the Cloud Signature Consortium's API, told by the path. */
export type CscVersion = '1' | '2'

/** Who calls: the name is part of every authorisation and of the use log. */
export interface CscCaller {
  readonly name: string
}

/** A credential as the protocol shows it. */
export interface ServedCredential {
  readonly id: string
  readonly description: string
  readonly algorithm: KeyAlgorithm
  /** DER, own first. */
  readonly certificates: readonly Buffer[]
  readonly enabled: boolean
  /** Factors an authorisation must bring. */
  readonly pin: boolean
  readonly otp: boolean
  /** Digests one authorisation may cover. */
  readonly multisign: number
}

/** Hashes to be signed with one credential. */
export interface SignOrder {
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  readonly hashes: readonly Buffer[]
  /** What the client said it is for, as given. */
  readonly clientData: string
}

/** What stands behind the protocol: keys, and the rules of the house that keeps them. */
export interface CscBackend {
  readonly name: string
  readonly region: string
  readonly description: string
  readonly authType: readonly string[]
  /** Base address of the OAuth 2 server, where there is one. */
  readonly oauth2?: string
  /** Credentials this caller may use, in a fixed order. */
  credentials(caller: CscCaller): Promise<readonly ServedCredential[]>
  /** Checks PIN, one-time password and house rules for so many signatures. @throws CscError */
  authorize(
    caller: CscCaller,
    credential: ServedCredential,
    factors: { readonly pin?: string; readonly otp?: string },
    count: number,
    clientData: string,
  ): Promise<void>
  /** One signature for each hash, in order: DER Ecdsa-Sig-Value, or the RSA block. @throws CscError */
  sign(caller: CscCaller, credential: ServedCredential, order: SignOrder): Promise<readonly Buffer[]>
  /** RFC 3161 token of a digest; without it the service has no signatures/timestamp. */
  timestamp?(digest: Buffer, hashAlgo: string, nonce: string | undefined): Promise<Buffer>
}

/** What one client may ask for. */
export interface ProtocolLimits {
  /** Hashes in one request. */
  readonly hashes: number
  /** Life of an authorisation, seconds. */
  readonly sadSeconds: number
  /** Authorisations that may wait at once; the oldest is dropped beyond. */
  readonly authorisations: number
}

/** An authorisation that was given and not yet used up. */
interface Grant {
  readonly caller: string
  readonly credentialId: string
  /** Digests it covers, as hexadecimal, with the times each may still be signed. */
  readonly left: Map<string, number>
  /** What it was said to be for; checked then, and what the use log tells. */
  readonly clientData: string
  readonly until: number
}

/** One answer: a status and JSON. */
export interface CscAnswer {
  readonly status: number
  readonly body: object
  readonly retryAfter?: number
}

/**
 * Server side of the Cloud Signature Consortium API, versions 1.0.4.0 and 2.0.0.2, without transport: a JSON request in, a
 * status and JSON out. An authorisation (SAD) is 256 random bits, known here by its hash alone, bound to caller, credential
 * and digests, each of which it signs once.
 */
export class CscProtocol {
  private readonly grants = new Map<string, Grant>()

  constructor(
    private readonly backend: CscBackend,
    private readonly limits: ProtocolLimits,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param method `credentials/info`, … below the base address */
  async answer(version: CscVersion, method: string, body: unknown, caller: CscCaller): Promise<CscAnswer> {
    try {
      return { status: 200, body: await this.dispatch(version, method, body, caller) }
    } catch (error) {
      if (!(error instanceof CscError)) throw error
      return {
        status: error.status,
        body: { error: error.error, error_description: error.description },
        ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
      }
    }
  }

  /** What the service says of itself; asked without authorisation. */
  info(version: CscVersion): object {
    const { name, region, description, authType, oauth2 } = this.backend
    const methods = ['credentials/list', 'credentials/info', 'credentials/authorize', 'signatures/signHash']
    if (this.backend.timestamp !== undefined) methods.push('signatures/timestamp')
    const about = { name, logo: '', region, lang: 'en-US', description, authType, ...(oauth2 === undefined ? {} : { oauth2 }), methods }
    if (version === '1') return { specs: '1.0.4.0', ...about }
    return {
      specs: '2.0.0.2',
      ...about,
      asynchronousOperationMode: false,
      validationInfo: false,
      signAlgorithms: { algos: [...new Set([...offeredAlgorithms('rsa-2048'), ...offeredAlgorithms('ec-p256')])] },
      signature_formats: { formats: [], envelope_properties: [] },
      conformance_levels: [],
    }
  }

  /** Drops every authorisation of a credential: it was stopped. */
  forget(credentialId: string): void {
    for (const [name, grant] of this.grants) if (grant.credentialId === credentialId) this.grants.delete(name)
  }

  private async dispatch(version: CscVersion, method: string, body: unknown, caller: CscCaller): Promise<object> {
    switch (method) {
      case 'info':
        return this.info(version)
      case 'credentials/list':
        return this.list(body, caller)
      case 'credentials/info':
        return this.credentialInfo(version, body, caller)
      case 'credentials/authorize':
        return this.authorize(version, body, caller)
      case 'signatures/signHash':
        return this.signHash(version, body, caller)
      case 'signatures/timestamp':
        return this.timestamp(body)
      default:
        throw new CscError(501, 'not_implemented', 'The method is not implemented')
    }
  }

  private async list(body: unknown, caller: CscCaller): Promise<object> {
    const { maxResults, pageToken } = readRequest(listRequest, body)
    const all = (await this.backend.credentials(caller)).map((one) => one.id)
    const start = pageToken === undefined || pageToken === '' ? 0 : all.indexOf(pageToken)
    if (start < 0) throw invalid('Invalid parameter pageToken')
    const end = start + Math.min(maxResults ?? 100, 100)
    const next = all[end]
    return { credentialIDs: all.slice(start, end), ...(next === undefined ? {} : { nextPageToken: next }) }
  }

  private async credentialInfo(version: CscVersion, body: unknown, caller: CscCaller): Promise<object> {
    const asked = readRequest(credentialInfoRequest, body)
    const credential = await this.credential(caller, asked.credentialID)
    const { algorithm, certificates } = credential
    const [own] = certificates
    const curve = curveOids[algorithm]
    const wanted = asked.certificates === 'none' ? [] : asked.certificates === 'chain' ? certificates : certificates.slice(0, 1)
    const shown = own === undefined ? undefined : readCertificate(own)
    const key = {
      status: credential.enabled ? 'enabled' : 'disabled',
      algo: offeredAlgorithms(algorithm),
      len: curve === undefined ? Number(algorithm.slice(4)) : algorithm === 'ec-p384' ? 384 : 256,
      ...(curve === undefined ? {} : { curve }),
    }
    const cert = {
      ...(shown === undefined ? {} : { status: statusOf(shown, this.now()) }),
      ...(wanted.length === 0 ? {} : { certificates: wanted.map((der) => der.toString('base64')) }),
      ...(asked.certInfo === true && shown !== undefined
        ? {
            issuerDN: shown.issuer,
            serialNumber: shown.serialHex,
            subjectDN: shown.subject,
            validFrom: generalized(shown.notBefore),
            validTo: generalized(shown.notAfter),
          }
        : {}),
    }
    const about = { description: credential.description, key, cert, SCAL: '2', multisign: credential.multisign, lang: 'en-US' }
    const explicit = credential.pin || credential.otp
    if (version === '1') {
      return {
        ...about,
        authMode: explicit ? 'explicit' : 'implicit',
        ...(asked.authInfo === true && explicit
          ? {
              PIN: { presence: credential.pin ? 'true' : 'false', format: 'A', label: 'PIN' },
              OTP: { presence: credential.otp ? 'true' : 'false', type: 'offline', format: 'N', label: 'One-time password' },
            }
          : {}),
      }
    }
    const objects = [
      ...(credential.pin ? [{ type: 'Password', id: 'PIN', format: 'A', label: 'PIN' }] : []),
      ...(credential.otp ? [{ type: 'Password', id: 'OTP', format: 'N', label: 'One-time password' }] : []),
    ]
    return {
      ...about,
      auth: { mode: explicit ? 'explicit' : 'implicit', ...(asked.authInfo === true && explicit ? { objects } : {}) },
    }
  }

  private async authorize(version: CscVersion, body: unknown, caller: CscCaller): Promise<object> {
    const asked = readRequest(authorizeRequest, body)
    const credential = await this.credential(caller, asked.credentialID)
    if (!credential.enabled) throw invalid('The credential is disabled')
    const given = version === '1' ? asked.hash : asked.hashes
    if (given === undefined) throw invalid(`Missing (or invalid type) parameter ${version === '1' ? 'hash' : 'hashes'}`)
    const count = asked.numSignatures
    if (count > credential.multisign) throw invalid('Invalid parameter numSignatures')
    if (given.length !== count || given.length > this.limits.hashes) throw invalid('Invalid parameter numSignatures')
    const hashes = given.map((text) => readHash(text, version === '2' ? asked.hashAlgorithmOID : undefined))
    const factor = (id: string): string | undefined => asked.authData?.find((one) => one.id === id)?.value
    const pin = version === '1' ? asked.PIN : factor('PIN')
    const otp = version === '1' ? asked.OTP : factor('OTP')
    if (credential.pin && pin === undefined) throw invalid('Missing (or invalid type) string parameter PIN')
    if (credential.otp && otp === undefined) throw invalid('Missing (or invalid type) string parameter OTP')
    const factors = { ...(pin === undefined ? {} : { pin }), ...(otp === undefined ? {} : { otp }) }
    await this.backend.authorize(caller, credential, factors, count, asked.clientData ?? '')

    const sad = randomBytes(32).toString('base64url')
    const left = new Map<string, number>()
    for (const hash of hashes) left.set(hash.toString('hex'), (left.get(hash.toString('hex')) ?? 0) + 1)
    const until = this.now() + this.limits.sadSeconds * 1000
    this.grants.set(nameOf(sad), { caller: caller.name, credentialId: credential.id, left, until, clientData: asked.clientData ?? '' })
    this.dropOld()
    return { SAD: sad, expiresIn: this.limits.sadSeconds }
  }

  private async signHash(version: CscVersion, body: unknown, caller: CscCaller): Promise<object> {
    const asked = readRequest(signHashRequest, body)
    const credential = await this.credential(caller, asked.credentialID)
    if (!credential.enabled) throw invalid('The credential is disabled')
    if (asked.operationMode === 'A') throw invalid('Invalid parameter operationMode')
    const given = version === '1' ? asked.hash : asked.hashes
    if (given === undefined || given.length === 0)
      throw invalid(`Missing (or invalid type) parameter ${version === '1' ? 'hash' : 'hashes'}`)
    if (given.length > this.limits.hashes) throw invalid('Too many hashes')
    const hashAlgo = version === '1' ? asked.hashAlgo : asked.hashAlgorithmOID
    const named = readNames({ signAlgo: asked.signAlgo, hashAlgo, signAlgoParams: asked.signAlgoParams })
    if (named === undefined || credential.algorithm.startsWith('rsa-') !== (named.scheme !== 'ecdsa'))
      throw invalid('Invalid parameter signAlgo')
    const hashes = given.map((text) => readHash(text, undefined, digestLengths[named.digest]))
    const clientData = this.use(asked.SAD, caller, credential.id, hashes, asked.clientData)
    const order = { scheme: named.scheme, digestAlgorithm: named.digest, hashes, clientData }
    const signatures = await this.backend.sign(caller, credential, order)
    return { signatures: signatures.map((signature) => signature.toString('base64')) }
  }

  private async timestamp(body: unknown): Promise<object> {
    if (this.backend.timestamp === undefined) throw new CscError(501, 'not_implemented', 'The method is not implemented')
    const asked = readRequest(timestampRequest, body)
    const digest = readHash(asked.hash, asked.hashAlgo)
    return { timestamp: (await this.backend.timestamp(digest, asked.hashAlgo, asked.nonce)).toString('base64') }
  }

  /**
   * Takes the digests out of the authorisation, all or none, before the key is used: no second use, whatever happens then.
   * @returns what the authorisation was given for; the request may repeat it and not change it
   */
  private use(sad: string, caller: CscCaller, credentialId: string, hashes: readonly Buffer[], clientData: string | undefined): string {
    const name = nameOf(sad)
    const grant = this.grants.get(name)
    if (grant === undefined || grant.caller !== caller.name || grant.credentialId !== credentialId) throw invalid('Invalid parameter SAD')
    if (grant.until <= this.now()) {
      this.grants.delete(name)
      throw invalid('SAD expired')
    }
    if (clientData !== undefined && clientData !== grant.clientData) throw invalid('Invalid parameter clientData')
    const left = new Map(grant.left)
    for (const hash of hashes) {
      const times = left.get(hash.toString('hex')) ?? 0
      if (times === 0) throw invalid('Hash is not authorized by the SAD')
      if (times === 1) left.delete(hash.toString('hex'))
      else left.set(hash.toString('hex'), times - 1)
    }
    if (left.size === 0) this.grants.delete(name)
    else this.grants.set(name, { ...grant, left })
    return grant.clientData
  }

  private async credential(caller: CscCaller, id: string): Promise<ServedCredential> {
    const found = (await this.backend.credentials(caller)).find((one) => one.id === id)
    // The same words for a credential that is not there and one of somebody else.
    if (found === undefined) throw invalid('Invalid parameter credentialID')
    return found
  }

  private dropOld(): void {
    const now = this.now()
    for (const [name, grant] of this.grants) {
      if (grant.until > now && this.grants.size <= this.limits.authorisations) break
      this.grants.delete(name)
    }
  }
}

/** Authorisations are looked up by hash: what is in memory does not authorise, and comparing tells nothing by its time. */
function nameOf(sad: string): string {
  return createHash('sha256').update(sad).digest('hex')
}

function readHash(text: string, hashAlgo: string | undefined, length?: number): Buffer {
  const hash = Buffer.from(text, 'base64')
  const digest = hashAlgo === undefined ? undefined : digestByOid[hashAlgo]
  if (hashAlgo !== undefined && digest === undefined) throw invalid('Invalid parameter hashAlgorithmOID')
  const expected = length ?? (digest === undefined ? undefined : digestLengths[digest])
  const fits = expected === undefined ? [32, 48, 64].includes(hash.length) : hash.length === expected
  if (!fits || hash.toString('base64') !== text) throw invalid('Invalid digest value length')
  return hash
}

function statusOf(certificate: { notBefore: Date; notAfter: Date }, now: number): string {
  return certificate.notAfter.getTime() < now ? 'expired' : certificate.notBefore.getTime() > now ? 'suspended' : 'valid'
}

/** GeneralizedTime as the standard writes validFrom and validTo: `20260131120000Z`. */
function generalized(date: Date): string {
  return `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}
