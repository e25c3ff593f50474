import { getDocument, Util, type PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { readTag } from './text-tag-syntax.js'
import type { TextTag } from './text-tags.js'

/** A piece of text on the page as it is seen, from its upper left corner, in points. */
interface Run {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly baseline: number
  readonly size: number
  readonly rightToLeft: boolean
}

/** Tags are short: what is longer between braces is a text about braces. */
const longestTag = 400
const mostTags = 2000

/** Reads the tags of a PDF in this thread. Only `findTextTags` calls it, in a thread with limits. */
export async function readTextTags(bytes: Uint8Array): Promise<TextTag[]> {
  const task = getDocument({
    data: bytes,
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    verbosity: 0,
    stopAtErrors: false,
  })
  try {
    const document = await task.promise
    const found: TextTag[] = []
    for (let number = 1; number <= document.numPages && found.length < mostTags; number++) {
      const page = await document.getPage(number)
      found.push(...(await tagsOf(page, number)))
      page.cleanup()
    }
    return found
  } finally {
    await task.destroy()
  }
}

async function tagsOf(page: PDFPageProxy, number: number): Promise<TextTag[]> {
  const viewport = page.getViewport({ scale: 1 })
  const { items } = await page.getTextContent()
  const runs: Run[] = []
  for (const item of items) {
    if (!('str' in item) || item.str === '') continue
    // pdf.js declares matrices as lists of anything; they are six numbers.
    const matrix = Util.transform(viewport.transform, item.transform as number[]) as number[]
    const [a = 1, b = 0, , , x = 0, y = 0] = matrix
    // Upright as the page is seen; a text across the page takes no field.
    if (a <= 0 || Math.abs(b) > a * 0.1) continue
    const size = Math.hypot(matrix[2] ?? 0, matrix[3] ?? 0)
    runs.push({ text: item.str, left: x, right: x + item.width, baseline: y, size, rightToLeft: item.dir === 'rtl' })
  }
  const letters = linesOf(runs).flatMap((line) => [...line.flatMap(lettersOf), { text: ' ', run: undefined, left: 0, right: 0 }])
  const text = letters.map((letter) => letter.text).join('')
  const tags: TextTag[] = []
  // In a right-to-left line braces may be told mirrored.
  for (const match of text.matchAll(/[{}]{2}([^{}]{1,400})[{}]{2}/g)) {
    const meaning = (match[1] ?? '').length > longestTag ? undefined : readTag((match[1] ?? '').trim())
    if (meaning === undefined) continue
    const taken = letters.slice(match.index, match.index + match[0].length).filter((letter) => letter.run !== undefined)
    const first = taken[0]?.run
    if (first === undefined) continue
    // A tag that runs over to the next line stands where it begins.
    const onLine = taken.filter(({ run }) => run !== undefined && Math.abs(run.baseline - first.baseline) < first.size * 0.5)
    const left = Math.min(...onLine.map((letter) => letter.left))
    const right = Math.max(...onLine.map((letter) => letter.right))
    tags.push({
      ...meaning,
      text: match[0],
      page: number,
      x: within(left / viewport.width),
      y: within((first.baseline - first.size * 0.8) / viewport.height),
      width: within((right - left) / viewport.width),
      height: within((first.size * 1.05) / viewport.height),
    })
  }
  return tags
}

/** Runs by lines from the top, each from the left. */
function linesOf(runs: readonly Run[]): Run[][] {
  const lines: Run[][] = []
  for (const run of [...runs].sort((one, other) => one.baseline - other.baseline)) {
    const line = lines.at(-1)
    const last = line?.[0]
    if (line !== undefined && last !== undefined && Math.abs(last.baseline - run.baseline) < Math.max(last.size, run.size) * 0.3)
      line.push(run)
    else lines.push([run])
  }
  return lines.map((line) => line.sort((one, other) => one.left - other.left))
}

interface Letter {
  readonly text: string
  readonly run: Run | undefined
  readonly left: number
  readonly right: number
}

/** Letters of a run in their order of reading, with the part of the run that each takes, by equal shares. */
function lettersOf(run: Run): Letter[] {
  const count = run.text.length
  const share = (run.right - run.left) / count
  return Array.from({ length: count }, (_, index) => {
    const left = run.rightToLeft ? run.right - (index + 1) * share : run.left + index * share
    return { text: run.text.charAt(index), run, left, right: left + share }
  })
}

function within(value: number): number {
  return Math.min(1, Math.max(0, value))
}
