import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../i18n/fault.js'
import { agentPath, pairAnswerShape, readDeskKey, signedText, signText, textIsSigned } from '../signing/keys/agent/protocol.js'
import { prepareFolder } from './agent-folder.js'
import { readIfThere, removeFile, writePrivateFile } from './private-file.js'

const pairingShape = z.object({
  agentId: z.uuid(),
  companyId: z.uuid(),
  company: z.object({ name: z.string(), nameAr: z.string().nullable() }),
  /** Origin of the host: `https://host`. */
  url: z.string(),
  name: z.string(),
  /** Ed25519 of the host, pinned when pairing: SPKI, base64. */
  hostKey: z.string(),
  /** PEM of a TLS authority that only this pairing trusts, for hosts with a certificate of their own making. */
  authority: z.string().nullable(),
  /** Plain HTTP to another machine was allowed by the person who paired. */
  plain: z.boolean(),
  /** Ed25519 of this desk, PKCS#8, base64. It signs no document. */
  privateKey: z.string(),
  pairedAt: z.string(),
})
/** A host this desk signs for, with the desk's own key for it. */
export type Pairing = z.infer<typeof pairingShape>

/** One desk may serve several companies: an accountant's office pairs once with each. */
export class Pairings {
  private readonly folder: string

  constructor(folder: string) {
    prepareFolder(folder)
    this.folder = join(folder, 'pairings')
    prepareFolder(this.folder)
  }

  /** All pairings of this desk. @throws Fault SIGN-AGENT-PAIRING-UNREADABLE naming the file that is none */
  list(): Pairing[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .flatMap((name) => {
        const text = readIfThere(join(this.folder, name))
        const read = text === undefined ? undefined : pairingShape.safeParse(parsed(text))
        if (read !== undefined && !read.success)
          throw new Fault('SIGN-AGENT-PAIRING-UNREADABLE', { params: { file: join(this.folder, name) } })
        return read === undefined ? [] : [read.data]
      })
  }

  /** Keeps the pairing in a file of its own that only its owner reads: it holds the desk's private key. */
  add(pairing: Pairing): void {
    writePrivateFile(join(this.folder, `${pairing.agentId}.json`), `${JSON.stringify(pairing, null, 2)}\n`)
  }

  /** Deletes the pairing and with it the desk's key for that host; the host forgets the desk by itself. */
  remove(agentId: string): void {
    removeFile(join(this.folder, `${agentId}.json`))
  }
}

/** How a host is reached for pairing. */
export interface PairOptions {
  readonly name?: string
  /** PEM of the authority of the host's TLS certificate. */
  readonly authority?: string
  /** Lets plain HTTP through to an address that is not this machine. */
  readonly plain?: boolean
  readonly now?: () => Date
}

/**
 * Makes a key pair here, brings its public half with the code to the host and pins the host's key.
 * @throws Fault SIGN-AGENT-ADDRESS, SIGN-AGENT-PLAIN, SIGN-AGENT-UNREACHABLE, SIGN-AGENT-HOST-ANSWER and what the host answers
 */
export async function pairWithHost(address: string, code: string, options: PairOptions = {}): Promise<Pairing> {
  const origin = hostOrigin(address, options.plain === true)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const name = (options.name ?? '').trim() || hostname() || 'Khatm'
  const body = JSON.stringify({ code, name, publicKey: spki, proof: signText(privateKey, signedText('pair', code, spki)) })
  const answer = await post(new URL(`${agentPath}/pair`, origin), body, options.authority)
  const read = pairAnswerShape.safeParse(answer)
  if (!read.success) throw new Fault('SIGN-AGENT-HOST-ANSWER', { params: { url: origin } })
  const { agentId, companyId, company, hostKey, proof } = read.data
  // The host holds the key that is pinned, and answered this desk.
  if (!proves(hostKey, signedText('paired', spki, agentId, companyId), proof)) {
    throw new Fault('SIGN-AGENT-HOST-ANSWER', { params: { url: origin } })
  }
  return {
    agentId,
    companyId,
    company,
    url: origin,
    name,
    hostKey,
    authority: options.authority ?? null,
    plain: options.plain === true,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    pairedAt: (options.now?.() ?? new Date()).toISOString(),
  }
}

/** Undefined, which is no pairing, for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The desk's private key for this host. */
export function keyOfPairing(pairing: Pairing): KeyObject {
  return createPrivateKey({ key: Buffer.from(pairing.privateKey, 'base64'), format: 'der', type: 'pkcs8' })
}

/** The desk's public key for this host: DER, SubjectPublicKeyInfo (RFC 5280, clause 4.1.2.7). */
export function publicKeyOfPairing(pairing: Pairing): Buffer {
  return createPublicKey(keyOfPairing(pairing)).export({ format: 'der', type: 'spki' })
}

/** Origin of the host. Plain HTTP only to this machine, unless told. */
export function hostOrigin(address: string, plain: boolean): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    throw new Fault('SIGN-AGENT-ADDRESS', { params: { url: address.slice(0, 200) } })
  }
  if (url.protocol === 'http:' && !isThisMachine(url.hostname) && !plain)
    throw new Fault('SIGN-AGENT-PLAIN', { params: { url: url.origin } })
  return url.origin
}

function isThisMachine(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

function proves(spki: string, text: Buffer, signature: string): boolean {
  try {
    return textIsSigned(readDeskKey(spki), text, signature)
  } catch {
    return false
  }
}

/** The desk calls the one host a person named; it may well lie in the office's own network. No redirect is followed. */
function post(url: URL, body: string, authority: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => {
      const reason = cause instanceof Error ? ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.message) : ''
      reject(new Fault('SIGN-AGENT-UNREACHABLE', { params: { url: url.origin, reason: reason.slice(0, 100) }, cause }))
    }
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const options = { method: 'POST', headers, timeout: 15_000 }
    const call =
      url.protocol === 'https:'
        ? httpsRequest(url, authority === undefined ? options : { ...options, ca: authority })
        : httpRequest(url, options)
    call.on('timeout', () => call.destroy(new Error('timeout')))
    call.on('error', failed)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > 65_536) call.destroy(new Error('answer too large'))
        else chunks.push(chunk)
      })
      response.on('error', failed)
      response.on('end', () => {
        try {
          const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
          if (response.statusCode === 200) resolve(answer)
          else reject(faultOfAnswer(answer, url))
        } catch (error) {
          reject(new Fault('SIGN-AGENT-HOST-ANSWER', { params: { url: url.origin }, cause: error }))
        }
      })
    })
    call.end(body)
  })
}

const refusalShape = z.object({ error: z.object({ code: z.string().max(60), message: z.string().max(500) }) })

function faultOfAnswer(answer: unknown, url: URL): Fault {
  const read = refusalShape.safeParse(answer)
  const known = ['SIGN-AGENT-CODE', 'SIGN-AGENT-TOO-MANY', 'SIGN-AGENT-PAIRING-MALFORMED']
  if (!read.success || !known.includes(read.data.error.code)) return new Fault('SIGN-AGENT-HOST-ANSWER', { params: { url: url.origin } })
  return new Fault(read.data.error.code, { params: { seconds: 60 } })
}
