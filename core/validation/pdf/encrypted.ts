import type { PdfDocument } from './document.js'
import { isDictionary } from './objects.js'
import { signatureFields, type SignatureField } from './signature-fields.js'

const maximumMarks = 1000

/**
 * Signatures of an encrypted file. Contents and ByteRange of a signature are never encrypted (ISO 32000-2 7.6.2) and never
 * in an object stream, so they are found even where the form that leads to them cannot be read.
 */
export function encryptedSignatures(document: PdfDocument): SignatureField[] {
  try {
    const led = signatureFields(document)
    // Names of fields are encrypted strings: nobody is helped by those.
    if (led.length > 0) return led.map((field) => ({ ...field, name: '' }))
  } catch {
    // Objects in encrypted streams: the form is one of them.
  }
  const places = [...document.entries]
    .flatMap(([number, entry]) => (entry.kind === 'offset' ? [{ number, offset: entry.offset }] : []))
    .sort((left, right) => left.offset - right.offset)
  const found = new Map<number, SignatureField>()
  let mark = document.bytes.indexOf('/ByteRange')
  for (let count = 0; mark >= 0 && count < maximumMarks; count++, mark = document.bytes.indexOf('/ByteRange', mark + 1)) {
    const holder = lastBefore(places, mark)
    const value = holder === undefined ? null : document.object(holder.number)
    if (holder === undefined || !isDictionary(value) || !value.has('ByteRange') || !value.has('Contents')) continue
    found.set(holder.number, {
      name: '',
      reference: undefined,
      dictionary: new Map(),
      type: 'Sig',
      value: null,
      flags: 0,
      signature: value,
      signatureNumber: holder.number,
    })
  }
  return [...found.values()]
}

function lastBefore<Place extends { readonly offset: number }>(places: readonly Place[], position: number): Place | undefined {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle]?.offset ?? Infinity) <= position) low = middle + 1
    else high = middle
  }
  return places[low - 1]
}
