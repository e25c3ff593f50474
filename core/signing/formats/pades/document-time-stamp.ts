import { Fault } from '../../../i18n/fault.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { appendSignature, putSignature } from './append-signature.js'
import { checkDocumentTimeStamp } from './check-written.js'
import { addToPage, changeForm, freeName } from './form-update.js'
import { GrowingPdf } from './growing-pdf.js'
import { IncrementalUpdate } from './incremental-update.js'
import { dictionaryOf, name, textString } from './object-writer.js'
import { openPdf, pageOf, readable } from './open-pdf.js'

/** Tokens with their certificates take 2 to 7 kB; a larger one is asked for again with more room. */
const reserved = 8192

/** The PDF with a document time stamp as its last update (ISO 32000-2, clause 12.8.5). */
export interface TimeStampedPdf {
  readonly pdf: Buffer
  /** Time the authority proves. */
  readonly stampedAt: Date
  readonly fieldName: string
}

/**
 * Adds a document time stamp over everything in the file (ISO 32000-2 12.8.5, ETSI EN 319 142-1 5.4.3): sub-filter
 * ETSI.RFC3161, invisible. It is no change of the document, so also one certified against any change takes it.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-CHECK-FAILED, and what the time stamp client throws
 */
export async function addDocumentTimeStamp(pdf: Buffer, options: { readonly timeStamp: TimeStampClient }): Promise<TimeStampedPdf> {
  const file = new GrowingPdf(pdf, reserved * 2 + 8192)
  const { stampedAt, fieldName } = await appendDocumentTimeStamp(file, options.timeStamp)
  return { pdf: file.bytes, stampedAt, fieldName }
}

/** The same, onto a file that is being written. */
export async function appendDocumentTimeStamp(
  file: GrowingPdf,
  client: TimeStampClient,
): Promise<{ readonly stampedAt: Date; readonly fieldName: string }> {
  const opened = openPdf(file.bytes)
  const page = pageOf(opened, 1)
  const fieldName = freeName(opened, 'Timestamp')
  let stampedAt: Date | undefined
  await appendSignature(file, {
    build: (size) =>
      readable(() => {
        const update = new IncrementalUpdate(opened.document)
        const stamp = update.reserve()
        const widget = update.reserve()
        const entries = { Type: name('DocTimeStamp'), Filter: name('Adobe.PPKLite'), SubFilter: name('ETSI.RFC3161') }
        putSignature(update, stamp, dictionaryOf(entries), size)
        update.put(
          widget,
          dictionaryOf({
            Type: name('Annot'),
            Subtype: name('Widget'),
            FT: name('Sig'),
            T: textString(fieldName),
            V: stamp,
            // Printed and locked, as PDF/A and the other signatures have it; of no size, so nothing is seen.
            F: 4 | 128,
            Rect: [0, 0, 0, 0],
            P: page.reference,
          }),
        )
        addToPage(opened.document, update, page, [widget])
        changeForm(opened, update, { fields: [widget], isSigned: true })
        return update
      }),
    reserved,
    seed: fieldName,
    digestAlgorithm: 'sha256',
    make: async (digest) => {
      const stamped = await client.stamp('sha256', digest)
      stampedAt = stamped.at
      return stamped.token
    },
  })
  await checkDocumentTimeStamp(file.bytes, fieldName)
  if (stampedAt === undefined) throw new Fault('SIGN-PDF-CHECK-FAILED', { params: { reason: 'time stamp' }, status: 500 })
  return { stampedAt, fieldName }
}
