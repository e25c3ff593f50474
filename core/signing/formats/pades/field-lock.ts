import type { PdfDocument } from '../../../validation/pdf/document.js'
import type { PdfDictionary, PdfReference, PdfValue } from '../../../validation/pdf/objects.js'
import { readSelection, type FieldSelection } from './open-pdf.js'
import { dictionaryOf, name, textString } from './object-writer.js'

/** What signing a field locks (ISO 32000-2 table 236). */
export interface FieldLock extends FieldSelection {
  /** Permission of the whole document from then on, as of a certification: 1 no change, 2 filling and signing, 3 also annotations. */
  readonly permission?: 1 | 2 | 3
}

/** Lock of a field as the file states it. */
export function readLock(document: PdfDocument, field: PdfDictionary): FieldLock | undefined {
  const lock = document.dictionary(field.get('Lock'))
  if (lock === undefined) return undefined
  const permission = document.resolve(lock.get('P'))
  const selection = readSelection(document, lock)
  return permission === 1 || permission === 2 || permission === 3 ? { ...selection, permission } : selection
}

/** Entry Lock of a field. */
export function lockDictionary(lock: FieldLock): PdfDictionary {
  return dictionaryOf({ Type: name('SigFieldLock'), ...selectionEntries(lock), P: lock.permission })
}

function selectionEntries(selection: FieldSelection): Record<string, PdfValue | undefined> {
  return {
    Action: name(selection.action),
    Fields: selection.action === 'All' ? undefined : selection.fields.map((field) => textString(field)),
  }
}

/** Signature references (ISO 32000-2 12.8.1 table 256): certification, and what the field's lock demands. */
export function signatureReferences(
  catalog: PdfReference,
  certify: 1 | 2 | 3 | undefined,
  lock: FieldLock | undefined,
): PdfDictionary[] | undefined {
  const references: PdfDictionary[] = []
  const stated = [certify, lock?.permission].filter((one) => one !== undefined)
  if (stated.length > 0)
    references.push(
      dictionaryOf({
        Type: name('SigRef'),
        TransformMethod: name('DocMDP'),
        TransformParams: dictionaryOf({ Type: name('TransformParams'), P: Math.min(...stated), V: name('1.2') }),
      }),
    )
  if (lock !== undefined)
    references.push(
      dictionaryOf({
        Type: name('SigRef'),
        TransformMethod: name('FieldMDP'),
        Data: catalog,
        TransformParams: dictionaryOf({ Type: name('TransformParams'), ...selectionEntries(lock), V: name('1.2') }),
      }),
    )
  return references.length === 0 ? undefined : references
}
