import { createHash, sign } from 'node:crypto'
import type { TestCertificate } from '../../../signing/test/test-authority.js'
import { canonicalDocument, canonicalElement } from '../../../xml/canonical.js'
import { readTree, treeElements } from '../../../xml/tree.js'
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

/** All that a signature of our own protects, in canonical form: the document without it, SignedInfo, properties, value. */
export function protectedParts(xml: string): string {
  const tree = readTree(xml)
  const elements = treeElements(tree.root)
  const [signature] = indexDocument(tree).signatures
  if (signature === undefined) return ''
  const parts = ['SignedInfo', 'SignedProperties'].map((name) => {
    const found = elements.find((element) => element.local === name)
    return found === undefined ? '' : canonicalElement(found, { method: 'exclusive' })
  })
  const value = readSignature(signature).value.toString('hex')
  return [canonicalDocument(tree, { method: 'exclusive', without: signature }), ...parts, value].join('\n')
}
