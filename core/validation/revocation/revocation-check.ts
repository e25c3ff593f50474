import type { Certificate } from '../certificate/certificate.js'
import { basicConstraintsOf, extendedKeyUsagesOf, extensionOids } from '../certificate/extensions.js'
import type { RevocationEvidence } from './evidence.js'
import { readRevocationList, type RevocationList } from './crl.js'
import { statusByLists } from './crl-check.js'
import { readOcspResponse, type OcspResponse } from './ocsp.js'
import { statusByResponses } from './ocsp-check.js'
import { nothingTold, type ReadEvidence, type RevocationContext, type Told } from './revocation-context.js'

/** Lists and responses by the buffers they came in: a list of a million entries is read once. */
const readLists = new WeakMap<Buffer, RevocationList | 'unreadable'>()
const readResponses = new WeakMap<Buffer, OcspResponse | 'unreadable'>()

function readOnce<T extends object>(known: WeakMap<Buffer, T | 'unreadable'>, bytes: Buffer, read: (bytes: Buffer) => T): T | undefined {
  let value = known.get(bytes)
  if (value === undefined) {
    try {
      value = read(bytes)
    } catch {
      value = 'unreadable'
    }
    known.set(bytes, value)
  }
  return value === 'unreadable' ? undefined : value
}

/** Reads evidence, newest first. Never throws. */
export function readEvidence(evidence: RevocationEvidence): ReadEvidence {
  const lists = evidence.crls.flatMap((bytes) => readOnce(readLists, bytes, readRevocationList) ?? [])
  const responses = evidence.ocspResponses.flatMap((bytes) => readOnce(readResponses, bytes, readOcspResponse) ?? [])
  return {
    lists: lists.sort((left, right) => right.thisUpdate.getTime() - left.thisUpdate.getTime()),
    responses: responses.sort((left, right) => right.producedAt.getTime() - left.producedAt.getTime()),
    unreadable: evidence.crls.length + evidence.ocspResponses.length - lists.length - responses.length,
  }
}

/**
 * Status of one certificate of a path from the evidence at hand: OCSP (RFC 6960 section 3.2) and lists (RFC 5280 section
 * 6.3). Either saying revoked is believed, unless the other is newer and the reason was a hold.
 */
export function revocationStatus(context: RevocationContext): Told {
  if (needsNoStatus(context.certificate)) return { ...nothingTold, status: 'not-needed' }
  const byResponse = statusByResponses(context)
  const byList = statusByLists(context)
  const known = [byResponse, byList].filter((told) => told.status === 'good' || told.status === 'revoked')
  const [first, second] = known.sort((left, right) => (right.thisUpdate ?? '').localeCompare(left.thisUpdate ?? ''))
  if (first === undefined) return { ...nothingTold, status: offersNothing(context.certificate) ? 'not-offered' : 'unknown' }
  const older = second?.status === 'revoked' && (first.status !== 'good' || second.reason !== 'certificateHold') ? second : undefined
  return first.status === 'revoked' ? first : (older ?? first)
}

/**
 * OCSP responders that are trusted for their life (RFC 6960 4.2.2.2.1), short-term certificates (EN 319 412-1 5.2), and those whose
 * issuer publishes no status (RFC 9608 section 4): none of them of authorities, and the last only where it names no place to ask.
 */
export function needsNoStatus(certificate: Certificate): boolean {
  const { extensions } = certificate
  if (extensions.has(extensionOids.ocspNoCheck) && extendedKeyUsagesOf(certificate)?.usages.includes('1.3.6.1.5.5.7.3.9') === true)
    return true
  if (basicConstraintsOf(certificate)?.ca === true) return false
  if (extensions.has(extensionOids.validityAssured)) return true
  return extensions.has(extensionOids.noRevocationAvailable) && offersNothing(certificate) && !extensions.has(extensionOids.freshestList)
}

function offersNothing(certificate: Certificate): boolean {
  return !certificate.extensions.has(extensionOids.distributionPoints) && !certificate.extensions.has(extensionOids.authorityInformation)
}
