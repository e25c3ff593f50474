import { describeCertificate } from '../../../core/validation/certificate/certificate-description.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { keyUsageOf } from '../../../core/validation/certificate/extensions.js'
import { taxpayersOf } from '../signing/choose-key.js'

/** `register`: not in the certificate; only the authority's register can tell. Never a pass. */
export type LintState = 'present' | 'missing' | 'register' | 'unclear'

export interface LintItem {
  /** Item of Art. 20, 1 to 10; 0 for what the tax authority asks beside it. */
  readonly item: number
  /** `EG-LINT-…`, text in the module's locales. */
  readonly code: string
  readonly state: LintState
  /** What the certificate says, as it says it. */
  readonly found: string
}

/**
 * Content of an electronic certification certificate against the ten items of Art. 20 of Executive Regulations 109/2005, and what the tax
 * authority looks for. Measured on certificates of licensed authorities: none carries its licence (item 2) nor the issuer's address
 * (part of item 3); for these the answer is that the authority's register must tell.
 * @throws MalformedDer when the bytes are no certificate
 */
export function lintCertificate(der: Uint8Array): LintItem[] {
  const certificate = readCertificate(der)
  const facts = describeCertificate(certificate)
  const issuer = (type: string): string => attribute(certificate.issuerAttributes, type)
  const subject = (type: string): string => attribute(certificate.subjectAttributes, type)
  const usage = keyUsageOf(certificate)
  const item = (number: number, code: string, state: LintState, found = ''): LintItem => ({ item: number, code, state, found })
  const there = (number: number, code: string, found: string, otherwise: LintState = 'missing'): LintItem =>
    item(number, code, found === '' ? otherwise : 'present', found)
  const address = [issuer('STREET'), issuer('L'), issuer('registeredAddress')].filter((part) => part !== '').join(', ')
  const capacity = [subject('T'), subject('OU')]
    .filter((part) => part !== '')
    .map(redacted)
    .join(', ')
  return [
    item(1, 'EG-LINT-USAGE', usage?.(1) === true ? 'present' : 'missing', facts.usages.join(', ')),
    item(2, 'EG-LINT-LICENCE', 'register'),
    there(3, 'EG-LINT-ISSUER', issuer('O') === '' ? issuer('CN') : issuer('O')),
    there(3, 'EG-LINT-ISSUER-COUNTRY', issuer('C')),
    there(3, 'EG-LINT-ISSUER-ADDRESS', address, 'register'),
    there(4, 'EG-LINT-SIGNER', subject('CN') === '' ? subject('pseudonym') : subject('CN')),
    // A title or unit may say in what capacity; whether that is it, a certificate does not tell.
    item(5, 'EG-LINT-CAPACITY', capacity === '' ? 'register' : 'unclear', capacity),
    item(6, 'EG-LINT-KEY', strongEnough(facts.key) ? 'present' : 'missing', facts.key),
    there(7, 'EG-LINT-VALIDITY', `${facts.notBefore.slice(0, 10)} – ${facts.notAfter.slice(0, 10)}`),
    there(8, 'EG-LINT-SERIAL', facts.serial),
    // The signature's value is there; that it is the authority's, a path to its root shows and no reading of one certificate.
    there(9, 'EG-LINT-SIGNATURE', algorithmName(facts.signatureAlgorithm)),
    there(10, 'EG-LINT-REVOCATION', facts.revocationLists.join(', ')),
    there(0, 'EG-LINT-TAXPAYER', taxpayersOf(certificate).join(', ')),
  ]
}

/**
 * Art. 2 and 3 ask for 2048 bits, and mean RSA. A key on an elliptic curve is as strong from 224 bits on (NIST SP 800-57 part 1, table
 * 2): it passes, and whoever judges by the letter is told (`onCurve`).
 */
export function strongEnough(key: string): boolean {
  const bits = /^RSA (\d+)$/.exec(key)?.[1]
  if (bits !== undefined) return Number(bits) >= 2048
  return onCurve(key) && Number(/\d{3}/.exec(key)?.[0] ?? 0) >= 224
}

/** Does the key, as a description names it, lie on an elliptic curve? */
export function onCurve(key: string): boolean {
  return key.startsWith('EC ')
}

/** Names of the algorithms that authorities sign with (RFC 4055, 5758), beside their identifiers. */
const algorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
}

function algorithmName(oid: string): string {
  const name = algorithmNames[oid]
  return name === undefined ? oid : `${name} (${oid})`
}

function attribute(attributes: Certificate['subjectAttributes'], type: string): string {
  return attributes.find((one) => one.type === type)?.value.trim() ?? ''
}

/** Certificates of some years carried a person's national number (14 digits) among their names: it is not repeated in reports. */
export function redacted(text: string): string {
  return text.replace(/(?<!\p{Nd})([23٢٣۲۳]\p{Nd}{2})\p{Nd}{9}(\p{Nd}{2})(?!\p{Nd})/gu, '$1•••••••••$2')
}
