import { createPublicKey, verify } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { CertificationRequest } from '@peculiar/asn1-csr'
import { Extensions, SubjectAlternativeName, type Extension, type Name } from '@peculiar/asn1-x509'
import { derOf } from '../ca/certificate.js'
import { textsOf } from '../ca/names.js'
import { Refusal } from './answers.js'

/** Environments of the authority and the template name each asks for in OID 1.3.6.1.4.1.311.20.2. */
export const environments: Readonly<Record<string, readonly string[]>> = {
  'developer-portal': ['TSTZATCA-Code-Signing', 'PREZATCA-Code-Signing'],
  simulation: ['PREZATCA-Code-Signing'],
  core: ['ZATCA-Code-Signing'],
}

/** What a unit asks to be certified. */
export interface UnitRequest {
  readonly subject: Name
  readonly spki: Buffer
  /** DER SubjectAlternativeName, copied into the certificate as asked. */
  readonly alternativeName: Extension
  readonly vatNumber: string
  /** `1-solution|2-model|3-serial`. */
  readonly serialNumber: string
  /** First digit: standard documents, second: simplified ones. */
  readonly invoiceTypes: string
}

const maxNameLength = 64
const ecPublicKey = '1.2.840.10045.2.1'
const secp256k1 = Buffer.from('06052b8104000a', 'hex')

/**
 * Reads and checks the certificate request of a unit as the authority does.
 * @param encoded base64 of the PEM text
 * @throws Refusal 400 naming what is wrong
 */
export function readUnitRequest(encoded: unknown, environment: string): UnitRequest {
  if (typeof encoded !== 'string' || encoded === '') throw new Refusal(400, 'Missing-CSR', 'csr is required')
  const pem = Buffer.from(encoded, 'base64').toString('utf8')
  if (!/^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s[\s\S]+-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/.test(pem))
    throw invalid('csr must be the base64 of a PEM certificate request')
  let request: CertificationRequest
  try {
    request = AsnConvert.parse(derOf(pem), CertificationRequest)
  } catch {
    throw invalid('csr is not a PKCS#10 structure')
  }
  const info = request.certificationRequestInfo
  const spki = Buffer.from(AsnConvert.serialize(info.subjectPKInfo))
  const parameters = info.subjectPKInfo.algorithm.parameters
  if (
    info.subjectPKInfo.algorithm.algorithm !== ecPublicKey ||
    parameters === undefined ||
    parameters === null ||
    !secp256k1.equals(Buffer.from(parameters))
  )
    throw invalid('the public key must be on curve secp256k1')
  const signed = Buffer.from(request.certificationRequestInfoRaw ?? AsnConvert.serialize(info))
  if (!proves(spki, signed, Buffer.from(request.signature))) throw invalid('the signature of the csr does not match its public key')

  const extensions = requestedExtensions(request)
  checkTemplate(extensions, environment)
  const alternativeName = extensions.find((one) => one.extnID === '2.5.29.17')
  if (alternativeName === undefined) throw invalid('subject alternative name is missing')
  const directory = AsnConvert.parse(alternativeName.extnValue.buffer, SubjectAlternativeName).find(
    (one) => one.directoryName !== undefined,
  )?.directoryName
  if (directory === undefined) throw invalid('subject alternative name must hold a directory name')
  const vatNumber = one(directory, 'UID', 'VAT number')
  const serialNumber = one(directory, 'SN', 'unit serial number')
  const invoiceTypes = one(directory, 'TITLE', 'invoice type')
  one(directory, 'REGISTEREDADDRESS', 'registered address')
  one(directory, 'BUSINESSCATEGORY', 'business category')
  if (!/^3\d{13}3$/.test(vatNumber)) throw invalid('VAT number must be 15 digits, beginning and ending with 3')
  if (!/^1-[^|]+\|2-[^|]+\|3-[^|]+$/.test(serialNumber)) throw invalid('unit serial number must read 1-…|2-…|3-…')
  if (!/^[01]{4}$/.test(invoiceTypes) || /^00/.test(invoiceTypes)) throw invalid('invoice type must be 1000, 0100 or 1100')
  if (one(info.subject, 'C', 'country') !== 'SA') throw invalid('country must be SA')
  for (const type of ['O', 'CN'])
    if (one(info.subject, type, type).length > maxNameLength) throw invalid(`${type} is longer than ${maxNameLength} characters`)
  const unit = one(info.subject, 'OU', 'organisation unit')
  if (unit.length > maxNameLength) throw invalid(`OU is longer than ${maxNameLength} characters`)
  // A VAT group has 1 as the eleventh digit; its members name their own ten-digit TIN.
  if (vatNumber[10] === '1' && !/^\d{10}$/.test(unit)) throw invalid('OU must be the ten-digit TIN of the member of a VAT group')
  return { subject: info.subject, spki, alternativeName, vatNumber, serialNumber, invoiceTypes }
}

function requestedExtensions(request: CertificationRequest): Extension[] {
  const attribute = request.certificationRequestInfo.attributes.find((one) => one.type === '1.2.840.113549.1.9.14')
  const value = attribute?.values[0]
  if (value === undefined) throw invalid('the csr requests no extensions')
  try {
    return [...AsnConvert.parse(value, Extensions)]
  } catch {
    throw invalid('the requested extensions cannot be read')
  }
}

function checkTemplate(extensions: readonly Extension[], environment: string): void {
  const template = extensions.find((one) => one.extnID === '1.3.6.1.4.1.311.20.2')
  if (template === undefined) throw invalid('certificate template name (1.3.6.1.4.1.311.20.2) is missing')
  const der = Buffer.from(template.extnValue.buffer)
  const tag = der[0]
  // UTF8String or PrintableString: both are seen from accepted clients
  const text = (tag === 0x0c || tag === 0x13) && der[1] === der.length - 2 ? der.subarray(2).toString('utf8') : ''
  const allowed = environments[environment] ?? []
  if (!allowed.includes(text)) throw invalid(`certificate template name must be ${allowed.join(' or ')} here`)
}

function one(name: Name, type: string, label: string): string {
  const texts = textsOf(name, type)
  const text = texts[0]
  if (texts.length !== 1 || text === undefined || text.trim() === '') throw invalid(`${label} must stand exactly once`)
  return text
}

function proves(spki: Buffer, signed: Buffer, signature: Buffer): boolean {
  try {
    return verify('sha256', signed, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}

function invalid(reason: string): Refusal {
  return new Refusal(400, 'Invalid-CSR', reason)
}
