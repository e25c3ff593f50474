import type { Documents } from '../../../core/documents/documents.js'
import { sealSize, type SealDesign } from '../models/design.js'

/** Pictures of the last designs used: bulk sealing shows one design thousands of times. */
const pictures = new Map<string, Promise<Buffer>>()
const kept = 32

/** A page as large as the seal, with nothing but its outlines: the picture of the signature. PDF/A, so that it may go into one. */
export function sealPicture(documents: Documents, design: Pick<SealDesign, 'shape' | 'svg'>): Promise<Buffer> {
  const known = pictures.get(design.svg)
  if (known !== undefined) return known
  const size = sealSize(design.shape)
  const made = documents
    .render({
      template: 'seal/picture',
      data: size,
      locale: 'en',
      digits: 'latin',
      images: { 'seal.svg': { bytes: Buffer.from(design.svg), mediaType: 'image/svg+xml' } },
      standard: 'a-3b',
      // The same design gives the same bytes: its date says nothing.
      createdAt: new Date(0),
      title: 'Seal',
    })
    .then((document) => document.pdf)
  made.catch(() => pictures.delete(design.svg))
  pictures.set(design.svg, made)
  const oldest = pictures.keys().next()
  if (pictures.size > kept && oldest.done !== true) pictures.delete(oldest.value)
  return made
}
