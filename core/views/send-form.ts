import type { Request, Response } from 'express'
import type { CompanyTransaction } from '../db/database.js'
import type { FaultDetail } from '../i18n/fault.js'
import { frameOf, sendPage } from '../http/pages.js'
import { plainText, showForReader, showTotal } from './field-control.js'
import { drawButtons, drawField, drawSteps, editableFields, fieldsOf, isVisible, type FormCall } from './form-page.js'
import { newQuery } from './form-record.js'
import { revisionOf } from './form-revision.js'
import { inputNameOf } from './form-values.js'
import { drawLog } from './message-log.js'
import { drawCall, inCompany, mayWrite, textIn, type RecordCall } from './record-call.js'
import type { FieldGroup, FormView, RecordValues } from './view.js'

/** What a form shows. */
export interface FormState {
  /** Undefined: a new record. */
  readonly id: string | undefined
  readonly record: RecordValues
  readonly faults: readonly FaultDetail[]
  /** Values that were posted and refused, or wait to be saved. */
  readonly dirty: boolean
  /** What the reader's changes began with (`revisionOf`), when it is not this record as it is kept. */
  readonly revision?: string
}

/** One form while it is drawn. */
interface Drawing {
  readonly call: RecordCall
  readonly view: FormView
  readonly state: FormState
  readonly form: FormCall
}

/** Draws the form of a record and answers with the page. */
export async function sendForm(call: RecordCall, response: Response, view: FormView, state: FormState, status = 200): Promise<void> {
  const { model, parts, signedIn, request, path } = call
  const data = await inCompany(call, (transaction) => drawForm(call, transaction, view, state))
  const { id } = state
  const isNew = id === undefined
  const title = isNew ? textIn(call, 'views.new') : data.heading || model.label(state.record, signedIn.user.locale)
  const list = parts.catalog.list(model.name, signedIn.enabled)
  const changeable = !isNew && mayWrite(call)
  const base = `${path}/${id ?? 'new'}`
  sendPage(parts, request, response, {
    template: 'core/form',
    title,
    status,
    data: {
      ...data,
      title,
      path,
      id,
      isNew,
      action: isNew ? `${base}${search(request)}` : base,
      base,
      dirty: state.dirty,
      revision: isNew ? '' : (state.revision ?? revisionOf(view, state.record)),
      computes: model.compute !== undefined,
      removable: model.remove !== undefined && changeable && (model.removable?.(state.record) ?? true),
      duplicable: model.duplicate !== undefined && changeable,
      archivable: model.archive !== undefined && changeable,
      open: newQuery(request)['open'],
    },
    breadcrumb: [...(list === undefined ? [] : [{ label: textIn(call, list.title), href: path }]), { label: title }],
  })
}

async function drawForm(call: RecordCall, transaction: CompanyTransaction, view: FormView, state: FormState) {
  const { signedIn, model } = call
  const { record, id, faults } = state
  const base = await drawCall(call, transaction, fieldsOf(view), [record])
  const form: FormCall = { ...base, context: signedIn.context, transaction, editable: mayWrite(call), faults }
  const drawing: Drawing = { call, view, state, form }
  const heading = fieldsOf(view).find((field) => field.name === view.heading) ?? { name: view.heading, label: '', type: 'text' as const }
  return {
    groups: drawGroups(drawing, view.groups),
    tabs: await drawTabs(drawing),
    panels: await drawPanels(drawing),
    smart: await drawSmartButtons(drawing),
    totals: drawTotals(drawing),
    buttons: await drawButtons(view.actions ?? [], record, form, async (button) =>
      id === undefined ? {} : ((await model.propose?.(transaction, signedIn.context, button.name, record)) ?? {}),
    ),
    steps: drawSteps(view, record, form),
    waiting: id === undefined ? undefined : view.waiting?.(record),
    heading: showForReader(heading, record, form).text,
    faults: drawFaults(drawing),
    log: id === undefined || view.messageLog !== true ? undefined : await drawLog(call, transaction, id, form),
    hasLog: id !== undefined && view.messageLog === true,
    editable: form.editable && [...editableFields(view, record)].length > 0,
    archived: record['active'] === false || (record['archivedAt'] !== undefined && record['archivedAt'] !== null),
  }
}

function drawGroups({ call, state, form }: Drawing, groups: readonly FieldGroup[] = []): object[] {
  return groups.map((group) => ({
    label: group.label === undefined ? undefined : textIn(call, group.label),
    fields: group.fields.map((field) => drawField(field, state.record, form)),
  }))
}

async function drawTabs(drawing: Drawing): Promise<object[]> {
  const { call, view, state, form } = drawing
  const tabs: object[] = []
  for (const tab of view.tabs ?? []) {
    if (!isVisible(tab, state.record)) continue
    const panel = state.id === undefined ? undefined : tab.panel
    const loaded = await panel?.load(state.record, form.transaction, form.context)
    tabs.push({
      name: tab.name,
      label: textIn(call, tab.label),
      first: tabs.length === 0,
      groups: drawGroups(drawing, tab.groups),
      html: panel === undefined || loaded === undefined ? undefined : renderPart(call, panel.template, loaded),
      error: (tab.groups ?? []).some((group) => group.fields.some((field) => state.faults.some((fault) => headOf(fault) === field.name))),
    })
  }
  return tabs
}

async function drawPanels({ call, view, state, form }: Drawing): Promise<object[]> {
  const panels: object[] = []
  for (const panel of state.id === undefined ? [] : (view.panels ?? [])) {
    const loaded = await panel.load(state.record, form.transaction, form.context)
    if (loaded === null) continue
    panels.push({ name: panel.name, label: textIn(call, panel.label), html: renderPart(call, panel.template, loaded) })
  }
  return panels
}

async function drawSmartButtons({ call, view, state, form }: Drawing): Promise<object[]> {
  const buttons: object[] = []
  for (const button of state.id === undefined ? [] : (view.smartButtons ?? [])) {
    const count = String(await button.count(state.record, form.transaction, form.context))
    buttons.push({ label: textIn(call, button.label), icon: button.icon, count, href: button.href(state.record) })
  }
  return buttons
}

function drawTotals({ call, view, state: { record }, form }: Drawing): object[] {
  return (view.totals ?? [])
    .filter((total) => isVisible(total, record))
    .map(({ field, label, strong, text }) => ({
      name: field,
      label: textIn(call, label),
      strong: strong === true,
      text: text === true,
      shown: showTotal({ field, label, ...(text === undefined ? {} : { text }) }, record, form),
      currency: text === true ? '' : plainText(record['currency']),
    }))
}

/** What is wrong, each with the field it is about, to go there. */
function drawFaults({ call, view, state, form }: Drawing): object[] {
  const labels = new Map(fieldsOf(view).map((field) => [field.name, textIn(call, field.label)]))
  return state.faults.map((fault) => {
    const name = fault.path === undefined ? undefined : inputNameOf(fault.path, state.record)
    const label = fault.path === undefined ? undefined : labels.get(headOf(fault))
    const target = label === undefined || name === undefined ? undefined : `f-${name.replace(/[^\w-]/g, '-')}`
    return { code: fault.code, text: form.faultText(fault), label, target }
  })
}

function search(request: Request): string {
  return new URL(request.originalUrl, 'http://host').search
}

function headOf(fault: FaultDetail): string {
  return fault.path?.split(/[.[]/)[0] ?? ''
}

function renderPart(call: RecordCall, template: string, data: object): string {
  return call.parts.engine.render(template, data, frameOf(call.parts, call.request))
}
