import { randomBytes } from 'node:crypto'
import { IncrementalUpdate } from '../../core/signing/formats/pades/incremental-update.js'
import { typstPdf } from '../../core/signing/test/typst-pdf.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import type { PdfValue } from '../../core/validation/pdf/objects.js'

/** A file as scanners make them: one page, and streams of a megabyte that nothing can compress. */
export function largePdf(bytes: number): Buffer {
  const page = typstPdf('= Scan')
  const document = PdfDocument.open(page)
  const update = new IncrementalUpdate(document)
  const noise = randomBytes(1_000_000)
  const parts: PdfValue[] = []
  for (let made = 0; made < bytes; made += noise.length) {
    const part = update.reserve()
    update.putStream(part, new Map(), noise)
    parts.push(part)
  }
  update.put(document.catalogReference, new Map<string, PdfValue>([...document.catalog, ['PieceInfo', new Map([['Scan', parts]])]]))
  return Buffer.concat([page, update.finish('scan')])
}
