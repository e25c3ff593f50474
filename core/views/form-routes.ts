import type { Request, Response, Router } from 'express'
import { Fault } from '../i18n/fault.js'
import { leaveNotice } from '../http/session-guard.js'
import type { WebParts } from '../http/web-parts.js'
import { computeForm } from './compute-form.js'
import { plainText } from './field-control.js'
import { isVisible, mayPress } from './form-page.js'
import { postedOf, storedOrNew } from './form-record.js'
import { requireUnchanged } from './form-revision.js'
import { readForm } from './form-values.js'
import { faultsOf, inCompany, loadRecord, openCall, requireWrite, textIn, type RecordCall } from './record-call.js'
import { isRefused, saveForm } from './save-form.js'
import { sendForm } from './send-form.js'
import type { ActionOutcome, FormView } from './view.js'

function formOf(call: RecordCall): FormView {
  const view = call.parts.catalog.form(call.model.name, call.signedIn.enabled)
  if (view === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
  return view
}

/** Runs a button of the form; values changed on the page are saved first, as people expect of Odoo. */
async function runAction(call: RecordCall, view: FormView, response: Response, given: string | undefined, name: string): Promise<void> {
  const { model, signedIn, parts } = call
  const body = postedOf(call.request)
  let id = given
  const dirty = body['_dirty'] === '1'
  if (id === undefined || dirty) {
    const outcome = await saveForm(call, view, id)
    if (isRefused(outcome)) {
      await sendForm(call, response, view, outcome, 422)
      return
    }
    id = outcome.id
  }
  const known = id
  const record = await inCompany(call, (transaction) => loadRecord(call, transaction, known))
  try {
    // Nobody confirms what he has not seen.
    if (given !== undefined && !dirty) requireUnchanged(call, view, record, 'VIEW-CHANGED-SHOWN')
  } catch (error) {
    const faults = faultsOf(error)
    if (faults === undefined) throw error
    await sendForm(call, response, view, { id: known, record, faults, dirty: false }, 409)
    return
  }
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
    await sendForm(call, response, view, { id: known, record: fresh, faults, dirty: false }, 422)
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

/** The routes of forms: show, save, press a button, under `/:module/:model/:id`; `new` is a record that does not exist yet. */
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
    const record = await inCompany(call, (transaction) => storedOrNew(call, transaction, id))
    await sendForm(call, response, view, { id, record, faults: [], dirty: false })
  })
  router.post('/:module/:model/:id', async (request, response) => {
    const call = open(request)
    const view = formOf(call)
    const outcome = await saveForm(call, view, idOf(request))
    if (isRefused(outcome)) {
      await sendForm(call, response, view, outcome, 422)
      return
    }
    if (outcome.companyId !== undefined) await parts.access.sessions.chooseCompany(call.signedIn.session, outcome.companyId)
    leaveNotice(response, { key: 'views.saved', level: 'success' }, parts.https)
    const next = plainText(postedOf(request)['_open'])
    response.redirect(303, `${call.path}/${outcome.id}${/^[\w-]{1,60}$/.test(next) ? `?open=${next}` : ''}`)
  })
  router.post('/:module/:model/:id/compute', async (request, response) => {
    const call = open(request)
    await computeForm(call, formOf(call), response, idOf(request))
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
