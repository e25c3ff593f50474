import type { CompanyContext } from '../../../core/access/context.js'
import type { PlacedBox } from '../../../core/documents/documents.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { FieldLock } from '../../../core/signing/formats/pades/field-lock.js'
import type { PdfLevel } from '../../../core/signing/formats/pades/level.js'
import { signPdf, type SignatureAppearance, type SignedPdf } from '../../../core/signing/formats/pades/sign-pdf.js'
import { sealSize, type SealDesign } from '../models/design.js'
import { defaultDesign, readDesign } from './designs.js'
import { sealPicture } from './picture.js'
import { sealSettings, type SealSettings } from '../models/settings.js'
import { sealLevel } from './level.js'

export type SealBox = Pick<PlacedBox, 'page' | 'x' | 'y' | 'width' | 'height'>

export interface SealOrder {
  readonly pdf: Buffer
  /** Where the seal is seen; without it the signature has no picture. */
  readonly box?: SealBox
  readonly subject: { readonly type: string; readonly id: string; readonly label: string }
  /** Total of the document, for the amount limits of the key. */
  readonly amount?: { readonly value: string; readonly currency: string }
  /** The company's default seal unless told. */
  readonly designId?: string
  readonly reason?: string
  /** SHA-256 of `pdf` where it lies stored and stays the same at every try: an approval then covers these very bytes. */
  readonly documentHash?: string
  /** A field that stands ready for the seal: it has its own place and lock. */
  readonly fieldName?: string
  /** What the seal locks, where no field with a lock of its own stands ready. */
  readonly lock?: FieldLock
  /** Level that the caller's documents must have, whatever the settings of seals say. */
  readonly level?: PdfLevel
}

export interface Sealed {
  readonly pdf: Buffer
  /** As the company's settings ask; never lower. */
  readonly level: SignedPdf['level']
  readonly stampedAt: Date | null
  readonly designId: string
}

const pointsPerMillimetre = 72 / 25.4

/**
 * Puts the company's seal under a PDF: its picture in the box, its key's signature over the file. Nothing is stored and no
 * transaction is open while it signs. A configured time-stamp authority that does not answer is a fault, never a lower level.
 * @throws Fault SEAL-DESIGN-MISSING, SEAL-KEY-MISSING, and what signing service, signature and time stamp throw (SIGN-…)
 */
export async function applySeal(host: Host, context: CompanyContext, order: SealOrder): Promise<Sealed> {
  const { companyId } = context
  const { design, settings } = await host.db.company(companyId, async (transaction) => ({
    design: order.designId === undefined ? await defaultDesign(transaction) : await readDesign(transaction, order.designId),
    settings: sealSettings.parse(await host.settings.get(transaction, 'seal')),
  }))
  if (design === undefined) throw new Fault('SEAL-DESIGN-MISSING')
  if (design.keyId === null) throw new Fault('SEAL-KEY-MISSING', { params: { seal: design.name } })
  const signer = await host.signing.open(context, design.keyId, {
    purpose: 'seal-document',
    subject: order.subject,
    ...(order.amount === undefined ? {} : { amount: order.amount }),
    ...(order.documentHash === undefined ? {} : { documentHash: order.documentHash }),
  })
  const appearance = await appearanceOf(host, order, design)
  const signed = await signPdf(order.pdf, {
    signer,
    signedAt: host.now(),
    ...(appearance === undefined ? {} : { appearance }),
    ...sealLevel(host, order.level ?? settings.level),
    ...(order.fieldName === undefined ? {} : { fieldName: order.fieldName }),
    ...(order.lock === undefined ? {} : { lock: order.lock }),
    ...certificationOf(settings, order),
    ...(order.reason === undefined ? {} : { reason: order.reason }),
  })
  return { pdf: signed.pdf, level: signed.level, stampedAt: signed.stampedAt, designId: design.id }
}

/** Of a field that stands ready the picture alone: a field without size shows none. */
async function appearanceOf(host: Host, order: SealOrder, design: SealDesign): Promise<SignatureAppearance | undefined> {
  if (order.box !== undefined)
    return { page: order.box.page, rect: placed(order.box, design), pdf: await sealPicture(host.documents, design) }
  return order.fieldName === undefined ? undefined : { pdf: await sealPicture(host.documents, design) }
}

/** A later signature cannot certify: where others signed before, the seal approves. */
function certificationOf(settings: SealSettings, order: SealOrder): { readonly certify?: 1 | 2 | 3 } {
  const { certification } = settings
  if (certification === 'none' || order.pdf.includes('/ByteRange')) return {}
  return { certify: certification === '1' ? 1 : certification === '2' ? 2 : 3 }
}

/** The seal at its real size in the middle of the box, smaller only where the box is. Points. */
export function placed(box: SealBox, design: Pick<SealDesign, 'shape'>): [x: number, y: number, width: number, height: number] {
  const size = sealSize(design.shape)
  const scale = Math.min(pointsPerMillimetre, box.width / size.width, box.height / size.height)
  const width = size.width * scale
  const height = size.height * scale
  return [box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height]
}
