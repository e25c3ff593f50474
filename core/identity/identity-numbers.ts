/**
 * Numbers that people are known by. Digits are Latin and nothing stands between them: who reads what somebody typed makes them so. The
 * forms are those that numbers of living holders have; from when to when a paper counts is told by who asks for it.
 */

/** What a right number tells about its holder. */
export interface IdentityFacts {
  /** ISO day. */
  readonly birthDate?: string
  readonly gender?: 'male' | 'female'
}

/**
 * Saudi number of a citizen (1…) or a resident (2…, iqama): ten digits, the last by the Luhn formula.
 * @returns undefined for a number that cannot be one
 */
export function readSaudiNumber(number: string): IdentityFacts | undefined {
  return /^[12]\d{9}$/.test(number) && luhn(number) ? {} : undefined
}

/** Governorates as the Egyptian civil registry numbers them; 88 is born abroad. */
const governorates = new Set(
  ['01 02 03 04', '11 12 13 14 15 16 17 18 19', '21 22 23 24 25 26 27 28 29', '31 32 33 34 35', '88'].flatMap((row) => row.split(' ')),
)

/**
 * Egyptian national number: fourteen digits with century, day and governorate of birth. The formula of its last digit is not published
 * and not checked.
 * @returns undefined for a number that cannot be one
 */
export function readEgyptianNumber(number: string): IdentityFacts | undefined {
  const birthDate = bornIn(/^([23])(\d\d)(\d\d)(\d\d)\d{7}$/.exec(number))
  if (birthDate === undefined || !governorates.has(number.slice(7, 9))) return undefined
  return { birthDate, gender: Number(number[12]) % 2 === 1 ? 'male' : 'female' }
}

/**
 * Kuwaiti civil number: twelve digits with century and day of birth, the last by weights 2 1 6 3 7 9 10 5 8 4 2 modulo 11; numbers whose
 * check digit would be ten or eleven are not given out.
 * @returns undefined for a number that cannot be one
 */
export function readKuwaitiNumber(number: string): IdentityFacts | undefined {
  const birthDate = bornIn(/^([23])(\d\d)(\d\d)(\d\d)\d{5}$/.exec(number))
  const check = 11 - (weighted(number, [2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11)
  return birthDate !== undefined && check === Number(number[11]) ? { birthDate } : undefined
}

/**
 * Bulgarian civil number (ЕГН): ten digits with day of birth, months of the years from 1800 and 2000 raised by 20 and 40; the last by
 * weights 2 4 8 5 10 9 7 3 6 modulo 11 modulo 10.
 * @returns undefined for a number that cannot be one
 */
export function readBulgarianNumber(number: string): IdentityFacts | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)\d{4}$/.exec(number)
  if (match === null) return undefined
  const [, year = 0, shifted = 0, day = 0] = match.map(Number)
  const [century, raised] = shifted > 40 ? [2000, 40] : shifted > 20 ? [1800, 20] : [1900, 0]
  const birthDate = isoDay(century + year, shifted - raised, day)
  const check = (weighted(number, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10
  if (birthDate === undefined || check !== Number(number[9])) return undefined
  return { birthDate, gender: Number(number[8]) % 2 === 0 ? 'male' : 'female' }
}

/**
 * Bulgarian number of a foreigner (ЛНЧ): ten digits, the last by weights 21 19 17 13 11 9 7 3 1 modulo 10.
 * @returns undefined for a number that cannot be one
 */
export function readBulgarianForeignerNumber(number: string): IdentityFacts | undefined {
  return /^\d{10}$/.test(number) && weighted(number, [21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 === Number(number[9]) ? {} : undefined
}

/** An ISO day, or undefined when the Gregorian calendar has none. */
export function isoDay(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day))
  const right = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return right ? date.toISOString().slice(0, 10) : undefined
}

/** Of century (2 are the years from 1900, 3 those from 2000), year, month and day. */
function bornIn(match: RegExpExecArray | null): string | undefined {
  if (match === null) return undefined
  const [, century = 0, year = 0, month = 0, day = 0] = match.map(Number)
  return isoDay(1700 + 100 * century + year, month, day)
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
