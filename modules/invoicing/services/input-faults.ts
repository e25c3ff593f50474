import type { z } from 'zod'
import { unstorableAt } from '../../../core/db/storable-text.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { invoiceInput, type InvoiceInput } from '../input.js'

export type ParsedInput =
  { readonly input: InvoiceInput; readonly faults: readonly [] } | { readonly input: null; readonly faults: readonly FaultDetail[] }

/**
 * Reads invoice JSON; everything wrong with it becomes a coded fault with a path in the caller's terms (`lines[2].tax`).
 * @param schema another reading of the same shape: a draft's
 */
export function parseInvoiceInput(value: unknown, schema: z.ZodType<InvoiceInput> = invoiceInput): ParsedInput {
  const broken = unstorableAt(value)
  if (broken !== undefined) return { input: null, faults: [{ code: 'INVOICE-FIELD-TEXT', path: broken, params: { field: broken } }] }
  const result = schema.safeParse(value)
  if (result.success) return { input: result.data, faults: [] }
  return { input: null, faults: result.error.issues.flatMap((issue) => faultsOf(issue, value)) }
}

function faultsOf(issue: z.core.$ZodIssue, root: unknown): FaultDetail[] {
  const path = pathText(issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ code: 'INVOICE-FIELD-UNKNOWN', path: pathText([...issue.path, key]), params: { field: key } }))
    case 'invalid_type':
      if (valueAt(root, issue.path) === undefined) return [{ code: 'INVOICE-FIELD-MISSING', path, params: { field: path } }]
      return [{ code: 'INVOICE-FIELD-TYPE', path, params: { field: path, expected: issue.expected } }]
    case 'too_big':
      return [{ code: 'INVOICE-FIELD-LONG', path, params: { field: path, limit: Number(issue.maximum) } }]
    case 'too_small':
      return [{ code: path === 'lines' ? 'INVOICE-NO-LINES' : 'INVOICE-FIELD-EMPTY', path, params: { field: path } }]
    case 'invalid_value':
      return [{ code: 'INVOICE-FIELD-CHOICE', path, params: { field: path, choices: issue.values.map(String).join(', ') } }]
    default:
      if (issue.message === 'INVOICE-DECIMAL-TEXT') return [{ code: 'INVOICE-DECIMAL-TEXT', path, params: { field: path } }]
      return [{ code: 'INVOICE-FIELD-FORMAT', path, params: { field: path } }]
  }
}

function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${String(part)}]`
    else text += text === '' ? String(part) : `.${String(part)}`
  }
  return text
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    // The path came from walking this very value.
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}
