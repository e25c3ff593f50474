import { DerElement, MalformedDer } from '../der-reader.js'
import type { Certificate } from './certificate.js'
import { nameKeyParts } from './distinguished-name.js'
import { alternativeNamesOf, extensionOids } from './extensions.js'
import { readGeneralName, type GeneralName } from './general-name.js'

/** GeneralName tags this code compares: rfc822Name, dNSName, uniformResourceIdentifier, iPAddress, directoryName. */
const compared = new Set([0x81, 0x82, 0x86, 0x87, 0xa4])

/** Comparisons of one pair of certificates: names times limits, beyond which a maze is refused rather than walked. */
const maximumComparisons = 250_000

interface Constraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

const readOnce = new WeakMap<Certificate, Constraints>()

/**
 * Whether the names of `below` keep what a CA above it allows (RFC 5280 4.2.1.10). A name of a kind that is limited and
 * that this code cannot compare keeps nothing. Marked critical or not makes no difference: a limit that a CA was given is
 * a limit.
 * @throws MalformedDer
 */
export function keepsNameConstraints(issuer: Certificate, below: Certificate): boolean {
  const constraints = constraintsOf(issuer)
  if (constraints === undefined) return true
  const names = namesOf(below)
  if (names.length * (constraints.permitted.length + constraints.excluded.length) > maximumComparisons) return false
  return names.every((name) => isAllowed(name, constraints))
}

function constraintsOf(issuer: Certificate): Constraints | undefined {
  const known = readOnce.get(issuer)
  if (known !== undefined) return known
  const extension = issuer.extensions.get(extensionOids.nameConstraints)
  if (extension === undefined) return undefined
  const parts = DerElement.read(extension.value, 0, { whole: true }).expect(0x30).children
  const subtrees = (tag: number): GeneralName[] =>
    parts
      .filter((part) => part.is(tag))
      .flatMap((part) => part.children)
      .map((subtree) => {
        // minimum and maximum are not used in this profile (RFC 5280 4.2.1.10): a limit that has them is not understood.
        if (subtree.expect(0x30).children.length !== 1) throw new MalformedDer('name constraint with a depth', subtree.start)
        return readGeneralName(subtree.child(0))
      })
  const constraints = { permitted: subtrees(0xa0), excluded: subtrees(0xa1) }
  readOnce.set(issuer, constraints)
  return constraints
}

/** Subject, addresses in it, and alternative names. */
function namesOf(certificate: Certificate): GeneralName[] {
  const rdns = nameKeyParts(DerElement.read(certificate.subjectDer))
  const none = Buffer.alloc(0)
  const names: GeneralName[] = rdns.length === 0 ? [] : [{ tag: 0xa4, text: '', rdns, bytes: none }]
  for (const attribute of certificate.subjectAttributes) {
    if (attribute.oid === '1.2.840.113549.1.9.1') names.push({ tag: 0x81, text: attribute.value, rdns: [], bytes: none })
  }
  return [...names, ...alternativeNamesOf(certificate)]
}

function isAllowed(name: GeneralName, constraints: Constraints): boolean {
  const sameKind = (limit: GeneralName): boolean => limit.tag === name.tag
  const permitted = constraints.permitted.filter(sameKind)
  const excluded = constraints.excluded.filter(sameKind)
  if (permitted.length === 0 && excluded.length === 0) return true
  if (!compared.has(name.tag)) return false
  // A URI without a host name has nothing that could be compared (RFC 5280: it must be refused).
  if (name.tag === 0x86 && hostOfUri(name.text) === undefined) return false
  return (
    (permitted.length === 0 || permitted.some((limit) => isWithin(name, limit, 'permitted'))) &&
    !excluded.some((limit) => isWithin(name, limit, 'excluded'))
  )
}

function isWithin(name: GeneralName, limit: GeneralName, list: 'permitted' | 'excluded'): boolean {
  switch (name.tag) {
    case 0xa4:
      return limit.rdns.every((rdn, index) => name.rdns[index] === rdn)
    case 0x82:
      return isWithinDomain(name.text.toLowerCase(), limit.text.toLowerCase())
    case 0x81:
      return isWithinMail(name.text, limit.text, list)
    case 0x86:
      return isWithinHost(hostOfUri(name.text) ?? '', limit.text.toLowerCase())
    default:
      return isWithinNetwork(name.bytes, limit.bytes)
  }
}

/** dNSName: zero or more labels added on the left; a leading dot asks for at least one. */
function isWithinDomain(name: string, limit: string): boolean {
  if (limit === '') return true
  const host = name.replace(/\.$/, '')
  return limit.startsWith('.') ? host.endsWith(limit) : host === limit || host.endsWith(`.${limit}`)
}

/** Address and URI hosts: `.example.com` for what lies below, `example.com` for that host alone. */
function isWithinHost(host: string, limit: string): boolean {
  if (limit === '') return true
  return limit.startsWith('.') ? host.endsWith(limit) && host.length > limit.length : host === limit
}

/** The local part is compared as written where that permits, and without case where it excludes. */
function isWithinMail(name: string, limit: string, list: 'permitted' | 'excluded'): boolean {
  const at = name.lastIndexOf('@')
  const host = name.slice(at + 1).toLowerCase()
  const limitAt = limit.lastIndexOf('@')
  if (limitAt < 0) return at > 0 ? isWithinHost(host, limit.toLowerCase()) : list === 'excluded'
  if (host !== limit.slice(limitAt + 1).toLowerCase()) return false
  const [local, wanted] = [name.slice(0, Math.max(at, 0)), limit.slice(0, limitAt)]
  return list === 'excluded' ? local.toLowerCase() === wanted.toLowerCase() : local === wanted
}

/** Host name of a URI in lower case; undefined when there is none or it is an address. */
function hostOfUri(uri: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1]
  if (authority === undefined) return undefined
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
    .toLowerCase()
  return host === '' || host.startsWith('[') || /^[\d.]+$/.test(host) ? undefined : host
}

/** iPAddress: the limit is an address and a mask (RFC 4632) of the same family. */
function isWithinNetwork(address: Buffer, limit: Buffer): boolean {
  if (limit.length !== address.length * 2 || (address.length !== 4 && address.length !== 16)) return false
  return address.every((byte, index) => ((byte ^ (limit[index] ?? 0)) & (limit[index + address.length] ?? 0)) === 0)
}
