/** A point of a drawn signature: picture units from the upper left, pressure 0 to 1, time in milliseconds from the first point. */
export interface InkPoint {
  readonly x: number
  readonly y: number
  readonly pressure: number
  readonly time: number
}

/** A signature or initials that a signer gave on his page. */
export interface Capture {
  readonly id: string
  readonly signerId: string
  readonly purpose: 'signature' | 'initials'
  readonly kind: 'drawn' | 'typed' | 'uploaded'
  /** Of a typed one: what is written, and in which of the fonts offered. */
  readonly text: string | null
  readonly font: string | null
  /** Of a drawn one an SVG that the host made from the points, of an uploaded one a PNG that the host read and wrote again. */
  readonly picture: {
    readonly bytes: Buffer
    readonly mediaType: 'image/svg+xml' | 'image/png'
    readonly sha256: string
    readonly width: number
    readonly height: number
  } | null
  /** Of a drawn one: the points as `protect` left them (purpose `signature-strokes`), JSON of `InkPoint[][]`. */
  readonly strokes: Buffer | null
  /** Counts that are no secret: strokes, points, milliseconds, whether pressure was felt, pointer type. */
  readonly facts: Readonly<Record<string, string | number | boolean>>
  readonly createdAt: Date
}

export interface SignerAttachment {
  readonly id: string
  readonly signerId: string
  readonly fieldId: string
  readonly sha256: string
  readonly name: string
  readonly mediaType: string
  readonly size: number
}
