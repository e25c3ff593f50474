import { createHash, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { keyAlgorithms } from '../../key.js'

/** Path of the web socket on the host, and of pairing below it. */
export const agentPath = '/agent/v1'
/** Name of the WebSocket subprotocol (RFC 6455, clause 1.9); another version is another name. */
export const agentProtocol = 'khatm-agent.1'
/** Longest frame either side takes, in bytes. */
export const largestFrame = 1024 * 1024
/** Longest message (bytes that the digest is made of) that travels with a request. */
export const largestMessage = 256 * 1024
/** Longest document that travels with a request. */
export const largestDocument = 256 * 1024

const base64 = z
  .string()
  .max(largestFrame)
  .regex(/^[\w+/=-]*$/)
const purposes = z.enum(['seal-document', 'sign-contract', 'stamp-e-invoice', 'authenticate', 'issue-certificate', 'time-stamp'])

/** What a key is used for, as it is told to desks; bounded, for it is shown to people. */
export const keyUseShape = z.object({
  purpose: purposes,
  subject: z.object({ type: z.string().max(100), id: z.string().max(200), label: z.string().max(500) }),
  amount: z.object({ value: z.string().max(40), currency: z.string().max(10) }).optional(),
  documentHash: z.string().max(128).optional(),
})

/** One request covers so many documents at most. */
export const usesShape = z.array(keyUseShape).max(1000)

/** What a desk is asked to sign, with everything it shows before the PIN. */
const offerShape = z.object({
  id: z.uuid(),
  keyId: z.string().max(100),
  /** DER SubjectPublicKeyInfo of the key that is asked for, base64: the desk finds it on whichever token holds it. */
  publicKey: base64,
  tokenSerial: z.string().max(100).nullable(),
  scheme: z.enum(['rsa-pkcs1', 'rsa-pss', 'ecdsa']),
  digestAlgorithm: z.enum(['sha256', 'sha384', 'sha512']),
  /** Lower-case hex. */
  digest: z.string().regex(/^[0-9a-f]{64,128}$/),
  /** The bytes the digest is made of, where the host has them: the desk hashes them itself. */
  message: base64.nullable(),
  uses: usesShape,
  /** The document, where the host sends it: the desk reads it by a view of its own installation. Desks before 2 do not know it. */
  document: z.object({ mediaType: z.string().max(100), bytes: base64 }).nullish(),
  askedBy: z.string().max(300).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
/** A signature that a desk is asked for. */
export type Offer = z.infer<typeof offerShape>

const protectionShape = z.object({
  onToken: z.boolean(),
  sensitive: z.boolean(),
  alwaysSensitive: z.boolean(),
  extractable: z.boolean(),
  neverExtractable: z.boolean(),
  madeOnToken: z.boolean(),
  pinEachTime: z.boolean(),
})

/** A token as a desk tells of it. */
const deskTokenShape = z.object({
  label: z.string().max(100),
  serial: z.string().max(100),
  model: z.string().max(100),
  manufacturer: z.string().max(100),
  library: z.string().max(100),
  pinCountLow: z.boolean(),
  pinFinalTry: z.boolean(),
  pinLocked: z.boolean(),
  /** Flags of the token, and the library that shows it as it is loaded; desks before 3 do not tell the ones, older ones not the other. */
  facts: z
    .object({
      firmware: z.string().max(40),
      loginRequired: z.boolean(),
      pinInitialized: z.boolean(),
      driverVersion: z.string().max(40).optional(),
      driverSha256: z.string().max(64).optional(),
    })
    .optional(),
  keys: z
    .array(
      z.object({
        // CKA_ID in hex: up to 255 bytes.
        keyId: z.string().max(600),
        label: z.string().max(200),
        algorithm: z.enum(keyAlgorithms),
        publicKey: base64,
        certificates: z.array(base64).max(8),
        /** What the token said of the private key while it was unlocked. */
        protection: protectionShape.optional(),
      }),
    )
    .max(64),
})
/** A token as the desk tells the host: no secret, no handle. */
export type DeskToken = z.infer<typeof deskTokenShape>

/** The desk's first message: who it says it is. */
export const helloShape = z.object({
  type: z.literal('hello'),
  companyId: z.uuid(),
  agentId: z.uuid(),
  nonce: z.string().regex(/^[\w-]{43}$/),
})
/** The host's answer: its own nonce, and its signature over the desk's. */
export const challengeShape = z.object({ type: z.literal('challenge'), nonce: z.string().regex(/^[\w-]{43}$/), signature: base64 })
/** The desk's signature over the host's nonce: the connection stands. */
export const proofShape = z.object({ type: z.literal('proof'), signature: base64 })

/** What a desk says once the connection stands; each in a signed frame. */
export const fromDeskShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), software: z.string().max(100) }),
  z.object({ type: z.literal('tokens'), tokens: z.array(deskTokenShape).max(32) }),
  /** `seen`: the person opened the document the desk had read, or saw only its line in the list; absent: the desk read none, or is older. */
  z.object({ type: z.literal('answer'), id: z.uuid(), signature: base64, proof: base64, seen: z.enum(['opened', 'listed']).optional() }),
  z.object({ type: z.literal('refuse'), id: z.uuid(), reason: z.string().max(500) }),
  /** The person took the pairing off this PC: the host ends it too. */
  z.object({ type: z.literal('leave') }),
])
/** A message of `fromDeskShape`. */
export type FromDesk = z.infer<typeof fromDeskShape>

/** What becomes of an answer that a desk brings. */
const outcomeShape = z.enum(['taken', 'taken-before', 'wrong', 'unknown', 'superseded', 'expired', 'refused', 'answered'])
/** One of `outcomeShape`. */
export type Outcome = z.infer<typeof outcomeShape>

/** What the host says once the connection stands; each in a signed frame. */
export const fromHostShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), company: z.object({ name: z.string(), nameAr: z.string().nullable() }), now: z.iso.datetime() }),
  z.object({ type: z.literal('offer'), offer: offerShape }),
  z.object({ type: z.literal('withdraw'), id: z.uuid(), outcome: outcomeShape }),
  /** What became of an answer or a refusal; the desk forgets it then. */
  z.object({ type: z.literal('settled'), id: z.uuid(), outcome: outcomeShape }),
])
/** A message of `fromHostShape`. */
export type FromHost = z.infer<typeof fromHostShape>

/** A desk asks to be paired, with the code that a person read to it. */
export const pairRequestShape = z.object({
  code: z.string().max(40),
  name: z.string().trim().min(1).max(80),
  /** Ed25519, DER SubjectPublicKeyInfo, base64. */
  publicKey: base64.max(200),
  /** The desk's signature over code and public key: it holds the private half. */
  proof: base64.max(200),
})
/** The desk is paired, and knows the host from now on by this key. */
export const pairAnswerShape = z.object({
  agentId: z.uuid(),
  companyId: z.uuid(),
  company: z.object({ name: z.string(), nameAr: z.string().nullable() }),
  hostKey: base64.max(200),
  /** The host's signature over the desk's public key and its ids. */
  proof: base64.max(200),
})

/** 256 random bits, base64url: no greeting can be played again. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url')
}

/** Bytes that a signature of either side covers: a label of its own for each use, every part with its length. */
export function signedText(label: string, ...parts: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([`khatm-agent-1 ${label}`, ...parts]))
}

/**
 * The public key of a desk or host from base64 DER (SubjectPublicKeyInfo). @throws TypeError when it is not of Ed25519, Error when
 * it is no key
 */
export function readDeskKey(spki: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('a desk and a host sign with Ed25519')
  return key
}

/** Signs with Ed25519 (RFC 8032); base64. */
export function signText(key: KeyObject, text: Buffer): string {
  return sign(null, text, key).toString('base64')
}

/** Whether the base64 signature over the text is this key's (Ed25519). */
export function textIsSigned(key: KeyObject, text: Buffer, signature: string): boolean {
  return verify(null, text, key, Buffer.from(signature, 'base64'))
}

/** Shown on both sides so that people can compare: eight groups of four. */
export function fingerprint(spki: Uint8Array): string {
  const hex = createHash('sha256').update(spki).digest('hex').slice(0, 32)
  return hex.match(/.{4}/g)?.join(' ') ?? ''
}

/** What a desk signs about each answer; kept with it as evidence of who answered. */
export function answerText(companyId: string, requestId: string, digest: string, signature: Uint8Array): Buffer {
  return signedText('answer', companyId, requestId, digest, createHash('sha256').update(signature).digest('hex'))
}

const frameShape = z.object({ n: z.number().int().min(0), body: z.string(), signature: base64.max(200) })

/**
 * Frames after the greeting: each is signed by its sender with a running number and the greeting's nonces, so a frame can be
 * neither forged, replayed, reordered nor moved to another connection, whatever stands between (a proxy ends TLS).
 */
export class SignedChannel {
  private sent = 0
  private received = 0

  constructor(
    private readonly side: 'host' | 'desk',
    private readonly own: KeyObject,
    private readonly peer: KeyObject,
    /** Both nonces and the ids. */
    private readonly greeting: string,
  ) {}

  /** The message as a signed frame with its number; numbers only grow, so that none can be left out or repeated. */
  seal(message: FromDesk | FromHost): string {
    const body = JSON.stringify(message)
    const n = this.sent++
    return JSON.stringify({ n, body, signature: signText(this.own, this.text(this.side, n, body)) })
  }

  /** @throws Error when the frame is not the next one of the peer */
  open(frame: string): unknown {
    const { n, body, signature } = frameShape.parse(JSON.parse(frame))
    if (n !== this.received) throw new Error('frame out of order')
    const from = this.side === 'host' ? 'desk' : 'host'
    if (!textIsSigned(this.peer, this.text(from, n, body), signature)) throw new Error('frame not signed by the peer')
    this.received++
    return JSON.parse(body) as unknown
  }

  private text(from: 'host' | 'desk', n: number, body: string): Buffer {
    return signedText('frame', from, this.greeting, String(n), body)
  }
}

/** What both sides sign in the greeting and what binds later frames to it. */
export function greetingOf(companyId: string, agentId: string, deskNonce: string, hostNonce: string): string {
  return [companyId, agentId, deskNonce, hostNonce].join('|')
}
