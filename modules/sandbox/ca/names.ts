import { AsnConvert } from '@peculiar/asn1-schema'
import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509'

/** Short names of attribute types (RFC 4519, RFC 5280 appendix A) and the ones Saudi certificates add. */
const types: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  TITLE: '2.5.4.12',
  BUSINESSCATEGORY: '2.5.4.15',
  REGISTEREDADDRESS: '2.5.4.26',
  GIVENNAME: '2.5.4.42',
  SURNAME: '2.5.4.4',
  ORGANIZATIONIDENTIFIER: '2.5.4.97',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  E: '1.2.840.113549.1.9.1',
}

/** One relative distinguished name: attribute type (short name or dotted) and its text. */
export interface NamePart {
  readonly type: string
  readonly value: string
}

/** Parts in the order of the encoding (country first), or an object in that order. */
export type NameInput = readonly NamePart[] | Readonly<Record<string, string>>

export function typeOf(name: string): string {
  const oid = /^\d+(?:\.\d+)+$/.test(name) ? name : types[name.toUpperCase()]
  if (oid === undefined) throw new RangeError(`unknown attribute type ${name}`)
  return oid
}

function valueOf(oid: string, value: string): AttributeValue {
  if (oid === types.DC || oid === types.E) return new AttributeValue({ ia5String: value })
  // X.520: countryName, serialNumber are PrintableString
  if (oid === types.C || oid === types.SERIALNUMBER) return new AttributeValue({ printableString: value })
  return new AttributeValue({ utf8String: value })
}

export function buildName(input: NameInput): Name {
  const parts: readonly NamePart[] = isParts(input) ? input : Object.entries(input).map(([type, value]) => ({ type, value }))
  return new Name(
    parts.map((part) => {
      const type = typeOf(part.type)
      return new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: valueOf(type, part.value) })])
    }),
  )
}

function isParts(input: NameInput): input is readonly NamePart[] {
  return Array.isArray(input)
}

/** All texts of one attribute type in a name, in order. */
export function textsOf(name: Name, type: string): string[] {
  const oid = typeOf(type)
  return name.flatMap((rdn) => rdn.filter((attribute) => attribute.type === oid).map((attribute) => attribute.value.toString()))
}

/** `CN=…, OU=…, C=SA`: last part of the encoding first, as Saudi signatures write the issuer (RFC 2253 order, ", " between). */
export function nameText(name: Name): string {
  const shortOf = new Map(Object.entries(types).map(([short, oid]) => [oid, short]))
  const parts = name.map((rdn) =>
    rdn.map((attribute) => `${shortOf.get(attribute.type) ?? attribute.type}=${escapeText(attribute.value.toString())}`).join('+'),
  )
  return parts.reverse().join(', ')
}

// RFC 4514 section 2.4
function escapeText(value: string): string {
  return value.replace(/[\\,+"<>;]/g, '\\$&').replace(/^[ #]/, '\\$&')
}

export function sameName(one: Name, other: Name): boolean {
  return Buffer.from(AsnConvert.serialize(one)).equals(Buffer.from(AsnConvert.serialize(other)))
}
