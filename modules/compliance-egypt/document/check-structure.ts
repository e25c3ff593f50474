import type { FaultDetail } from '../../../core/i18n/fault.js'
import { memberOf, type LiteralValue } from '../canonical/literal-value.js'
import { invoiceShape } from './invoice-shape.js'
import { receiptShape } from './receipt-shape.js'
import type { ObjectShape, Shape } from './shape.js'

/** More faults than anyone reads are not collected. */
const most = 100
const plainDecimal = /^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,5})?$/

/**
 * Holds a document against the authority's schema: every name known, in its own case, of its own kind, in its own place. Without
 * this a signature does not fix the document: the signed text has no braces, and `5` and `"5"` read the same in it.
 */
export function checkStructure(value: LiteralValue): FaultDetail[] {
  const faults: FaultDetail[] = []
  check(value, shapeOf(value), '', faults)
  return faults
}

/** A receipt names its seller, an invoice its issuer. */
export function shapeOf(value: LiteralValue): ObjectShape {
  return memberOf(value, 'seller') === undefined ? invoiceShape : receiptShape
}

function check(value: LiteralValue, shape: Shape, path: string, faults: FaultDetail[]): void {
  if (faults.length >= most) return
  const wrong = (code: string, params: FaultDetail['params'] = {}): void => {
    faults.push({ code, path, params: { path: path === '' ? '/' : path, ...params } })
  }
  switch (shape.kind) {
    case 'text':
      if (value.kind !== 'string') return wrong('EG-JSON-KIND', { expected: 'string', found: value.kind })
      if (/\\[u/]/.test(value.text)) return wrong('EG-JSON-ESCAPE')
      if (value.text.length > shape.longest) return wrong('EG-JSON-LONG', { limit: shape.longest })
      if (shape.pattern !== undefined && !shape.pattern.test(value.text)) return wrong('EG-JSON-VALUE', { value: value.text.slice(0, 80) })
      return
    case 'decimal':
      if (value.kind !== 'number') return wrong('EG-JSON-KIND', { expected: 'number', found: value.kind })
      if (!plainDecimal.test(value.text)) wrong('EG-JSON-DECIMAL', { value: value.text.slice(0, 80) })
      return
    case 'list':
      if (value.kind !== 'array') return wrong('EG-JSON-KIND', { expected: 'array', found: value.kind })
      if (value.items.length < shape.fewest || value.items.length > shape.most) {
        wrong('EG-JSON-COUNT', { count: value.items.length, fewest: shape.fewest, most: shape.most })
      }
      for (const [index, item] of value.items.entries()) check(item, shape.item, `${path}[${String(index)}]`, faults)
      return
    case 'object': {
      if (value.kind !== 'object') return wrong('EG-JSON-KIND', { expected: 'object', found: value.kind })
      const under = (name: string): string => (path === '' ? name : `${path}.${name}`)
      const present = new Set<string>()
      for (const member of value.members) {
        const field = Object.hasOwn(shape.fields, member.name) ? shape.fields[member.name] : undefined
        const place = under(member.name.slice(0, 60))
        if (field === undefined) faults.push({ code: 'EG-JSON-FIELD-UNKNOWN', path: place, params: { path: place } })
        else check(member.value, field.shape, place, faults)
        present.add(member.name)
      }
      for (const [name, field] of Object.entries(shape.fields)) {
        if (field.required && !present.has(name)) {
          faults.push({ code: 'EG-JSON-FIELD-MISSING', path: under(name), params: { path: under(name) } })
        }
      }
    }
  }
}
