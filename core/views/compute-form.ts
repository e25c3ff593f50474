import type { Response } from 'express'
import { drawField, editableFields, fieldsOf, type FormCall } from './form-page.js'
import { postedOf, storedOrNew } from './form-record.js'
import { readForm, rowKey } from './form-values.js'
import { showTotal } from './field-control.js'
import { drawCall, inCompany, mayWrite, type RecordCall } from './record-call.js'
import type { FormView, RecordValues } from './view.js'

/** Values after a change, for the page's script: what inputs and outputs show now. Nothing is stored. */
export async function computeForm(call: RecordCall, view: FormView, response: Response, id: string | undefined): Promise<void> {
  const { model, signedIn } = call
  const answer = await inCompany(call, async (transaction) => {
    const before = await storedOrNew(call, transaction, id)
    const posted: RecordValues = { ...before, ...readForm(editableFields(view, before), postedOf(call.request), signedIn.user.locale) }
    const computed = { ...posted, ...((await model.compute?.(transaction, signedIn.context, posted)) ?? {}) }
    const record = keepRowKeys(posted, computed)
    const base = await drawCall(call, transaction, fieldsOf(view), [record])
    const form: FormCall = { ...base, context: signedIn.context, transaction, editable: mayWrite(call), faults: [] }
    const fields: Record<string, { value: string; text: string; label: string; hidden: boolean }> = {}
    for (const field of fieldsOf(view)) {
      const drawn = drawField(field, record, form)
      fields[drawn.name] = {
        value: drawn.checked ? 'true' : drawn.value,
        text: drawn.shown.text,
        label: drawn.relationLabel,
        hidden: drawn.hidden,
      }
      for (const row of drawn.lines?.rows ?? []) {
        for (const cell of row.cells)
          fields[cell.name] = {
            value: cell.checked ? 'true' : cell.value,
            text: cell.shown.text,
            label: cell.relationLabel,
            hidden: cell.hidden,
          }
      }
    }
    const totals = Object.fromEntries((view.totals ?? []).map((total) => [total.field, showTotal(total, record, form).text]))
    return { fields, totals }
  })
  response.json(answer)
}

/** A model that computes rows answers them in order; their keys on the page are put back by place. */
export function keepRowKeys(posted: RecordValues, computed: RecordValues): RecordValues {
  const merged: Record<string, unknown> = { ...computed }
  for (const [name, value] of Object.entries(posted)) {
    const after: unknown = computed[name]
    if (!Array.isArray(value) || !Array.isArray(after)) continue
    merged[name] = after.map((row: unknown, index) => {
      const before: unknown = value[index]
      const key = typeof before === 'object' && before !== null && rowKey in before ? before[rowKey] : undefined
      return typeof row === 'object' && row !== null && key !== undefined ? { ...row, [rowKey]: key } : row
    })
  }
  return merged
}
