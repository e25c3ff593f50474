import type { PdfDocument } from './document.js'
import { isDictionary, PdfName, PdfReference, PdfStream, PdfString, type PdfDictionary, type PdfValue } from './objects.js'

/** Whether two values are written the same way; references compare by number, not by what they lead to. */
export function sameValue(left: PdfValue | undefined, right: PdfValue | undefined): boolean {
  if (left === right) return true
  if (left === undefined || right === undefined || left === null || right === null) return false
  if (left instanceof PdfName) return right instanceof PdfName && left.value === right.value
  if (left instanceof PdfString) return right instanceof PdfString && left.bytes.equals(right.bytes)
  if (left instanceof PdfReference)
    return right instanceof PdfReference && left.number === right.number && left.generation === right.generation
  if (left instanceof PdfStream)
    return right instanceof PdfStream && left.raw.equals(right.raw) && sameValue(left.dictionary, right.dictionary)
  if (Array.isArray(left))
    return Array.isArray(right) && left.length === right.length && left.every((one, index) => sameValue(one, right[index]))
  if (isDictionary(left)) {
    if (!isDictionary(right) || left.size !== right.size) return false
    for (const [key, value] of left) if (!sameValue(value, right.get(key))) return false
    return true
  }
  return false
}

/** Keys whose values differ, added and removed ones included. */
export function differingKeys(left: PdfDictionary, right: PdfDictionary): string[] {
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].filter((key) => !sameValue(left.get(key), right.get(key)))
}

/** References of values that were walked before: the same objects are walked for every signature and revision. */
const knownReferences = new WeakMap<object, readonly PdfReference[]>()

/** What a value refers to, directly. */
function referencesIn(value: PdfValue): readonly PdfReference[] {
  if (value === null || typeof value !== 'object') return []
  if (value instanceof PdfReference) return [value]
  const known = knownReferences.get(value)
  if (known !== undefined) return known
  const found: PdfReference[] = []
  collect(value, found)
  knownReferences.set(value, found)
  return found
}

function collect(value: PdfValue, into: PdfReference[]): void {
  if (value instanceof PdfReference) into.push(value)
  else if (value instanceof PdfStream) collect(value.dictionary, into)
  else if (Array.isArray(value)) for (const one of value) collect(one, into)
  else if (isDictionary(value)) for (const one of value.values()) collect(one, into)
}

/**
 * Everything that can be reached from the trailer, or from `from`; not by way of the objects `closed`, which count as found.
 * @param follow told of every reference on the way
 */
export function reachable(
  document: PdfDocument,
  from: PdfValue = document.trailer,
  closed: readonly number[] = [],
  follow?: (reference: PdfReference) => void,
): Set<number> {
  const found = new Set<number>(closed)
  const waiting: PdfValue[] = [from]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    for (const reference of referencesIn(value)) {
      const { number } = reference
      follow?.(reference)
      if (found.has(number)) continue
      found.add(number)
      waiting.push(document.object(number))
    }
  }
  return found
}
