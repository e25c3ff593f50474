// What is read here was written a moment ago by the compiler in this very thread, in its one fixed layout; no file from outside comes by.
/* eslint-disable redos/no-vulnerable, regexp/no-super-linear-backtracking */
import { deflateSync, inflateSync } from 'node:zlib'

/**
 * Mends what a PDF says its letters are. Arabic fonts build a dotted letter from two glyphs (body and dots), a vowelled one from
 * three, and the compiler labels each of them with the whole cluster: copied or searched text would read «ففاتتورةة». Here every
 * cluster is said once, by its body; dots and marks say nothing (ISO 32000-2, 14.9.4 ActualText).
 * What is seen does not change, nor any object but page contents and the cross-reference table.
 */
export function mendTextLayer(pdf: Buffer): Buffer {
  const file = readFile(pdf)
  if (file === undefined) return pdf
  const changed = new Map<number, Buffer>()
  for (const page of file.pages) {
    const fonts = new Map<string, Font>()
    for (const [, name = '', number = ''] of page.fonts.matchAll(/\/(\S+) (\d+) 0 R/g)) {
      const font = readFont(file, Number(number))
      if (font !== undefined) fonts.set(name, font)
    }
    const content = streamOf(file, page.contents)
    if (content === undefined) continue
    const mended = mendContent(content, fonts)
    if (mended !== content) changed.set(page.contents, streamObject(page.contents, mended))
  }
  return changed.size === 0 ? pdf : rewrite(pdf, file, changed)
}

interface PdfFile {
  /** Text of every object, Latin-1, by number. */
  readonly objects: ReadonlyMap<number, { readonly start: number; readonly end: number; readonly text: string }>
  readonly pages: readonly { readonly contents: number; readonly fonts: string }[]
  readonly tableStart: number
}

interface Font {
  readonly texts: ReadonlyMap<number, string>
  /** Glyphs without advance: dots and vowel marks. */
  readonly isMark: (glyph: number) => boolean
}

/** The compiler writes a classic cross-reference table with one section; anything else is left as it is. */
function readFile(pdf: Buffer): PdfFile | undefined {
  const text = pdf.toString('latin1')
  const tableStart = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(text)?.[1] ?? NaN)
  const table = Number.isNaN(tableStart) ? null : /^xref\n0 (\d+)\n/.exec(text.slice(tableStart, tableStart + 40))
  if (table === null) return undefined
  const rows: { number: number; start: number }[] = []
  const rowsStart = tableStart + table[0].length
  for (let number = 1; number < Number(table[1]); number += 1) {
    const row = text.slice(rowsStart + number * 20, rowsStart + number * 20 + 18)
    if (row.endsWith('n')) rows.push({ number, start: Number(row.slice(0, 10)) })
  }
  rows.sort((a, b) => a.start - b.start)
  const objects = new Map<number, { start: number; end: number; text: string }>()
  rows.forEach((row, index) => {
    const end = rows[index + 1]?.start ?? tableStart
    objects.set(row.number, { start: row.start, end, text: text.slice(row.start, end) })
  })
  const pages: { contents: number; fonts: string }[] = []
  for (const object of objects.values()) {
    if (!/^\d+ 0 obj\n<<\n {2}\/Type \/Page\n/.test(object.text)) continue
    const contents = /\/Contents (\d+) 0 R/.exec(object.text)?.[1]
    const fonts = /\/Font <<([^>]*)>>/.exec(object.text)?.[1]
    if (contents !== undefined && fonts !== undefined) pages.push({ contents: Number(contents), fonts })
  }
  return { objects, pages, tableStart }
}

function streamOf(file: PdfFile, number: number): string | undefined {
  const object = file.objects.get(number)
  const head = object === undefined ? null : /\/Length (\d+)[\s\S]*?stream\n/.exec(object.text)
  if (object === undefined || head === null) return undefined
  const start = head.index + head[0].length
  const bytes = object.text.slice(start, start + Number(head[1]))
  return head[0].includes('/FlateDecode') || object.text.slice(0, head.index).includes('/FlateDecode')
    ? inflateSync(Buffer.from(bytes, 'latin1')).toString('latin1')
    : bytes
}

function streamObject(number: number, content: string): Buffer {
  const body = deflateSync(Buffer.from(content, 'latin1'), { level: 6 })
  const head = `${number} 0 obj\n<<\n  /Length ${body.length}\n  /Filter /FlateDecode\n>>\nstream\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from('\nendstream\nendobj\n\n', 'latin1')])
}

function readFont(file: PdfFile, number: number): Font | undefined {
  const font = file.objects.get(number)?.text ?? ''
  const map = /\/ToUnicode (\d+) 0 R/.exec(font)?.[1]
  const descendant = file.objects.get(Number(/\/DescendantFonts \[(\d+) 0 R\]/.exec(font)?.[1]))?.text
  if (map === undefined || descendant === undefined) return undefined
  const texts = new Map<number, string>()
  for (const [, code = '', target = ''] of (streamOf(file, Number(map)) ?? '').matchAll(/<([\da-f]{4})> <([\da-f]{4,})>/gi)) {
    texts.set(parseInt(code, 16), fromHex(target))
  }
  const widths = new Map<number, number>()
  const ranges = (/\/W \[([^\]]*(?:\[[^\]]*\][^\]]*)*)\]/.exec(descendant)?.[1] ?? '').match(/\[[^\]]*\]|[-\d.]+/g) ?? []
  for (let index = 0; index < ranges.length;) {
    const first = Number(ranges[index])
    const next = ranges[index + 1] ?? ''
    if (next.startsWith('[')) {
      ;(next.match(/[-\d.]+/g) ?? []).forEach((width, offset) => widths.set(first + offset, Number(width)))
      index += 2
    } else {
      for (let glyph = first; glyph <= Number(next); glyph += 1) widths.set(glyph, Number(ranges[index + 2]))
      index += 3
    }
  }
  const standard = Number(/\/DW (-?[\d.]+)/.exec(descendant)?.[1] ?? 1000)
  return { texts, isMark: (glyph) => (widths.get(glyph) ?? standard) === 0 }
}

function fromHex(hex: string): string {
  return Buffer.from(hex.length % 4 === 0 ? hex : '', 'hex')
    .swap16()
    .toString('utf16le')
}

/** One glyph that is shown, with the text it is said to be. */
interface Shown {
  readonly text: string
  readonly code: number
  readonly mark: boolean
  /** Index of its show operator, and of the glyph in it. */
  readonly operator: number
  readonly place: number
  /** ActualText span around it that holds this glyph alone. */
  readonly span: number | undefined
}

interface Operator {
  readonly start: number
  readonly end: number
  /** Numbers (adjustments) and glyph codes in order. */
  readonly parts: readonly (string | number)[]
}

interface Span {
  readonly start: number
  readonly end: number
  glyphs: number
}

const scanner =
  /\/Span\s*<<\s*\/ActualText\s*(<[0-9A-Fa-f]*>|\((?:[^\\)]|\\[\s\S])*\))\s*>>\s*BDC|\/(\S+)\s+[-\d.]+\s+Tf\b|(\[(?:\((?:[^\\)]|\\[\s\S])*\)|[^\]()])*\])\s*TJ\b|(\((?:[^\\)]|\\[\s\S])*\)|<[0-9A-Fa-f]*>)\s*Tj\b|\b(BDC|BMC|EMC)\b/g

function mendContent(content: string, fonts: ReadonlyMap<string, Font>): string {
  const operators: Operator[] = []
  const spans: Span[] = []
  const shown: Shown[] = []
  const open: ({ span: number; text: string } | undefined)[] = []
  let font: Font | undefined
  for (const match of content.matchAll(scanner)) {
    const [whole, actual, fontName, list, single, marker] = match
    if (actual !== undefined) {
      open.push({ span: spans.length, text: actualText(actual) })
      spans.push({ start: match.index, end: match.index + whole.length, glyphs: 0 })
    } else if (fontName !== undefined) font = fonts.get(fontName)
    else if (marker === 'EMC') open.pop()
    else if (marker !== undefined) open.push(undefined)
    else if (font !== undefined) {
      const parts = readParts(list ?? single ?? '')
      const around = open.findLast((one) => one !== undefined)
      parts.forEach((part, place) => {
        if (typeof part === 'string') return
        const span = around === undefined ? undefined : spans[around.span]
        if (span !== undefined) span.glyphs += 1
        const text = around?.text ?? font?.texts.get(part) ?? ''
        shown.push({ text, code: part, mark: font?.isMark(part) === true, operator: operators.length, place, span: around?.span })
      })
      operators.push({ start: match.index, end: match.index + whole.length, parts })
    }
  }
  return write(content, operators, spans, wanted(shown, spans))
}

interface Change {
  readonly glyph: Shown
  readonly text: string
  /** The glyph gets a span of its own right around it; a span that the compiler put there says nothing from now on. */
  readonly opened: boolean
  /** Operators ahead of the glyph. */
  readonly before: string
}

/**
 * The vowels of a letter, each said by a span of its own at the very place where the letter begins, over an invisible mark without
 * advance. Readers turn a right-to-left line round sign by sign: two signs in one span, or a span where the vowel is drawn (above the
 * middle of its letter), come back exchanged or as words torn apart (poppler 22).
 */
function carriers(mark: Shown | undefined, vowels: string): string {
  if (mark === undefined) return ''
  const said = Array.from(vowels).toReversed()
  return `3 Tr\n${said.map((vowel) => `${spanStart(vowel)}\n[${glyphCode(mark.code)}] TJ\nEMC`).join('\n')}\n0 Tr\n`
}

/** What each glyph should say, where that differs from what it is said to be. */
function wanted(shown: readonly Shown[], spans: readonly Span[]): Change[] {
  const found: Change[] = []
  let marks: Shown[] = []
  const say = (glyph: Shown, text: string, opened = false, before = ''): void => {
    // A span over several glyphs says its text once already.
    const alone = glyph.span === undefined || spans[glyph.span]?.glyphs === 1
    if (opened || (alone && text !== glyph.text)) found.push({ glyph, text, opened, before })
  }
  for (const glyph of shown) {
    if (glyph.mark) {
      if (marks.length > 0 && marks[0]?.text !== glyph.text) marks = []
      marks.push(glyph)
      continue
    }
    // Right to left, the marks of a cluster are drawn before its body.
    if (marks.length > 0 && marks[0]?.text === glyph.text) {
      const [, letters = glyph.text, vowels = ''] = /^(\P{M}+)(\p{M}+)$/u.exec(glyph.text) ?? []
      const span = glyph.span === undefined ? undefined : spans[glyph.span]
      // A span that holds other clusters too is left as it is.
      const whole = span === undefined || span.glyphs === 1 + marks.filter((mark) => mark.span === glyph.span).length
      const opened = vowels !== '' && whole
      for (const mark of marks) say(mark, '', opened)
      if (opened) say(glyph, letters, true, carriers(marks[0], vowels))
    }
    marks = []
  }
  return found
}

function write(content: string, operators: readonly Operator[], spans: readonly Span[], changes: readonly Change[]): string {
  if (changes.length === 0) return content
  const edits = new Map<number, { start: number; end: number; text: string }>()
  const byOperator = new Map<number, Map<number, Change>>()
  for (const change of changes) {
    const { glyph, text, opened } = change
    const span = glyph.span === undefined ? undefined : spans[glyph.span]
    // A span may begin ahead of font and place of its glyph, so one that is to begin right at the glyph takes its place.
    if (span !== undefined) edits.set(span.start, { start: span.start, end: span.end, text: opened ? '/Span BMC' : spanStart(text) })
    if (span === undefined || opened) {
      const places = byOperator.get(glyph.operator) ?? new Map<number, Change>()
      places.set(glyph.place, change)
      byOperator.set(glyph.operator, places)
    }
  }
  for (const [index, places] of byOperator) {
    const operator = operators[index]
    if (operator === undefined) continue
    const pieces: string[] = []
    let run: string[] = []
    const flush = (): void => {
      if (run.length > 0) pieces.push(`[${run.join(' ')}] TJ`)
      run = []
    }
    operator.parts.forEach((part, place) => {
      const change = places.get(place)
      if (typeof part === 'string') run.push(part)
      else if (change === undefined) run.push(glyphCode(part))
      else {
        flush()
        pieces.push(`${change.before}${spanStart(change.text)}\n[${glyphCode(part)}] TJ\nEMC`)
      }
    })
    flush()
    edits.set(operator.start, { start: operator.start, end: operator.end, text: pieces.join('\n') })
  }
  let at = 0
  const out: string[] = []
  for (const edit of [...edits.values()].sort((a, b) => a.start - b.start)) {
    out.push(content.slice(at, edit.start), edit.text)
    at = edit.end
  }
  out.push(content.slice(at))
  return out.join('')
}

function spanStart(text: string): string {
  return `/Span <<\n  /ActualText <FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase()}>\n>> BDC`
}

function glyphCode(glyph: number): string {
  return `<${glyph.toString(16).padStart(4, '0')}>`
}

function actualText(raw: string): string {
  const bytes = raw.startsWith('<') ? Buffer.from(raw.slice(1, -1), 'hex') : Buffer.from(unescape(raw.slice(1, -1)), 'latin1')
  if (bytes[0] !== 0xfe || bytes[1] !== 0xff) return bytes.toString('latin1')
  return Buffer.from(bytes.subarray(2)).swap16().toString('utf16le')
}

/** Operand of TJ or Tj: adjustments as text, glyphs as numbers (two bytes each, Identity-H). */
function readParts(operand: string): (string | number)[] {
  const parts: (string | number)[] = []
  for (const [element] of operand.matchAll(/\((?:[^\\)]|\\[\s\S])*\)|<[\da-f]*>|-?[\d.]+/gi)) {
    if (element.startsWith('(') || element.startsWith('<')) {
      const bytes = element.startsWith('(') ? unescape(element.slice(1, -1)) : Buffer.from(element.slice(1, -1), 'hex').toString('latin1')
      for (let index = 0; index + 1 < bytes.length; index += 2) parts.push(bytes.charCodeAt(index) * 256 + bytes.charCodeAt(index + 1))
    } else parts.push(element)
  }
  return parts
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

function unescape(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\([0-7]{1,3}|\r?\n|[\s\S])/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8))
    return code.endsWith('\n') ? '' : (escapes[code] ?? code)
  })
}

/** The file with some objects replaced: bytes between objects stay, offsets are counted anew. */
function rewrite(pdf: Buffer, file: PdfFile, changed: ReadonlyMap<number, Buffer>): Buffer {
  const ordered = [...file.objects].sort(([, a], [, b]) => a.start - b.start)
  const first = ordered[0]?.[1].start ?? file.tableStart
  const chunks: Buffer[] = [pdf.subarray(0, first)]
  const offsets = new Map<number, number>()
  let at = first
  for (const [number, object] of ordered) {
    offsets.set(number, at)
    const bytes = changed.get(number) ?? pdf.subarray(object.start, object.end)
    chunks.push(bytes)
    at += bytes.length
  }
  const tail = pdf
    .subarray(file.tableStart)
    .toString('latin1')
    .replace(/startxref\s+\d+/, `startxref\n${at}`)
  const rowsStart = tail.indexOf('\n', 5) + 1
  const rows = Buffer.from(tail, 'latin1')
  for (const [number, offset] of offsets) rows.write(String(offset).padStart(10, '0'), rowsStart + number * 20, 'latin1')
  chunks.push(rows)
  return Buffer.concat(chunks)
}
