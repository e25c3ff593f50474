import { createHash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { PdfDocument } from '../../../validation/pdf/document.js'
import { nameOf, PdfReference, PdfString, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { createSignedData, type SignedData } from '../cades/signed-data.js'
import { embedAppearance } from './appearance.js'
import { IncrementalUpdate } from './incremental-update.js'
import { dateString, dictionaryOf, name, textString, writeDictionary } from './object-writer.js'

export interface SignatureAppearance {
  /** Page number, from 1. */
  readonly page: number
  /** x, y, width, height in points, origin at the lower left corner of the page. */
  readonly rect: readonly [x: number, y: number, width: number, height: number]
  /** A PDF of one page: its first page becomes the picture of the signature, as vectors. */
  readonly pdf: Buffer
}

export interface SignPdfOptions {
  readonly signer: Signer
  /** With one the result is level T. A time stamp that cannot be had is a fault: the caller may sign again without. */
  readonly timeStamp?: TimeStampClient
  /** Without it the signature has no picture. */
  readonly appearance?: SignatureAppearance
  /** `Signature1`, `Signature2`, … unless told. */
  readonly fieldName?: string
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

export interface SignedPdf {
  readonly pdf: Buffer
  readonly level: 'PAdES-BASELINE-B' | 'PAdES-BASELINE-T'
  /** Time proven by the time stamp; null at level B. */
  readonly stampedAt: Date | null
}

/** Widgets are printed and locked: PDF/A wants Print, and nobody moves a signature. */
const widgetFlags = 4 | 128
/** Six characters would do for our own documents; ten hold every offset a classic cross-reference table can name. */
const rangeWidth = 10

/**
 * Signs a PDF by an incremental update: PAdES baseline B or T (ETSI EN 319 142-1), sub-filter ETSI.CAdES.detached.
 * The bytes given stay as an exact prefix, so earlier signatures stay valid.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-NO-CHANGES-ALLOWED, SIGN-PDF-CERTIFY-NOT-FIRST,
 * SIGN-PDF-PAGE-MISSING, SIGN-PDF-FIELD-EXISTS, SIGN-APPEARANCE-UNREADABLE, and what signer and time stamp client throw
 */
export async function signPdf(pdf: Buffer, options: SignPdfOptions): Promise<SignedPdf> {
  const prepared = prepare(pdf, options)
  const { signer } = options
  for (let reserved = options.estimatedSize ?? estimate(options); ;) {
    const update = place(prepared, options, reserved)
    const digest = createHash(signer.digestAlgorithm)
    digest.update(pdf)
    digest.update(update.bytes.subarray(0, update.contentsStart))
    digest.update(update.bytes.subarray(update.contentsEnd))
    const made = await createSignedData({
      signer,
      contentDigest: digest.digest(),
      ...(options.timeStamp === undefined ? {} : { timeStamp: options.timeStamp }),
    })
    if (made.cms.length <= reserved) return fill(pdf, update, made)
    reserved = made.cms.length + 512
  }
}

interface Prepared {
  readonly document: PdfDocument
  readonly page: { readonly reference: PdfReference; readonly page: PdfDictionary }
  readonly form: PdfDictionary | undefined
  readonly fieldName: string
}

function prepare(pdf: Buffer, options: SignPdfOptions): Prepared {
  let document: PdfDocument
  try {
    document = PdfDocument.open(pdf)
    if (document.trailer.has('Encrypt')) throw new Fault('SIGN-PDF-ENCRYPTED')
    const pages = document.pages()
    const number = options.appearance?.page ?? 1
    const page = pages[number - 1]
    if (page === undefined) throw new Fault('SIGN-PDF-PAGE-MISSING', { params: { page: number, pages: pages.length } })
    const form = document.dictionary(document.catalog.get('AcroForm'))
    const fields = fieldsOf(document, form)
    const signed = fields.filter(
      (field) => nameOf(field.dictionary.get('FT')) === 'Sig' && document.resolve(field.dictionary.get('V')) !== null,
    )
    if (options.certify !== undefined && signed.length > 0) throw new Fault('SIGN-PDF-CERTIFY-NOT-FIRST')
    if (permission(document) === 1) throw new Fault('SIGN-PDF-NO-CHANGES-ALLOWED')
    const names = new Set(fields.map((field) => field.name))
    let fieldName = options.fieldName
    if (fieldName !== undefined && names.has(fieldName)) throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fieldName } })
    for (let index = signed.length + 1; fieldName === undefined; index++)
      if (!names.has(`Signature${index}`)) fieldName = `Signature${index}`
    return { document, page, form, fieldName }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('SIGN-PDF-UNREADABLE', { cause: error })
  }
}

interface Field {
  readonly name: string
  readonly dictionary: PdfDictionary
}

function fieldsOf(document: PdfDocument, form: PdfDictionary | undefined): Field[] {
  const found: Field[] = []
  const seen = new Set<PdfDictionary>()
  const walk = (value: PdfValue, prefix: string, depth: number): void => {
    const dictionary = document.dictionary(value)
    if (dictionary === undefined || seen.has(dictionary) || depth > 30) return
    seen.add(dictionary)
    const own = document.resolve(dictionary.get('T'))
    const full = own instanceof PdfString ? `${prefix}${prefix === '' ? '' : '.'}${decodeText(own)}` : prefix
    found.push({ name: full, dictionary })
    for (const kid of document.array(dictionary.get('Kids')) ?? []) walk(kid, full, depth + 1)
  }
  for (const field of document.array(form?.get('Fields')) ?? []) walk(field, '', 0)
  return found
}

function decodeText(text: PdfString): string {
  const { bytes } = text
  if (bytes[0] !== 0xfe || bytes[1] !== 0xff) return bytes.toString('latin1')
  return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le')
}

/** P of the certification signature, if the document has one (ISO 32000-2 12.8.2.2). */
function permission(document: PdfDocument): number | undefined {
  const certification = document.dictionary(document.dictionary(document.catalog.get('Perms'))?.get('DocMDP'))
  for (const reference of document.array(certification?.get('Reference')) ?? []) {
    const entry = document.dictionary(reference)
    if (nameOf(document.resolve(entry?.get('TransformMethod'))) !== 'DocMDP') continue
    const value = document.resolve(document.dictionary(entry?.get('TransformParams'))?.get('P'))
    return typeof value === 'number' ? value : 2
  }
  return undefined
}

function estimate(options: SignPdfOptions): number {
  const certificates = options.signer.certificates.reduce((sum, der) => sum + der.length, 0)
  return certificates + 1600 + (options.timeStamp === undefined ? 0 : 8192)
}

interface Placed {
  readonly bytes: Buffer
  /** From the `<` of Contents to after its `>`, in `bytes`. */
  readonly contentsStart: number
  readonly contentsEnd: number
}

const contentsMark = '/Contents <'
const rangeMark = '/ByteRange ['

function place(prepared: Prepared, options: SignPdfOptions, reserved: number): Placed {
  const { document, page, form } = prepared
  const update = new IncrementalUpdate(document)
  const signature = update.reserve()
  const widget = update.reserve()
  // First in the update, so that its place does not depend on what follows. Everything after ByteRange and Contents
  // is free text: they are put first, or a reason could hold a look-alike of them.
  const range = ' '.repeat(rangeWidth * 3 + 4)
  const rest = dictionaryOf({
    Type: name('Sig'),
    Filter: name('Adobe.PPKLite'),
    SubFilter: name('ETSI.CAdES.detached'),
    M: dateString(options.signedAt),
    Name: options.name === undefined ? undefined : textString(options.name),
    Reason: options.reason === undefined ? undefined : textString(options.reason),
    Location: options.location === undefined ? undefined : textString(options.location),
    ContactInfo: options.contact === undefined ? undefined : textString(options.contact),
    Reference:
      options.certify === undefined
        ? undefined
        : [
            dictionaryOf({
              Type: name('SigRef'),
              TransformMethod: name('DocMDP'),
              TransformParams: dictionaryOf({ Type: name('TransformParams'), P: options.certify, V: name('1.2') }),
            }),
          ],
  })
  update.put(signature, `<<${rangeMark}${range}] ${contentsMark}${'0'.repeat(reserved * 2)}>${writeDictionary(rest).slice(2)}`)
  const [x, y, width, height] = options.appearance?.rect ?? [0, 0, 0, 0]
  const picture = options.appearance === undefined ? undefined : embedAppearance(update, options.appearance.pdf)
  const field = dictionaryOf({
    Type: name('Annot'),
    Subtype: name('Widget'),
    FT: name('Sig'),
    T: textString(prepared.fieldName),
    V: signature,
    F: widgetFlags,
    Rect: [x, y, x + width, y + height],
    P: page.reference,
    AP: picture === undefined ? undefined : dictionaryOf({ N: picture }),
  })
  update.put(widget, field)
  addToPage(document, update, page, widget)
  addToForm(document, update, form, widget, options.certify === undefined ? undefined : signature)
  const bytes = update.finish()
  const rangeStart = bytes.indexOf(rangeMark) + rangeMark.length
  const contentsStart = bytes.indexOf(contentsMark) + contentsMark.length - 1
  const contentsEnd = contentsStart + reserved * 2 + 2
  const base = document.bytes.length
  const numbers = `0 ${base + contentsStart} ${base + contentsEnd} ${bytes.length - contentsEnd}`
  if (numbers.length > range.length) throw new Fault('SIGN-PDF-TOO-LARGE')
  bytes.write(numbers, rangeStart, 'latin1')
  return { bytes, contentsStart, contentsEnd }
}

/** The page's annotations: its own array is rewritten with the page, one that is an object of its own alone. */
function addToPage(document: PdfDocument, update: IncrementalUpdate, page: Prepared['page'], widget: PdfReference): void {
  const annotations = page.page.get('Annots')
  const list = document.array(annotations) ?? []
  if (annotations instanceof PdfReference) update.put(annotations, [...list, widget])
  else update.put(page.reference, new Map([...page.page, ['Annots', [...list, widget]]]))
}

function addToForm(
  document: PdfDocument,
  update: IncrementalUpdate,
  form: PdfDictionary | undefined,
  widget: PdfReference,
  certification: PdfReference | undefined,
): void {
  const formValue = document.catalog.get('AcroForm')
  const fieldsValue = form?.get('Fields')
  const fields = [...(document.array(fieldsValue) ?? []), widget]
  const catalogChanges = new Map<string, PdfValue>()
  const flags = document.resolve(form?.get('SigFlags'))
  // SignaturesExist and AppendOnly (ISO 32000-2 table 225).
  const wanted = (typeof flags === 'number' ? flags : 0) | 3
  if (fieldsValue instanceof PdfReference) update.put(fieldsValue, fields)
  if (!(fieldsValue instanceof PdfReference) || flags !== wanted) {
    const changed = new Map([
      ...(form ?? []),
      ['Fields', fieldsValue instanceof PdfReference ? fieldsValue : fields],
      ['SigFlags', wanted],
    ] as [string, PdfValue][])
    if (formValue instanceof PdfReference) update.put(formValue, changed)
    else catalogChanges.set('AcroForm', changed)
  }
  if (certification !== undefined) {
    const permissions = document.dictionary(document.catalog.get('Perms'))
    catalogChanges.set('Perms', new Map([...(permissions ?? []), ['DocMDP', certification]] as [string, PdfValue][]))
  }
  if (catalogChanges.size > 0) update.put(document.catalogReference, new Map([...document.catalog, ...catalogChanges]))
}

function fill(pdf: Buffer, update: Placed, made: SignedData): SignedPdf {
  const { bytes, contentsStart, contentsEnd } = update
  bytes.write(made.cms.toString('hex'), contentsStart + 1, 'latin1')
  // The two marks around the gap are what a verifier goes by; anything else there would be our own mistake.
  if (bytes[contentsStart] !== 0x3c || bytes[contentsEnd - 1] !== 0x3e) throw new Fault('SIGN-PDF-UNREADABLE')
  return { pdf: Buffer.concat([pdf, bytes]), level: `PAdES-BASELINE-${made.level}`, stampedAt: made.stampedAt ?? null }
}
