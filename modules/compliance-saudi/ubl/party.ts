import type { PostalAddress } from '../../../core/access/context.js'
import { attributes, type CanonicalWriter } from '../../../core/xml/canonical-writer.js'
import type { Party } from '../../invoicing/index.js'
import { buyerSchemes, sellerSchemes } from './names.js'

/** Name on the e-invoice and in QR tag 1: the Arabic one where there is one, as the VAT law asks. */
export function legalName(party: Party): string {
  return party.nameAr === null || party.nameAr.trim() === '' ? party.name : party.nameAr
}

export function identifierOf(party: Party, scheme: string): string | undefined {
  return party.identifiers.find((identifier) => identifier.scheme === scheme)?.value
}

/** The one other identifier that is sent (BR-KSA-08, BR-KSA-14): the first the authority's order knows. */
export function otherIdentifier(party: Party, role: 'seller' | 'buyer'): { scheme: string; value: string } | undefined {
  const schemes: readonly string[] = role === 'seller' ? sellerSchemes : buyerSchemes
  for (const scheme of schemes) {
    const value = identifierOf(party, scheme)
    if (value !== undefined) return { scheme, value }
  }
  return undefined
}

function writeAddress(xml: CanonicalWriter, address: PostalAddress): void {
  xml
    .open('cac:PostalAddress')
    .optional('cbc:StreetName', address.street)
    .optional('cbc:AdditionalStreetName', address.additionalStreet)
    .optional('cbc:BuildingNumber', address.building)
    .optional('cbc:PlotIdentification', address.additionalNumber)
    .optional('cbc:CitySubdivisionName', address.district)
    .optional('cbc:CityName', address.city)
    .optional('cbc:PostalZone', address.postalCode)
    .optional('cbc:CountrySubentity', address.region)
    .open('cac:Country')
    .leaf('cbc:IdentificationCode', address.country)
    .close()
    .close()
}

/** cac:Party in the order of UBL 2.1: identification, address, tax scheme, legal entity. */
export function writeParty(xml: CanonicalWriter, party: Party, role: 'seller' | 'buyer'): void {
  xml.open('cac:Party')
  const other = otherIdentifier(party, role)
  if (other !== undefined) {
    xml
      .open('cac:PartyIdentification')
      .leaf('cbc:ID', other.value, attributes(['schemeID', other.scheme]))
      .close()
  }
  if (party.address !== null) writeAddress(xml, party.address)
  const vat = identifierOf(party, 'VAT')
  if (vat !== undefined)
    xml.open('cac:PartyTaxScheme').leaf('cbc:CompanyID', vat).open('cac:TaxScheme').leaf('cbc:ID', 'VAT').close().close()
  xml.open('cac:PartyLegalEntity').leaf('cbc:RegistrationName', legalName(party)).close()
  xml.close()
}
