import { readSignedData, type CmsSignedData } from '../cms/signed-data.js'

/** The encoding at the start of Contents; what follows must be padding, or a second signature could hide there. */
export function withoutPadding(contents: Buffer): Buffer | undefined {
  try {
    const { length } = readSignedData(contents)
    return contents.subarray(length).every((byte) => byte === 0) ? contents.subarray(0, length) : undefined
  } catch {
    return undefined
  }
}

/** SignedData of a Contents entry; undefined when there is none, or more than one. */
export function readContents(contents: Buffer): CmsSignedData | undefined {
  const trimmed = withoutPadding(contents)
  return trimmed === undefined ? undefined : readSignedData(trimmed)
}
