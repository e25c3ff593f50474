import { createHash, randomBytes } from 'node:crypto'
import { fetchGuarded, type GuardedAnswer } from '../../http/outgoing.js'
import { Fault } from '../../i18n/fault.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { extendedKeyUsagesOf } from '../../validation/certificate/path.js'
import { checkTimeStamp } from '../../validation/cms/time-stamp-token.js'
import { DerElement } from '../../validation/der-reader.js'
import { digestIdentifier } from '../algorithms.js'
import { boolean, integer, objectIdentifier, octetString, sequence } from '../der.js'
import type { DigestAlgorithm } from '../key.js'
import type { TimeStampClient, TimeStampToken } from './time-stamp.js'

/** How an authority is asked (RFC 3161), and what is asked of its answer. Times in milliseconds. */
export interface TimeStampClientOptions {
  /** Origins on private addresses that may be reached: `config.allowedPrivateOrigins`. */
  readonly allowPrivate?: readonly string[]
  /** Roots (DER) the authority must chain to. Without them the token is checked in itself, its issuer is left to the verifier. */
  readonly trust?: readonly Buffer[]
  /** Whole exchange; 5,000 unless told. */
  readonly timeoutMs?: number
  /** How far the authority's clock may stand from ours; 300,000 unless told. */
  readonly clockToleranceMs?: number
  /** Policy (dotted) the authority must stamp under; any unless told. */
  readonly policy?: string
  readonly now?: () => Date
}

const maximumAnswer = 256 * 1024

/**
 * Client of a time stamp authority (RFC 3161 over HTTP). A token is handed out only when imprint, nonce, signature and
 * the authority's certificate hold; there is no second authority and no leaving out unless the caller decides so.
 */
export function createTimeStampClient(url: string, options: TimeStampClientOptions = {}): TimeStampClient {
  const now = options.now ?? ((): Date => new Date())
  return {
    async stamp(digestAlgorithm: DigestAlgorithm, digest: Uint8Array): Promise<TimeStampToken> {
      const nonce = randomBytes(8)
      const imprint = sequence(digestIdentifier(digestAlgorithm), octetString(digest))
      const policy = options.policy === undefined ? [] : [objectIdentifier(options.policy)]
      const request = sequence(integer(1), imprint, ...policy, integer(nonce), boolean(true))
      const answer = await post(url, request, options)
      const token = readAnswer(answer, url)
      return checkToken(token, { url, digest, digestAlgorithm, nonce: BigInt(`0x${nonce.toString('hex')}`), now: now(), options })
    },
  }
}

async function post(url: string, request: Buffer, options: TimeStampClientOptions): Promise<Buffer> {
  let answer: GuardedAnswer
  try {
    answer = await fetchGuarded(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: request,
      timeoutMs: options.timeoutMs ?? 5_000,
      maxBytes: maximumAnswer,
      ...(options.allowPrivate === undefined ? {} : { allowPrivate: options.allowPrivate }),
    })
  } catch (error) {
    if (error instanceof Fault && error.code === 'HTTP-ADDRESS-REFUSED') throw error
    const reason = error instanceof Fault ? error.code : 'error'
    throw new Fault('SIGN-TSA-UNREACHABLE', { params: { url, reason }, status: 503, cause: error })
  }
  if (answer.status !== 200) throw new Fault('SIGN-TSA-UNREACHABLE', { params: { url, reason: `HTTP ${answer.status}` }, status: 503 })
  return answer.body
}

/** TimeStampResp (RFC 3161 2.4.2): granted or granted with modifications, else a refusal with its text. */
function readAnswer(body: Buffer, url: string): Buffer {
  let status: number
  let text = ''
  let token: DerElement | undefined
  try {
    const response = DerElement.read(body, 0, { whole: true }).expect(0x30)
    const info = response.child(0).expect(0x30)
    status = info.child(0).smallInteger()
    const words = info.children[1]
    if (words?.is(0x30) === true)
      text = words.children
        .map((word) => word.text())
        .join(' ')
        .slice(0, 200)
    token = response.children[1]
  } catch (error) {
    throw new Fault('SIGN-TSA-MALFORMED', { params: { url }, status: 502, cause: error })
  }
  if (status !== 0 && status !== 1) throw new Fault('SIGN-TSA-REFUSED', { params: { url, status, text }, status: 502 })
  if (token === undefined) throw new Fault('SIGN-TSA-MALFORMED', { params: { url }, status: 502 })
  return token.bytes
}

interface Expected {
  readonly url: string
  readonly digest: Uint8Array
  readonly digestAlgorithm: DigestAlgorithm
  readonly nonce: bigint
  readonly now: Date
  readonly options: TimeStampClientOptions
}

function checkToken(token: Buffer, expected: Expected): TimeStampToken {
  const { url, options } = expected
  const refuse = (code: string, params: Record<string, string> = {}): Fault => new Fault(code, { params: { url, ...params }, status: 502 })
  const anchors = (options.trust ?? []).map((der) => readCertificate(der))
  const stamped = (algorithm: string): Buffer =>
    algorithm === expected.digestAlgorithm ? Buffer.from(expected.digest) : createHash('sha256').update('another algorithm').digest()
  const check = checkTimeStamp(token, stamped, anchors)
  if (!check.intact || check.at === undefined || check.certificate === undefined) {
    const [finding] = check.findings
    throw refuse(
      finding?.code === 'VERIFY-TIME-STAMP-IMPRINT'
        ? 'SIGN-TSA-WRONG-IMPRINT'
        : finding?.code === 'VERIFY-TIME-STAMP-MALFORMED'
          ? 'SIGN-TSA-MALFORMED'
          : 'SIGN-TSA-SIGNATURE',
    )
  }
  if (check.nonce !== expected.nonce) throw refuse('SIGN-TSA-WRONG-NONCE')
  if (options.policy !== undefined && check.policy !== options.policy) {
    throw refuse('SIGN-TSA-WRONG-POLICY', { policy: check.policy ?? '', wanted: options.policy })
  }
  const authority = check.certificate.holder
  const usages = extendedKeyUsagesOf(check.certificate)
  // RFC 3161 2.3: time stamping, critical, and nothing beside it.
  if (usages?.critical !== true || usages.usages.join() !== '1.3.6.1.5.5.7.3.8') throw refuse('SIGN-TSA-UNTRUSTED', { authority })
  if (check.at < check.certificate.notBefore || check.at > check.certificate.notAfter) throw refuse('SIGN-TSA-UNTRUSTED', { authority })
  if (options.trust !== undefined && !check.trusted) throw refuse('SIGN-TSA-UNTRUSTED', { authority })
  if (Math.abs(check.at.getTime() - expected.now.getTime()) > (options.clockToleranceMs ?? 300_000)) {
    throw refuse('SIGN-TSA-CLOCK', { at: check.at.toISOString() })
  }
  return { token: Buffer.from(token), at: check.at, authority }
}
