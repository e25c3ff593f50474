import { drawInk, inkFonts, type InkFont, type InkSource } from '../../../../core/signing/formats/pades/forms/draw-ink.js'
import type { Host } from '../../../../core/host/module.js'
import type { Capture } from '../../models/capture.js'
import type { Submitted } from './fills.js'

export interface InkSize {
  readonly width: number
  readonly height: number
}

/** Draws what a signer gave, each picture of a size once: initials of a hundred pages are one. */
export class InkPictures {
  private readonly drawn = new Map<string, Promise<Buffer>>()

  constructor(
    private readonly host: Pick<Host, 'documents'>,
    private readonly submitted: Submitted,
    private readonly signedAt: Date,
  ) {}

  /** The ink as large as its place; a signature with name and time under it. Without a drawing the name stands as text. */
  picture(capture: Capture | undefined, size: InkSize, purpose: 'signature' | 'initials'): Promise<Buffer> {
    const key = `${capture?.id ?? ''} ${purpose} ${String(size.width)} ${String(size.height)}`
    const known = this.drawn.get(key)
    if (known !== undefined) return known
    const { request, signer, company } = this.submitted
    const caption = {
      name: signer.name,
      signedAt: this.signedAt,
      timeZone: company.timeZone,
      locale: request.locale,
      digits: company.digits,
    }
    const picture = drawInk(this.host.documents, {
      ...sourceOf(capture, signer.name),
      ...size,
      ...(purpose === 'signature' ? { caption } : {}),
    })
    this.drawn.set(key, picture)
    return picture
  }
}

function sourceOf(capture: Capture | undefined, name: string): InkSource {
  if (capture !== undefined && capture.picture !== null) {
    const { bytes, mediaType } = capture.picture
    return mediaType === 'image/svg+xml' ? { svg: bytes.toString('utf8') } : { png: bytes }
  }
  return { typed: { text: capture?.text ?? name, font: fontOf(capture?.font) } }
}

function fontOf(font: string | null | undefined): InkFont {
  return inkFonts.find((one) => one === font) ?? 'plain'
}
