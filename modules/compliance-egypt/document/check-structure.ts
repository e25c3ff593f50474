import type { FaultDetail } from '../../../core/i18n/fault.js'
import { memberOf, type LiteralValue } from '../canonical/literal-value.js'
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
  switch (shape.kind) {
    case 'text':
      checkText(value, shape, path, faults)
      return
    case 'decimal':
      if (value.kind !== 'number') wrong(faults, path, 'EG-JSON-KIND', { expected: 'number', found: value.kind })
      else if (!plainDecimal.test(value.text)) wrong(faults, path, 'EG-JSON-DECIMAL', { value: value.text.slice(0, 80) })
      return
    case 'list':
      checkList(value, shape, path, faults)
      return
    case 'object':
      checkObject(value, shape, path, faults)
  }
}

function checkText(value: LiteralValue, shape: TextShape, path: string, faults: FaultDetail[]): void {
  if (value.kind !== 'string') wrong(faults, path, 'EG-JSON-KIND', { expected: 'string', found: value.kind })
  else if (/\\[u/]/.test(value.text)) wrong(faults, path, 'EG-JSON-ESCAPE')
  else if (value.text.length > shape.longest) wrong(faults, path, 'EG-JSON-LONG', { limit: shape.longest })
  else if (shape.pattern?.test(value.text) === false) wrong(faults, path, 'EG-JSON-VALUE', { value: value.text.slice(0, 80) })
}

function checkList(value: LiteralValue, shape: ListShape, path: string, faults: FaultDetail[]): void {
  if (value.kind !== 'array') {
    wrong(faults, path, 'EG-JSON-KIND', { expected: 'array', found: value.kind })
    return
  }
  if (value.items.length < shape.fewest || value.items.length > shape.most) {
    wrong(faults, path, 'EG-JSON-COUNT', { count: value.items.length, fewest: shape.fewest, most: shape.most })
  }
  for (const [index, item] of value.items.entries()) check(item, shape.item, `${path}[${String(index)}]`, faults)
}

function checkObject(value: LiteralValue, shape: ObjectShape, path: string, faults: FaultDetail[]): void {
  if (value.kind !== 'object') {
    wrong(faults, path, 'EG-JSON-KIND', { expected: 'object', found: value.kind })
    return
  }
  const present = new Set<string>()
  for (const member of value.members) {
    const field = Object.hasOwn(shape.fields, member.name) ? shape.fields[member.name] : undefined
    const place = under(path, member.name.slice(0, 60))
    if (field === undefined) faults.push({ code: 'EG-JSON-FIELD-UNKNOWN', path: place, params: { path: place } })
    else check(member.value, field.shape, place, faults)
    present.add(member.name)
  }
  for (const [name, field] of Object.entries(shape.fields)) {
    if (!field.required || present.has(name)) continue
    faults.push({ code: 'EG-JSON-FIELD-MISSING', path: under(path, name), params: { path: under(path, name) } })
  }
}

function wrong(faults: FaultDetail[], path: string, code: string, params: FaultDetail['params'] = {}): void {
  faults.push({ code, path, params: { path: path === '' ? '/' : path, ...params } })
}

function under(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
