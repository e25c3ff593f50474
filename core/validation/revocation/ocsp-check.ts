import type { Certificate } from '../certificate/certificate.js'
import { checkSigned } from '../certificate/certificate-signature.js'
import { extendedKeyUsagesOf, extensionOids } from '../certificate/extensions.js'
import { answerFor, isResponder, type OcspResponse, type SingleAnswer } from './ocsp.js'
import { statusByLists } from './crl-check.js'
import { nothingTold, speaksAbout, tolerance, type RevocationContext, type Told } from './revocation-context.js'

const ocspSigning = '1.3.6.1.5.5.7.3.9'
const maximumResponses = 64

/**
 * Status of a certificate by OCSP responses (RFC 6960 section 3.2), the newest that may speak. Revoked once is revoked for
 * good, unless it was a hold: an answer that says so is believed however old it is.
 */
export function statusByResponses(context: RevocationContext): Told {
  let checks = 0
  let good: Told | undefined
  for (const response of context.evidence.responses) {
    if (response.partlyUnknown) continue
    const answer = answerFor(response, context.certificate, { spki: context.issuerKey.spki, subjectDer: context.issuer.subjectDer })
    if (answer === undefined || answer.partlyUnknown || answer.status === 'unknown') continue
    const speaks = speaksAbout(answer, context.at, context.until) && !forgetsExpired(answer, context.certificate)
    if (!isFinal(answer, context) && (!speaks || good !== undefined)) continue
    if (++checks > maximumResponses) break
    if (!isAuthorised(response, context)) continue
    const revoked = answer.status === 'revoked' && answer.revokedAt !== undefined && answer.revokedAt <= context.at
    const told: Told = {
      status: revoked ? 'revoked' : 'good',
      source: 'ocsp',
      producedAt: response.producedAt.toISOString(),
      thisUpdate: answer.thisUpdate.toISOString(),
      nextUpdate: answer.nextUpdate?.toISOString() ?? null,
      revokedAt: answer.revokedAt?.toISOString() ?? null,
      reason: answer.reason ?? (answer.status === 'revoked' ? 'unspecified' : null),
    }
    if (revoked) return told
    good ??= told
  }
  return good ?? nothingTold
}

/** It was revoked by then, and not only held. */
function isFinal(answer: SingleAnswer, { at, until }: RevocationContext): boolean {
  if (answer.status !== 'revoked' || answer.revokedAt === undefined || answer.revokedAt > at) return false
  return answer.reason !== 'certificateHold' && answer.thisUpdate.getTime() <= until.getTime() + tolerance
}

/** A responder need not remember certificates that expired before its answer, unless it says how far back it does. */
function forgetsExpired(answer: SingleAnswer, certificate: Certificate): boolean {
  if (answer.status === 'revoked' || answer.thisUpdate <= certificate.notAfter) return false
  return answer.archiveCutoff === undefined || answer.archiveCutoff > certificate.notAfter
}

/** RFC 6960 4.2.2.2: the CA that issued the certificate, or one it issued itself a responder's certificate to. */
function isAuthorised(response: OcspResponse, context: RevocationContext): boolean {
  const { issuer, issuerKey, algorithms } = context
  if (isResponder(response, { spki: issuerKey.spki, subjectKey: issuer.subjectKey })) {
    if (checkSigned(response, issuerKey, algorithms).outcome === 'valid') return true
  }
  return response.certificates.some((responder) => {
    if (!isResponder(response, responder) || responder.issuerKey !== issuer.subjectKey) return false
    if (response.producedAt < responder.notBefore || response.producedAt > responder.notAfter) return false
    try {
      if (extendedKeyUsagesOf(responder)?.usages.includes(ocspSigning) !== true) return false
    } catch {
      return false
    }
    if ([...responder.extensions].some(([oid, extension]) => extension.critical && !processedOfResponder.has(oid))) return false
    if (checkSigned(responder, issuerKey, algorithms).outcome !== 'valid') return false
    if (checkSigned(response, { spki: responder.spki, key: responder.publicKey }, algorithms).outcome !== 'valid') return false
    if (responder.extensions.has(extensionOids.ocspNoCheck)) return true
    // Without ocsp-nocheck its own status counts, which a list must tell: a responder does not vouch for itself.
    return statusByLists({ ...context, certificate: responder, at: response.producedAt }).status !== 'revoked'
  })
}

const processedOfResponder: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.basicConstraints,
  extensionOids.authorityKeyIdentifier,
  extensionOids.subjectKeyIdentifier,
  extensionOids.subjectAlternativeName,
  extensionOids.certificatePolicies,
  extensionOids.ocspNoCheck,
])
