import { createHash, sign } from 'node:crypto'
import type { TestCertificate } from '../../../signing/test/test-authority.js'
import { canonicalElement } from '../../../xml/canonical.js'
import { readTree } from '../../../xml/read-tree.js'
import { treeElements } from '../../../xml/tree.js'
import { checkXmlSignatures } from '../check-signature.js'
import { digestMethods } from '../names.js'
import { canonicalBytes, dereference, indexDocument } from '../signed-document.js'
import { readSignature } from '../signature-structure.js'

/**
 * Makes the first signature of an edited document mathematically right again: digests where references can be resolved, then
 * the value, with a P-256 key. For attacks by somebody who may sign, and for forms our own signer does not write.
 */
export function resign(xml: string, signer: TestCertificate): string {
  let text = xml
  const firstSignature = () => {
    const document = indexDocument(readTree(text))
    const [element] = document.signatures
    if (element === undefined) throw new RangeError('no signature')
    return { document, element, signature: readSignature(element) }
  }
  const { signature } = firstSignature()
  for (const [index] of signature.references.entries()) {
    const now = firstSignature()
    const reference = now.signature.references[index]
    if (reference === undefined) continue
    const { bytes } = dereference(now.document, now.element, reference)
    const digest = createHash(digestMethods.get(reference.digestMethod) ?? 'sha1')
      .update(bytes)
      .digest('base64')
    const at = text.indexOf('DigestValue>', reference.element.start) + 'DigestValue>'.length
    text = text.slice(0, at) + digest + text.slice(text.indexOf('<', at))
  }
  const last = firstSignature()
  const message = canonicalBytes(last.signature.signedInfo, last.signature.canonicalization)
  const value = sign('sha256', message, { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64')
  const { contentStart, contentEnd } = last.signature.valueElement
  return text.slice(0, contentStart) + value + text.slice(contentEnd)
}

/** All that the signatures of a file protect, in canonical form: what they cover, SignedInfo, properties, value. */
export function protectedParts(xml: Uint8Array, content?: Uint8Array): string {
  const checks = checkXmlSignatures(xml, content === undefined ? {} : { content })
  return checks
    .map(({ element, covered }) => {
      const signature = readSignature(element)
      const properties = treeElements(element).find((one) => one.local === 'SignedProperties')
      const parts = [...covered.map((one) => one.element), signature.signedInfo, properties]
      const forms = parts.map((part) => (part === undefined ? '' : canonicalElement(part, { method: 'exclusive', without: element })))
      return [...forms, signature.value.toString('hex')].join('\n')
    })
    .join('\n\n')
}
