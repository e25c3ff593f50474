/** PDF objects (ISO 32000-2 7.3) as values. Dictionaries keep the order of the file. */
export class PdfName {
  constructor(readonly value: string) {}
}
export class PdfString {
  constructor(
    readonly bytes: Buffer,
    readonly hex: boolean,
  ) {}
}
export class PdfReference {
  constructor(
    readonly number: number,
    readonly generation: number,
  ) {}
}
export class PdfStream {
  constructor(
    readonly dictionary: PdfDictionary,
    /** Encoded bytes as they lie in the file. */
    readonly raw: Buffer,
  ) {}
}
export type PdfDictionary = Map<string, PdfValue>
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfReference | PdfStream | PdfDictionary | PdfValue[]

export class MalformedPdf extends Error {
  constructor(
    readonly what: string,
    readonly at: number,
  ) {
    super(`${what} at ${at}`)
    this.name = 'MalformedPdf'
  }
}

export function isDictionary(value: PdfValue | undefined): value is PdfDictionary {
  return value instanceof Map
}

export function nameOf(value: PdfValue | undefined): string | undefined {
  return value instanceof PdfName ? value.value : undefined
}
