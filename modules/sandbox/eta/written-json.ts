/**
 * JSON as it was written: numbers and texts keep their source text, members their order. What is hashed here is what came over
 * the wire, never a value that was read and written again. This reading belongs to the authority's side alone: it shares no code
 * with the side that writes documents, so that a mistake of one is seen by the other.
 */
export type Written =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Written])[] }
  | { readonly kind: 'array'; readonly items: readonly Written[] }
  /** Text between the quotes, escapes untouched. */
  | { readonly kind: 'text'; readonly source: string }
  | { readonly kind: 'number'; readonly source: string }
  | { readonly kind: 'word'; readonly source: 'true' | 'false' | 'null' }

const deepest = 40
const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?/iy
const textForm = /"((?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y
const wordForm = /true|false|null/y
const spaceForm = /[ \t\r\n]*/y

export class UnreadableJson extends Error {
  constructor(position: number) {
    super(`no JSON at character ${position}`)
    this.name = 'UnreadableJson'
  }
}

class Reader {
  private position = 0

  constructor(private readonly text: string) {}

  whole(): Written {
    const value = this.value(0)
    this.space()
    if (this.position !== this.text.length) throw new UnreadableJson(this.position)
    return value
  }

  private value(depth: number): Written {
    if (depth > deepest) throw new UnreadableJson(this.position)
    this.space()
    const first = this.text[this.position]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return { kind: 'text', source: this.string() }
    const number = this.match(numberForm)
    if (number !== undefined) return { kind: 'number', source: number }
    const word = this.match(wordForm)
    if (word === 'true' || word === 'false' || word === 'null') return { kind: 'word', source: word }
    throw new UnreadableJson(this.position)
  }

  private object(depth: number): Written {
    const members: [string, Written][] = []
    const names = new Set<string>()
    this.take('{')
    if (this.next('}')) return { kind: 'object', members }
    do {
      this.space()
      const name = this.string()
      // Two members of one name: one reader takes the first, the next one the last.
      if (names.has(name)) throw new UnreadableJson(this.position)
      names.add(name)
      this.space()
      this.take(':')
      members.push([name, this.value(depth + 1)])
    } while (this.next(','))
    this.take('}')
    return { kind: 'object', members }
  }

  private array(depth: number): Written {
    const items: Written[] = []
    this.take('[')
    if (this.next(']')) return { kind: 'array', items }
    do items.push(this.value(depth + 1))
    while (this.next(','))
    this.take(']')
    return { kind: 'array', items }
  }

  private string(): string {
    const found = this.match(textForm)
    if (found === undefined) throw new UnreadableJson(this.position)
    return found.slice(1, -1)
  }

  private next(sign: string): boolean {
    this.space()
    if (this.text[this.position] !== sign) return false
    this.position++
    return true
  }

  private take(sign: string): void {
    if (!this.next(sign)) throw new UnreadableJson(this.position)
  }

  private space(): void {
    this.match(spaceForm)
  }

  private match(form: RegExp): string | undefined {
    form.lastIndex = this.position
    const found = form.exec(this.text)?.[0]
    this.position += found?.length ?? 0
    return found
  }
}

/** @throws UnreadableJson for anything RFC 8259 does not allow, double names and too deep nesting too */
export function readWritten(text: string): Written {
  return new Reader(text).whole()
}

/** The text that is signed (SDK "Document serialization approach"): names in capitals, values as written, no signatures at the top. */
export function signedText(document: Written): string {
  return text(document, true)
}

function text(value: Written, top: boolean): string {
  if (value.kind === 'object') {
    return value.members.map(([name, one]) => (top && name === 'signatures' ? '' : member(name.toUpperCase(), one))).join('')
  }
  if (value.kind === 'array') return value.items.map((one) => text(one, false)).join('')
  return `"${value.source}"`
}

function member(name: string, value: Written): string {
  const opening = `"${name}"`
  if (value.kind !== 'array') return `${opening}${text(value, false)}`
  // Texts follow the list's name directly; objects have it once more each.
  return `${opening}${value.items.map((one) => `${one.kind === 'object' ? opening : ''}${text(one, false)}`).join('')}`
}

export function memberOf(value: Written | undefined, name: string): Written | undefined {
  return value?.kind === 'object' ? value.members.find(([own]) => own === name)?.[1] : undefined
}

/** Text or number at a path of names; undefined when there is none. */
export function plainAt(value: Written, ...path: readonly string[]): string | undefined {
  let found: Written | undefined = value
  for (const name of path) found = memberOf(found, name)
  if (found?.kind === 'number') return found.source
  if (found?.kind !== 'text') return undefined
  const plain: unknown = JSON.parse(`"${found.source}"`)
  return typeof plain === 'string' ? plain : undefined
}

export function itemsOf(value: Written | undefined): readonly Written[] {
  return value?.kind === 'array' ? value.items : []
}
