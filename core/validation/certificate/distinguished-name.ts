import type { DerElement } from '../der-reader.js'

/** Short names of RFC 4519 / RFC 4514 table and the ones authorities use. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'T',
  '2.5.4.26': 'registeredAddress',
  '2.5.4.15': 'businessCategory',
  '2.5.4.42': 'GIVENNAME',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'E',
}

/** An AttributeTypeAndValue (RFC 5280, clause 4.1.2.4). */
export interface NameAttribute {
  readonly oid: string
  /** Short name, or the dotted identifier when it has none. */
  readonly type: string
  readonly value: string
}

/** Attributes of a Name in the order of the certificate (most general first, as authorities write them). */
export function readName(name: DerElement): NameAttribute[] {
  return name.expect(0x30).children.flatMap((relative) =>
    relative.expect(0x31).children.map((attribute) => {
      const oid = attribute.child(0).oid()
      return { oid, type: shortNames[oid] ?? oid, value: attribute.child(1).text() }
    }),
  )
}

/** RFC 2253 order (last RDN first), joined with ", " as XAdES issuer names and the Saudi authority write it. */
export function nameToText(attributes: readonly NameAttribute[]): string {
  return [...attributes]
    .reverse()
    .map((attribute) => `${attribute.type}=${escapeValue(attribute.value)}`)
    .join(', ')
}

/** RFC 4514 section 2.4. */
function escapeValue(value: string): string {
  return value
    .replace(/[\\",+<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
}

/**
 * Comparison form of a Name (RFC 5280 7.1): attribute types with their text folded by case and spaces, so that the same
 * name in PrintableString and UTF8String chains.
 */
export function nameKey(name: DerElement): string {
  return nameKeyParts(name).join('/')
}

/** The same, one text for each relative name. */
export function nameKeyParts(name: DerElement): string[] {
  return name.expect(0x30).children.map(relativeNameKey)
}

/** One relative name: SET OF attributes, also where it is implicitly tagged. */
export function relativeNameKey(relative: DerElement): string {
  return relative.children
    .map((attribute) => {
      const value = attribute.child(1)
      const text = value.text().normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
      return `${attribute.child(0).oid()}=${text.length}:${text}`
    })
    .sort()
    .join('+')
}

/** What people call the holder: common name, else organisation, else the first attribute. */
export function displayName(attributes: readonly NameAttribute[]): string {
  const find = (type: string): string | undefined => attributes.find((attribute) => attribute.type === type)?.value
  return find('CN') ?? find('O') ?? attributes[0]?.value ?? ''
}
