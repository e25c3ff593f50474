import { Fault } from '../../../../i18n/fault.js'
import { PdfReference, type PdfValue } from '../../../../validation/pdf/objects.js'
import { IncrementalUpdate } from '../incremental-update.js'
import { dictionaryOf } from '../object-writer.js'
import { openPdf, pageOf, readable } from '../open-pdf.js'
import { geometryOf, seenSize, toPage, toSeenRectangle } from '../page-geometry.js'

/** A place on a page: fractions of the page as it is seen, from its upper left corner. */
export interface CoveredPlace {
  /** From 1. */
  readonly page: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Lays white boxes over places of the pages, by one incremental update: the text tags of a file that was uploaded, so that nobody signs a
 * page full of braces. The words below stay in the file and are found when it is searched; to take them out, the page would have to be
 * written anew, which no file of somebody else's is here. It happens once, when the original is composed, before anything is frozen or
 * signed: later it would be a change of the page, and the verifier says so.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-FIELDS-AFTER-SIGNATURE, SIGN-PDF-PAGE-MISSING
 */
export function coverTags(pdf: Buffer, places: readonly CoveredPlace[]): Buffer {
  const opened = openPdf(pdf)
  if (opened.signed.length > 0) throw new Fault('SIGN-PDF-FIELDS-AFTER-SIGNATURE')
  if (places.length === 0) return pdf
  return readable(() => {
    const { document } = opened
    const update = new IncrementalUpdate(document)
    const begin = update.reserve()
    update.putStream(begin, dictionaryOf({}), Buffer.from('q'))
    for (const number of new Set(places.map((place) => place.page))) {
      const page = pageOf(opened, number)
      const geometry = geometryOf(document, page.page)
      const boxes = places
        .filter((place) => place.page === number)
        .map((place) => {
          const [left, bottom, right, top] = toPage(geometry, toSeenRectangle(seenSize(geometry), place))
          return `${[left, bottom, right - left, top - bottom].map((value) => String(Number(value.toFixed(3)))).join(' ')} re`
        })
      const cover = update.reserve()
      // Whatever the page left turned or scaled ends before the boxes.
      update.putStream(cover, dictionaryOf({}), Buffer.from(`Q q 1 1 1 rg ${boxes.join(' ')} f Q`))
      const old = page.page.get('Contents')
      const parts = document.array(old) ?? (old instanceof PdfReference ? [old] : [])
      update.put(page.reference, new Map<string, PdfValue>([...page.page, ['Contents', [begin, ...parts, cover]]]))
    }
    return Buffer.concat([pdf, update.finish('cover')])
  })
}
