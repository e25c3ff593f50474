import type { Company } from '../../../../core/access/context.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import type { Locale } from '../../../../core/i18n/locale.js'

/** Merge fields of every text, filled by the host unless a request tells them itself. */
export const builtInMerges = ['company.name', 'company.registration', 'company.vat', 'company.address', 'company.country', 'today'] as const
export type BuiltInMerge = (typeof builtInMerges)[number]

/** Their types, for the format of each column. */
export const builtInTypes: Readonly<Record<BuiltInMerge, 'text' | 'date'>> = {
  'company.name': 'text',
  'company.registration': 'text',
  'company.vat': 'text',
  'company.address': 'text',
  'company.country': 'text',
  today: 'date',
}

/** Registration numbers in the order in which a contract names them. */
const registrations = ['CRN', 'EIK', 'TIN', 'PACI', '700']

/** What the company and the day say in one language; undefined where the company has not told it. */
export function builtInValue(name: BuiltInMerge, company: Company, now: Date, language: Locale): string | undefined {
  switch (name) {
    case 'company.name':
      return language === 'ar' ? (company.nameAr ?? company.name) : company.name
    case 'company.registration':
      return registrationOf(company)
    case 'company.vat':
      return company.identifiers.find(({ scheme }) => scheme === 'VAT')?.value
    case 'company.address':
      return addressOf(company, language)
    case 'company.country':
      return countryName(company.country, language)
    case 'today':
      return localDay(now, company.timeZone)
  }
}

export function registrationOf(company: Company): string | undefined {
  return registrations
    .map((wanted) => company.identifiers.find(({ scheme }) => scheme === wanted)?.value)
    .find((value) => value !== undefined)
}

function addressOf(company: Company, language: Locale): string | undefined {
  const { building, street, district, city, postalCode, country } = company.address
  const lines = [[building, street], [district], [city, postalCode], [countryName(country, language)]]
    .map((parts) => parts.filter((part) => part !== undefined && part !== '').join(' '))
    .filter((line) => line !== '')
  return lines.length > 1 ? lines.join(language === 'ar' ? '، ' : ', ') : undefined
}

function countryName(country: string, language: Locale): string {
  return new Intl.DisplayNames([language], { type: 'region' }).of(country) ?? country
}
