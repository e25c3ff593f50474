/** Lengths where countries of our users are concerned (SWIFT IBAN registry, as since 2021); others are between 15 and 34. */
const lengths: Readonly<Record<string, number>> = {
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
  const iban = text.replace(/\s/g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false
  const length = lengths[iban.slice(0, 2)]
  if (length !== undefined && length !== iban.length) return false
  let rest = 0
  for (const letter of iban.slice(4) + iban.slice(0, 4)) rest = Number(`${String(rest)}${String(parseInt(letter, 36))}`) % 97
  return rest === 1
}
