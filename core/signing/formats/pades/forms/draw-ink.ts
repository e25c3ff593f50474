import type { DocumentRequest, Documents } from '../../../../documents/documents.js'
import { Fault } from '../../../../i18n/fault.js'
import type { Digits, Locale } from '../../../../i18n/locale.js'
import { shownTime } from '../draw-signature.js'
import { inkOutline, type PenStrokes } from './ink-outline.js'
import { checkDrawing, checkPicture, type CheckedPicture } from './picture-source.js'

/** Fonts for a typed signature, all with Latin, Arabic and Cyrillic letters. */
export const inkFonts = ['hand', 'script', 'naskh', 'plain'] as const
/** A font for typed signatures. */
export type InkFont = (typeof inkFonts)[number]

/** The quiet line under the ink. */
export interface InkCaption {
  readonly name: string
  readonly signedAt: Date
  /** IANA zone in which the time is shown. */
  readonly timeZone: string
  readonly locale: Locale
  readonly digits: Digits
}

/** A hand-written signature in one of its forms. */
export type InkSource =
  | { readonly strokes: PenStrokes }
  /** A drawing as SVG; only its lines are taken. */
  | { readonly svg: string }
  /** An uploaded picture, PNG or JPEG. */
  | { readonly png: Buffer }
  | { readonly typed: { readonly text: string; readonly font: InkFont } }

/** The signature and the size it is drawn in. */
export type InkPicture = InkSource & {
  /** Size of the field in points. */
  readonly width: number
  readonly height: number
  readonly caption?: InkCaption
}

/**
 * Draws a signature or initials as a page as large as the field, for `SignatureAppearance.pdf` or `FieldFill.pictures`: the ink as large as
 * the field allows and undistorted, a quiet line with name and time under it. PDF/A; the same input gives the same bytes.
 * @throws Fault SIGN-INK-EMPTY, SIGN-PICTURE-TOO-LARGE, SIGN-PICTURE-KIND, SIGN-PICTURE-DAMAGED, those of `Documents.render`
 */
export async function drawInk(documents: Documents, picture: InkPicture): Promise<Buffer> {
  const { width, height, caption } = picture
  const drawn = 'typed' in picture ? await outlines(documents, picture.typed) : drawingOf(picture)
  const request: DocumentRequest = {
    template: 'signing/ink',
    data: {
      width,
      height,
      picture: { name: fileOf(drawn), width: drawn.width, height: drawn.height, turns: drawn.turns },
      caption: caption === undefined ? null : { name: caption.name, ...shownTime(caption) },
    },
    locale: caption?.locale ?? 'en',
    digits: caption?.digits ?? 'latin',
    images: { [fileOf(drawn)]: { bytes: drawn.bytes, mediaType: drawn.mediaType } },
    standard: 'a-3b',
    createdAt: new Date(0),
    title: 'Signature',
  }
  try {
    return (await documents.render(request)).pdf
  } catch (error) {
    // The renderer reads an uploaded picture to its end, where the check reads its head.
    if ('png' in picture && error instanceof Fault && error.code === 'DOC-RENDER-FAILED')
      throw new Fault('SIGN-PICTURE-DAMAGED', { cause: error })
    throw error
  }
}

function drawingOf(picture: Exclude<InkSource, { readonly typed: unknown }>): CheckedPicture {
  if ('svg' in picture) return checkDrawing(picture.svg)
  if ('png' in picture) return checkPicture(picture.png)
  const outline = inkOutline(picture.strokes)
  if (outline === undefined) throw new Fault('SIGN-INK-EMPTY')
  return checkDrawing(outline)
}

/**
 * A typed name as lines and not as letters: it is ink as any other. As letters it would be a text beside the value of its field, and
 * initials that read «A. O.» are not the name the field holds.
 */
async function outlines(documents: Documents, { text, font }: { readonly text: string; readonly font: InkFont }): Promise<CheckedPicture> {
  if (text.trim() === '') throw new Fault('SIGN-INK-EMPTY')
  const svg = await documents.draw({ template: 'signing/ink-word', data: { text, font }, locale: 'en', digits: 'latin' })
  const box = /\bviewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)
  return { bytes: Buffer.from(svg), mediaType: 'image/svg+xml', width: Number(box?.[1]), height: Number(box?.[2]), turns: 0 }
}

function fileOf({ mediaType }: CheckedPicture): string {
  return mediaType === 'image/svg+xml' ? 'ink.svg' : mediaType === 'image/png' ? 'ink.png' : 'ink.jpg'
}
