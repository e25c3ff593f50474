import type { Company } from '../../../core/access/context.js'
import { encodeName } from '../../../core/signing/certificate-request.js'
import { context, printableString, sequence, utf8String } from '../../../core/signing/der.js'
import type { CertificateRequestSubject } from '../../../core/signing/signing-service.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { ZatcaEnvironment } from './unit-rows.js'

/** Name of the certificate template, OID 1.3.6.1.4.1.311.20.2; the encodings are those accepted requests carry. */
const templates: Readonly<Record<ZatcaEnvironment, Buffer>> = {
  production: utf8String('ZATCA-Code-Signing'),
  simulation: printableString('PREZATCA-Code-Signing'),
  sandbox: printableString('TSTZATCA-Code-Signing'),
}

/** X.520 ub-common-name and its like: names longer than this are the commonest reason why onboarding fails. */
const longestName = 64

/** Longer names are cut at a word where that leaves enough of them. */
function shortName(name: string): string {
  if (name.length <= longestName) return name
  const cut = name.slice(0, longestName)
  const space = cut.lastIndexOf(' ')
  return (space > longestName / 2 ? cut.slice(0, space) : cut).trimEnd()
}

export interface UnitDescription {
  /** `1-Khatm|2-1.0|3-…`. */
  readonly serial: string
  readonly environment: ZatcaEnvironment
  /** Trade, shown in the certificate. */
  readonly businessCategory: string
}

/**
 * Subject and extensions of the request for a stamp certificate (Security Features, onboarding; order C, OU, O, CN).
 * @throws Fault SA-READY-VAT-MISSING, SA-READY-ADDRESS-MISSING
 */
export function unitRequest(company: Company, unit: UnitDescription): CertificateRequestSubject {
  const vat = company.identifiers.find((identifier) => identifier.scheme === 'VAT')?.value
  if (vat === undefined) throw new Fault('SA-ONBOARD-VAT', { path: 'identifiers' })
  const address = [company.address.building, company.address.street, company.address.city]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
  if (address === '') throw new Fault('SA-ONBOARD-ADDRESS', { path: 'address' })
  const tin = company.identifiers.find((identifier) => identifier.scheme === 'TIN')?.value
  // A VAT group (11th digit 1): each member names itself by its own ten-digit TIN.
  const organizationUnit = vat[10] === '1' && tin !== undefined ? tin : (company.address.city ?? company.name)
  const alternative = encodeName([
    { type: 'SN', value: unit.serial },
    { type: 'UID', value: vat },
    // 1100: tax invoices and simplified ones.
    { type: 'TITLE', value: '1100' },
    { type: 'REGISTEREDADDRESS', value: shortName(address) },
    { type: 'BUSINESSCATEGORY', value: shortName(unit.businessCategory) },
  ])
  return {
    name: [
      { type: 'C', value: 'SA' },
      { type: 'OU', value: shortName(organizationUnit) },
      { type: 'O', value: shortName(company.name) },
      { type: 'CN', value: shortName(`EGS-${vat}-${unit.serial.slice(-12)}`) },
    ],
    extensions: [
      { oid: '1.3.6.1.4.1.311.20.2', value: templates[unit.environment] },
      // GeneralNames with one directoryName [4].
      { oid: '2.5.29.17', value: sequence(context(4, alternative)) },
    ],
  }
}
