/** PDF objects (ISO 32000-2 7.3) as values. Dictionaries keep the order of the file. */
export class PdfName {
  constructor(readonly value: string) {}
}
/** A string (ISO 32000-2, clause 7.3.4), its bytes without escapes; `hex` as it was written. */
export class PdfString {
  constructor(
    readonly bytes: Buffer,
    readonly hex: boolean,
  ) {}
}
/** An indirect reference (ISO 32000-2, clause 7.3.10). */
export class PdfReference {
  constructor(
    readonly number: number,
    readonly generation: number,
  ) {}
}
/** A stream (ISO 32000-2, clause 7.3.8). */
export class PdfStream {
  constructor(
    readonly dictionary: PdfDictionary,
    /** Encoded bytes as they lie in the file. */
    readonly raw: Buffer,
  ) {}
}
/** Entries by name without the slash (ISO 32000-2, clause 7.3.7). */
export type PdfDictionary = Map<string, PdfValue>
/** Any object of a PDF (ISO 32000-2, clause 7.3). */
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfReference | PdfStream | PdfDictionary | PdfValue[]

/** The file is no PDF by the letter: what, and at which byte. */
export class MalformedPdf extends Error {
  constructor(
    readonly what: string,
    readonly at: number,
  ) {
    super(`${what} at ${at}`)
    this.name = 'MalformedPdf'
  }
}

/** Whether the value is a dictionary, not a reference to one. */
export function isDictionary(value: PdfValue | undefined): value is PdfDictionary {
  return value instanceof Map
}

/** The name, without its slash and escapes; undefined for another value. */
export function nameOf(value: PdfValue | undefined): string | undefined {
  return value instanceof PdfName ? value.value : undefined
}
