import type { PdfString } from './objects.js'

/** Characters of PDFDocEncoding that are not those of Latin-1 (ISO 32000-2, annex D.2, table D.2): from 0x18, from 0x80, and the euro. */
const documentEncoding = new Map<number, string>([
  ...places(0x18, '˘ˇˆ˙˝˛˚˜'),
  ...places(0x80, '•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž'),
  ...places(0xa0, '€'),
])

function places(from: number, characters: string): [number, string][] {
  return Array.from(characters, (character, index) => [from + index, character])
}

/**
 * What a text string says (ISO 32000-2, clause 7.9.2.2): UTF-16BE or UTF-8 by its mark, PDFDocEncoding without one. Bytes that are no
 * character there become U+FFFD, an odd byte at the end of UTF-16 is left out; nothing is thrown.
 */
export function textOf(text: PdfString): string {
  const { bytes } = text
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
      .swap16()
      .toString('utf16le')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8')
  return Array.from(bytes, (byte) => documentEncoding.get(byte) ?? String.fromCharCode(byte)).join('')
}
