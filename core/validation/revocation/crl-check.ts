import { checkSigned, type WorkingKey } from '../certificate/certificate-signature.js'
import { isEndEntity, keyUsageOf } from '../certificate/extensions.js'
import { unlimitedPoint, type RevocationList, type RevokedEntry } from './crl.js'
import { allReasons, distributionPointsOf, type DistributionPoint } from './distribution-point.js'
import { nothingTold, speaksAbout, type RevocationContext, type Told } from './revocation-context.js'

/** Lists whose signature one question may check; a heap of strangers' lists is not walked. */
const maximumLists = 64

/**
 * Status of a certificate by revocation lists (RFC 5280 6.3.3): its distribution points, lists bound to points and
 * reasons, lists of another issuer, delta lists on their base. `good` needs lists that together cover every reason.
 */
export function statusByLists(context: RevocationContext): Told {
  const { certificate, evidence, at, until } = context
  let points: readonly DistributionPoint[]
  try {
    // 6.3.3, last paragraph: lists of the issuer itself are looked at as if a point named after it asked for them.
    const own = { names: [`dn:${certificate.issuerKey}`], reasons: allReasons, crlIssuers: [] }
    points = [...distributionPointsOf(certificate), own]
  } catch {
    return nothingTold
  }
  const revoked = irrevocably(context, points)
  if (revoked !== undefined) return revoked
  let covered = 0
  let told: Told | undefined
  let checks = 0
  for (const point of points) {
    for (const list of evidence.lists) {
      if (list.baseNumber !== undefined || covered === allReasons) continue
      const reasons = reasonsCovered(list, point, context)
      if (reasons === undefined || (reasons & ~covered) === 0 || checks >= maximumLists) continue
      const deltas = evidence.lists.filter((delta) => isDeltaOf(delta, list) && speaksAbout(delta, at, until))
      // A delta that is current brings an outdated base up to date (5.2.4).
      if (!speaksAbout(list, at, until) && deltas.length === 0) continue
      checks++
      const signer = signerOf(list, context)
      if (signer === undefined) continue
      const delta = deltas.find((one) => checkSigned(one, signer, context.algorithms).outcome === 'valid')
      if (delta === undefined && !speaksAbout(list, at, until)) continue
      const facts = { ...nothingTold, source: 'crl', ...timesOf(delta ?? list) } as const
      const entry = entryOf(context, list, delta)
      if (entry !== undefined) {
        const dates = { revokedAt: entry.revokedAt.toISOString(), reason: entry.reason }
        if (entry.revokedAt <= at) return { ...facts, status: 'revoked', ...dates }
        told = { ...facts, status: 'good', ...dates }
      }
      if (list.partlyUnknown || delta?.partlyUnknown === true || forgetsExpired(list, context)) continue
      covered |= reasons
      told ??= { ...facts, status: 'good' }
    }
  }
  return told !== undefined && covered === allReasons ? told : nothingTold
}

/**
 * Revoked once is revoked for good, unless it was a hold: a list that says so is believed however old it is, and no newer
 * list that keeps silent takes it back.
 */
function irrevocably(context: RevocationContext, points: readonly DistributionPoint[]): Told | undefined {
  const { certificate, evidence, at, until } = context
  let checks = 0
  for (const list of evidence.lists) {
    const entry = list.find(certificate.issuerKey, certificate.serialHex)
    if (entry === undefined || entry.revokedAt > at || entry.reason === 'removeFromCRL' || entry.reason === 'certificateHold') continue
    if (list.thisUpdate > until && !speaksAbout(list, at, until)) continue
    if (!points.some((point) => reasonsCovered(list, point, context) !== undefined)) continue
    if (++checks > maximumLists) return undefined
    if (signerOf(list, context) === undefined) continue
    const dates = { revokedAt: entry.revokedAt.toISOString(), reason: entry.reason }
    return { ...nothingTold, status: 'revoked', source: 'crl', ...timesOf(list), ...dates }
  }
  return undefined
}

function timesOf(list: RevocationList): Pick<Told, 'producedAt' | 'thisUpdate' | 'nextUpdate'> {
  const issued = list.thisUpdate.toISOString()
  return { producedAt: issued, thisUpdate: issued, nextUpdate: list.nextUpdate?.toISOString() ?? null }
}

/** 6.3.3 i to k: the delta's word first, then its base. */
function entryOf(context: RevocationContext, list: RevocationList, delta: RevocationList | undefined): RevokedEntry | undefined {
  const { issuerKey, serialHex } = context.certificate
  const later = delta?.find(issuerKey, serialHex)
  if (later !== undefined) return later.reason === 'removeFromCRL' ? undefined : later
  const entry = list.find(issuerKey, serialHex)
  return entry?.reason === 'removeFromCRL' ? undefined : entry
}

/** A list made after the certificate expired no longer lists it, unless it says that it does. */
function forgetsExpired(list: RevocationList, { certificate }: RevocationContext): boolean {
  return list.thisUpdate > certificate.notAfter && (list.expiredSince === undefined || list.expiredSince > certificate.notAfter)
}

/** 6.3.3 b to e: reasons for which this list speaks about the certificate at this point; undefined when it does not at all. */
function reasonsCovered(list: RevocationList, point: DistributionPoint, { certificate }: RevocationContext): number | undefined {
  const scope = list.point ?? unlimitedPoint
  if (point.crlIssuers.length > 0) {
    if (!scope.indirect || !point.crlIssuers.includes(list.issuerKey)) return undefined
  } else if (list.issuerKey !== certificate.issuerKey) return undefined
  if (scope.names !== undefined) {
    const wanted = point.names.length > 0 ? point.names : point.crlIssuers.map((name) => `dn:${name}`)
    if (!scope.names.some((name) => wanted.includes(name))) return undefined
  }
  const endEntity = isEndEntity(certificate)
  if (scope.onlyAttributes || (scope.onlyUsers && !endEntity) || (scope.onlyAuthorities && endEntity)) return undefined
  return scope.reasons & point.reasons
}

/** 6.3.3 c: same issuer, same scope, same key, and numbers that fit. */
function isDeltaOf(delta: RevocationList, list: RevocationList): boolean {
  if (delta.baseNumber === undefined || list.number === undefined || delta.number === undefined) return false
  const sameScope =
    delta.pointDer === undefined ? list.pointDer === undefined : list.pointDer !== undefined && delta.pointDer.equals(list.pointDer)
  return (
    delta.issuerKey === list.issuerKey &&
    sameScope &&
    delta.authorityKey === list.authorityKey &&
    delta.baseNumber <= list.number &&
    list.number < delta.number
  )
}

/** 6.3.3 f and g: the key that signed the list, of a certificate that may sign lists and that leads to the same anchor. */
function signerOf(list: RevocationList, context: RevocationContext): WorkingKey | undefined {
  const { issuer, issuerKey } = context
  if (issuer.subjectKey === list.issuerKey && maySignLists(issuer) && signs(issuerKey, list, context)) return issuerKey
  for (const candidate of context.signersNamed(list.issuerKey)) {
    if (!maySignLists(candidate)) continue
    const inPath = context.keyInPath(candidate)
    if (inPath !== undefined) {
      if (signs(inPath, list, context)) return inPath
      continue
    }
    // The mathematics first: it is cheaper than a path, and most candidates fall here.
    const plain = { spki: candidate.spki, key: candidate.publicKey }
    if (!signs(plain, list, context)) continue
    const key = context.keyByOwnPath(candidate, context.certificate)
    if (key !== undefined && signs(key, list, context)) return key
  }
  return undefined
}

function signs(key: WorkingKey, list: RevocationList, context: RevocationContext): boolean {
  return checkSigned(list, key, context.algorithms).outcome === 'valid'
}

function maySignLists(candidate: Parameters<typeof keyUsageOf>[0]): boolean {
  try {
    return keyUsageOf(candidate)?.(6) ?? true
  } catch {
    return false
  }
}
