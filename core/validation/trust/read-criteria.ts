import type { XmlNode } from '../../xml/read-xml.js'
import type { Criteria } from './trust-list.js'

/** keyUsage bits by the names of TS 119 612 clause 5.5.9.2.2.1. */
const keyUsageBits: Readonly<Record<string, number>> = {
  digitalSignature: 0,
  nonRepudiation: 1,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  crlSign: 6,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
}

/** CriteriaList (ETSI TS 119 612 clause 5.5.9.2.2). Members of a kind unknown here are kept as such. */
export function readCriteria(list: XmlNode): Criteria {
  const assert = list.attributes.find((attribute) => attribute.name === 'assert')?.value.trim() ?? 'all'
  const members = list.children.flatMap(readMember)
  if (assert !== 'all' && assert !== 'atLeastOne' && assert !== 'none') return { kind: 'unknown' }
  return { kind: 'list', assert, members }
}

function readMember(node: XmlNode): Criteria[] {
  switch (node.local) {
    case 'CriteriaList':
      return [readCriteria(node)]
    case 'KeyUsage':
      return [readKeyUsage(node)]
    case 'PolicySet':
      return [{ kind: 'policies', oids: identifiersOf(node) }]
    case 'otherCriteriaList':
      return node.children.map(readOther)
    case 'Description':
      return []
    default:
      return [{ kind: 'unknown' }]
  }
}

function readOther(node: XmlNode): Criteria {
  switch (node.local) {
    case 'ExtendedKeyUsage':
      return { kind: 'extended-key-usage', oids: identifiersOf(node) }
    case 'CertSubjectDNAttribute':
      return { kind: 'subject-attributes', oids: identifiersOf(node) }
    default:
      return { kind: 'unknown' }
  }
}

function readKeyUsage(node: XmlNode): Criteria {
  const bits = node.children.map((child) => ({
    bit: keyUsageBits[child.attributes.find((attribute) => attribute.name === 'name')?.value ?? ''],
    value: /^(?:true|1)$/.test(child.text.trim()),
  }))
  const known = bits.flatMap(({ bit, value }) => (bit === undefined ? [] : [{ bit, value }]))
  return known.length === bits.length ? { kind: 'key-usage', bits: known } : { kind: 'unknown' }
}

/** Object identifiers below, as `1.2.3` or `urn:oid:1.2.3`. */
function identifiersOf(node: XmlNode): string[] {
  if (node.local === 'Identifier') return [node.text.trim().replace(/^urn:oid:/i, '')]
  return node.children.flatMap(identifiersOf)
}
