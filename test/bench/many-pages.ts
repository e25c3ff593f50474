import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { build, streamBody } from '../../core/validation/test/pdf-forgery.js'

/** A scanned contract: pages with a picture each that nothing can compress, so many bytes in all. */
export function scannedPdf(pages: number, bytes: number): Buffer {
  // 3 bytes a pixel, 1,000 pixels wide; deflated noise is as large as it was.
  const rows = Math.floor(bytes / pages / 3000)
  const objects: Record<number, string> = {
    1: '<</Type /Catalog /Pages 2 0 R>>',
    2: `<</Type /Pages /Count ${pages} /Kids [${Array.from({ length: pages }, (_, index) => `${3 + index * 3} 0 R`).join(' ')}]>>`,
  }
  for (let index = 0; index < pages; index++) {
    const own = 3 + index * 3
    const picture = deflateSync(randomBytes(rows * 3000), { level: 0 })
    objects[own] =
      `<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${own + 1} 0 R /Resources <</XObject <</I ${own + 2} 0 R>>>>>>`
    objects[own + 1] = streamBody('q 495 0 0 642 50 150 cm /I Do Q')
    objects[own + 2] =
      `<</Type /XObject /Subtype /Image /Width 1000 /Height ${rows} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode ` +
      `/Length ${picture.length}>>\nstream\n${picture.toString('latin1')}\nendstream`
  }
  return build(objects)
}
