import type { Request } from 'express'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import type { CompanyTransaction } from '../db/database.js'
import { presentationOf } from '../http/pages.js'
import { signedInOf, stateOf, type SignedIn } from '../http/request-state.js'
import type { WebParts } from '../http/web-parts.js'
import { plainText, type DrawCall } from './field-control.js'
import { visibleIds, type ListScope } from './list-query.js'
import type { FieldDefinition, Model, RecordValues } from './view.js'

/** One request to a model's page: who asks, of which model, under which rules. */
export interface RecordCall {
  readonly request: Request
  readonly parts: WebParts
  readonly signedIn: SignedIn
  readonly model: Model
  /** `/app/<module>/<model>` */
  readonly path: string
}

/** @throws Fault VIEW-MODEL-UNKNOWN (404), ACCESS-DENIED (403) when the actor may not read the model */
export function openCall(parts: WebParts, request: Request, name: string, base: string): RecordCall {
  const signedIn = signedInOf(request)
  const model = parts.catalog.model(name, signedIn.enabled)
  parts.access.require(signedIn.context, model.groups.read)
  return { request, parts, signedIn, model, path: base }
}

/** Whether the user may change records of the model; one without `save` is never changed. */
export function mayWrite(call: RecordCall): boolean {
  const { groups } = call.signedIn.context
  return call.model.save !== undefined && (groups.has('*') || groups.has(call.model.groups.write))
}

/** @throws Fault ACCESS-DENIED */
export function requireWrite(call: RecordCall): void {
  call.parts.access.require(call.signedIn.context, call.model.groups.write)
}

/** What a list is read in: the company's transaction and the user's record rules. */
export function scopeOf(call: RecordCall, transaction: CompanyTransaction, model = call.model): ListScope {
  const { context } = call.signedIn
  return { transaction, context, model, rules: call.parts.access.groups.rulesFor(model.name, context), now: call.parts.host.now() }
}

/** Runs work in a transaction of the session's company. */
export function inCompany<Result>(call: RecordCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return call.parts.host.db.company(call.signedIn.company.id, work)
}

/** @throws Fault VIEW-RECORD-UNKNOWN (404) for ids that are not there, another company's, or hidden by a rule: all the same */
export async function requireRecords(call: RecordCall, transaction: CompanyTransaction, ids: readonly string[]): Promise<void> {
  const visible = await visibleIds(scopeOf(call, transaction), ids)
  const missing = ids.find((id) => !visible.has(id.toLowerCase()) && !visible.has(id))
  if (missing !== undefined) throw new Fault('VIEW-RECORD-UNKNOWN', { status: 404 })
}

/** A record the user may see. @throws Fault VIEW-RECORD-UNKNOWN (404), also when his rules hide it */
export async function loadRecord(call: RecordCall, transaction: CompanyTransaction, id: string): Promise<RecordValues> {
  await requireRecords(call, transaction, [id])
  const record = await call.model.load(transaction, call.signedIn.context, id)
  if (record === undefined) throw new Fault('VIEW-RECORD-UNKNOWN', { status: 404 })
  return record
}

/** What drawing needs of this request, with the labels of all relations the records point at. */
export async function drawCall(
  call: RecordCall,
  transaction: CompanyTransaction,
  fields: readonly FieldDefinition[],
  records: readonly RecordValues[],
): Promise<DrawCall & { readonly faultText: (fault: FaultDetail) => string }> {
  const { host, decimalsOf } = call.parts
  return {
    shown: presentationOf(call.request),
    texts: host.i18n,
    decimalsOf,
    relations: await relationLabels(call, transaction, fields, records),
    faultText: (fault) => host.i18n.faultOnPage(stateOf(call.request).locale, fault),
  }
}

async function relationLabels(
  call: RecordCall,
  transaction: CompanyTransaction,
  fields: readonly FieldDefinition[],
  records: readonly RecordValues[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const wanted = new Map<string, Set<string>>()
  const note = (field: FieldDefinition, record: RecordValues): void => {
    if (field.type === 'lines') {
      const rows: unknown = record[field.name]
      for (const row of Array.isArray(rows) ? rows : []) {
        if (typeof row !== 'object' || row === null) continue
        // Rows of a lines field are RecordValues by the contract of FieldDefinition.
        for (const column of field.columns ?? []) note(column, row as RecordValues)
      }
      return
    }
    if (field.type !== 'relation' || field.relation === undefined) return
    const value = record[field.name]
    const labelled =
      (typeof value === 'object' && value !== null && 'label' in value) ||
      record[`${field.name}Label`] !== undefined ||
      record[`${field.name}_label`] !== undefined
    const id = plainText(value)
    if (labelled || id === '') return
    const ids = wanted.get(field.relation.model) ?? new Set()
    ids.add(id)
    wanted.set(field.relation.model, ids)
  }
  for (const record of records) for (const field of fields) note(field, record)
  const labels = new Map<string, Map<string, string>>()
  for (const [name, ids] of wanted) {
    const found = new Map<string, string>()
    labels.set(name, found)
    let model: Model
    try {
      model = call.parts.catalog.model(name, call.signedIn.enabled)
    } catch {
      // The related module is off for this company: its records show as their ids.
      continue
    }
    for (const id of [...ids].slice(0, 500)) {
      const record = await model.load(transaction, call.signedIn.context, id)
      if (record !== undefined) found.set(id, model.label(record, call.signedIn.user.locale))
    }
  }
  return labels
}

/** Texts of faults for the top of a form, in the reader's language. */
export function faultsOf(error: unknown): readonly FaultDetail[] | undefined {
  return error instanceof Fault && error.status < 500 && error.status !== 403 && error.status !== 404 ? error.details : undefined
}

/** A text in the user's language. */
export function textIn(call: RecordCall, key: string, params?: Record<string, string | number>): string {
  return call.parts.host.i18n.text(stateOf(call.request).locale, key, params)
}
