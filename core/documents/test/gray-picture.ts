import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inflateSync } from 'node:zlib'

export interface GrayPicture {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

/** First page of a PDF as a gray PNG of poppler, 80 dpi. */
export function drawPage(pdf: Buffer): Buffer {
  return withFile(pdf, (file) => {
    execFileSync('pdftoppm', ['-r', '80', '-gray', '-png', '-f', '1', '-l', '1', '-singlefile', file, `${file}.page`], { stdio: 'pipe' })
    return readFileSync(`${file}.page.png`)
  })
}

/** Runs a program's work on a PDF in a folder of its own. */
export function withFile<Result>(pdf: Buffer, work: (file: string) => Result): Result {
  const folder = mkdtempSync(path.join(tmpdir(), 'khatm-document-'))
  try {
    const file = path.join(folder, 'document.pdf')
    writeFileSync(file, pdf)
    return work(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads 8-bit PNG without interlace, gray or RGB: what poppler writes. Of colours the first channel counts (they are all alike). */
export function readGrayPng(png: Buffer): GrayPicture {
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  const channels = png[25] === 2 ? 3 : 1
  if (png[24] !== 8 || (png[25] !== 0 && png[25] !== 2)) throw new Error('not an 8-bit gray or RGB PNG')
  const parts: Buffer[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const raw = inflateSync(Buffer.concat(parts))
  const row = width * channels
  const bytes = new Uint8Array(row * height)
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)] ?? 0
    for (let x = 0; x < row; x += 1) {
      const left = x >= channels ? (bytes[y * row + x - channels] ?? 0) : 0
      const up = y > 0 ? (bytes[(y - 1) * row + x] ?? 0) : 0
      const corner = x >= channels && y > 0 ? (bytes[(y - 1) * row + x - channels] ?? 0) : 0
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      bytes[y * row + x] = ((raw[y * (row + 1) + 1 + x] ?? 0) + predicted) & 255
    }
  }
  const pixels = new Uint8Array(width * height)
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = bytes[index * channels] ?? 0
  return { width, height, pixels }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** Share of pixels that differ by more than a fourth of the range; 1 when the sizes differ. */
export function difference(one: GrayPicture, other: GrayPicture): number {
  if (one.width !== other.width || one.height !== other.height) return 1
  let different = 0
  for (let index = 0; index < one.pixels.length; index += 1) {
    if (Math.abs((one.pixels[index] ?? 0) - (other.pixels[index] ?? 0)) > 64) different += 1
  }
  return different / one.pixels.length
}
