import type { PdfDocument } from './document.js'
import { nameOf, PdfString, type PdfDictionary } from './objects.js'
import type { Permission } from './changes/kinds.js'
import type { SignatureField } from './signature-fields.js'
import { textOf } from './text-string.js'

/**
 * What the signature itself, the certification it stands in, and the lock of its field allow afterwards (ISO 32000-2
 * 12.8.2.2, 12.8.2.4, table 236). Of several rules the strictest holds.
 * @param document the revision the signature made
 */
export function permissionOf(document: PdfDocument, field: SignatureField): Permission {
  const levels: number[] = []
  const locks: PdfDictionary[] = []
  const certification = document.dictionary(document.dictionary(document.catalog.get('Perms'))?.get('DocMDP'))
  let certified = certification !== undefined
  for (const signature of certification === undefined ? [field.signature] : [field.signature, certification]) {
    for (const value of document.array(signature.get('Reference')) ?? []) {
      const reference = document.dictionary(value)
      const method = nameOf(document.resolve(reference?.get('TransformMethod')))
      const parameters = document.dictionary(reference?.get('TransformParams'))
      if (method === 'DocMDP') {
        levels.push(levelOf(document, parameters) ?? 2)
        certified = true
      } else if (method === 'FieldMDP' && parameters !== undefined) locks.push(parameters)
    }
  }
  const lock = document.dictionary(field.dictionary.get('Lock'))
  if (lock !== undefined) {
    locks.push(lock)
    const level = levelOf(document, lock)
    if (level !== undefined) levels.push(level)
  }
  const mayFill = (fieldName: string): boolean => locks.every((one) => !isLocked(document, one, fieldName))
  const strictest = Math.min(...levels, 3)
  return { level: levels.length === 0 ? 2 : strictest === 1 ? 1 : strictest === 2 ? 2 : 3, certified, mayFill, locked: locks.length > 0 }
}

/** P, 2 when it is none of the three; undefined when it is missing. */
function levelOf(document: PdfDocument, parameters: PdfDictionary | undefined): 1 | 2 | 3 | undefined {
  const stated = document.resolve(parameters?.get('P'))
  if (stated === null) return undefined
  return stated === 1 || stated === 3 ? stated : 2
}

/** An action nobody knows locks everything. */
function isLocked(document: PdfDocument, lock: PdfDictionary, fieldName: string): boolean {
  const action = nameOf(document.resolve(lock.get('Action')))
  const listed = (document.array(lock.get('Fields')) ?? []).some((one) => {
    const text = document.resolve(one)
    if (!(text instanceof PdfString)) return false
    const name = textOf(text)
    return fieldName === name || fieldName.startsWith(`${name}.`)
  })
  return action === 'Include' ? listed : action === 'Exclude' ? !listed : true
}
