import { childElements, isWithin, type TreeElement } from '../../xml/tree.js'
import type { SignatureVerdict } from '../verdict.js'
import { xadesNamespace } from './names.js'
import type { CoveredData } from './check-signature.js'
import type { SignedDocument } from './signed-document.js'
import { isSignatureElement, type WrittenSignature } from './signature-structure.js'

/** How much of the file a signature signs. */
export interface Coverage {
  readonly covers: SignatureVerdict['covers']
  /** What is covered, for people: `Invoice #id`. */
  readonly covered: string
  /** First thing in the file that this signature does not cover and a reader may take for signed. */
  readonly unsigned: string | undefined
}

/**
 * What a signature covers of what a reader of the file processes. Wrapping attacks keep the signed element somewhere in the file
 * and put another in its place, so everything that stands in the file beside the signed elements counts: only the root's own tag
 * without attributes, and signatures, may be left out.
 */
export function coverageOf(document: SignedDocument, signature: WrittenSignature, data: readonly CoveredData[]): Coverage {
  const covered = data.map((one) => (one.element === undefined ? one.uri : nameOf(one.element, one.uri))).join(', ')
  const elements = data.flatMap((one) => (one.element === undefined ? [] : [one.element]))
  const { root } = document.tree
  const entire = elements.includes(root) || root === signature.element
  // The enveloped-signature transform takes the signature's own Objects out of what is signed: nothing may hide there.
  const unsigned =
    instructionBeside(document, data) ??
    elements.map((element) => misplaced(element)).find((one) => one !== undefined) ??
    unsignedObject(signature, elements) ??
    (entire ? undefined : unsignedBeside(root, document, signature, elements))
  if (unsigned !== undefined) return { covers: 'partial', covered, unsigned: unsigned.slice(0, 200) }
  return { covers: entire ? 'entire-file' : 'partial', covered, unsigned: undefined }
}

/** An instruction beside the root (a style sheet) changes what is seen; only a reference to the whole document signs it. */
function instructionBeside({ tree }: SignedDocument, data: readonly CoveredData[]): string | undefined {
  if (data.some((one) => one.what.kind === 'document')) return undefined
  const found = [...tree.before, ...tree.after].find((node) => node.kind === 'instruction')
  return found?.kind === 'instruction' ? `<?${found.target}?>` : undefined
}

/** What is signed and lies in a signature must lie in its Object: data in a KeyInfo is read by nobody. */
function misplaced(element: TreeElement): string | undefined {
  let below = element
  for (let at = element.parent; at !== undefined; below = at, at = at.parent)
    if (isSignatureElement(at, 'Signature') && !isSignatureElement(below, 'Object')) return nameOf(element)
  return undefined
}

function nameOf(element: TreeElement, uri = ''): string {
  const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`
  return uri === '' ? name : `${name} ${uri}`.slice(0, 200)
}

function unsignedObject(signature: WrittenSignature, elements: readonly TreeElement[]): string | undefined {
  for (const object of signature.objects) {
    if (elements.includes(object)) continue
    if (object.children.some((child) => child.kind === 'text' && /[^ \t\r\n]/u.test(child.text))) return nameOf(object)
    const found = childElements(object).find(
      (part) => !elements.includes(part) && !(part.local === 'QualifyingProperties' && part.namespace === xadesNamespace),
    )
    if (found !== undefined) return nameOf(found)
  }
  return undefined
}

function unsignedBeside(
  root: TreeElement,
  document: SignedDocument,
  signature: WrittenSignature,
  elements: readonly TreeElement[],
): string | undefined {
  if (root.attributes.some((attribute) => attribute.local.toLowerCase() !== 'id')) return `@${root.attributes[0]?.local ?? ''}`
  if (root.children.some((child) => child.kind === 'text' && /[^ \t\r\n]/u.test(child.text))) return nameOf(root)
  for (const child of childElements(root)) {
    if (elements.includes(child)) continue
    if (child === signature.element) continue
    if (!(isSignatureElement(child, 'Signature') && holdsOnlyItself(child, document))) return nameOf(child)
  }
  // A detached signature over content from outside has no business inside a document of another meaning.
  return elements.some((element) => isWithin(element, root)) ? undefined : nameOf(root)
}

/** Does a comment stand in what is covered? Where comments are not signed, one may cut a text in two for a careless reader. */
export function holdsComment(element: TreeElement, signature: TreeElement): boolean {
  const waiting = [element]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const child of next.children) {
      if (child.kind === 'comment') return true
      if (child.kind === 'element' && child !== signature) waiting.push(child)
    }
  }
  return false
}

/** Another signature beside this one: its Objects must carry nothing but its own properties. */
function holdsOnlyItself(element: TreeElement, document: SignedDocument): boolean {
  const objects = childElements(element).filter((one) => isSignatureElement(one, 'Object'))
  return (
    document.signatures.includes(element) &&
    objects.every((object) =>
      childElements(object).every((part) => part.local === 'QualifyingProperties' && part.namespace === xadesNamespace),
    )
  )
}
