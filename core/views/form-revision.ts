import { createHash } from 'node:crypto'
import { Fault } from '../i18n/fault.js'
import { editableFields } from './form-page.js'
import { postedOf } from './form-record.js'
import type { RecordCall } from './record-call.js'
import type { FormView, RecordValues } from './view.js'

/**
 * A short name of what a reader may change in a record, as it is kept now: the same as long as nobody changed it. A form carries the one
 * it was drawn with, so that two windows on one record do not overwrite each other unseen.
 */
export function revisionOf(view: FormView, record: RecordValues): string {
  const values = editableFields(view, record).map(({ name }) => [name, record[name] ?? null])
  return createHash('sha256').update(JSON.stringify(values, withoutLabels)).digest('base64url').slice(0, 16)
}

/** A relation is the record it names; how that is called depends on the reader. */
function withoutLabels(key: string, value: unknown): unknown {
  return key === 'label' ? undefined : value
}

/**
 * A form of a program names no revision and is not asked for one.
 * @param code what is told: that typed values wait to be saved again, or that the record is shown as it is now
 * @throws Fault of this code (409) when the record is no longer what the posted form was drawn from
 */
export function requireUnchanged(
  call: RecordCall,
  view: FormView,
  record: RecordValues,
  code: 'VIEW-CHANGED-MEANWHILE' | 'VIEW-CHANGED-SHOWN',
): void {
  const posted = postedOf(call.request)['_revision']
  if (typeof posted !== 'string' || posted === '' || posted === revisionOf(view, record)) return
  throw new Fault(code, { status: 409 })
}
