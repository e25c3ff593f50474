import type { Documents } from '../../../core/documents/documents.js'
import { mapPath, readPath, type Segment } from './outline-path.js'

export interface OutlineLine {
  readonly text: string
  readonly weight: 400 | 600 | 700
}

/** Letters of one line: shaped and joined, set in one unit, baseline at y = 0, y upwards. */
export type Outline = readonly Segment[]

/** Place and size the template `seal/outlines` sets its lines in (points). */
const setSize = 100
const lineStep = 300

/**
 * Shapes lines of text and returns the outlines of their letters, so that a seal looks the same where no font is.
 * Letters that join stay joined: their outlines touch or overlap exactly as the font made them.
 */
export async function textOutlines(documents: Pick<Documents, 'draw'>, lines: readonly OutlineLine[]): Promise<Outline[]> {
  const svg = await documents.draw({ template: 'seal/outlines', locale: 'en', digits: 'latin', data: { lines } })
  const glyphs = readGlyphs(svg)
  const found: Segment[][] = lines.map(() => [])
  walk(svg, (id, x, y) => {
    const glyph = glyphs.get(id)
    // y counts down from the top of the page; line n stands at (n + 1) × 300, marks some way above or below it.
    const index = Math.round(y / lineStep) - 1
    const target = found[index]
    if (glyph === undefined || target === undefined) return
    const baseline = (index + 1) * lineStep
    target.push(...mapPath(glyph, ([px, py]) => [(px + x) / setSize, (py + baseline - y) / setSize]))
  })
  return found
}

function readGlyphs(svg: string): Map<string, Segment[]> {
  const glyphs = new Map<string, Segment[]>()
  // The drawing comes from our own compiler, in its one fixed layout.
  // eslint-disable-next-line redos/no-vulnerable
  for (const [, id = '', data = ''] of svg.matchAll(/<symbol id="([^"]+)"[^>]*>\s*<path d="([^"]*)"/g)) glyphs.set(id, readPath(data))
  return glyphs
}

/** Visits every glyph with its place on the page. Typst writes plain translations only, with y turned inside texts. */
function walk(svg: string, visit: (id: string, x: number, y: number) => void): void {
  const places: { x: number; y: number }[] = [{ x: 0, y: 0 }]
  const element = /<g[ >][^<]*|<\/g>|<use [^<]*/g
  for (const match of svg.matchAll(element)) {
    const [text] = match
    const here = places.at(-1) ?? { x: 0, y: 0 }
    if (text.startsWith('</g')) places.pop()
    else if (text.startsWith('<use')) {
      const id = /xlink:href="#([^"]+)"/.exec(text)?.[1] ?? ''
      visit(id, here.x + Number(/ x="([^"]+)"/.exec(text)?.[1] ?? 0), here.y)
    } else if (!text.trimEnd().endsWith('/>')) {
      const moved = /transform="matrix\(1 0 0 -?1 ([-\d.e]+) ([-\d.e]+)\)"/.exec(text)
      places.push({ x: here.x + Number(moved?.[1] ?? 0), y: here.y + Number(moved?.[2] ?? 0) })
    }
  }
}
