import { randomBytes } from 'node:crypto'
import { Fault } from '../../i18n/fault.js'
import type { Certificate } from '../../validation/certificate/certificate.js'
import { answerFor, type OcspResponse } from '../../validation/revocation/ocsp.js'
import { context, objectIdentifier, octetString, sequence } from '../der.js'
import { exchange, type ExchangeOptions } from './exchange.js'
import { certId, readOcspAnswer, responderOf } from './ocsp-answer.js'

const oidNonce = '1.3.6.1.5.5.7.48.1.2'
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
  let answer: OcspResponse | string
  try {
    answer = readOcspAnswer(response)
  } catch {
    throw refuse('SIGN-OCSP-MALFORMED')
  }
  if (typeof answer === 'string') throw refuse('SIGN-OCSP-REFUSED', { reason: answer })
  if (answer.nonce !== undefined && !answer.nonce.equals(nonce)) throw refuse('SIGN-OCSP-NONCE')
  const single = answerFor(answer, certificate, issuer)
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
