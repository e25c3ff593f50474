import { randomUUID } from 'node:crypto'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { inkFacts, inkSvg, readInk } from './ink.js'
import type { OpenLink } from './open-link.js'
import { isBlank, readPng, writePng } from './png.js'

/** Faces in which a name may be typed, as the paper has them (`inkFonts`); each has Arabic, Latin and Cyrillic letters between its files. */
export const typedFonts = ['hand', 'script', 'naskh'] as const
export type TypedFont = (typeof typedFonts)[number]

/** What the points are protected for. */
export const strokesPurpose = 'signature-strokes'
const largestPicture = 1_500_000
/** A signer who tries often gets no more room than this. */
const mostCaptures = 60

export interface GivenCapture {
  readonly purpose: unknown
  readonly kind: unknown
  readonly ink?: unknown
  readonly pointer?: unknown
  readonly text?: unknown
  readonly font?: unknown
  readonly png?: Buffer
}

/**
 * Keeps a signature or initials of a signer; the picture is made here. Points of a drawn one are kept encrypted.
 * @throws Fault SIGNATURES-INK-EMPTY, SIGNATURES-INK-MALFORMED (400), SIGNATURES-NAME-EMPTY, SIGNATURES-PICTURE-UNREADABLE,
 *   SIGNATURES-PICTURE-BLANK, SIGNATURES-PICTURE-LARGE, SIGNATURES-CAPTURES-MANY (429)
 */
export async function saveCapture(host: Host, link: OpenLink, given: GivenCapture): Promise<string> {
  const purpose = given.purpose === 'initials' ? 'initials' : 'signature'
  const made = await make(host, link, given)
  const { companyId } = link.context
  const id = randomUUID()
  await host.db.company(companyId, async (transaction) => {
    const before = await transaction
      .knex('signatures_capture')
      .where({ company_id: companyId, signer_id: link.signer.id })
      .count<{ count: string }[]>('* as count')
    if (Number(before[0]?.count ?? 0) >= mostCaptures) throw new Fault('SIGNATURES-CAPTURES-MANY', { status: 429 })
    const stored = made.picture === undefined ? undefined : await host.files.put(transaction, made.picture.bytes, made.picture.mediaType)
    await transaction.knex('signatures_capture').insert({
      company_id: companyId,
      id,
      signer_id: link.signer.id,
      purpose,
      kind: made.kind,
      text: made.text ?? null,
      font: made.font ?? null,
      picture_sha256: stored?.sha256 ?? null,
      picture_type: made.picture?.mediaType ?? null,
      width: made.picture?.width ?? null,
      height: made.picture?.height ?? null,
      strokes: made.strokes ?? null,
      facts: JSON.stringify(made.facts),
      created_at: host.now(),
    })
  })
  return id
}

interface Made {
  readonly kind: 'drawn' | 'typed' | 'uploaded'
  readonly picture?: { bytes: Buffer; mediaType: 'image/svg+xml' | 'image/png'; width: number; height: number }
  readonly strokes?: Buffer
  readonly text?: string
  readonly font?: TypedFont
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

async function make(host: Host, link: OpenLink, given: GivenCapture): Promise<Made> {
  if (given.kind === 'drawn') {
    const ink = readInk(given.ink)
    const { svg, width, height } = inkSvg(ink)
    const pointer = ['mouse', 'pen', 'touch'].find((one) => one === given.pointer) ?? 'unknown'
    return {
      kind: 'drawn',
      picture: { bytes: Buffer.from(svg), mediaType: 'image/svg+xml', width, height },
      strokes: await host.signing.protect(link.context, Buffer.from(JSON.stringify(ink.strokes)), strokesPurpose),
      facts: { ...inkFacts(ink), pointer },
    }
  }
  if (given.kind === 'typed') {
    // Marks of direction and control letters have no place in a name.
    const text =
      typeof given.text === 'string'
        ? given.text
            .normalize('NFC')
            .replace(/[\p{Cc}\p{Cf}]/gu, '')
            .replace(/\s+/g, ' ')
            .trim()
            .slice(0, 80)
        : ''
    if (!/\p{L}/u.test(text)) throw new Fault('SIGNATURES-NAME-EMPTY')
    return { kind: 'typed', text, font: typedFonts.find((font) => font === given.font) ?? 'hand', facts: {} }
  }
  if (given.kind !== 'uploaded' || given.png === undefined) throw new Fault('SIGNATURES-INK-MALFORMED', { status: 400 })
  if (given.png.length > largestPicture) throw new Fault('SIGNATURES-PICTURE-LARGE', { status: 413 })
  const picture = readPng(given.png)
  if (isBlank(picture)) throw new Fault('SIGNATURES-PICTURE-BLANK')
  const { width, height } = picture
  return { kind: 'uploaded', picture: { bytes: writePng(picture), mediaType: 'image/png', width, height }, facts: {} }
}
