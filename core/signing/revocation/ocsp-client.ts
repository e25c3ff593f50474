import { randomBytes } from 'node:crypto'
import { Fault } from '../../i18n/fault.js'
import type { Certificate } from '../../validation/certificate/certificate.js'
import { DerElement } from '../../validation/der-reader.js'
import { context, objectIdentifier, octetString, sequence } from '../der.js'
import { exchange, type ExchangeOptions } from './exchange.js'
import { certId, oidNonce, readOcspAnswer, responderOf, type OcspAnswer } from './ocsp-answer.js'

const maximumAnswer = 64 * 1024
/** Difference of two clocks that is put up with. */
const clockTolerance = 5 * 60_000
/** An answer that names no next one is new at any moment (RFC 6960 2.4), so one of yesterday is a replay. */
const maximumAgeWithoutNext = 24 * 3_600_000

/** OCSPRequest for one certificate (RFC 6960 4.1.1), with a nonce of 32 octets (RFC 8954, RFC 9654). */
export function ocspRequest(certificate: Certificate, issuer: Certificate, nonce: Uint8Array): Buffer {
  const extension = sequence(objectIdentifier(oidNonce), octetString(octetString(nonce)))
  const list = sequence(sequence(certId(certificate, issuer)))
  return sequence(sequence(list, context(2, sequence(extension))))
}

/**
 * Asks one responder for one certificate and checks the answer: it is about this certificate, it gives the nonce back or
 * none, it is fresh, and the issuer or its delegate signed it.
 * @returns the OCSPResponse as it came, and until when it holds
 * @throws Fault SIGN-OCSP-UNREACHABLE, SIGN-OCSP-REFUSED, SIGN-OCSP-MALFORMED, SIGN-OCSP-NONCE, SIGN-OCSP-OTHER, SIGN-OCSP-STALE, SIGN-OCSP-SIGNATURE
 */
export async function askOcsp(
  url: string,
  certificate: Certificate,
  issuer: Certificate,
  options: ExchangeOptions = {},
): Promise<{ response: Buffer; until: Date | undefined }> {
  const nonce = randomBytes(32)
  const response = await exchange(url, 'SIGN-OCSP-UNREACHABLE', options, {
    method: 'POST',
    headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
    body: ocspRequest(certificate, issuer, nonce),
    maxBytes: maximumAnswer,
  })
  const refuse = (code: string, params: Record<string, string> = {}): Fault => new Fault(code, { params: { url, ...params }, status: 502 })
  const asked = certId(certificate, issuer)
  let answer: OcspAnswer | string
  try {
    answer = readOcspAnswer(response)
  } catch {
    throw refuse('SIGN-OCSP-MALFORMED')
  }
  if (typeof answer === 'string') throw refuse('SIGN-OCSP-REFUSED', { reason: answer })
  if (answer.nonce !== undefined && !answer.nonce.equals(nonce)) throw refuse('SIGN-OCSP-NONCE')
  const single = answer.singles.find((one) => sameCertId(one.certId, asked))
  if (single === undefined) throw refuse('SIGN-OCSP-OTHER')
  const now = (options.now?.() ?? new Date()).getTime()
  const until = single.nextUpdate
  const stale =
    single.thisUpdate.getTime() > now + clockTolerance ||
    (until === undefined ? now - single.thisUpdate.getTime() > maximumAgeWithoutNext : until.getTime() < now - clockTolerance)
  if (stale) throw refuse('SIGN-OCSP-STALE', { thisUpdate: single.thisUpdate.toISOString() })
  if (responderOf(answer, issuer, new Date(now)) === undefined) throw refuse('SIGN-OCSP-SIGNATURE')
  return { response, until }
}

/** The same question; digest parameters are written as NULL or left out. */
function sameCertId(one: Buffer, asked: Buffer): boolean {
  const [left, right] = [one, asked].map((bytes) => DerElement.read(bytes, 0, { whole: true }).children)
  if (left === undefined || right === undefined || left.length !== 4) return false
  const parts = (id: readonly DerElement[]): Buffer[] => [
    ...id.slice(0, 1).map((algorithm) => algorithm.child(0).bytes),
    ...id.slice(1).map((part) => part.bytes),
  ]
  return Buffer.concat(parts(left)).equals(Buffer.concat(parts(right)))
}
