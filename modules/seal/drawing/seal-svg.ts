import type { Documents } from '../../../core/documents/documents.js'
import { sealInk, sealSize, type SealDesignInput } from '../models/design.js'
import { bounds, mapPath, subdivide, writePath, type Segment } from './outline-path.js'
import { textOutlines, type Outline } from './text-outlines.js'

type Drawn = Pick<SealDesignInput, 'shape' | 'nameAr' | 'nameLatin' | 'caption' | 'number' | 'year' | 'colour'>

/** Tenths of a millimetre. */
const side = 380
const centre = side / 2
const outerRing = 184
const thinRing = 175
const innerRing = 117
const band = (thinRing + innerRing) / 2

/**
 * The seal as SVG of paths alone, one colour, real size in millimetres: the Arabic name bent along the top of the circle,
 * the Latin one along the bottom, number and year in the middle. No font is needed to show it.
 */
export async function sealSvg(documents: Pick<Documents, 'draw'>, design: Drawn): Promise<string> {
  const [arabic, latin, caption, number, year] = await textOutlines(documents, [
    { text: design.nameAr, weight: 700 },
    { text: design.nameLatin, weight: 600 },
    { text: design.caption, weight: 600 },
    { text: design.number, weight: 700 },
    { text: design.year, weight: 600 },
  ])
  const lines = { arabic: arabic ?? [], latin: latin ?? [], caption: caption ?? [], number: number ?? [], year: year ?? [] }
  const body = design.shape === 'round' ? round(lines) : rectangular(lines)
  const { width, height } = sealSize(design.shape)
  const ink = sealInk[design.colour]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="0 0 ${width * 10} ${height * 10}">` +
    `<g fill="${ink}" stroke="${ink}" stroke-width="0">${body}</g></svg>`
  )
}

interface Lines {
  readonly arabic: Outline
  readonly latin: Outline
  readonly caption: Outline
  readonly number: Outline
  readonly year: Outline
}

function round(lines: Lines): string {
  const parts = [ring(outerRing, 5), ring(thinRing, 1.6), ring(innerRing, 2.2)]
  const both = lines.arabic.length > 0 && lines.latin.length > 0
  // With one name alone it may take most of the circle; two leave room for the stars between them.
  const top = bend(lines.arabic, { size: 40, degrees: both ? 186 : 290, above: true, lift: -0.24 })
  const bottomOutline =
    lines.arabic.length > 0 ? bend(lines.latin, { size: 27, degrees: both ? 128 : 290, above: false, lift: -0.355 }) : undefined
  const alone = lines.arabic.length === 0 ? bend(lines.latin, { size: 34, degrees: 290, above: true, lift: -0.355 }) : undefined
  const bent = [top, bottomOutline, alone].filter((one) => one !== undefined)
  for (const one of bent) parts.push(`<path d="${one.path}"/>`)
  parts.push(...stars(top?.degrees ?? alone?.degrees ?? 0, bottomOutline?.degrees ?? 0))
  parts.push(...middle(lines, centre, centre, 178))
  return parts.join('')
}

function ring(radius: number, width: number): string {
  return `<circle cx="${centre}" cy="${centre}" r="${radius}" fill="none" stroke-width="${width}"/>`
}

interface Bend {
  /** Letter size in tenths of a millimetre; made smaller until the text fits `degrees`. */
  readonly size: number
  readonly degrees: number
  /** Along the top, read with the head outside; else along the bottom, read with the head inside. */
  readonly above: boolean
  /** Middle of the letters above the baseline, in letter sizes, negative: what is moved so that the band is filled evenly. */
  readonly lift: number
}

/** Bends a line of letters around the circle: every point of every outline is turned, so joined letters stay joined. */
function bend(outline: Outline, options: Bend): { path: string; degrees: number } | undefined {
  if (outline.length === 0) return undefined
  const box = bounds(outline)
  const width = box.right - box.left
  const radiusOf = (size: number): number => band + (options.above ? options.lift : -options.lift) * size
  const allowed = (options.degrees * Math.PI) / 180
  const size = Math.min(options.size, (allowed * band) / width)
  const radius = radiusOf(size)
  const middleX = (box.left + box.right) / 2
  const bent = mapPath(subdivide(outline, 0.12), ([x, y]) => {
    const angle = ((x - middleX) * size) / band
    const distance = options.above ? radius + y * size : radius - y * size
    const direction = options.above ? angle - Math.PI / 2 : Math.PI / 2 - angle
    return [centre + distance * Math.cos(direction), centre + distance * Math.sin(direction)]
  })
  return { path: writePath(bent), degrees: ((width * size) / band / Math.PI) * 180 }
}

/** Eight-pointed stars in the two gaps between the names. */
function stars(topDegrees: number, bottomDegrees: number): string[] {
  const gap = (360 - topDegrees - bottomDegrees) / 2
  if (gap < 12) return []
  const from = topDegrees / 2
  const angles = bottomDegrees === 0 ? [180] : [from + gap / 2, 360 - from - gap / 2]
  return angles.map((degrees) => {
    const direction = ((degrees - 90) * Math.PI) / 180
    return star(centre + band * Math.cos(direction), centre + band * Math.sin(direction), 9.5)
  })
}

function star(x: number, y: number, radius: number): string {
  const points = Array.from({ length: 16 }, (_, index) => {
    const angle = (index * Math.PI) / 8
    const distance = index % 2 === 0 ? radius : radius * 0.74
    return `${(x + distance * Math.cos(angle)).toFixed(2)} ${(y + distance * Math.sin(angle)).toFixed(2)}`
  })
  return `<path d="M${points.join('L')}Z"/>`
}

/** Caption, number and year one under the other around a point, with fine lines between them. */
function middle(lines: Lines, x: number, y: number, width: number): string[] {
  const rows = [
    { outline: lines.caption, size: 25, height: 34 },
    { outline: lines.number, size: 36, height: 44 },
    { outline: lines.year, size: 26, height: 36 },
  ].filter((row) => row.outline.length > 0)
  const gap = 16
  const total = rows.reduce((sum, row) => sum + row.height, 0) + gap * (rows.length - 1)
  let top = y - total / 2
  const parts: string[] = []
  rows.forEach((row, index) => {
    const chord = index === 1 || rows.length === 1 ? width : width * 0.82
    parts.push(flat(row.outline, x, top + row.height / 2, Math.min(chord, 190), row.size))
    top += row.height
    if (index < rows.length - 1) {
      const half = width * 0.36
      parts.push(`<path d="M${x - half} ${(top + gap / 2 - 0.6).toFixed(2)}h${2 * half}v1.2h${-2 * half}z"/>`)
      top += gap
    }
  })
  return parts
}

/** A straight line of letters, its ink centred on a point, made smaller until it fits the width. */
function flat(outline: Outline, x: number, y: number, width: number, size: number): string {
  const box = bounds(outline)
  const scale = Math.min(size, width / (box.right - box.left))
  const middleX = (box.left + box.right) / 2
  const middleY = (box.bottom + box.top) / 2
  const moved: Segment[] = mapPath(outline, ([px, py]) => [x + (px - middleX) * scale, y - (py - middleY) * scale])
  return `<path d="${writePath(moved)}"/>`
}

function rectangular(lines: Lines): string {
  const height = 240
  const frame = (inset: number, width: number, radius: number): string =>
    `<rect x="${inset}" y="${inset}" width="${side - 2 * inset}" height="${height - 2 * inset}" rx="${radius}" fill="none" stroke-width="${width}"/>`
  const parts = [frame(6, 5, 16), frame(14, 1.6, 10)]
  const names = [lines.arabic, lines.latin].filter((outline) => outline.length > 0)
  const facts = [lines.caption, lines.number, lines.year].filter((outline) => outline.length > 0)
  const factsHeight = facts.length > 0 ? 62 : 0
  const free = height - 44 - factsHeight
  names.forEach((outline, index) => {
    const arabic = outline === lines.arabic
    parts.push(flat(outline, side / 2, 22 + (free * (index + 0.5)) / names.length, side - 64, arabic ? 48 : 30))
  })
  if (facts.length > 0) {
    const ruleY = height - 22 - factsHeight
    parts.push(`<path d="M30 ${ruleY}h${side - 60}v1.6h${-(side - 60)}z"/>`)
    // One size for all facts, read from the right where the seal is Arabic.
    const row = lines.arabic.length > 0 ? facts.toReversed() : facts
    const widths = row.map((outline) => bounds(outline).right - bounds(outline).left)
    const gap = 26
    const size = Math.min(30, (side - 60 - gap * (row.length - 1)) / widths.reduce((sum, width) => sum + width, 0))
    let x = side / 2 - (widths.reduce((sum, width) => sum + width * size, 0) + gap * (row.length - 1)) / 2
    row.forEach((outline, index) => {
      const width = (widths[index] ?? 0) * size
      parts.push(flat(outline, x + width / 2, ruleY + factsHeight / 2 + 3, width, size))
      x += width + gap
    })
  }
  return parts.join('')
}
