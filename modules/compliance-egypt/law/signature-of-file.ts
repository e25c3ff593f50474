import { readSignedData } from '../../../core/validation/cms/signed-data.js'
import { itemsOf, memberOf, parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'

/** CMS of the issuer in a filed document, as its reader takes it out; empty when there is none. */
export function cmsOf(root: LiteralValue): Buffer {
  return Buffer.from(textAt(itemsOf(memberOf(root, 'signatures'))[0], 'value') ?? '', 'base64')
}

/**
 * Value of the first signature of a filed document: what an archive of time stamps (ETSI EN 319 122-1 5.3: the token is over the
 * signature value, so that it proves the signature was there and not only the text).
 * @returns undefined when the file carries no signature that can be read
 */
export function signatureValueOf(bytes: Uint8Array): { readonly cms: Buffer; readonly value: Buffer } | undefined {
  try {
    const cms = cmsOf(parseLiteral(Buffer.from(bytes)))
    const value = readSignedData(cms).signers[0]?.signature
    return value === undefined ? undefined : { cms, value }
  } catch {
    return undefined
  }
}
