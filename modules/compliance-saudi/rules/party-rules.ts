import type { XmlNode } from '../../../core/xml/read-xml.js'
import { identifierFaults, isVatNumber } from '../data/identifiers.js'
import { buyerSchemes, sellerSchemes } from '../ubl/names.js'
import { at, attributeOf, childrenOf, textAt } from '../verify/invoice-facts.js'
import { error, unless, warning, type Rule, type RuleSubject } from './rule.js'

function vatOf(party: XmlNode | undefined): string | undefined {
  return textAt(party, 'PartyTaxScheme', 'CompanyID')
}

interface OtherId {
  readonly scheme: string
  readonly value: string
}

function otherIds(party: XmlNode | undefined): OtherId[] {
  return childrenOf(party, 'PartyIdentification').map((one) => ({
    scheme: attributeOf(at(one, 'ID'), 'schemeID') ?? '',
    value: textAt(one, 'ID') ?? '',
  }))
}

function hasAddress(party: XmlNode | undefined, ...parts: readonly string[]): boolean {
  const address = at(party, 'PostalAddress')
  return parts.every(
    (part) => (part === 'Country' ? textAt(address, 'Country', 'IdentificationCode') : (textAt(address, part) ?? '')) !== '',
  )
}

function countryOf(party: XmlNode | undefined): string {
  return textAt(party, 'PostalAddress', 'Country', 'IdentificationCode') ?? ''
}

const national = ['StreetName', 'BuildingNumber', 'PostalZone', 'CityName', 'CitySubdivisionName', 'Country'] as const
const sellerPlace = 'AccountingSupplierParty/Party'
const buyerPlace = 'AccountingCustomerParty/Party'

function buyerName({ buyer }: RuleSubject): string {
  return textAt(buyer, 'PartyLegalEntity', 'RegistrationName') ?? ''
}

function exemptionCodes({ subtotals }: RuleSubject): string[] {
  return subtotals.map((one) => textAt(one, 'TaxCategory', 'TaxExemptionReasonCode') ?? '')
}

/** BR-KSA-F-07 to F-11: the shape of one scheme, of either party. */
function shapeRule(id: string, scheme: string): Rule {
  return warning(id, ({ seller, buyer }) => {
    const wrong = (party: XmlNode | undefined): boolean =>
      otherIds(party).some((one) => one.scheme === scheme && identifierFaults(one.scheme, one.value).length > 0)
    return [...unless(!wrong(seller), `${sellerPlace}/PartyIdentification`), ...unless(!wrong(buyer), `${buyerPlace}/PartyIdentification`)]
  })
}

/** Rules on seller and buyer. */
export const partyRules: readonly Rule[] = [
  warning('BR-06', ({ seller }) =>
    unless((textAt(seller, 'PartyLegalEntity', 'RegistrationName') ?? '') !== '', `${sellerPlace}/PartyLegalEntity`),
  ),
  error('BR-KSA-39', ({ seller }) => unless((vatOf(seller) ?? '') !== '', `${sellerPlace}/PartyTaxScheme/CompanyID`)),
  error('BR-KSA-40', ({ seller }) => unless(isVatNumber(vatOf(seller) ?? '300000000000003'), `${sellerPlace}/PartyTaxScheme/CompanyID`)),
  error('BR-KSA-44', ({ buyer }) => unless(isVatNumber(vatOf(buyer) ?? '300000000000003'), `${buyerPlace}/PartyTaxScheme/CompanyID`)),
  error('BR-CUSTOM-VALIDATION-01', ({ seller, buyer }) =>
    unless(vatOf(buyer) === undefined || vatOf(buyer) !== vatOf(seller), `${buyerPlace}/PartyTaxScheme/CompanyID`),
  ),
  warning('BR-KSA-08', ({ seller }) => {
    const ids = otherIds(seller)
    const [only] = ids
    const schemes: readonly string[] = sellerSchemes
    return unless(
      ids.length === 1 && only !== undefined && schemes.includes(only.scheme) && /^[A-Z0-9]+$/i.test(only.value),
      `${sellerPlace}/PartyIdentification`,
    )
  }),
  warning('BR-KSA-09', ({ seller }) => unless(hasAddress(seller, ...national), `${sellerPlace}/PostalAddress`)),
  warning('BR-KSA-37', ({ seller }) =>
    unless(/^\d{4}$/.test(textAt(seller, 'PostalAddress', 'BuildingNumber') ?? '0000'), `${sellerPlace}/PostalAddress/BuildingNumber`),
  ),
  warning('BR-KSA-66', ({ seller }) =>
    unless(/^\d{5}$/.test(textAt(seller, 'PostalAddress', 'PostalZone') ?? '00000'), `${sellerPlace}/PostalAddress/PostalZone`),
  ),
  error('BR-KSA-14', ({ buyer, simplified }) => {
    const schemes: readonly string[] = buyerSchemes
    const wrong = otherIds(buyer).some((one) => !schemes.includes(one.scheme) || !/^[A-Z0-9]+$/i.test(one.value))
    return unless(simplified || (vatOf(buyer) ?? '') !== '' || !wrong, `${buyerPlace}/PartyIdentification`)
  }),
  warning('BR-KSA-81', ({ buyer, simplified }) =>
    unless(simplified || (vatOf(buyer) ?? '') !== '' || otherIds(buyer).length > 0, `${buyerPlace}/PartyIdentification`),
  ),
  warning('BR-KSA-42', (subject) => unless(subject.simplified || buyerName(subject) !== '', `${buyerPlace}/PartyLegalEntity`)),
  warning('BR-KSA-10', ({ buyer, simplified }) =>
    unless(
      simplified || ['SA', ''].includes(countryOf(buyer)) || hasAddress(buyer, 'StreetName', 'CityName', 'Country'),
      `${buyerPlace}/PostalAddress`,
    ),
  ),
  warning('BR-KSA-63', ({ buyer, simplified }) =>
    unless(simplified || countryOf(buyer) !== 'SA' || hasAddress(buyer, ...national), `${buyerPlace}/PostalAddress`),
  ),
  warning('BR-KSA-67', ({ buyer }) =>
    unless(
      countryOf(buyer) !== 'SA' || /^\d{5}$/.test(textAt(buyer, 'PostalAddress', 'PostalZone') ?? '00000'),
      `${buyerPlace}/PostalAddress/PostalZone`,
    ),
  ),
  error('BR-KSA-49', (subject) => {
    const citizen = exemptionCodes(subject).some((code) => code === 'VATEX-SA-EDU' || code === 'VATEX-SA-HEA')
    return unless(!citizen || otherIds(subject.buyer).some((one) => one.scheme === 'NAT'), `${buyerPlace}/PartyIdentification`)
  }),
  warning('BR-KSA-25', (subject) => {
    const citizen = exemptionCodes(subject).some((code) => code === 'VATEX-SA-EDU' || code === 'VATEX-SA-HEA')
    return unless(!subject.simplified || !citizen || buyerName(subject) !== '', `${buyerPlace}/PartyLegalEntity`)
  }),
  warning('BR-KSA-71', (subject) =>
    unless(!subject.simplified || subject.transactionCode[5] !== '1' || buyerName(subject) !== '', `${buyerPlace}/PartyLegalEntity`),
  ),
  shapeRule('BR-KSA-F-07', 'TIN'),
  shapeRule('BR-KSA-F-08', 'CRN'),
  shapeRule('BR-KSA-F-09', '700'),
  shapeRule('BR-KSA-F-10', 'NAT'),
  shapeRule('BR-KSA-F-11', 'IQA'),
  warning('BR-KSA-F-12', ({ seller, buyer }) =>
    unless(![...otherIds(seller), ...otherIds(buyer)].some((one) => /\s/.test(one.scheme)), 'PartyIdentification/ID/@schemeID'),
  ),
]
