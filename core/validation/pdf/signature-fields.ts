import type { PdfDocument } from './document.js'
import { nameOf, PdfReference, PdfString, type PdfDictionary, type PdfValue } from './objects.js'
import { textOf } from './text-string.js'

/** A form field with what it inherits resolved. */
export interface FormField {
  readonly name: string
  readonly reference: PdfReference | undefined
  readonly dictionary: PdfDictionary
  readonly type: string | undefined
  /** V and Ff, own or of a field above (ISO 32000-2 table 226). */
  readonly value: PdfValue | undefined
  readonly flags: number
}

const maximumFields = 20_000

/** All fields of the form, parents included, in order. */
export function formFields(document: PdfDocument): FormField[] {
  const form = document.dictionary(document.catalog.get('AcroForm'))
  const found: FormField[] = []
  const seen = new Set<PdfDictionary>()
  const walk = (value: PdfValue, prefix: string, above: Pick<FormField, 'type' | 'value' | 'flags'>, depth: number): void => {
    const dictionary = document.dictionary(value)
    if (dictionary === undefined || seen.has(dictionary) || depth > 30 || found.length >= maximumFields) return
    seen.add(dictionary)
    const partial = document.resolve(dictionary.get('T'))
    const full = partial instanceof PdfString ? `${prefix}${prefix === '' ? '' : '.'}${textOf(partial)}` : prefix
    const type = nameOf(document.resolve(dictionary.get('FT'))) ?? above.type
    const own = document.resolve(dictionary.get('Ff'))
    const held = { type, value: dictionary.get('V') ?? above.value, flags: typeof own === 'number' ? own : above.flags }
    found.push({ name: full, reference: value instanceof PdfReference ? value : undefined, dictionary, ...held })
    for (const kid of document.array(dictionary.get('Kids')) ?? []) walk(kid, full, held, depth + 1)
  }
  for (const field of document.array(form?.get('Fields')) ?? []) walk(field, '', { type: undefined, value: undefined, flags: 0 }, 0)
  return found
}

/** A field that is signed, with its signature dictionary (ISO 32000-2, table 255). */
export interface SignatureField extends FormField {
  readonly signature: PdfDictionary
  /** Object number of the signature dictionary; undefined when it is direct, which no valid signature is here. */
  readonly signatureNumber: number | undefined
}

/** The signature fields that are signed (ISO 32000-2, clause 12.7.5.5), in the order of the form. @throws MalformedPdf */
export function signatureFields(document: PdfDocument): SignatureField[] {
  return formFields(document).flatMap((field) => {
    if (field.type !== 'Sig') return []
    const value = field.dictionary.get('V')
    const signature = document.dictionary(value)
    if (signature === undefined) return []
    return [{ ...field, signature, signatureNumber: value instanceof PdfReference ? value.number : undefined }]
  })
}

/** `D:20261122103000+03'00'` as a time; undefined when it is none. */
export function dateOf(value: PdfValue | undefined): Date | undefined {
  if (!(value instanceof PdfString)) return undefined
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?'?)?/.exec(textOf(value))
  if (match === null) return undefined
  const part = (index: number, fallback: string): string => match[index] ?? fallback
  const base = Date.parse(`${part(1, '')}-${part(2, '01')}-${part(3, '01')}T${part(4, '00')}:${part(5, '00')}:${part(6, '00')}Z`)
  if (Number.isNaN(base)) return undefined
  const offset = (Number(part(8, '0')) * 60 + Number(part(9, '0'))) * 60_000
  return new Date(match[7] === '-' ? base + offset : base - offset)
}
