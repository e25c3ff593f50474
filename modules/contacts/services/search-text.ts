/**
 * Text as it is compared in a search: lower case, without accents, tashkeel, tatweel and direction marks; the forms of alef, yeh and
 * teh marbuta that people mix are one, Arabic-Indic digits are Latin ones.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .toLowerCase()
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/[ىی]/g, 'ي')
    .replace(/ة/g, 'ه')
    .replace(/ک/g, 'ك')
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/\s+/g, ' ')
    .trim()
}

/** The column a contact is searched in: names, e-mail, reference, identifiers, phones as bare digits (with and without country code). */
export function searchText(contact: {
  readonly name: string
  readonly nameAr: string | null
  readonly email: string | null
  readonly reference: string | null
  readonly phone: string | null
  readonly mobile: string | null
  readonly identifiers: readonly { readonly value: string }[]
}): string {
  const phones = [contact.phone, contact.mobile].map((phone) => phone?.replace(/\D/g, '') ?? '')
  const parts = [
    contact.name,
    contact.nameAr,
    contact.email,
    contact.reference,
    ...contact.identifiers.map(({ value }) => value),
    ...phones,
  ]
  return parts.flatMap((part) => (part === null || part === '' ? [] : [fold(part)])).join(' | ')
}

/** What a search box holds, as words that must all occur. A phone number typed with blanks or signs is one word of digits. */
export function searchWords(search: string): string[] {
  const folded = fold(search)
  if (/^\+?[\d\s()./-]{5,}$/.test(folded)) return [folded.replace(/\D/g, '').replace(/^0+/, '')]
  return folded.split(' ').filter((word) => word !== '')
}
