import { PdfName, PdfReference, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'

/** Writes a value in PDF syntax. Streams are written by their owner, never inside another value. */
export function writeValue(value: PdfValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return writeNumber(value)
  if (value instanceof PdfName) return writeName(value.value)
  if (value instanceof PdfReference) return `${value.number} ${value.generation} R`
  if (value instanceof PdfString) return value.hex ? `<${value.bytes.toString('hex')}>` : writeLiteral(value.bytes)
  if (value instanceof PdfStream) throw new TypeError('a stream is an object of its own')
  if (Array.isArray(value)) return `[${value.map(writeValue).join(' ')}]`
  return writeDictionary(value)
}

/** A dictionary as PDF text (ISO 32000-2, clause 7.3.7), entries in the order of the map. */
export function writeDictionary(dictionary: PdfDictionary): string {
  return `<<${[...dictionary].map(([key, value]) => `${writeName(key)} ${writeValue(value)}`).join(' ')}>>`
}

function writeNumber(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return String(Number(value.toFixed(6)))
}

function writeName(name: string): string {
  return `/${name.replace(/[^\x21-\x7e]|[#()<>[\]{}/%]/g, (character) => `#${character.charCodeAt(0).toString(16).padStart(2, '0')}`)}`
}

function writeLiteral(bytes: Buffer): string {
  return `(${bytes
    .toString('latin1')
    .replace(/[\\()]/g, '\\$&')
    .replace(/\r/g, '\\r')})`
}

/** A text string: ASCII as it is, everything else UTF-16BE with its mark (ISO 32000-2 7.9.2.2). */
export function textString(text: string): PdfString {
  if (/^[\x20-\x7e]*$/.test(text)) return new PdfString(Buffer.from(text, 'latin1'), false)
  return new PdfString(Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()]), true)
}

/** `D:20261122103000+00'00'`. */
export function dateString(date: Date): PdfString {
  const digits = date.toISOString().slice(0, 19).replace(/[-:T]/g, '')
  return new PdfString(Buffer.from(`D:${digits}+00'00'`, 'latin1'), false)
}

/** A dictionary of the entries that have a value; names without the slash. */
export function dictionaryOf(entries: Readonly<Record<string, PdfValue | undefined>>): PdfDictionary {
  const dictionary: PdfDictionary = new Map()
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) dictionary.set(key, value)
  return dictionary
}

/** A name as PDF value, without the slash. */
export const name = (value: string): PdfName => new PdfName(value)
