import { parsePhoneNumberFromString, type CountryCode, isSupportedCountry } from 'libphonenumber-js'

/** International form (`+966 50 123 4567`) of what was typed; undefined when it is no phone number. Arabic-Indic digits are read too. */
export function normalisePhone(value: string, country: string | null): string | undefined {
  const known: CountryCode | undefined = country !== null && isSupportedCountry(country) ? country : undefined
  const number = parsePhoneNumberFromString(value, known)
  return number?.isPossible() === true ? number.formatInternational() : undefined
}
