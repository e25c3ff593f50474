import { definitePrefix } from '../cms/definite-encoding.js'
import { readSignedData, type CmsSignedData } from '../cms/signed-data.js'

/**
 * The encoding at the start of Contents, with definite lengths: ISO 32000-2 12.8.3.3.1 asks for DER, and the library
 * that Firefox, LibreOffice and Poppler sign with (NSS) writes BER. What follows must be padding, or a second signature
 * could hide there.
 */
export function withoutPadding(contents: Buffer): Buffer | undefined {
  try {
    const { der, length } = contents[1] === 0x80 ? definitePrefix(contents) : derPrefix(contents)
    return contents.subarray(length).every((byte) => byte === 0) ? der : undefined
  } catch {
    return undefined
  }
}

function derPrefix(contents: Buffer): { readonly der: Buffer; readonly length: number } {
  const { length } = readSignedData(contents)
  return { der: contents.subarray(0, length), length }
}

/** SignedData of a Contents entry; undefined when there is none, or more than one. */
export function readContents(contents: Buffer): CmsSignedData | undefined {
  const trimmed = withoutPadding(contents)
  try {
    return trimmed === undefined ? undefined : readSignedData(trimmed)
  } catch {
    return undefined
  }
}
