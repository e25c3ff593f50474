import { deflateSync, inflateSync } from 'node:zlib'

/** Numbers that look random and are the same in every run. */
export class Dice {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.state / 4_294_967_296) * limit)
  }

  one<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.below(values.length)] ?? values[0]
  }
}

export interface Mutant {
  readonly pdf: Buffer
  /** How it was made, to find it again. */
  readonly how: string
}

const words = [
  '0',
  '-1',
  '99999999999',
  '1 0 R',
  '65535',
  'null',
  'true',
  '<<',
  '>>',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  'endobj',
  'endstream',
  'stream',
  'xref',
  'trailer',
  'startxref',
  '%%EOF',
  '%',
  '/Prev 0',
  '/Root 1 0 R',
  '/Size 1',
  '/Type /ObjStm',
  '/Filter /FlateDecode',
  '/XRefStm 9',
  '\0',
  '\xff\xff\xff\xff',
] as const

type Mutation = (pdf: Buffer, dice: Dice, other: Buffer) => Buffer

const cut = (pdf: Buffer, start: number, end: number, put: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([pdf.subarray(0, start), put, pdf.subarray(end)])

/** Objects as the text of the file shows them. */
function objectsOf(pdf: Buffer): { start: number; end: number; number: string }[] {
  const text = pdf.toString('latin1')
  return [...text.matchAll(/(?<!\d)(\d{1,6}) 0 obj[\s\S]*?endobj\n?/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    number: match[1] ?? '0',
  }))
}

function twoOf(pdf: Buffer, dice: Dice): [{ start: number; end: number; number: string }, { start: number; end: number; number: string }] {
  const objects = objectsOf(pdf)
  const nothing = { start: 0, end: 0, number: '0' }
  return [objects[dice.below(objects.length)] ?? nothing, objects[dice.below(objects.length)] ?? nothing]
}

/** One of the matches of a pattern, replaced. */
function replaceOne(pdf: Buffer, dice: Dice, pattern: RegExp, put: (match: string) => string): Buffer {
  const matches = [...pdf.toString('latin1').matchAll(pattern)]
  const match = matches[dice.below(matches.length)]
  return match === undefined ? pdf : cut(pdf, match.index, match.index + match[0].length, Buffer.from(put(match[0]), 'latin1'))
}

export const mutations: Readonly<Record<string, Mutation>> = {
  bit(pdf, dice) {
    const mutant = Buffer.from(pdf)
    const at = dice.below(pdf.length)
    mutant[at] = (mutant[at] ?? 0) ^ (1 << dice.below(8))
    return mutant
  },
  bytes(pdf, dice) {
    const mutant = Buffer.from(pdf)
    const at = dice.below(pdf.length)
    for (let index = 0; index < 1 + dice.below(16); index++) mutant[at + index] = dice.below(256)
    return mutant
  },
  cut(pdf, dice) {
    const at = dice.below(pdf.length)
    return cut(pdf, at, at + 1 + dice.below(200))
  },
  end: (pdf, dice) => pdf.subarray(0, dice.below(pdf.length)),
  word(pdf, dice) {
    const at = dice.below(pdf.length)
    const word = Buffer.from(dice.one(words), 'latin1')
    return cut(pdf, at, dice.below(2) === 0 ? at : at + word.length, word)
  },
  'drop an object'(pdf, dice) {
    const [one] = twoOf(pdf, dice)
    return cut(pdf, one.start, one.end)
  },
  'swap two objects'(pdf, dice) {
    const [one, two] = twoOf(pdf, dice)
    const [left, right] = one.start < two.start ? [one, two] : [two, one]
    if (left.end > right.start) return pdf
    return Buffer.concat([
      pdf.subarray(0, left.start),
      pdf.subarray(right.start, right.end),
      pdf.subarray(left.end, right.start),
      pdf.subarray(left.start, left.end),
      pdf.subarray(right.end),
    ])
  },
  'double an object'(pdf, dice) {
    const [one, two] = twoOf(pdf, dice)
    return cut(pdf, two.start, two.start, pdf.subarray(one.start, one.end))
  },
  'another number of an object': (pdf, dice) => replaceOne(pdf, dice, /\b\d+ 0 obj/g, () => `${dice.below(40)} 0 obj`),
  'another reference': (pdf, dice) => replaceOne(pdf, dice, /\b\d+ 0 R\b/g, () => `${dice.below(60)} 0 R`),
  'an entry of the cross-reference table': (pdf, dice) =>
    replaceOne(
      pdf,
      dice,
      /\b\d{10} \d{5} [fn]/g,
      () => `${String(dice.below(pdf.length * 2)).padStart(10, '0')} ${dice.one(['00000', '65535', '00007'])} ${dice.one(['n', 'f'])}`,
    ),
  'a number': (pdf, dice) =>
    replaceOne(pdf, dice, /\/(?:Prev|Size|Length|Count|Index|First|[NPW]) \[?\d+/g, (match) =>
      match.replace(/\d+/, String(dice.below(100_000))),
    ),
  'a name': (pdf, dice) =>
    replaceOne(
      pdf,
      dice,
      /\/[A-Z][A-Za-z]{1,12}\b/g,
      () => `/${dice.one(['Prev', 'Root', 'Contents', 'ByteRange', 'V', 'AP', 'Kids', 'Parent', 'DSS', 'Perms', 'Type', 'Length'])}`,
    ),
  startxref: (pdf, dice) => replaceOne(pdf, dice, /startxref\s+\d+/g, () => `startxref\n${dice.below(pdf.length)}`),
  'a compressed stream'(pdf, dice) {
    const matches = [...pdf.toString('latin1').matchAll(/\/FlateDecode[\s\S]{0,200}?stream\r?\n/g)]
    const match = matches[dice.below(matches.length)]
    if (match === undefined) return pdf
    const start = match.index + match[0].length
    const end = pdf.indexOf('endstream', start)
    try {
      const plain = inflateSync(pdf.subarray(start, end), { maxOutputLength: 1 << 22 })
      if (plain.length > 0) plain[dice.below(plain.length)] = dice.below(256)
      const packed = deflateSync(plain)
      return packed.length <= end - start ? cut(pdf, start, start + packed.length, packed) : pdf
    } catch {
      return pdf
    }
  },
  'saves of two files spliced'(pdf, dice, other) {
    const ends = [...pdf.toString('latin1').matchAll(/%%EOF\n?/g)].map((match) => match.index + match[0].length)
    const tails = [...other.toString('latin1').matchAll(/%%EOF\n?/g)].map((match) => match.index + match[0].length)
    return Buffer.concat([pdf.subarray(0, ends[dice.below(ends.length)] ?? 0), other.subarray(tails[dice.below(tails.length)] ?? 0)])
  },
  'a save left out'(pdf, dice) {
    const ends = [...pdf.toString('latin1').matchAll(/%%EOF\n?/g)].map((match) => match.index + match[0].length)
    const at = dice.below(Math.max(1, ends.length - 1))
    return cut(pdf, ends[at] ?? 0, ends[at + 1] ?? 0)
  },
}

/** The mutant of that number: the same for the same files. */
export function mutantOf(files: readonly Buffer[], number: number): Mutant {
  const dice = new Dice(number * 7919 + 13)
  const names = Object.keys(mutations)
  let pdf = files[number % files.length] ?? Buffer.alloc(0)
  const other = files[dice.below(files.length)] ?? pdf
  const how: string[] = [`file ${number % files.length}`]
  for (let round = dice.below(10) < 7 ? 1 : 2; round > 0; round--) {
    const name = names[dice.below(names.length)] ?? ''
    how.push(name)
    pdf = mutations[name]?.(pdf, dice, other) ?? pdf
  }
  return { pdf, how: `${number}: ${how.join(', ')}` }
}
