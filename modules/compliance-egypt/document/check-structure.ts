import type { FaultDetail } from '../../../core/i18n/fault.js'
import { unsafeEscape } from '../canonical/canonical-text.js'
import { memberOf, type LiteralValue } from '../canonical/literal-value.js'
import { pathOf } from '../canonical/path.js'
import { invoiceShape } from './invoice-shape.js'
import { receiptShape } from './receipt-shape.js'
import type { ListShape, ObjectShape, Shape, TextShape } from './shape.js'

/** More faults than anyone reads are not collected. */
const most = 100
const plainDecimal = /^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,5})?$/

/**
 * Holds a document against the authority's schema: every name known, in its own case, of its own kind, in its own place. Without
 * this a signature does not fix the document: the signed text has no braces, and `5` and `"5"` read the same in it.
 */
export function checkStructure(value: LiteralValue): FaultDetail[] {
  const check = new Check()
  check.value(value, shapeOf(value))
  return check.faults
}

/** A receipt names its seller, an invoice its issuer. */
export function shapeOf(value: LiteralValue): ObjectShape {
  return memberOf(value, 'seller') === undefined ? invoiceShape : receiptShape
}

/** The longest escape, `\u0041`, is one character as people count. */
const longestEscape = 6

/** Whether a text has more characters than a field takes. What is longer by far is not counted: it may be all of a huge file. */
function isLonger(source: string, limit: number): boolean {
  if (source.length <= limit) return false
  return source.length > limit * longestEscape || source.replaceAll(/\\(?:u[0-9a-fA-F]{4}|.)/g, '-').length > limit
}

class Check {
  readonly faults: FaultDetail[] = []
  /** Where it looks; put together only when something is wrong. */
  private readonly place: (string | number)[] = []

  value(value: LiteralValue, shape: Shape): void {
    if (this.faults.length >= most) return
    switch (shape.kind) {
      case 'text':
        this.text(value, shape)
        return
      case 'decimal':
        if (value.kind !== 'number') this.wrong('EG-JSON-KIND', { expected: 'number', found: value.kind })
        else if (!plainDecimal.test(value.text)) this.wrong('EG-JSON-DECIMAL', { value: value.text.slice(0, 80) })
        return
      case 'list':
        this.list(value, shape)
        return
      case 'object':
        this.object(value, shape)
    }
  }

  private text(value: LiteralValue, shape: TextShape): void {
    if (value.kind !== 'string') this.wrong('EG-JSON-KIND', { expected: 'string', found: value.kind })
    else if (isLonger(value.text, shape.longest)) this.wrong('EG-JSON-LONG', { limit: shape.longest })
    else if (unsafeEscape.test(value.text)) this.wrong('EG-JSON-ESCAPE')
    else if (shape.pattern?.test(value.text) === false) this.wrong('EG-JSON-VALUE', { value: value.text.slice(0, 80) })
  }

  private list(value: LiteralValue, shape: ListShape): void {
    if (value.kind !== 'array') {
      this.wrong('EG-JSON-KIND', { expected: 'array', found: value.kind })
      return
    }
    if (value.items.length < shape.fewest || value.items.length > shape.most) {
      this.wrong('EG-JSON-COUNT', { count: value.items.length, fewest: shape.fewest, most: shape.most })
    }
    for (const [index, item] of value.items.entries()) this.under(index, item, shape.item)
  }

  private object(value: LiteralValue, shape: ObjectShape): void {
    if (value.kind !== 'object') {
      this.wrong('EG-JSON-KIND', { expected: 'object', found: value.kind })
      return
    }
    let missing = shape.required.length
    for (const member of value.members) {
      const field = Object.hasOwn(shape.fields, member.name) ? shape.fields[member.name] : undefined
      if (field === undefined) this.atField(member.name.slice(0, 60), 'EG-JSON-FIELD-UNKNOWN')
      else this.under(member.name, member.value, field.shape)
      // The parser lets every name stand once: counting is enough.
      if (field?.required === true) missing -= 1
    }
    if (missing === 0) return
    for (const name of shape.required) {
      if (!value.members.some((member) => member.name === name)) this.atField(name, 'EG-JSON-FIELD-MISSING')
    }
  }

  private under(name: string | number, value: LiteralValue, shape: Shape): void {
    this.place.push(name)
    this.value(value, shape)
    this.place.pop()
  }

  private atField(name: string, code: string): void {
    this.place.push(name)
    this.wrong(code)
    this.place.pop()
  }

  private wrong(code: string, params: FaultDetail['params'] = {}): void {
    if (this.faults.length >= most) return
    const path = pathOf(this.place)
    this.faults.push({ code, path, params: { path: path === '' ? '/' : path, ...params } })
  }
}
