import { isUuid } from '../access/companies.js'
import { randomUUID } from 'node:crypto'
import type { Request, Response, Router } from 'express'
import { containedText } from '../i18n/contained-text.js'
import { Fault } from '../i18n/fault.js'
import { sendFragment, sendPage } from '../http/pages.js'
import { signedInOf } from '../http/request-state.js'
import { leaveNotice } from '../http/session-guard.js'
import type { WebParts } from '../http/web-parts.js'
import { drawList, drawRow, mainCurrency, visibleColumns, type ListDrawCall } from './list-page.js'
import { queryIds, queryList, searchRecords } from './list-query.js'
import { listAddress, readListAddress } from './list-request.js'
import { mayPress } from './form-page.js'
import { postedOf } from './form-record.js'
import { plainText } from './field-control.js'
import { drawCall, inCompany, mayWrite, openCall, requireRecords, requireWrite, scopeOf, textIn, type RecordCall } from './record-call.js'
import type { CompanyTransaction } from '../db/database.js'
import type { ListView } from './view.js'

/** Most records one bulk action takes at once; longer work belongs into a job. */
const mostAtOnce = 1000

interface Favourite {
  id: string
  name: string
  query: string
}

function listOf(call: RecordCall, request: Request): ListView {
  const id = typeof request.query['view'] === 'string' ? request.query['view'] : undefined
  const view = call.parts.catalog.list(call.model.name, call.signedIn.enabled, id)
  if (view === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
  return view
}

function queryOf(request: Request): URLSearchParams {
  return new URL(request.originalUrl, 'http://host').searchParams
}

async function choicesOf(call: RecordCall, transaction: CompanyTransaction, view: ListView): Promise<readonly string[] | undefined> {
  const row = await transaction
    .knex<{ columns: string[]; user_id: string; view: string }>('core_column_choice')
    .where({ user_id: call.signedIn.user.id, view: view.id })
    .first('columns')
  return row?.columns
}

async function showList(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const view = listOf(call, request)
  const query = queryOf(request)
  const part = query.get('part')
  query.delete('part')
  const address = readListAddress(view, query)
  const viewId = query.get('view') ?? undefined
  const { drawn, favourites, notice } = await inCompany(call, async (transaction) => {
    const chosen = await choicesOf(call, transaction, view)
    const result = await queryList(scopeOf(call, transaction), view, address)
    const draw: ListDrawCall = {
      ...(await drawCall(call, transaction, view.columns, result.rows)),
      context: call.signedIn.context,
      path,
      viewId,
      chosen,
      recordLabel: (record) => call.model.label(record, call.signedIn.user.locale),
    }
    if (part === 'rows') {
      const columns = visibleColumns(view, chosen)
      return {
        drawn: { rows: result.rows.map((record) => drawRow(record, columns, draw, mainCurrency(result.sums))) },
        favourites: [],
        notice: null,
      }
    }
    const saved = await transaction
      .knex<Favourite & { user_id: string; view: string }>('core_favourite')
      .where({ user_id: call.signedIn.user.id, view: view.id })
      .orderBy('name')
      .select('id', 'name', 'query')
    const notice = (await view.notice?.(transaction, call.signedIn.context)) ?? null
    return { drawn: drawList(view, address, result, draw), favourites: saved, notice }
  })
  if (part === 'rows') {
    sendFragment(parts, request, response, 'core/list-rows', {
      ...drawn,
      selectable: (view.bulkActions ?? []).length > 0 || call.model.remove !== undefined,
    })
    return
  }
  const title = textIn(call, view.title)
  const canCreate = mayWrite(call) && view.noCreate !== true
  const removable = call.model.remove !== undefined && mayWrite(call)
  sendPage(parts, request, response, {
    template: 'core/list',
    title,
    data: {
      ...drawn,
      title,
      path,
      viewId,
      notice,
      favourites: favourites.map((favourite) => ({ ...favourite, href: `${path}${favourite.query}`, label: favourite.name })),
      canCreate,
      newHref: `${path}/new${newQuery(address.where)}`,
      removable,
      selectable: removable || (view.bulkActions ?? []).length > 0,
      headerActions: (view.headerActions ?? [])
        .filter((button) => mayPress(button, call.signedIn.context))
        .map((button) => ({ label: textIn(call, button.label), icon: button.icon, href: button.href?.({}), name: button.name })),
      emptyText: textIn(call, view.empty.text),
      emptyAction: view.empty.action === undefined ? textIn(call, 'views.new') : textIn(call, view.empty.action),
      columnCount: visibleColumns(view, undefined).length + 1,
    },
    breadcrumb: [{ label: title }],
  })
}

/** A new record from a list of one customer's records starts with that customer. */
function newQuery(where: Readonly<Record<string, unknown>> | undefined): string {
  const query = new URLSearchParams(
    Object.entries(where ?? {}).map(([name, value]) => [name, plainText(value)] as [string, string]),
  ).toString()
  return query === '' ? '' : `?${query}`
}

async function runBulk(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const view = listOf(call, request)
  const name = String(request.params['action'])
  const body = postedOf(request)
  const address = readListAddress(view, queryOf(request))
  const back = `${path}${listAddress(address, {}, typeof request.query['view'] === 'string' ? request.query['view'] : undefined)}`
  const given = body['ids']
  const ticked = (Array.isArray(given) ? given : given === undefined ? [] : [given]).filter((id): id is string => typeof id === 'string')
  const ids = await inCompany(call, async (transaction) => {
    if (body['all'] === '1') return queryIds(scopeOf(call, transaction), view, address, mostAtOnce)
    await requireRecords(call, transaction, ticked)
    return ticked
  })
  if (ids.length === 0) {
    leaveNotice(response, { key: 'views.bulk.none', level: 'warning' }, parts.https)
    response.redirect(303, back)
    return
  }
  const { context } = call.signedIn
  if (name === 'delete') {
    const { remove } = call.model
    if (remove === undefined) throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action: name } })
    requireWrite(call)
    await inCompany(call, (transaction) => remove(transaction, context, ids))
    leaveNotice(response, { key: 'views.deleted', params: { count: ids.length }, level: 'success' }, parts.https)
    response.redirect(303, back)
    return
  }
  const button = view.bulkActions?.find((one) => one.name === name)
  const run = call.model.action
  if (button === undefined || run === undefined) throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action: name } })
  if (!mayPress(button, context)) throw new Fault('ACCESS-DENIED', { status: 403, params: { groups: (button.groups ?? []).join(', ') } })
  const outcome = await run(context, name, ids, body)
  leaveNotice(response, outcome.notice ?? { key: 'views.bulk.done', params: { count: ids.length }, level: 'success' }, parts.https)
  response.redirect(303, outcome.redirect ?? back)
}

/** A header button without an address runs the model's action on no record: fetching anew, sending all that waits. */
async function runHeader(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const view = listOf(call, request)
  const name = String(request.params['action'])
  const button = view.headerActions?.find((one) => one.name === name && one.href === undefined)
  const run = call.model.action
  if (button === undefined || run === undefined) throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action: name } })
  const { context } = call.signedIn
  if (!mayPress(button, context)) throw new Fault('ACCESS-DENIED', { status: 403, params: { groups: (button.groups ?? []).join(', ') } })
  const outcome = await run(context, name, [], {})
  if (outcome.notice !== undefined) leaveNotice(response, outcome.notice, parts.https)
  response.redirect(303, outcome.redirect ?? path)
}

async function saveFavourite(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const view = listOf(call, request)
  const body = postedOf(request)
  const name = plainText(body['name']).trim().slice(0, 80)
  const query = plainText(body['query'])
  if (name === '' || !query.startsWith('?') || query.length > 2000) throw new Fault('VIEW-FAVOURITE-NAME', { path: 'name' })
  await inCompany(call, async (transaction) => {
    await transaction
      .knex('core_favourite')
      .insert({ company_id: transaction.companyId, id: randomUUID(), user_id: call.signedIn.user.id, view: view.id, name, query })
      .onConflict(['company_id', 'user_id', 'view', 'name'])
      .merge(['query'])
  })
  response.redirect(303, `${path}${query}`)
}

async function dropFavourite(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const body = postedOf(request)
  await inCompany(call, async (transaction) => {
    await transaction
      .knex('core_favourite')
      .where({ user_id: call.signedIn.user.id })
      .whereIn('id', [plainText(body['id'])].filter(isUuid))
      .delete()
  })
  response.redirect(303, path)
}

async function chooseColumns(parts: WebParts, request: Request, response: Response, model: string, path: string): Promise<void> {
  const call = openCall(parts, request, model, path)
  const view = listOf(call, request)
  const body = postedOf(request)
  const given = body['columns']
  const names = new Set((Array.isArray(given) ? given : [given]).map(plainText))
  const columns = view.columns.filter((column) => column.optional !== undefined && names.has(column.name)).map((column) => column.name)
  await inCompany(call, async (transaction) => {
    await transaction
      .knex('core_column_choice')
      .insert({ company_id: transaction.companyId, user_id: call.signedIn.user.id, view: view.id, columns: JSON.stringify(columns) })
      .onConflict(['company_id', 'user_id', 'view'])
      .merge(['columns'])
  })
  const query = plainText(body['query'])
  response.redirect(303, `${path}${query.startsWith('?') ? query : ''}`)
}

/** Records for a combobox: id and label, at most twelve. */
async function findRecords(parts: WebParts, request: Request, response: Response): Promise<void> {
  const call = openCall(parts, request, String(request.params['model']), '')
  const query = queryOf(request)
  const search = query.get('q') ?? ''
  query.delete('q')
  const records = await inCompany(call, (transaction) => searchRecords(scopeOf(call, transaction), search, Object.fromEntries(query), 12))
  response.json({
    records: records.map((record) => ({
      id: plainText(record['id']),
      label: containedText(call.model.label(record, call.signedIn.user.locale)),
      code: plainText(record['code']),
    })),
  })
}

/** The palette: records of every model the actor may read, by name. */
async function findEverywhere(parts: WebParts, request: Request, response: Response): Promise<void> {
  const search = (queryOf(request).get('q') ?? '').trim()
  const found: { label: string; href: string; kind: string }[] = []
  if (search.length >= 2) {
    const any = openAny(parts, request)
    await inCompany(any, async (transaction) => {
      for (const model of parts.catalog.models(any.signedIn.enabled)) {
        const { context } = any.signedIn
        const readable = context.groups.has('*') || context.groups.has(model.groups.read)
        const view = parts.catalog.list(model.name, any.signedIn.enabled)
        if (!readable || view === undefined || model.searchColumns.length === 0) continue
        const records = await searchRecords(scopeOf(any, transaction, model), search, {}, 5)
        for (const record of records)
          found.push({
            label: containedText(model.label(record, any.signedIn.user.locale)),
            href: `/app/${model.name.replace('.', '/')}/${plainText(record['id'])}`,
            kind: textIn(any, view.title),
          })
      }
    })
  }
  response.json({ records: found.slice(0, 30) })
}

function openAny(parts: WebParts, request: Request): RecordCall {
  const first = parts.catalog.models(new Set())[0]
  if (first === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
  const signedIn = signedInOf(request)
  return { request, parts, signedIn, model: first, path: '' }
}

/** The routes of lists: show, act on many, favourites, columns; and the searches over all models. */
export function addListRoutes(router: Router, parts: WebParts): void {
  const at =
    (work: (parts: WebParts, request: Request, response: Response, model: string, path: string) => Promise<void>) =>
    (request: Request, response: Response) =>
      work(
        parts,
        request,
        response,
        `${String(request.params['module'])}.${String(request.params['model'])}`,
        `/app/${String(request.params['module'])}/${String(request.params['model'])}`,
      )
  router.get('/find/:model', (request, response) => findRecords(parts, request, response))
  router.get('/search', (request, response) => findEverywhere(parts, request, response))
  router.get('/:module/:model', at(showList))
  router.post('/:module/:model/bulk/:action', at(runBulk))
  router.post('/:module/:model/header/:action', at(runHeader))
  router.post('/:module/:model/favourite', at(saveFavourite))
  router.post('/:module/:model/favourite/drop', at(dropFavourite))
  router.post('/:module/:model/columns', at(chooseColumns))
}
