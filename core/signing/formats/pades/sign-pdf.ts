import { Fault } from '../../../i18n/fault.js'
import { PdfReference, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import type { EvidenceFor } from '../../revocation/collect-evidence.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { createSignedData } from '../cades/signed-data.js'
import { appendSignature, putSignature } from './append-signature.js'
import { embedAppearance } from './appearance.js'
import { checkSignature } from './check-written.js'
import { appendDocumentTimeStamp } from './document-time-stamp.js'
import { lockDictionary, readLock, signatureReferences, type FieldLock } from './field-lock.js'
import { addToPage, changeForm, freeName, readyField, type ReadyField } from './form-update.js'
import { planFills, putFills, type PlannedFill } from './forms/fill-form-fields.js'
import type { FieldFill } from './forms/form-field.js'
import { GrowingPdf } from './growing-pdf.js'
import { keepEarlierSignatures } from './keep-signatures.js'
import { IncrementalUpdate } from './incremental-update.js'
import type { PdfLevel } from './level.js'
import { dateString, dictionaryOf, name, textString } from './object-writer.js'
import { isSelected, openPdf, pageOf, readable, type OpenedPdf } from './open-pdf.js'
import { geometryOf, rectangleOf, toPage, type SeenRectangle } from './page-geometry.js'
import { meetSeedValues } from './seed-value.js'
import { appendValidationData } from './validation-data.js'

/** The picture of a signature and its place. */
export interface SignatureAppearance {
  /** Page number, from 1. A field that stands ready has its own page. */
  readonly page?: number
  /**
   * x, y, width, height in points of the page as its reader sees it (turned and cropped as it is shown), origin at its lower
   * left corner. A field that stands ready has its own rectangle.
   */
  readonly rect?: SeenRectangle
  /** A PDF of one page: its first page becomes the picture of the signature, as vectors, upright and undistorted. */
  readonly pdf: Buffer
}

/** How a PDF is signed as PAdES (ETSI EN 319 142-1). */
export interface SignPdfOptions {
  readonly signer: Signer
  /** T with a time stamp client and B without, unless told. A level that cannot be reached is a fault, never a lower level. */
  readonly level?: PdfLevel
  /** From level T on. A time stamp that cannot be had is a fault: the caller may sign again without. */
  readonly timeStamp?: TimeStampClient
  /** From level LT on: asked for the signer's path before signing (a revoked key signs nothing) and for all paths after. */
  readonly evidence?: EvidenceFor
  /** Without it the signature has no picture. */
  readonly appearance?: SignatureAppearance
  /** A field of that name that stands ready is signed; else it is made. `Signature1`, `Signature2`, … unless told. */
  readonly fieldName?: string
  /** Signs the first empty signature field of the form; a form without one is a fault. */
  readonly nextEmptyField?: boolean
  /** What this signature locks, for a field that is made; one that stands ready has its own lock. */
  readonly lock?: FieldLock
  /** Values that this signer gave, written with the signature in one update; those of others stay as they are. */
  readonly fill?: readonly FieldFill[]
  readonly reason?: string
  readonly location?: string
  readonly contact?: string
  /** Name of the signer as the file shows it; the certificate's holder when absent. */
  readonly name?: string
  /** Certifies the document (DocMDP): 1 no change, 2 filling and signing, 3 also annotations. Only the first signature can. */
  readonly certify?: 1 | 2 | 3
  readonly signedAt: Date
  /** Bytes kept for the signature; computed from certificates and time stamp unless told, and enlarged when too small. */
  readonly estimatedSize?: number
}

/** The file with one signature more. */
export interface SignedPdf<Level extends PdfLevel = PdfLevel> {
  readonly pdf: Buffer
  readonly level: `PAdES-BASELINE-${Level}`
  /** Time proven by the time stamp; null at level B. */
  readonly stampedAt: Date | null
  readonly fieldName: string
}

/** Widgets are printed and locked: PDF/A wants Print, and nobody moves a signature. */
const widgetFlags = 4 | 128

/**
 * Signs a PDF by incremental updates: PAdES baseline B, T, LT or LTA (ETSI EN 319 142-1), sub-filter ETSI.CAdES.detached.
 * The bytes given stay as an exact prefix, so earlier signatures stay valid. The finished signature is checked from the
 * finished bytes; whatever fails, nothing is handed out. The same input at the same time gives the same bytes to sign.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-NO-CHANGES-ALLOWED, SIGN-PDF-CERTIFY-NOT-FIRST,
 * SIGN-PDF-PAGE-MISSING, SIGN-PDF-RECT-MISSING, SIGN-PDF-FIELD-EXISTS, SIGN-PDF-FIELD-SIGNED, SIGN-PDF-FIELD-MISSING,
 * SIGN-PDF-FIELD-NAME, SIGN-PDF-FIELD-LOCKED, SIGN-PDF-SEED-VALUE, SIGN-APPEARANCE-UNREADABLE, SIGN-TSA-NOT-CONFIGURED,
 * SIGN-EVIDENCE-NOT-CONFIGURED, SIGN-PDF-BREAKS-SIGNATURE, SIGN-PDF-CHECK-FAILED, those of `planFills`, and what signer, time stamp client and evidence throw
 */
export function signPdf(pdf: Buffer, options: SignPdfOptions & { readonly level?: undefined }): Promise<SignedPdf<'B' | 'T'>>
/**
 * Signs the PDF in an incremental update (ISO 32000-2, clause 12.8; ETSI EN 319 142-1); earlier signatures are kept valid, or it is
 * refused. @throws Fault of the reading (PDF-…), of the signer, and SIGN-… when the asked level cannot be reached: never a lower
 * one
 */
export function signPdf(pdf: Buffer, options: SignPdfOptions): Promise<SignedPdf>
export async function signPdf(pdf: Buffer, options: SignPdfOptions): Promise<SignedPdf> {
  const plan = readable(() => planSignature(openPdf(pdf), options, levelOf(options).level))
  if (plan.opened.signed.length > 0)
    readable(() => {
      keepEarlierSignatures(plan.opened.document, buildUpdate(plan, options, reservedFor(options)).finish(options.signedAt.toISOString()))
    })
  return writeSignature(pdf, options, plan)
}

/**
 * Signs without asking what earlier signatures allow: `signPdf` asks first, the verifier's tests make with it what `signPdf` refuses.
 * @throws as `signPdf`, but SIGN-PDF-BREAKS-SIGNATURE
 */
export async function writeSignature(
  pdf: Buffer,
  options: SignPdfOptions,
  plan: Plan = readable(() => planSignature(openPdf(pdf), options, levelOf(options).level)),
): Promise<SignedPdf> {
  const { signer, signedAt } = options
  const wanted = levelOf(options)
  const reserved = reservedFor(options)
  if (wanted.evidence !== undefined) await wanted.evidence([signer.certificates], signedAt)
  const file = new GrowingPdf(pdf, reserved * 2 + (wanted.level === 'LT' || wanted.level === 'LTA' ? 256 : 32) * 1024)
  const proven: { at?: Date } = {}
  await appendSignature(file, {
    build: (size) => readable(() => buildUpdate(plan, options, size)),
    reserved,
    seed: signedAt.toISOString(),
    digestAlgorithm: signer.digestAlgorithm,
    make: async (contentDigest) => {
      const made = await createSignedData({
        signer,
        contentDigest,
        ...(wanted.timeStamp === undefined ? {} : { timeStamp: wanted.timeStamp }),
      })
      if (made.stampedAt !== undefined) proven.at = made.stampedAt
      return made.cms
    },
  })
  await checkSignature(file.bytes, plan.fieldName, signer.digestAlgorithm)
  if (wanted.evidence !== undefined)
    await appendValidationData(file, { evidence: wanted.evidence, at: proven.at ?? signedAt, fields: [plan.fieldName] })
  if (wanted.level === 'LTA' && wanted.timeStamp !== undefined) await appendDocumentTimeStamp(file, wanted.timeStamp)
  return { pdf: file.bytes, level: `PAdES-BASELINE-${wanted.level}`, stampedAt: proven.at ?? null, fieldName: plan.fieldName }
}

/** Bytes kept for the signature at first. */
function reservedFor(options: SignPdfOptions): number {
  return options.estimatedSize ?? estimate(options, levelOf(options).timeStamp !== undefined)
}

interface WantedLevel {
  readonly level: PdfLevel
  readonly timeStamp: TimeStampClient | undefined
  readonly evidence: EvidenceFor | undefined
}

function levelOf(options: SignPdfOptions): WantedLevel {
  const { timeStamp, evidence } = options
  const level = options.level ?? (timeStamp === undefined ? 'B' : 'T')
  if (level === 'B') return { level, timeStamp: undefined, evidence: undefined }
  if (timeStamp === undefined) throw new Fault('SIGN-TSA-NOT-CONFIGURED', { params: { level } })
  if (level === 'T') return { level, timeStamp, evidence: undefined }
  if (evidence === undefined) throw new Fault('SIGN-EVIDENCE-NOT-CONFIGURED', { params: { level } })
  return { level, timeStamp, evidence }
}

interface Plan {
  readonly opened: OpenedPdf
  readonly fieldName: string
  readonly ready: ReadyField | undefined
  readonly page: { readonly reference: PdfReference; readonly page: PdfDictionary } | undefined
  readonly certify: 1 | 2 | 3 | undefined
  readonly lock: FieldLock | undefined
  readonly fills: readonly PlannedFill[]
}

function planSignature(opened: OpenedPdf, options: SignPdfOptions, level: PdfLevel): Plan {
  const { document } = opened
  if (opened.permission === 1) throw new Fault('SIGN-PDF-NO-CHANGES-ALLOWED')
  const ready =
    options.nextEmptyField === true && options.fieldName === undefined
      ? readyField(opened, 'next')
      : options.fieldName === undefined
        ? undefined
        : readyField(opened, { name: options.fieldName })
  const fieldName = ready?.name ?? options.fieldName ?? freeName(opened, 'Signature')
  if (ready === undefined && fieldName.includes('.')) throw new Fault('SIGN-PDF-FIELD-NAME', { params: { field: fieldName } })
  if (opened.locks.some((lock) => isSelected(lock, fieldName))) throw new Fault('SIGN-PDF-FIELD-LOCKED', { params: { field: fieldName } })
  const planned = { fieldName, signer: options.signer, level, reason: options.reason, certify: options.certify }
  const certify = ready === undefined ? options.certify : meetSeedValues(document, ready.dictionary, planned)
  if (certify !== undefined && opened.signed.length > 0) throw new Fault('SIGN-PDF-CERTIFY-NOT-FIRST')
  const lock = ready === undefined ? options.lock : readLock(document, ready.dictionary)
  const fills = planFills(opened, options.fill ?? [])
  if (ready !== undefined) return { opened, fieldName, ready, page: widgetPage(opened, ready), certify, lock, fills }
  if (options.appearance !== undefined && options.appearance.rect === undefined) throw new Fault('SIGN-PDF-RECT-MISSING')
  return { opened, fieldName, ready, page: pageOf(opened, options.appearance?.page ?? 1), certify, lock, fills }
}

/** The page a widget lies on: it may name it, and else the page does. */
function widgetPage({ document }: OpenedPdf, { widget }: ReadyField): Plan['page'] {
  const named = widget.dictionary.get('P')
  return document
    .pages()
    .find(({ reference, page }) =>
      named instanceof PdfReference
        ? reference.number === named.number
        : (document.array(page.get('Annots')) ?? []).some((one) => one instanceof PdfReference && one.number === widget.reference.number),
    )
}

function estimate(options: SignPdfOptions, stamped: boolean): number {
  const certificates = options.signer.certificates.reduce((sum, der) => sum + der.length, 0)
  return certificates + 1600 + (stamped ? 8192 : 0)
}

function buildUpdate(plan: Plan, options: SignPdfOptions, reserved: number): IncrementalUpdate {
  const { opened, ready, certify, lock } = plan
  const { document } = opened
  const update = new IncrementalUpdate(document)
  const signature = update.reserve()
  const entries = dictionaryOf({
    Type: name('Sig'),
    Filter: name('Adobe.PPKLite'),
    SubFilter: name('ETSI.CAdES.detached'),
    M: dateString(options.signedAt),
    Name: options.name === undefined ? undefined : textString(options.name),
    Reason: options.reason === undefined ? undefined : textString(options.reason),
    Location: options.location === undefined ? undefined : textString(options.location),
    ContactInfo: options.contact === undefined ? undefined : textString(options.contact),
    Reference: signatureReferences(document.catalogReference, certify, lock),
  })
  putSignature(update, signature, entries, reserved)
  putFills(opened, update, plan.fills)
  const added = ready === undefined ? [makeField(plan, options, update, signature)] : []
  if (ready !== undefined) fillField(plan, ready, options, update, signature)
  changeForm(opened, update, { fields: added, isSigned: true, ...(certify === undefined ? {} : { certification: signature }) })
  return update
}

/** A field of its own with its widget, new on the page. */
function makeField(plan: Plan, options: SignPdfOptions, update: IncrementalUpdate, signature: PdfReference): PdfReference {
  const { page } = plan
  const { document } = plan.opened
  const { appearance } = options
  if (page === undefined) throw new Fault('SIGN-PDF-UNREADABLE')
  const widget = update.reserve()
  let rectangle: PdfValue[] = [0, 0, 0, 0]
  let picture: PdfDictionary | undefined
  if (appearance?.rect !== undefined) {
    const geometry = geometryOf(document, page.page)
    const [, , width, height] = appearance.rect
    rectangle = toPage(geometry, appearance.rect)
    picture = dictionaryOf({ N: embedAppearance(update, appearance.pdf, { width, height, rotation: geometry.rotation }) })
  }
  const field = dictionaryOf({
    Type: name('Annot'),
    Subtype: name('Widget'),
    FT: name('Sig'),
    T: textString(plan.fieldName),
    V: signature,
    F: widgetFlags,
    Rect: rectangle,
    P: page.reference,
    AP: picture,
    Lock: undefined,
  })
  if (plan.lock !== undefined) {
    const lock = update.reserve()
    update.put(lock, lockDictionary(plan.lock))
    field.set('Lock', lock)
  }
  update.put(widget, field)
  addToPage(document, update, page, [widget])
  return widget
}

/** A field that stood ready gets its value, and its widget the picture; nothing else of it changes. */
function fillField(plan: Plan, ready: ReadyField, options: SignPdfOptions, update: IncrementalUpdate, signature: PdfReference): void {
  const { document } = plan.opened
  const { widget } = ready
  const picture = new Map<string, PdfValue>()
  const rectangle = rectangleOf(document, document.resolve(widget.dictionary.get('Rect')))
  if (options.appearance !== undefined && rectangle !== undefined && rectangle[0] < rectangle[2] && rectangle[1] < rectangle[3]) {
    const rotation = plan.page === undefined ? 0 : geometryOf(document, plan.page.page).rotation
    const [width, height] = [rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]]
    const shown = rotation === 90 || rotation === 270 ? { width: height, height: width, rotation } : { width, height, rotation }
    picture.set('AP', dictionaryOf({ N: embedAppearance(update, options.appearance.pdf, shown) }))
  }
  const isOne = widget.reference.number === ready.reference.number
  update.put(ready.reference, new Map<string, PdfValue>([...ready.dictionary, ['V', signature], ...(isOne ? picture : [])]))
  if (!isOne && picture.size > 0) update.put(widget.reference, new Map([...widget.dictionary, ...picture]))
}
