/** Which characters the document fonts can draw, read from their character maps (OpenType cmap, formats 4 and 12). */
export class PrintableCharacters {
  readonly #bits = new Uint8Array(0x110000 / 8)

  constructor(fonts: readonly Buffer[]) {
    for (const font of fonts) for (const [from, to] of mappedRanges(font)) for (let code = from; code <= to; code += 1) this.#add(code)
    // Formatting characters that the shaper uses and never draws.
    for (const code of [0x09, 0x0a, 0x0d, 0x200c, 0x200d, 0x200e, 0x200f]) this.#add(code)
  }

  /** Whether the fonts of this installation can draw the code point. */
  has(code: number): boolean {
    return ((this.#bits[code >> 3] ?? 0) & (1 << (code & 7))) !== 0
  }

  /**
   * JSON text whose every character can be printed: one without a glyph becomes �, where it is seen, so that an emoji in a
   * description never keeps an invoice from being printed; characters that would turn the direction of other text are left out.
   */
  clean(json: string): string {
    let cleaned = ''
    let copied = 0
    for (let index = 0; index < json.length; index += 1) {
      const code = json.codePointAt(index) ?? 0
      const length = code > 0xffff ? 2 : 1
      if (code >= 0x7f && (isDirectionControl(code) || !this.has(code))) {
        cleaned += json.slice(copied, index) + (isDirectionControl(code) ? '' : '\ufffd')
        copied = index + length
      }
      index += length - 1
    }
    const text = copied === 0 ? json : cleaned + json.slice(copied)
    return text.replace(/(?<!\\)((?:\\\\)*)\\u00(?:0[0-8bcef]|1[0-9a-f])/g, '$1 ')
  }

  #add(code: number): void {
    const at = code >> 3
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (code & 7))
  }
}

/** Embeddings, overrides and isolates: templates isolate every datum themselves. */
function isDirectionControl(code: number): boolean {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0x61c
}

function* mappedRanges(font: Buffer): Generator<[from: number, to: number]> {
  const tables = font.readUInt16BE(4)
  for (let table = 0; table < tables; table += 1) {
    const record = 12 + table * 16
    if (font.toString('latin1', record, record + 4) !== 'cmap') continue
    const cmap = font.readUInt32BE(record + 8)
    const encodings = font.readUInt16BE(cmap + 2)
    for (let encoding = 0; encoding < encodings; encoding += 1) {
      const subtable = cmap + font.readUInt32BE(cmap + 4 + encoding * 8 + 4)
      const format = font.readUInt16BE(subtable)
      if (format === 4) yield* format4(font, subtable)
      else if (format === 12) yield* format12(font, subtable)
    }
  }
}

function* format4(font: Buffer, at: number): Generator<[number, number]> {
  const segments = font.readUInt16BE(at + 6) / 2
  const ends = at + 14
  const starts = ends + segments * 2 + 2
  const deltas = starts + segments * 2
  const offsets = deltas + segments * 2
  for (let segment = 0; segment < segments; segment += 1) {
    const end = font.readUInt16BE(ends + segment * 2)
    const start = font.readUInt16BE(starts + segment * 2)
    const offset = font.readUInt16BE(offsets + segment * 2)
    for (let code = start; code <= end && code < 0xffff; code += 1) {
      const glyph =
        offset === 0
          ? (code + font.readUInt16BE(deltas + segment * 2)) & 0xffff
          : font.readUInt16BE(offsets + segment * 2 + offset + (code - start) * 2)
      if (glyph !== 0) yield [code, code]
    }
  }
}

function* format12(font: Buffer, at: number): Generator<[number, number]> {
  const groups = font.readUInt32BE(at + 12)
  for (let group = 0; group < groups; group += 1) {
    const record = at + 16 + group * 12
    yield [font.readUInt32BE(record), font.readUInt32BE(record + 4)]
  }
}
