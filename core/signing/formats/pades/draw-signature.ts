import { createHash } from 'node:crypto'
import type { Documents } from '../../../documents/documents.js'
import { qrSvg } from '../../../documents/qr.js'
import { formatDateTime } from '../../../i18n/format.js'
import type { Digits, Locale } from '../../../i18n/locale.js'

/** What a visible signature shows. */
export interface SignaturePicture {
  /** Size of the field in points. */
  readonly width: number
  readonly height: number
  readonly name: string
  readonly reason?: string
  readonly location?: string
  readonly signedAt: Date
  /** IANA zone in which the time is shown: the company's. */
  readonly timeZone: string
  readonly locale: Locale
  readonly digits: Digits
  /** Address that a QR code beside the words leads to, where the signature can be checked. */
  readonly proofUrl?: string
}

/** Pictures drawn of late: a batch signs many files at one time. */
const drawn = new Map<string, Promise<Buffer>>()
const kept = 16

/**
 * Draws the picture of a signature as a page of the field's size, for `SignatureAppearance.pdf`. Its text shrinks until it
 * fits. PDF/A, so that it may go into one; the same input gives the same bytes.
 * @throws Fault those of `Documents.render`, DOC-QR-TOO-LONG
 */
export function drawSignature(documents: Documents, picture: SignaturePicture): Promise<Buffer> {
  const key = createHash('sha256').update(JSON.stringify(picture)).digest('hex')
  const known = drawn.get(key)
  if (known !== undefined) return known
  const { width, height, locale, digits, proofUrl } = picture
  const made = documents
    .render({
      template: 'signing/signature',
      data: {
        width,
        height,
        name: picture.name,
        reason: picture.reason ?? null,
        location: picture.location ?? null,
        ...shownTime(picture),
        qr: proofUrl !== undefined,
      },
      locale,
      digits,
      ...(proofUrl === undefined ? {} : { images: { 'proof.svg': { bytes: Buffer.from(qrSvg(proofUrl)), mediaType: 'image/svg+xml' } } }),
      standard: 'a-3b',
      createdAt: new Date(0),
      title: 'Signature',
    })
    .then((document) => document.pdf)
  made.catch(() => drawn.delete(key))
  drawn.set(key, made)
  const oldest = drawn.keys().next()
  if (drawn.size > kept && oldest.done !== true) drawn.delete(oldest.value)
  return made
}

/** Date and time apart, each a piece that keeps its order in a text of either direction. */
export function shownTime({ signedAt, timeZone, locale, digits }: Pick<SignaturePicture, 'signedAt' | 'timeZone' | 'locale' | 'digits'>): {
  date: string
  time: string
} {
  const [date = '', time = ''] = formatDateTime(signedAt, { locale, digits, timeZone }).split(/[,،]\s*/u)
  return { date, time: `${time} ${offsetOf(signedAt, timeZone)}`.trim() }
}

/** `UTC+03:00`: a time without its zone proves little. */
function offsetOf(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at)
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
  return name === 'GMT' ? 'UTC' : name.replace('GMT', 'UTC')
}
