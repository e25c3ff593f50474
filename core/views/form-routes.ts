import type { Request, Response, Router } from 'express'
import type { CompanyTransaction } from '../db/database.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { frameOf, sendPage } from '../http/pages.js'
import { leaveNotice } from '../http/session-guard.js'
import type { WebParts } from '../http/web-parts.js'
import { plainText, showForReader, showValue } from './field-control.js'
import { drawButtons, drawField, drawSteps, editableFields, fieldsOf, isVisible, mayPress, type FormCall } from './form-page.js'
import { inputNameOf, readForm, rowKey, withoutRowKeys, type PostedForm } from './form-values.js'
import { drawLog } from './message-log.js'
import { drawCall, faultsOf, inCompany, loadRecord, mayWrite, openCall, requireWrite, textIn, type RecordCall } from './record-call.js'
import type { ActionOutcome, FieldGroup, FormView, RecordValues } from './view.js'

interface FormState {
  readonly id: string | undefined
  readonly record: RecordValues
  readonly faults: readonly FaultDetail[]
  /** Values that were posted and refused, or wait to be saved. */
  readonly dirty: boolean
}

function formOf(call: RecordCall): FormView {
  const view = call.parts.catalog.form(call.model.name, call.signedIn.enabled)
  if (view === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
  return view
}

function postedOf(request: Request): PostedForm {
  // Bodies are parsed by express' urlencoded parser or multer: an object of texts and lists of texts.
  return (request.body ?? {}) as PostedForm
}

function newQuery(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.originalUrl, 'http://host').searchParams)
}

async function stored(call: RecordCall, transaction: CompanyTransaction, id: string | undefined): Promise<RecordValues> {
  if (id !== undefined) return loadRecord(call, transaction, id)
  const query = newQuery(call.request)
  const { duplicate, ...rest } = query
  if (duplicate !== undefined && call.model.duplicate !== undefined) {
    await loadRecord(call, transaction, duplicate)
    return call.model.duplicate(transaction, call.signedIn.context, duplicate)
  }
  return (await call.model.defaults?.(transaction, call.signedIn.context, rest)) ?? rest
}

async function draw(call: RecordCall, response: Response, view: FormView, state: FormState, status = 200): Promise<void> {
  const { model, parts, signedIn } = call
  const data = await inCompany(call, async (transaction) => {
    const { record } = state
    const base = await drawCall(call, transaction, fieldsOf(view), [record])
    const form: FormCall = { ...base, context: signedIn.context, transaction, editable: mayWrite(call), faults: state.faults }
    const groups = (list: readonly FieldGroup[]): object[] =>
      list.map((group) => ({
        label: group.label === undefined ? undefined : textIn(call, group.label),
        fields: group.fields.map((field) => drawField(field, record, form)),
      }))
    const tabs = []
    for (const tab of view.tabs ?? []) {
      if (!isVisible(tab, record)) continue
      const panel =
        tab.panel === undefined || state.id === undefined ? undefined : await tab.panel.load(record, transaction, signedIn.context)
      tabs.push({
        name: tab.name,
        label: textIn(call, tab.label),
        first: tabs.length === 0,
        groups: groups(tab.groups ?? []),
        html: panel === undefined || tab.panel === undefined ? undefined : renderPart(call, tab.panel.template, panel),
        error: (tab.groups ?? []).some((group) => group.fields.some((field) => state.faults.some((fault) => headOf(fault) === field.name))),
      })
    }
    const panels = []
    for (const panel of state.id === undefined ? [] : (view.panels ?? [])) {
      const loaded = await panel.load(record, transaction, signedIn.context)
      if (loaded !== null)
        panels.push({ name: panel.name, label: textIn(call, panel.label), html: renderPart(call, panel.template, loaded) })
    }
    const smart = []
    for (const button of state.id === undefined ? [] : (view.smartButtons ?? [])) {
      smart.push({
        label: textIn(call, button.label),
        icon: button.icon,
        count: String(await button.count(record, transaction, signedIn.context)),
        href: button.href(record),
      })
    }
    const fieldLabels = new Map(fieldsOf(view).map((field) => [field.name, textIn(call, field.label)]))
    return {
      groups: groups(view.groups),
      tabs,
      panels,
      smart,
      totals: (view.totals ?? [])
        .filter((total) => isVisible(total, record))
        .map((total) => ({
          name: total.field,
          label: textIn(call, total.label),
          strong: total.strong === true,
          text: total.text === true,
          shown: showValue({ name: total.field, label: total.label, type: total.text === true ? 'text' : 'money' }, record, form),
          currency: total.text === true ? '' : plainText(record['currency']),
        })),
      buttons: await drawButtons(view.actions ?? [], record, form, async (button) =>
        state.id === undefined ? {} : ((await call.model.propose?.(transaction, signedIn.context, button.name, record)) ?? {}),
      ),
      steps: drawSteps(view, record, form),
      waiting: state.id === undefined ? undefined : view.waiting?.(record),
      heading: showForReader(
        fieldsOf(view).find((field) => field.name === view.heading) ?? { name: view.heading, label: '', type: 'text' },
        record,
        form,
      ).text,
      faults: state.faults.map((fault) => {
        const name = fault.path === undefined ? undefined : inputNameOf(fault.path, record)
        const label = fault.path === undefined ? undefined : fieldLabels.get(headOf(fault))
        return {
          code: fault.code,
          text: base.faultText(fault),
          label,
          target: label === undefined || name === undefined ? undefined : `f-${name.replace(/[^\w-]/g, '-')}`,
        }
      }),
      log: state.id === undefined || view.messageLog !== true ? undefined : await drawLog(call, transaction, state.id, form),
      hasLog: state.id !== undefined && view.messageLog === true,
      editable: form.editable && [...editableFields(view, record)].length > 0,
      archived: record['active'] === false || (record['archivedAt'] !== undefined && record['archivedAt'] !== null),
    }
  })
  const title = state.id === undefined ? textIn(call, 'views.new') : data.heading || call.model.label(state.record)
  const list = parts.catalog.list(model.name, signedIn.enabled)
  sendPage(parts, call.request, response, {
    template: 'core/form',
    title,
    status,
    data: {
      ...data,
      title,
      path: call.path,
      id: state.id,
      isNew: state.id === undefined,
      action: state.id === undefined ? `${call.path}/new${search(call.request)}` : `${call.path}/${state.id}`,
      base: state.id === undefined ? `${call.path}/new` : `${call.path}/${state.id}`,
      dirty: state.dirty,
      computes: model.compute !== undefined,
      removable: model.remove !== undefined && state.id !== undefined && mayWrite(call),
      duplicable: model.duplicate !== undefined && state.id !== undefined && mayWrite(call),
      archivable: model.archive !== undefined && state.id !== undefined && mayWrite(call),
      open: newQuery(call.request)['open'],
    },
    breadcrumb: [...(list === undefined ? [] : [{ label: textIn(call, list.title), href: call.path }]), { label: title }],
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

interface Saved {
  readonly id: string
  readonly companyId: string | undefined
}

/** Saves what was posted. Answers the record's id, or the refused values with their faults. */
async function save(call: RecordCall, view: FormView, id: string | undefined): Promise<Saved | FormState> {
  requireWrite(call)
  const { model, signedIn } = call
  const saveRecord = model.save
  if (saveRecord === undefined) throw new Fault('VIEW-NOT-EDITABLE', { status: 405 })
  let refused: RecordValues = {}
  try {
    return await inCompany(call, async (transaction) => {
      const before = await stored(call, transaction, id)
      refused = { ...before, ...readForm(editableFields(view, before), postedOf(call.request), signedIn.user.locale) }
      const outcome = await saveRecord(transaction, signedIn.context, id, withoutRowKeys(refused))
      Fault.throwIfAny(outcome.faults ?? [])
      return { id: outcome.id, companyId: outcome.companyId }
    })
  } catch (error) {
    const faults = faultsOf(error)
    if (faults === undefined) throw error
    return { id, record: refused, faults, dirty: true }
  }
}

function isRefused(outcome: Saved | FormState): outcome is FormState {
  return 'record' in outcome
}

/** Runs a button of the form; values changed on the page are saved first, as people expect of Odoo. */
async function runAction(call: RecordCall, view: FormView, response: Response, given: string | undefined, name: string): Promise<void> {
  const { model, signedIn, parts } = call
  const body = postedOf(call.request)
  let id = given
  if (id === undefined || body['_dirty'] === '1') {
    const outcome = await save(call, view, id)
    if (isRefused(outcome)) {
      await draw(call, response, view, outcome, 422)
      return
    }
    id = outcome.id
  }
  const known = id
  const record = await inCompany(call, (transaction) => loadRecord(call, transaction, known))
  const here = `${call.path}/${known}`
  if (name === 'delete' || name === 'archive' || name === 'unarchive') {
    await runStandard(call, name, known)
    const key = name === 'delete' ? 'views.deleted' : name === 'archive' ? 'views.archived' : 'views.unarchived'
    leaveNotice(response, { key, params: { count: 1 }, level: 'success' }, parts.https)
    response.redirect(303, name === 'delete' ? call.path : here)
    return
  }
  const button = view.actions?.find((one) => one.name === name)
  if (button === undefined || model.action === undefined) throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action: name } })
  if (!mayPress(button, signedIn.context))
    throw new Fault('ACCESS-DENIED', { status: 403, params: { groups: (button.groups ?? []).join(', ') } })
  if (!isVisible(button, record)) throw new Fault('VIEW-ACTION-NOT-NOW', { status: 409, params: { action: textIn(call, button.label) } })
  let outcome: ActionOutcome
  try {
    outcome = await model.action(signedIn.context, name, [known], readForm(button.dialog ?? [], body, signedIn.user.locale))
  } catch (error) {
    const faults = faultsOf(error)
    if (faults === undefined) throw error
    // What was wrong is told on the form itself, beside the fields it names.
    const fresh = await inCompany(call, (transaction) => loadRecord(call, transaction, known))
    await draw(call, response, view, { id: known, record: fresh, faults, dirty: false }, 422)
    return
  }
  if (outcome.notice !== undefined) leaveNotice(response, outcome.notice, parts.https)
  response.redirect(303, outcome.redirect ?? here)
}

async function runStandard(call: RecordCall, name: 'delete' | 'archive' | 'unarchive', id: string): Promise<void> {
  requireWrite(call)
  const { model, signedIn } = call
  await inCompany(call, async (transaction) => {
    if (name === 'delete' && model.remove !== undefined) await model.remove(transaction, signedIn.context, [id])
    else if (name !== 'delete' && model.archive !== undefined) await model.archive(transaction, signedIn.context, [id], name === 'archive')
    else throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action: name } })
  })
}

/** Values after a change, for the page's script: what inputs and outputs show now. Nothing is stored. */
async function compute(call: RecordCall, view: FormView, response: Response, id: string | undefined): Promise<void> {
  const { model, signedIn } = call
  const answer = await inCompany(call, async (transaction) => {
    const before = await stored(call, transaction, id)
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
    const totals = Object.fromEntries(
      (view.totals ?? []).map((total) => [
        total.field,
        showValue({ name: total.field, label: total.label, type: total.text === true ? 'text' : 'money' }, record, form).text,
      ]),
    )
    return { fields, totals }
  })
  response.json(answer)
}

/** A model that computes rows answers them in order; their keys on the page are put back by place. */
function keepRowKeys(posted: RecordValues, computed: RecordValues): RecordValues {
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

/** Queues a mail of this record again that could not be delivered. */
async function sendAgain(call: RecordCall, response: Response, id: string, mailId: string): Promise<void> {
  requireWrite(call)
  const { host } = call.parts
  const { context } = call.signedIn
  await inCompany(call, async (transaction) => {
    await loadRecord(call, transaction, id)
    const mails = await host.mail.statesOf(transaction, { type: call.model.auditType ?? call.model.name, id })
    if (!mails.some((mail) => mail.id === mailId)) throw new Fault('MAIL-UNKNOWN', { status: 404 })
    await host.mail.retry(transaction, context, mailId)
  })
  response.redirect(303, `${call.path}/${id}#log`)
}

async function addNote(call: RecordCall, response: Response, id: string): Promise<void> {
  const text = plainText(postedOf(call.request)['text']).trim().slice(0, 5000)
  if (text === '') throw new Fault('VIEW-NOTE-EMPTY', { path: 'text' })
  await inCompany(call, async (transaction) => {
    const record = await loadRecord(call, transaction, id)
    const subject = { type: call.model.auditType ?? call.model.name, id, label: call.model.label(record) }
    call.parts.host.audit.record(transaction, call.signedIn.context, { action: 'record.noted', subject, facts: { text } })
  })
  response.redirect(303, `${call.path}/${id}#log`)
}

export function addFormRoutes(router: Router, parts: WebParts): void {
  const open = (request: Request): RecordCall =>
    openCall(
      parts,
      request,
      `${String(request.params['module'])}.${String(request.params['model'])}`,
      `/app/${String(request.params['module'])}/${String(request.params['model'])}`,
    )
  const idOf = (request: Request): string | undefined => (request.params['id'] === 'new' ? undefined : String(request.params['id']))

  router.get('/:module/:model/:id', async (request, response) => {
    const call = open(request)
    const view = formOf(call)
    const id = idOf(request)
    if (id === undefined) requireWrite(call)
    const record = await inCompany(call, (transaction) => stored(call, transaction, id))
    await draw(call, response, view, { id, record, faults: [], dirty: false })
  })
  router.post('/:module/:model/:id', async (request, response) => {
    const call = open(request)
    const view = formOf(call)
    const outcome = await save(call, view, idOf(request))
    if (isRefused(outcome)) {
      await draw(call, response, view, outcome, 422)
      return
    }
    if (outcome.companyId !== undefined) await parts.access.sessions.chooseCompany(call.signedIn.session, outcome.companyId)
    leaveNotice(response, { key: 'views.saved', level: 'success' }, parts.https)
    const next = plainText(postedOf(request)['_open'])
    response.redirect(303, `${call.path}/${outcome.id}${/^[\w-]{1,60}$/.test(next) ? `?open=${next}` : ''}`)
  })
  router.post('/:module/:model/:id/compute', async (request, response) => {
    const call = open(request)
    await compute(call, formOf(call), response, idOf(request))
  })
  router.post('/:module/:model/:id/note', async (request, response) => {
    const call = open(request)
    await addNote(call, response, request.params.id)
  })
  router.post('/:module/:model/:id/mail/:mail', async (request, response) => {
    const call = open(request)
    await sendAgain(call, response, request.params.id, request.params.mail)
  })
  router.post('/:module/:model/:id/action/:action', async (request, response) => {
    const call = open(request)
    await runAction(call, formOf(call), response, idOf(request), request.params.action)
  })
}
