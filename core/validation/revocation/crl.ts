import { DerElement, MalformedDer } from '../der-reader.js'
import { nameKey, nameKeyParts } from '../certificate/distinguished-name.js'
import { allReasons, readPointNames, readReasons } from './distribution-point.js'

/** CRLReason (RFC 5280 5.3.1) by number. */
export const crlReasons: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
}

/** An entry of a list (RFC 5280, clause 5.1.2.6); `reason` as in clause 5.3.1, `unspecified` when none is told. */
export interface RevokedEntry {
  readonly revokedAt: Date
  readonly reason: string
}

/** What a list says it covers (issuingDistributionPoint, RFC 5280 5.2.5). */
export interface IssuingDistributionPoint {
  /** Names of the point as comparable texts; undefined when the list is not bound to one. */
  readonly names: readonly string[] | undefined
  readonly onlyUsers: boolean
  readonly onlyAuthorities: boolean
  readonly onlyAttributes: boolean
  readonly indirect: boolean
  readonly reasons: number
}

/** A certificate revocation list (RFC 5280 section 5), complete or delta. */
export interface RevocationList {
  readonly der: Buffer
  readonly tbs: Buffer
  /** Folded name, comparable with `Certificate.subjectKey`. */
  readonly issuerKey: string
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly signatureAlgorithmDer: Buffer
  readonly signatureValue: Buffer
  readonly number: bigint | undefined
  /** Number of the list a delta builds on; undefined for a complete list. */
  readonly baseNumber: bigint | undefined
  /** Hex of the signer's key identifier. */
  readonly authorityKey: string | undefined
  readonly point: IssuingDistributionPoint | undefined
  /** The extension itself, to compare the scope of a delta with its base. */
  readonly pointDer: Buffer | undefined
  /** ExpiredCertsOnCRL (X.509 8.5.2.12): certificates that expired since then are still on the list. */
  readonly expiredSince: Date | undefined
  /** A critical extension of the list or of an entry is not known: what it does not list may still be revoked. */
  readonly partlyUnknown: boolean
  /** What the list says of a certificate, undefined when it does not list it. */
  find(issuerKey: string, serialHex: string): RevokedEntry | undefined
}

const unlimited: IssuingDistributionPoint = {
  names: undefined,
  onlyUsers: false,
  onlyAuthorities: false,
  onlyAttributes: false,
  indirect: false,
  reasons: allReasons,
}

/** The scope of a list without issuingDistributionPoint. */
export const unlimitedPoint = unlimited

/**
 * Reads a CertificateList, strictly DER. Nothing is checked but its form.
 * @throws MalformedDer
 */
export function readRevocationList(bytes: Uint8Array): RevocationList {
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outer = DerElement.read(der, 0, { whole: true }).expect(0x30)
  const tbs = outer.child(0).expect(0x30)
  const algorithm = outer.child(1).expect(0x30)
  const signatureValue = outer.child(2).bitString()
  if (outer.children.length !== 3) throw new MalformedDer('certificate list', 0)
  let index = 0
  const versioned = tbs.child(0).is(0x02)
  if (versioned) {
    if (tbs.child(0).smallInteger() !== 1) throw new MalformedDer('list version', tbs.start)
    index = 1
  }
  if (!tbs.child(index).bytes.equals(algorithm.bytes)) throw new MalformedDer('signature algorithms differ', tbs.start)
  const issuer = tbs.child(index + 1)
  const thisUpdate = tbs.child(index + 2).time()
  index += 3
  const next = tbs.children[index]
  const nextUpdate = next !== undefined && (next.is(0x17) || next.is(0x18)) ? next.time() : undefined
  if (nextUpdate !== undefined) index++
  const revoked = tbs.children[index]?.is(0x30) === true ? tbs.child(index++) : undefined
  const wrapped = tbs.children[index]
  if (wrapped !== undefined && (!wrapped.is(0xa0) || !versioned)) throw new MalformedDer('certificate list', wrapped.start)
  const extensions = readExtensions(wrapped?.child(0))
  const extension = (oid: string): DerElement | undefined => {
    const value = extensions.values.get(oid)
    return value === undefined ? undefined : DerElement.read(value, 0, { whole: true })
  }
  const pointDer = extensions.values.get('2.5.29.28')
  const issuerKey = nameKey(issuer)
  const entries = readEntries(revoked, issuerKey)
  return {
    der,
    tbs: tbs.bytes,
    issuerKey,
    thisUpdate,
    nextUpdate,
    signatureAlgorithmDer: algorithm.bytes,
    signatureValue,
    number: extension('2.5.29.20')?.integer(),
    baseNumber: extension('2.5.29.27')?.integer(),
    authorityKey: extension('2.5.29.35')
      ?.children.find((part) => part.is(0x80))
      ?.content.toString('hex'),
    point: pointDer === undefined ? undefined : readPoint(DerElement.read(pointDer, 0, { whole: true }), nameKeyParts(issuer)),
    pointDer,
    expiredSince: extension('2.5.29.60')?.time(),
    partlyUnknown: extensions.unknown || entries.unknown,
    find: (ofIssuer, serialHex) => entries.find(`${serialHex}/${ofIssuer}`),
  }
}

/** cRLNumber, issuingDistributionPoint, deltaCRLIndicator, authorityKeyIdentifier, freshestCRL, issuerAltName, expiredCertsOnCRL. */
const processed = new Set(['2.5.29.20', '2.5.29.28', '2.5.29.27', '2.5.29.35', '2.5.29.46', '2.5.29.18', '2.5.29.60'])
/** reasonCode, holdInstructionCode, invalidityDate, certificateIssuer. */
const processedOfEntry = new Set(['2.5.29.21', '2.5.29.23', '2.5.29.24', '2.5.29.29'])

function readExtensions(list: DerElement | undefined, known = processed): { values: Map<string, Buffer>; unknown: boolean } {
  const values = new Map<string, Buffer>()
  let unknown = false
  for (const extension of list?.expect(0x30).children ?? []) {
    const oid = extension.child(0).oid()
    if (values.has(oid)) throw new MalformedDer('extension twice', extension.start)
    const marked = extension.child(1).is(0x01)
    if (marked && extension.child(1).boolean() && !known.has(oid)) unknown = true
    values.set(oid, extension.child(marked ? 2 : 1).expect(0x04).content)
  }
  return { values, unknown }
}

function readPoint(point: DerElement, issuer: readonly string[]): IssuingDistributionPoint {
  const part = (tag: number): DerElement | undefined => point.expect(0x30).children.find((one) => one.is(tag))
  const flag = (tag: number): boolean => part(tag)?.implicitBoolean() ?? false
  const name = part(0xa0)
  const reasons = part(0x83)
  return {
    names: name === undefined ? undefined : readPointNames(name, issuer),
    onlyUsers: flag(0x81),
    onlyAuthorities: flag(0x82),
    onlyAttributes: flag(0x85),
    indirect: flag(0x84),
    reasons: reasons === undefined ? allReasons : readReasons(reasons),
  }
}

interface Entries {
  find(key: string): RevokedEntry | undefined
  /** A critical extension of an entry is not known. */
  readonly unknown: boolean
}

/**
 * Entries by serial number and issuer. A list may hold a million: only their places are kept, and an entry is read in full
 * when it is asked for; those with extensions are read at once, since the issuer they name holds for the ones that follow.
 */
function readEntries(list: DerElement | undefined, listIssuer: string): Entries {
  const listed = new Map<string, number | RevokedEntry>()
  let unknown = false
  let issuer = listIssuer
  const source = list?.source ?? Buffer.alloc(0)
  const limit = list?.end ?? 0
  for (let at = list?.contentStart ?? 0; at < limit;) {
    const entry = DerElement.read(source, at, { limit, depth: 3 }).expect(0x30)
    const serial = DerElement.read(source, entry.contentStart, { limit: entry.end, depth: 4 }).expect(0x02)
    const date = DerElement.read(source, serial.end, { limit: entry.end, depth: 4 })
    let told: number | RevokedEntry = date.start
    if (date.end < entry.end) {
      const extensions = readExtensions(DerElement.read(source, date.end, { limit: entry.end, depth: 4 }), processedOfEntry)
      unknown ||= extensions.unknown
      // certificateIssuer holds from the entry that has it on (RFC 5280 5.3.3).
      issuer = issuerNamed(extensions.values.get('2.5.29.29')) ?? issuer
      told = { revokedAt: date.time(), reason: reasonOf(extensions.values.get('2.5.29.21')) }
    }
    at = entry.end
    const key = `${serial.content.toString('hex')}/${issuer}`
    const before = listed.get(key)
    // Listed twice: the entry that takes the certificate out of use counts.
    if (before === undefined || (typeof before === 'object' && before.reason === 'removeFromCRL')) listed.set(key, told)
  }
  const find = (key: string): RevokedEntry | undefined => {
    const told = listed.get(key)
    return typeof told === 'number' ? { revokedAt: dateAt(source, told, limit), reason: 'unspecified' } : told
  }
  return { find, unknown }
}

/** A date that cannot be read revokes from the beginning: the list does say that the certificate is revoked. */
function dateAt(source: Uint8Array, at: number, limit: number): Date {
  try {
    return DerElement.read(source, at, { limit }).time()
  } catch {
    return new Date(0)
  }
}

function issuerNamed(value: Buffer | undefined): string | undefined {
  if (value === undefined) return undefined
  const names = DerElement.read(value, 0, { whole: true }).expect(0x30)
  const name = names.children.find((one) => one.is(0xa4))
  if (name === undefined) throw new MalformedDer('certificate issuer', names.start)
  return nameKey(name.child(0))
}

function reasonOf(value: Buffer | undefined): string {
  if (value === undefined) return 'unspecified'
  return crlReasons[DerElement.read(value, 0, { whole: true }).expect(0x0a).smallInteger()] ?? 'unspecified'
}
