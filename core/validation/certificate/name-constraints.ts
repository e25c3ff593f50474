import { DerElement } from '../der-reader.js'
import type { Certificate } from './certificate.js'
import { nameKeyParts } from './distinguished-name.js'

/** GeneralName tags this code compares: rfc822Name, dNSName, directoryName. */
const compared = new Set([0x81, 0x82, 0xa4])

interface GeneralName {
  readonly tag: number
  /** Text of an address or a host, or the folded RDNs of a directory name. */
  readonly text: string
  readonly rdns: readonly string[]
}

interface Constraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/**
 * Whether the names of `below` keep what a CA above it allows (RFC 5280 4.2.1.10). A name of a kind that is limited and
 * that this code cannot compare keeps nothing. Marked critical or not makes no difference: a limit that a CA was given is
 * a limit.
 * @throws MalformedDer
 */
export function keepsNameConstraints(issuer: Certificate, below: Certificate): boolean {
  const extension = issuer.extensions.get('2.5.29.30')
  if (extension === undefined) return true
  const constraints = readConstraints(extension.value)
  return namesOf(below).every((name) => isAllowed(name, constraints))
}

function readConstraints(value: Buffer): Constraints {
  const parts = DerElement.read(value, 0, { whole: true }).expect(0x30).children
  const subtrees = (tag: number): GeneralName[] =>
    parts
      .filter((part) => part.is(tag))
      .flatMap((part) => part.children)
      .map((subtree) => readGeneralName(subtree.expect(0x30).child(0)))
  return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) }
}

function readGeneralName(name: DerElement): GeneralName {
  if (name.is(0xa4)) return { tag: 0xa4, text: '', rdns: nameKeyParts(name.child(0)) }
  return { tag: name.tag, text: name.constructed ? '' : name.content.toString('latin1').toLowerCase(), rdns: [] }
}

/** Subject, addresses in it, and alternative names. */
function namesOf(certificate: Certificate): GeneralName[] {
  const rdns = nameKeyParts(DerElement.read(certificate.subjectDer))
  const names: GeneralName[] = rdns.length === 0 ? [] : [{ tag: 0xa4, text: '', rdns }]
  for (const attribute of certificate.subjectAttributes) {
    if (attribute.oid === '1.2.840.113549.1.9.1') names.push({ tag: 0x81, text: attribute.value.toLowerCase(), rdns: [] })
  }
  const alternative = certificate.extensions.get('2.5.29.17')
  if (alternative === undefined) return names
  return [...names, ...DerElement.read(alternative.value, 0, { whole: true }).expect(0x30).children.map(readGeneralName)]
}

function isAllowed(name: GeneralName, constraints: Constraints): boolean {
  const sameKind = (limit: GeneralName): boolean => limit.tag === name.tag
  const permitted = constraints.permitted.filter(sameKind)
  const excluded = constraints.excluded.filter(sameKind)
  if (permitted.length === 0 && excluded.length === 0) return true
  if (!compared.has(name.tag)) return false
  return (permitted.length === 0 || permitted.some((limit) => isWithin(name, limit))) && !excluded.some((limit) => isWithin(name, limit))
}

function isWithin(name: GeneralName, limit: GeneralName): boolean {
  if (name.tag === 0xa4) return limit.rdns.every((rdn, index) => name.rdns[index] === rdn)
  if (name.tag === 0x82) return limit.text === '' || name.text === limit.text || name.text.endsWith(`.${limit.text.replace(/^\./, '')}`)
  const host = name.text.slice(name.text.lastIndexOf('@') + 1)
  if (limit.text.includes('@')) return name.text === limit.text
  return limit.text.startsWith('.') ? host.endsWith(limit.text) : host === limit.text || limit.text === ''
}
