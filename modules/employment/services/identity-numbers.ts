import type { FaultDetail } from '../../../core/i18n/fault.js'
import { identityDocuments, type IdentityDocument } from '../data/identity-documents.js'

/** What a right number tells about its holder. */
export interface IdentityFacts {
  readonly birthDate?: string
  readonly gender?: 'male' | 'female'
}

const bad = (code: string, params: Record<string, string> = {}): FaultDetail => ({ code, path: 'identityNumber', params })

/**
 * Checks a number by the form its document has on a day, and compares what it tells with what the record says.
 *
 * Saudi Arabia: 10 digits, 1 for citizens and 2 for residents, Luhn check digit. Egypt: 14 digits with day of birth and governorate
 * (the formula of the last digit is not published and is not checked). Kuwait: 12 digits, weights 2 1 6 3 7 9 10 5 8 4 2 modulo 11.
 * Bulgaria: EGN weights 2 4 8 5 10 9 7 3 6 modulo 11 modulo 10, LNCH weights 21 19 17 13 11 9 7 3 1 modulo 10.
 *
 * @returns errors for a number that cannot be, warnings where it and the record disagree
 */
export function checkIdentity(
  given: { readonly type: string; readonly number: string; readonly birthDate: string | null; readonly gender: 'male' | 'female' | null },
  day: string,
): FaultDetail[] {
  const document = identityDocuments.find(({ type, from, to }) => type === given.type && from <= day && (to === null || day <= to))
  if (document === undefined) return [{ code: 'EMPLOYMENT-IDENTITY-TYPE', path: 'identityType', params: { type: given.type } }]
  const number = given.number.replace(/[\s-]/g, '')
  const facts = factsOf(document, number)
  if (facts === undefined) return [bad(`EMPLOYMENT-IDENTITY-${document.form.toUpperCase()}`, { value: given.number })]
  const faults: FaultDetail[] = []
  if (facts.birthDate !== undefined && given.birthDate !== null && facts.birthDate !== given.birthDate) {
    const params = { said: given.birthDate, told: facts.birthDate }
    faults.push({ code: 'EMPLOYMENT-IDENTITY-BIRTH', path: 'birthDate', level: 'warning', params })
  }
  if (facts.gender !== undefined && given.gender !== null && facts.gender !== given.gender) {
    faults.push({ code: 'EMPLOYMENT-IDENTITY-GENDER', path: 'gender', level: 'warning' })
  }
  return faults
}

/** Undefined for a number that cannot be one of this document. */
export function factsOf(document: Pick<IdentityDocument, 'form' | 'first'>, number: string): IdentityFacts | undefined {
  switch (document.form) {
    case 'sa-10':
      return /^[12]\d{9}$/.test(number) && (document.first === undefined || number.startsWith(document.first)) && luhn(number)
        ? {}
        : undefined
    case 'eg-14':
      return egyptian(number)
    case 'kw-12':
      return kuwaiti(number)
    case 'bg-egn':
      return bulgarian(number)
    case 'bg-lnch':
      return /^\d{10}$/.test(number) && weighted(number, [21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 === Number(number[9]) ? {} : undefined
    case 'passport':
      return /^[A-Z0-9]{5,15}$/i.test(number) ? {} : undefined
  }
}

function weighted(number: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(number[index]), 0)
}

function luhn(number: string): boolean {
  let sum = 0
  for (const [index, digit] of Array.from(number).reverse().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

/** An ISO day, or undefined when the calendar has none. */
function dayOf(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day))
  const right = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return right ? date.toISOString().slice(0, 10) : undefined
}

function egyptian(number: string): IdentityFacts | undefined {
  const match = /^([23])(\d\d)(\d\d)(\d\d)(\d\d)(\d{5})$/.exec(number)
  if (match === null) return undefined
  const [, century, year, month, day, governorate] = match.map(Number)
  const birthDate = dayOf(1700 + 100 * (century ?? 0) + (year ?? 0), month ?? 0, day ?? 0)
  // 01 to 35 as the civil registry numbers them; 88 was born abroad.
  if (birthDate === undefined || !((governorate ?? 0) >= 1 && ((governorate ?? 0) <= 35 || governorate === 88))) return undefined
  return { birthDate, gender: Number(number[12]) % 2 === 1 ? 'male' : 'female' }
}

function kuwaiti(number: string): IdentityFacts | undefined {
  const match = /^([123])(\d\d)(\d\d)(\d\d)\d{5}$/.exec(number)
  if (match === null) return undefined
  const [, century, year, month, day] = match.map(Number)
  const birthDate = dayOf(1700 + 100 * (century ?? 0) + (year ?? 0), month ?? 0, day ?? 0)
  const check = 11 - (weighted(number, [2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11)
  return birthDate !== undefined && check <= 9 && check === Number(number[11]) ? { birthDate } : undefined
}

function bulgarian(number: string): IdentityFacts | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)\d\d(\d)\d$/.exec(number)
  if (match === null) return undefined
  const [, year, month, day, sex] = match.map(Number)
  const shifted = month ?? 0
  const [century, real] = shifted > 40 ? [2000, shifted - 40] : shifted > 20 ? [1800, shifted - 20] : [1900, shifted]
  const birthDate = dayOf(century + (year ?? 0), real, day ?? 0)
  const check = (weighted(number, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10
  if (birthDate === undefined || check !== Number(number[9])) return undefined
  return { birthDate, gender: (sex ?? 0) % 2 === 0 ? 'male' : 'female' }
}

/** ISO 13616: letters as numbers, modulo 97 is 1. */
export function isIban(value: string): boolean {
  const iban = value.replace(/\s/g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false
  const digits = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  let rest = 0
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}
