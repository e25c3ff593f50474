/** Governorates of birth in national numbers (Civil Status Organization); 88 is abroad. */
const governorates = new Set(
  '01 02 03 04 11 12 13 14 15 16 17 18 19 21 22 23 24 25 26 27 28 29 31 32 33 34 35 88'.split(' '),
)

/**
 * National number of a person: century (2 for 1900, 3 for 2000), date of birth, governorate, four digits of order, one to check, whose rule
 * is not published and is not guessed here.
 */
export function isNationalId(value: string, today: string): boolean {
  const parts = /^([23])(\d{2})(\d{2})(\d{2})(\d{2})\d{5}$/.exec(value)
  if (parts === null) return false
  const [, century, year = '', month = '', day = '', governorate = ''] = parts
  const born = `${century === '2' ? '19' : '20'}${year}-${month}-${day}`
  const date = new Date(`${born}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== born) return false
  return born <= today && governorates.has(governorate)
}
