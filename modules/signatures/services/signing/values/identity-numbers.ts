/** Patterns of numbers that people and accounts are known by. Digits are Latin: `latinDigits` has made them so. */

function weighted(number: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(number[index]), 0)
}

/** True for a day of the Gregorian calendar. */
export function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

/** Saudi national id (1…) or iqama (2…): ten digits, the last by the Luhn formula. */
export function isSaudiId(number: string): boolean {
  if (!/^[12]\d{9}$/.test(number)) return false
  let sum = 0
  for (let index = 0; index < 10; index++) {
    const value = Number(number[index]) * (index % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

/** Governorates of birth; 88 is abroad. */
const governorates = new Set(
  [1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 32, 33, 34, 35, 88].map((code) =>
    String(code).padStart(2, '0'),
  ),
)

/** Egyptian national number: century, day of birth, governorate. The formula of its last digit is not published and not checked. */
export function isEgyptianId(number: string): boolean {
  const parts = /^([23])(\d{2})(\d{2})(\d{2})(\d{2})\d{5}$/.exec(number)
  if (parts === null) return false
  const [, century, year, month, day, governorate = ''] = parts
  const full = (century === '2' ? 1900 : 2000) + Number(year)
  return isDay(full, Number(month), Number(day)) && governorates.has(governorate)
}

/** Bulgarian civil number (ЕГН): day of birth, months of 1800 and 2000 raised by 20 and 40; weights 2 4 8 5 10 9 7 3 6 modulo 11. */
export function isEgn(number: string): boolean {
  if (!/^\d{10}$/.test(number)) return false
  const month = Number(number.slice(2, 4))
  const [century, base] = month > 40 ? [2000, 40] : month > 20 ? [1800, 20] : [1900, 0]
  if (!isDay(century + Number(number.slice(0, 2)), month - base, Number(number.slice(4, 6)))) return false
  return (weighted(number, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(number[9])
}

/** Kuwaiti civil id: century, day of birth; weights 2 1 6 3 7 9 10 5 8 4 2 modulo 11. */
export function isKuwaitiCivilId(number: string): boolean {
  const parts = /^([23])(\d{2})(\d{2})(\d{2})\d{5}$/.exec(number)
  if (parts === null) return false
  const full = (parts[1] === '2' ? 1900 : 2000) + Number(parts[2])
  if (!isDay(full, Number(parts[3]), Number(parts[4]))) return false
  return 11 - (weighted(number, [2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11) === Number(number[11])
}

/** Lengths where countries of our users are concerned (SWIFT IBAN registry); others are between 15 and 34. */
const ibanLengths: Readonly<Record<string, number>> = {
  SA: 24,
  EG: 29,
  KW: 30,
  BG: 22,
  AE: 23,
  QA: 29,
  BH: 22,
  JO: 30,
  LB: 28,
  DE: 22,
  FR: 27,
  GB: 22,
}

/** IBAN, ISO 13616: length of its country and remainder 1 modulo 97. Spaces between groups are passed over. */
export function isIban(text: string): boolean {
  const iban = text.replace(/ /g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false
  const length = ibanLengths[iban.slice(0, 2)]
  if (length !== undefined && length !== iban.length) return false
  let rest = 0
  for (const letter of iban.slice(4) + iban.slice(0, 4)) rest = Number(`${String(rest)}${String(parseInt(letter, 36))}`) % 97
  return rest === 1
}
