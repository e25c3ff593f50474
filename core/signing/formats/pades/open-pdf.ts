import { Fault } from '../../../i18n/fault.js'
import { PdfDocument } from '../../../validation/pdf/document.js'
import { nameOf, PdfString, type PdfDictionary, type PdfReference } from '../../../validation/pdf/objects.js'
import { formFields, type FormField } from '../../../validation/pdf/signature-fields.js'
import { textOf } from '../../../validation/pdf/text-string.js'

/** A PDF as the writer needs it: its form, and what the signatures in it allow. */
export interface OpenedPdf {
  readonly document: PdfDocument
  readonly form: PdfDictionary | undefined
  /** Fields that carry a name of their own, full names. */
  readonly fields: readonly FormField[]
  /** Signature fields that are signed, document time stamps among them. */
  readonly signed: readonly SignedField[]
  /** Strictest DocMDP permission of any signature (ISO 32000-2 12.8.2.2); undefined when none says anything. */
  readonly permission: 1 | 2 | 3 | undefined
  /** FieldMDP of every signature (ISO 32000-2 12.8.2.4). */
  readonly locks: readonly FieldSelection[]
}

/** A field of the file that is signed already. */
export interface SignedField {
  readonly name: string
  readonly signature: PdfDictionary
  /** Bytes of Contents with their padding. */
  readonly contents: Buffer
  readonly isTimeStamp: boolean
}

/** Which fields a lock means. */
export interface FieldSelection {
  readonly action: 'All' | 'Include' | 'Exclude'
  readonly fields: readonly string[]
}

/**
 * Opens a PDF for an update.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED
 */
export function openPdf(bytes: Buffer): OpenedPdf {
  return readable(() => {
    const document = PdfDocument.open(bytes)
    // An update would have to be encrypted with the file's key, and a signature must not depend on one.
    if (document.trailer.has('Encrypt')) throw new Fault('SIGN-PDF-ENCRYPTED')
    const all = formFields(document)
    const signed = all.flatMap((field) => signedField(document, field))
    const references = [
      ...signed.map((field) => field.signature),
      document.dictionary(document.dictionary(document.catalog.get('Perms'))?.get('DocMDP')),
    ].flatMap((signature) => document.array(signature?.get('Reference')) ?? [])
    let permission: 1 | 2 | 3 | undefined
    const locks: FieldSelection[] = []
    for (const value of references) {
      const reference = document.dictionary(value)
      const method = nameOf(document.resolve(reference?.get('TransformMethod')))
      const parameters = document.dictionary(reference?.get('TransformParams'))
      if (method === 'DocMDP') {
        const stated = document.resolve(parameters?.get('P'))
        const level = stated === 1 || stated === 3 ? stated : 2
        permission = permission === undefined || level < permission ? level : permission
      } else if (method === 'FieldMDP' && parameters !== undefined) locks.push(readSelection(document, parameters))
    }
    return {
      document,
      form: document.dictionary(document.catalog.get('AcroForm')),
      fields: all.filter((field) => field.dictionary.has('T')),
      signed,
      permission,
      locks,
    }
  })
}

/** Whatever a damaged structure makes the reader say is one fault. */
export function readable<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('SIGN-PDF-UNREADABLE', { cause: error })
  }
}

function signedField(document: PdfDocument, field: FormField): SignedField[] {
  const signature = field.type === 'Sig' ? document.dictionary(field.dictionary.get('V')) : undefined
  if (signature === undefined) return []
  const contents = document.resolve(signature.get('Contents'))
  const isTimeStamp = nameOf(document.resolve(signature.get('SubFilter'))) === 'ETSI.RFC3161'
  return [{ name: field.name, signature, contents: contents instanceof PdfString ? contents.bytes : Buffer.alloc(0), isTimeStamp }]
}

/** Reads Action and Fields of a lock or of FieldMDP parameters. An unknown action locks everything: the careful reading. */
export function readSelection(document: PdfDocument, dictionary: PdfDictionary): FieldSelection {
  const action = nameOf(document.resolve(dictionary.get('Action')))
  const fields = (document.array(dictionary.get('Fields')) ?? []).flatMap((one) => {
    const text = document.resolve(one)
    return text instanceof PdfString ? [textOf(text)] : []
  })
  return { action: action === 'Include' || action === 'Exclude' ? action : 'All', fields }
}

/** Whether a lock means a field of that full name; a name stands for all fields below it. */
export function isSelected(selection: FieldSelection, fieldName: string): boolean {
  if (selection.action === 'All') return true
  const listed = selection.fields.some((name) => fieldName === name || fieldName.startsWith(`${name}.`))
  return selection.action === 'Include' ? listed : !listed
}

/** Reference of a page by its number from 1. @throws Fault SIGN-PDF-PAGE-MISSING */
export function pageOf(opened: OpenedPdf, number: number): { reference: PdfReference; page: PdfDictionary } {
  return readable(() => {
    const pages = opened.document.pages()
    const page = pages[number - 1]
    if (page === undefined) throw new Fault('SIGN-PDF-PAGE-MISSING', { params: { page: number, pages: pages.length } })
    return page
  })
}
