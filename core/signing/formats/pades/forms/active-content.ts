import type { FaultDetail } from '../../../../i18n/fault.js'
import type { PdfDocument } from '../../../../validation/pdf/document.js'
import { isDictionary, nameOf, PdfReference, PdfStream, type PdfDictionary, type PdfValue } from '../../../../validation/pdf/objects.js'
import { reachable } from '../../../../validation/pdf/same-value.js'

/** Actions that go out of the document, take data into it or out of it, or change what is seen (ISO 32000-2 table 201). */
const refusedActions: ReadonlySet<string> = new Set(
  'Launch SubmitForm ImportData GoToR GoToE ResetForm Hide SetOCGState Rendition Movie Sound RichMediaExecute GoTo3DView Thread Trans'.split(
    ' ',
  ),
)
const media: ReadonlySet<string> = new Set(['Screen', 'Movie', 'Sound', 'RichMedia', '3D'])

/**
 * What in a document acts by itself or hides something beside its pages: scripts, actions, media, attached files, an XFA form. Everything
 * that can be reached is looked at, wherever it hangs: a script may sit at the opening of the file, at a page, a field or a bookmark.
 * @returns one fault for each kind found
 */
export function activeContent(document: PdfDocument): FaultDetail[] {
  const found = new Map<string, FaultDetail>()
  const note = (code: string, params?: Readonly<Record<string, string>>): void => {
    if (!found.has(code)) found.set(code, params === undefined ? { code } : { code, params })
  }
  const form = document.dictionary(document.catalog.get('AcroForm'))
  if (form?.has('XFA') === true || document.catalog.get('NeedsRendering') === true) note('SIGN-UPLOAD-XFA')
  if (document.dictionary(document.catalog.get('Collection')) !== undefined) note('SIGN-UPLOAD-EMBEDDED-FILE')
  const look = (dictionary: PdfDictionary): void => {
    const text = (key: string): string | undefined => nameOf(document.resolve(dictionary.get(key)))
    const [action, type, subtype] = [text('S'), text('Type'), text('Subtype')]
    if (action === 'JavaScript' || dictionary.has('JS')) note('SIGN-UPLOAD-SCRIPT')
    if (action !== undefined && refusedActions.has(action) && (type === undefined || type === 'Action') && !dictionary.has('K'))
      note('SIGN-UPLOAD-ACTION', { action })
    if (subtype !== undefined && media.has(subtype) && dictionary.has('Rect')) note('SIGN-UPLOAD-MEDIA', { kind: subtype })
    if (dictionary.has('EF') || type === 'EmbeddedFile' || subtype === 'FileAttachment') note('SIGN-UPLOAD-EMBEDDED-FILE')
  }
  const walk = (value: PdfValue, depth: number): void => {
    if (depth > 40) return
    if (value instanceof PdfStream) walk(value.dictionary, depth)
    else if (Array.isArray(value)) for (const one of value) walk(one, depth + 1)
    else if (isDictionary(value)) {
      look(value)
      for (const one of value.values()) if (!(one instanceof PdfReference)) walk(one, depth + 1)
    }
  }
  walk(document.trailer, 0)
  for (const number of reachable(document)) walk(document.object(number), 0)
  return [...found.values()]
}
