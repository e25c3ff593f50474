import { Fault, type FaultDetail } from '../../../../i18n/fault.js'
import { PdfDocument } from '../../../../validation/pdf/document.js'
import { checkDrawn } from '../../../../validation/pdf/drawn.js'
import { MalformedPdf } from '../../../../validation/pdf/objects.js'
import { checkHeader } from '../../../../validation/pdf/revisions.js'
import { openPdf } from '../open-pdf.js'
import { geometryOf, seenSize } from '../page-geometry.js'
import { activeContent } from './active-content.js'
import { addFormFields } from './add-form-fields.js'
import { existingFields, type ExistingField } from './existing-fields.js'

/** What an upload may be. */
export interface UploadLimits {
  readonly maximumPages: number
  readonly maximumBytes: number
  /** A file that others signed before, if it takes further signatures. No fields can be added to it. */
  readonly allowSigned: boolean
}

/** A PDF that may be sent for signing. */
export interface InspectedUpload {
  /** Size of each page as its reader sees it, in points. */
  readonly pages: readonly { readonly width: number; readonly height: number }[]
  readonly signed: boolean
  /** Fields of the file's own form, in order, that somebody might fill. */
  readonly formFields: readonly ExistingField[]
  readonly warnings: readonly FaultDetail[]
}

/** Points: a quarter of an inch, and the largest page a PDF may have without a unit of its own (ISO 32000-2 annex C). */
const [smallestSide, largestSide] = [18, 14_400]

/**
 * Whether a PDF can be signed by several people, and what it is made of. Everything that would fail later fails here, with the reason.
 * It reads hostile files: the host calls it by `inspectUpload`, in a thread with limits.
 * @throws Fault SIGN-UPLOAD-…
 */
export function readUpload(bytes: Buffer, limits: UploadLimits): InspectedUpload {
  const { maximumBytes, maximumPages } = limits
  if (bytes.length > maximumBytes)
    throw new Fault('SIGN-UPLOAD-TOO-LARGE', { status: 413, params: { megabytes: Math.floor(maximumBytes / 1024 / 1024) } })
  if (bytes.subarray(0, 1024).indexOf('%PDF-') < 0) throw new Fault('SIGN-UPLOAD-NOT-PDF')
  try {
    checkHeader(bytes)
    const document = PdfDocument.open(bytes)
    if (document.trailer.has('Encrypt')) throw new Fault('SIGN-UPLOAD-ENCRYPTED')
    const pages = pageSizes(document, maximumPages)
    Fault.throwIfAny(activeContent(document))
    checkDrawn(document)
    const { signed, permission, form } = openPdf(bytes)
    if (permission === 1) throw new Fault('SIGN-UPLOAD-CLOSED')
    if (signed.length > 0 && !limits.allowSigned) throw new Fault('SIGN-UPLOAD-SIGNED')
    // The first step of what comes later, on trial.
    if (signed.length === 0) PdfDocument.open(addFormFields(bytes, [trialField(document)])).pages()
    const warnings: FaultDetail[] = []
    if (signed.length > 0) warnings.push({ code: 'SIGN-UPLOAD-SIGNED', level: 'warning' })
    if (form?.get('NeedAppearances') === true) warnings.push({ code: 'SIGN-UPLOAD-UNDRAWN-FIELDS', level: 'warning' })
    return { pages, signed: signed.length > 0, formFields: existingFields(document), warnings }
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith('SIGN-UPLOAD-')) throw error
    if (error instanceof MalformedPdf || error instanceof Fault || error instanceof RangeError)
      throw new Fault('SIGN-UPLOAD-DAMAGED', { cause: error })
    throw error
  }
}

function pageSizes(document: PdfDocument, maximumPages: number): { width: number; height: number }[] {
  const pages = document.pages()
  if (pages.length === 0) throw new Fault('SIGN-UPLOAD-NO-PAGES')
  if (pages.length > maximumPages) throw new Fault('SIGN-UPLOAD-TOO-MANY-PAGES', { params: { pages: pages.length, limit: maximumPages } })
  return pages.map(({ page }, index) => {
    const size = sizeOf()
    const sides = size === undefined ? [] : [size.width, size.height]
    if (size === undefined || sides.some((side) => !(side >= smallestSide && side <= largestSide)))
      throw new Fault('SIGN-UPLOAD-PAGE-SIZE', { params: { page: index + 1 } })
    return size

    function sizeOf(): { width: number; height: number } | undefined {
      try {
        return seenSize(geometryOf(document, page))
      } catch {
        return undefined
      }
    }
  })
}

function trialField(document: PdfDocument): Parameters<typeof addFormFields>[1][number] {
  const names = new Set(existingFields(document).map((field) => field.name))
  let name = 'khatm-trial'
  while (names.has(name)) name += '1'
  return { name, kind: 'text', areas: [{ page: 1, rect: [1, 1, 9, 9] }] }
}
