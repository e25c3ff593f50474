import { Fault } from '../../../../i18n/fault.js'
import { svgOf } from './ink-outline.js'

/** The largest side of an uploaded picture in pixels, and its largest size in bytes. */
const pictureLimits = { side: 4000, bytes: 2 * 1024 * 1024 } as const

/** A picture as it may go to the renderer. */
export interface CheckedPicture {
  readonly bytes: Buffer
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/svg+xml'
  readonly width: number
  readonly height: number
  /** Quarter turns clockwise that a camera asks for. */
  readonly turns: 0 | 1 | 2 | 3
}

const tooLarge = (): Fault =>
  new Fault('SIGN-PICTURE-TOO-LARGE', { params: { side: pictureLimits.side, megabytes: pictureLimits.bytes / 1024 / 1024 } })
const damaged = (): Fault => new Fault('SIGN-PICTURE-DAMAGED')

/**
 * An uploaded picture of a signature, by what its bytes are and never by its name. Of a photograph everything but the picture is left
 * behind: place, camera and time are nobody's business.
 * @throws Fault SIGN-PICTURE-TOO-LARGE, SIGN-PICTURE-KIND, SIGN-PICTURE-DAMAGED
 */
export function checkPicture(bytes: Buffer): CheckedPicture {
  if (bytes.length > pictureLimits.bytes) throw tooLarge()
  const picture = bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')) ? checkPng(bytes) : checkJpeg(bytes)
  const { width, height } = picture
  if (width < 1 || height < 1 || width > pictureLimits.side || height > pictureLimits.side) throw tooLarge()
  return picture
}

function checkPng(bytes: Buffer): CheckedPicture {
  if (bytes.length < 45 || bytes.toString('latin1', 12, 16) !== 'IHDR') throw damaged()
  return { bytes, mediaType: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), turns: 0 }
}

/** Markers with a segment that a decoder needs: frames, tables, restart interval, JFIF and the colours of Adobe (ITU-T T.81 B). */
const kept: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc4, 0xdb, 0xdd, 0xe0, 0xee])

function checkJpeg(bytes: Buffer): CheckedPicture {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) throw new Fault('SIGN-PICTURE-KIND')
  const parts: Buffer[] = [bytes.subarray(0, 2)]
  let size: { width: number; height: number } | undefined
  let turns: CheckedPicture['turns'] = 0
  let at = 2
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw damaged()
    const marker = bytes.readUInt8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2 || at + 2 + length > bytes.length) throw damaged()
    const segment = bytes.subarray(at, at + 2 + length)
    if (marker === 0xe1) turns = turnsOf(segment) ?? turns
    if ((marker === 0xc0 || marker === 0xc1 || marker === 0xc2) && length >= 8)
      size = { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) }
    if (marker === 0xda) {
      const end = bytes.lastIndexOf(Buffer.from('ffd9', 'hex'))
      if (size === undefined || end < at) throw damaged()
      parts.push(bytes.subarray(at, end + 2))
      return { bytes: Buffer.concat(parts), mediaType: 'image/jpeg', ...size, turns }
    }
    if (kept.has(marker)) parts.push(segment)
    at += 2 + length
  }
  throw damaged()
}

/** Orientation of a photograph (Exif 2.32, tag 0x0112); mirrored ones do not come from cameras. */
function turnsOf(segment: Buffer): CheckedPicture['turns'] | undefined {
  if (segment.toString('latin1', 4, 8) !== 'Exif' || segment.length < 20) return undefined
  const tiff = segment.subarray(10)
  const little = tiff.toString('latin1', 0, 2) === 'II'
  const short = (at: number): number => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const first = tiff.length < 8 ? 0 : little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  for (let entry = 0; entry < Math.min(short(first), 64); entry++) {
    const at = first + 2 + entry * 12
    if (short(at) !== 0x0112) continue
    const orientation = short(at + 8)
    return orientation === 6 ? 1 : orientation === 3 ? 2 : orientation === 8 ? 3 : 0
  }
  return undefined
}

/**
 * A drawing as SVG, of which only the lines are taken: paths and circles with their numbers and colours, written anew. Nothing that runs,
 * refers to elsewhere or is text comes along.
 * @throws Fault SIGN-PICTURE-TOO-LARGE, SIGN-PICTURE-DAMAGED
 */
export function checkDrawing(svg: string): CheckedPicture {
  if (svg.length > pictureLimits.bytes) throw tooLarge()
  const head = svg.replace(/^<\?xml[^>]*>\s*/, '').slice(0, 1000)
  const box = head.startsWith('<svg') ? /\sviewBox="0 0 (\d{1,5}(?:\.\d{1,6})?) (\d{1,5}(?:\.\d{1,6})?)"/.exec(head) : null
  const [width, height] = [Number(box?.[1]), Number(box?.[2])]
  if (box === null || !(width > 0) || !(height > 0)) throw damaged()
  const shapes = svg.split('<').flatMap((element) => {
    const kind = (['path', 'circle'] as const).find((one) => element.startsWith(`${one} `))
    const end = element.indexOf('>')
    if (kind === undefined || end < 0) return []
    const taken = [...element.slice(kind.length, end).matchAll(/\s([a-z-]{1,20})="([^"]*)"/g)].flatMap(([, key = '', value = '']) =>
      isDrawn(key, value) ? [` ${key}="${value}"`] : [],
    )
    return [`<${kind}${taken.join('')}/>`]
  })
  if (shapes.length === 0) throw damaged()
  const bytes = Buffer.from(svgOf(shapes.join(''), String(width), String(height)))
  return { bytes, mediaType: 'image/svg+xml', width, height, turns: 0 }
}

function isDrawn(key: string, value: string): boolean {
  switch (key) {
    case 'd':
      return /^[\d\s.,e+\-mlhvcsqtaz]+$/i.test(value)
    case 'cx':
    case 'cy':
    case 'r':
    case 'stroke-width':
      return /^-?\d+(?:\.\d+)?$/.test(value)
    case 'fill':
    case 'stroke':
      return /^(?:#[\da-fA-F]{3,8}|[a-z]{3,20}|rgb\([\d\s,]+\))$/.test(value)
    case 'stroke-linecap':
    case 'stroke-linejoin':
      return value === 'round'
    default:
      return false
  }
}
