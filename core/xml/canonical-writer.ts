import { Fault } from '../i18n/fault.js'

/** Everything that cannot be copied as it is; surrogates only to look whether they come in pairs. */
const textSpecial = /[&<>\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/
const attributeSpecial = /[&<>"\u0000-\u001f\ud800-\udfff\ufffe\uffff]/
/** Code points outside the production Char of XML 1.0; a lone surrogate is one of them. */
const forbidden = /[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Can these characters stand in an XML 1.0 document at all? */
export function isXmlText(text: string): boolean {
  return !forbidden.test(text)
}

function refuseForbidden(text: string): void {
  const found = forbidden.exec(text)
  if (found === null) return
  throw new Fault('XML-CHARACTER', { params: { codePoint: (text.codePointAt(found.index) ?? 0).toString(16), at: found.index } })
}

/**
 * Text content as Canonical XML 1.1 writes it (part 2.3). A carriage return becomes a line feed: a parser would normalise it
 * anyway, and authorities' tools disagree about `&#xD;`.
 * @throws Fault XML-CHARACTER
 */
export function escapeText(text: string): string {
  if (!textSpecial.test(text)) return text
  refuseForbidden(text)
  return text.replace(/\r\n?/g, '\n').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

/**
 * Attribute value as Canonical XML 1.1 writes it. Tabs and line ends become spaces, for the same reason as above.
 * @throws Fault XML-CHARACTER
 */
export function escapeAttribute(value: string): string {
  if (!attributeSpecial.test(value)) return value
  refuseForbidden(value)
  return value
    .replace(/[\t\n\r]/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/"/g, '&quot;')
}

/** Attributes without a prefix, written ahead: names must stand in canonical order (by code point), which is checked. */
export function attributes(...pairs: readonly (readonly [name: string, value: string])[]): string {
  let written = ''
  let before = ''
  for (const [name, value] of pairs) {
    if (name <= before) throw new RangeError(`attribute ${name} is out of canonical order after ${before}`)
    before = name
    written += ` ${name}="${escapeAttribute(value)}"`
  }
  return written
}

const indents = Array.from({ length: 24 }, (_, depth) => `\n${'    '.repeat(depth)}`)

/**
 * Writes XML whose bytes are their own Canonical XML 1.1 form: no declaration, no comments, no CR, start and end tag for empty
 * elements, escaped as C14N escapes, namespaces on the root alone. So a hash over C14N is a hash over these bytes, and no parser
 * is needed. Elements are indented by four spaces; texts stand directly in their element.
 */
export class CanonicalWriter {
  #text = ''
  #open: string[] = []

  /** Number of elements that are open. */
  get depth(): number {
    return this.#open.length
  }

  /** Characters (not bytes) written so far. */
  get length(): number {
    return this.#text.length
  }

  #indent(): string {
    return indents[this.#open.length] ?? `\n${'    '.repeat(this.#open.length)}`
  }

  /** The root element, with its namespaces in canonical order: the default one, then by prefix. */
  root(name: string, namespaces: string): this {
    this.#text += `<${name}${namespaces}>`
    this.#open.push(name)
    return this
  }

  /** Opens an element; `written` is its attributes as canonical XML, with the space before. */
  open(name: string, written = ''): this {
    this.#text += `${this.#indent()}<${name}${written}>`
    this.#open.push(name)
    return this
  }

  /** Ends the element opened last. @throws RangeError when none is open */
  close(): this {
    const name = this.#open.pop()
    if (name === undefined) throw new RangeError('no element is open')
    this.#text += `${this.#indent()}</${name}>`
    return this
  }

  /** An element that holds text alone. @param written attributes, made by `attributes` */
  leaf(name: string, text: string, written = ''): this {
    this.#text += `${this.#indent()}<${name}${written}>${escapeText(text)}</${name}>`
    return this
  }

  /** The same, left out when there is nothing to say. */
  optional(name: string, text: string | null | undefined, written = ''): this {
    return text === null || text === undefined || text === '' ? this : this.leaf(name, text, written)
  }

  /** Canonical text made elsewhere, put in as it is. */
  raw(canonical: string): this {
    this.#text += canonical
    return this
  }

  /** The line break and indent that the next element would begin with. */
  breakLine(): this {
    this.#text += this.#indent()
    return this
  }

  /** The whole text. @throws RangeError while an element is open */
  finish(): string {
    if (this.#open.length > 0) throw new RangeError(`element ${this.#open.join('/')} is still open`)
    return this.#text
  }
}
