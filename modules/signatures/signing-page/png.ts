import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { Fault } from '../../../core/i18n/fault.js'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const largestSide = 2400

/** Samples in a pixel of the colour types that browsers write: grey, RGB, grey with alpha, RGBA. */
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 }

export interface Picture {
  readonly width: number
  readonly height: number
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly pixels: Buffer
}

/**
 * Reads a PNG of eight bits a sample (PNG specification, third edition, 5 and 9), every check sum compared. What is stored afterwards
 * is written by `writePng` from these pixels: nothing else of what was uploaded survives.
 * @throws Fault SIGNATURES-PICTURE-UNREADABLE
 */
export function readPng(bytes: Buffer): Picture {
  if (!bytes.subarray(0, 8).equals(signature)) throw unreadable('no PNG')
  const packed: Buffer[] = []
  let head: { width: number; height: number; samples: number } | undefined
  let at = 8
  for (;;) {
    if (at + 12 > bytes.length) throw unreadable('cut off')
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) throw unreadable('cut off')
    const type = bytes.toString('latin1', at + 4, at + 8)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length)) throw unreadable('check sum')
    at += 12 + length
    if (type === 'IHDR') head = readHead(data)
    else if (type === 'IDAT') packed.push(data)
    else if (type === 'IEND') break
  }
  if (head === undefined) throw unreadable('no header')
  const { width, height, samples } = head
  const rowLength = width * samples
  const size = (rowLength + 1) * height
  let raw: Buffer
  try {
    raw = inflateSync(Buffer.concat(packed), { maxOutputLength: size })
  } catch (cause) {
    throw unreadable('pixels', cause)
  }
  if (raw.length !== size) throw unreadable('pixels')
  return { width, height, pixels: spread(unfilter(raw, rowLength, height, samples), samples) }
}

function readHead(data: Buffer): { width: number; height: number; samples: number } {
  if (data.length !== 13) throw unreadable('header')
  const width = data.readUInt32BE(0)
  const height = data.readUInt32BE(4)
  const samples = samplesOf[data.readUInt8(9)]
  if (width === 0 || height === 0 || width > largestSide || height > largestSide) throw unreadable('size')
  if (data.readUInt8(8) !== 8 || samples === undefined || data.readUInt8(10) !== 0 || data.readUInt8(11) !== 0 || data.readUInt8(12) !== 0)
    throw unreadable('kind')
  return { width, height, samples }
}

/** Undoes the filters of each row (9.2). */
function unfilter(raw: Buffer, rowLength: number, height: number, samples: number): Buffer {
  const out = Buffer.alloc(rowLength * height)
  for (let row = 0; row < height; row += 1) {
    const filter = raw.readUInt8(row * (rowLength + 1))
    if (filter > 4) throw unreadable('filter')
    for (let column = 0; column < rowLength; column += 1) {
      const place = row * rowLength + column
      const left = column < samples ? 0 : out.readUInt8(place - samples)
      const above = row === 0 ? 0 : out.readUInt8(place - rowLength)
      const corner = row === 0 || column < samples ? 0 : out.readUInt8(place - rowLength - samples)
      const add = [0, left, above, (left + above) >> 1, filter === 4 ? nearest(left, above, corner) : 0][filter] ?? 0
      out.writeUInt8((raw.readUInt8(row * (rowLength + 1) + 1 + column) + add) & 0xff, place)
    }
  }
  return out
}

function nearest(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const toLeft = Math.abs(guess - left)
  const toAbove = Math.abs(guess - above)
  const toCorner = Math.abs(guess - corner)
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

function spread(samplesIn: Buffer, samples: number): Buffer {
  if (samples === 4) return samplesIn
  const pixels = Buffer.alloc((samplesIn.length / samples) * 4)
  for (let index = 0; index < samplesIn.length / samples; index += 1) {
    const from = index * samples
    const colour = samples >= 3 ? samplesIn.subarray(from, from + 3) : Buffer.alloc(3, samplesIn.readUInt8(from))
    colour.copy(pixels, index * 4)
    pixels.writeUInt8(samples === 2 ? samplesIn.readUInt8(from + 1) : 255, index * 4 + 3)
  }
  return pixels
}

/** A PNG of these pixels and nothing else. */
export function writePng({ width, height, pixels }: Picture): Buffer {
  const raw = Buffer.alloc((width * 4 + 1) * height)
  for (let row = 0; row < height; row += 1) pixels.copy(raw, row * (width * 4 + 1) + 1, row * width * 4, (row + 1) * width * 4)
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.writeUInt8(8, 8)
  head.writeUInt8(6, 9)
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(raw, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(data.length + 12)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  data.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8)
  return whole
}

/** True when there is hardly anything to see: less than one pixel in a thousand differs from white or is visible at all. */
export function isBlank({ pixels }: Picture): boolean {
  let seen = 0
  for (let at = 0; at < pixels.length; at += 4) {
    const dark = Math.min(pixels.readUInt8(at), pixels.readUInt8(at + 1), pixels.readUInt8(at + 2)) < 200
    if (dark && pixels.readUInt8(at + 3) > 40) seen += 1
  }
  return seen * 4 * 1000 < pixels.length
}

function unreadable(reason: string, cause?: unknown): Fault {
  return new Fault('SIGNATURES-PICTURE-UNREADABLE', { params: { reason }, cause })
}
