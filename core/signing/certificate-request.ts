import { Fault } from '../i18n/fault.js'
import { bitString, boolean, context, element, integer, objectIdentifier, octetString, sequence, setOf, utf8String } from './der.js'
import { signatureIdentifier } from './algorithms.js'
import { signWith } from './sign-with.js'
import type { CertificateRequestSubject, Signer } from './signing-service.js'

const attributeTypes: Readonly<Record<string, string>> = {
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
  ORGANIZATIONIDENTIFIER: '2.5.4.97',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  E: '1.2.840.113549.1.9.1',
}

/** Types whose syntax is PrintableString, IA5String or so by their standard (RFC 5280 appendix A). */
const printable = new Set(['2.5.4.6', '2.5.4.5'])
const ia5 = new Set(['0.9.2342.19200300.100.1.25', '1.2.840.113549.1.9.1'])

/** DER Name of the given attributes, one per RDN, in order. @throws Fault SIGN-REQUEST-SUBJECT */
export function encodeName(name: CertificateRequestSubject['name']): Buffer {
  return sequence(
    ...name.map(({ type, value, encoding }, index) => {
      const oid = /^\d+(?:\.\d+)+$/.test(type) ? type : attributeTypes[type.toUpperCase()]
      const path = `name[${index}]`
      if (oid === undefined || value === '') throw new Fault('SIGN-REQUEST-SUBJECT', { path, params: { type, value } })
      const asPrintable = encoding === 'printable' || (encoding === undefined && printable.has(oid))
      if (asPrintable && !/^[a-z0-9 '()+,\-./:=?]*$/i.test(value)) {
        throw new Fault('SIGN-REQUEST-SUBJECT', { path, params: { type, value } })
      }
      const text = asPrintable
        ? element(0x13, Buffer.from(value, 'latin1'))
        : ia5.has(oid)
          ? element(0x16, Buffer.from(value, 'latin1'))
          : utf8String(value)
      return setOf(sequence(objectIdentifier(oid), text))
    }),
  )
}

/** PKCS#10 (RFC 2986), DER. `publicKey` is the DER SubjectPublicKeyInfo of the signer's key. */
export async function buildCertificateRequest(signer: Signer, publicKey: Uint8Array, subject: CertificateRequestSubject): Promise<Buffer> {
  const extensions = subject.extensions.map(({ oid, critical, value }) =>
    critical === true
      ? sequence(objectIdentifier(oid), boolean(true), octetString(value))
      : sequence(objectIdentifier(oid), octetString(value)),
  )
  // RFC 2985 5.4.2: requested extensions travel in the extensionRequest attribute.
  const attributes = extensions.length === 0 ? [] : [sequence(objectIdentifier('1.2.840.113549.1.9.14'), setOf(sequence(...extensions)))]
  const info = sequence(integer(0), encodeName(subject.name), publicKey, context(0, ...attributes))
  const signature = await signWith(signer, info)
  return sequence(info, signatureIdentifier(signer.scheme, signer.digestAlgorithm), bitString(signature))
}

/** PEM (RFC 7468) of the bytes, lines of 64; `label` as in `CERTIFICATE REQUEST`. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
