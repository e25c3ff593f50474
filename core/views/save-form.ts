import { Fault } from '../i18n/fault.js'
import { keepRowKeys } from './compute-form.js'
import { editableFields } from './form-page.js'
import { postedOf, storedOrNew } from './form-record.js'
import { requireUnchanged, revisionOf } from './form-revision.js'
import { readForm, withoutRowKeys } from './form-values.js'
import { faultsOf, inCompany, requireWrite, type RecordCall } from './record-call.js'
import type { FormState } from './send-form.js'
import type { FormView, RecordValues } from './view.js'

/** A record that was saved. */
export interface Saved {
  readonly id: string
  readonly companyId: string | undefined
}

/** Saves what was posted. @returns the record's id, or the refused values with their faults */
export async function saveForm(call: RecordCall, view: FormView, id: string | undefined): Promise<Saved | FormState> {
  requireWrite(call)
  const { model, signedIn } = call
  const saveRecord = model.save
  if (saveRecord === undefined) throw new Fault('VIEW-NOT-EDITABLE', { status: 405 })
  let refused: RecordValues = {}
  let revision: string | undefined
  // A record that was closed meanwhile takes nothing of what was typed: it is shown as it is.
  let closed: boolean | undefined
  try {
    return await inCompany(call, async (transaction) => {
      const before = await storedOrNew(call, transaction, id)
      refused = { ...before, ...readForm(editableFields(view, before), postedOf(call.request), signedIn.user.locale) }
      if (id !== undefined) {
        // Told once, with what was typed still there: who saves again has read it.
        revision = revisionOf(view, before)
        closed = editableFields(view, before).length === 0
        requireUnchanged(call, view, before, closed ? 'VIEW-CHANGED-SHOWN' : 'VIEW-CHANGED-MEANWHILE')
      }
      const outcome = await saveRecord(transaction, signedIn.context, id, withoutRowKeys(refused))
      Fault.throwIfAny(outcome.faults ?? [])
      return { id: outcome.id, companyId: outcome.companyId }
    })
  } catch (error) {
    const faults = faultsOf(error)
    if (faults === undefined) throw error
    return {
      id,
      record: closed === true ? refused : await computed(call, refused),
      faults,
      dirty: closed !== true,
      ...(revision === undefined ? {} : { revision }),
    }
  }
}

/** What was refused, with its amounts: a reader who mends one field must not lose sight of the others. */
async function computed(call: RecordCall, refused: RecordValues): Promise<RecordValues> {
  const { compute } = call.model
  if (compute === undefined) return refused
  try {
    const after = await inCompany(call, (transaction) => compute(transaction, call.signedIn.context, refused))
    return keepRowKeys(refused, { ...refused, ...after })
  } catch (error) {
    // What cannot be computed either is shown as it was typed.
    if (faultsOf(error) === undefined) throw error
    return refused
  }
}

/** Whether the form goes back to the user with its faults. */
export function isRefused(outcome: Saved | FormState): outcome is FormState {
  return 'record' in outcome
}
