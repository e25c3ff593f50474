import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { requestStates, type SignRequest } from '../models/request.js'
import { readRequest } from '../services/request-rows.js'
import { cancelRequest } from '../services/requests/cancel.js'
import { createRequest } from '../services/requests/create-request.js'
import { readableRequests, requireReadable } from '../services/requests/readable.js'
import { remindSigner } from '../services/requests/reminders.js'
import { askedStates } from '../services/requests/states.js'
import { sendRequest } from '../services/requests/send-request.js'
import { requestAnswer, requestAnswerShape } from './request-answer.js'
import { addRecordRoutes } from './request-record-api.js'
import { idOf, user } from './request-routes.js'
import { requestOfWire, requestWire } from './request-wire.js'
import { addSignerRoutes } from './request-signers-api.js'

/** REST interface of signature requests, under `/sign-requests` and, for programs written for DocuSeal, `/submissions`. */
export function requestsApi(setup: ModuleSetup): void {
  routesUnder(setup, '/sign-requests', 'Sign requests')
  routesUnder(setup, '/submissions', 'Sign requests (other name)')
}

function routesUnder({ host, ...setup }: ModuleSetup, base: string, tag: string): void {
  const routes: Pick<RouteRegistration, 'api'> = {
    // A request that a rule hides is not there for programs either, whatever they ask about it.
    api: (route) =>
      setup.routes.api({
        ...route,
        handle: async (call) => {
          const { context, params } = call
          const { id } = params
          if (id !== undefined) await host.db.company(context.companyId, (transaction) => requireReadable(host, transaction, context, id))
          return route.handle(call)
        },
      }),
  }
  const inCompany = <Result>(context: CompanyContext, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
    host.db.company(context.companyId, work)
  const parts = { host, routes, base, tag, inCompany }

  routes.api({
    method: 'post',
    path: base,
    summary: 'Makes a request from a template and sends it; with send=false keeps a draft',
    tag,
    groups: user,
    body: requestWire,
    response: requestAnswerShape,
    idempotent: true,
    status: 201,
    handle: async ({ context, body }) => {
      const id = await inCompany(context, (transaction) => createRequest(host, transaction, context, requestOfWire(body)))
      if (!body.send) return inCompany(context, async (transaction) => requestAnswer(await readRequest(transaction, id)))
      return requestAnswer(await sendOrForget(host, context, id))
    },
  })

  routes.api({
    method: 'get',
    path: base,
    summary: 'Requests, newest first; `after` is the id of the last one seen',
    tag,
    groups: user,
    query: z.object({
      status: z.enum(requestStates).optional(),
      template_id: z.uuid().optional(),
      external_id: z.string().max(200).optional(),
      search: z.string().max(200).optional(),
      after: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    response: z.object({ data: z.array(requestAnswerShape), next: z.uuid().nullable() }),
    handle: ({ context, query }) =>
      inCompany(context, async (transaction) => {
        const ids = await pageOfIds(host, transaction, context, query)
        const data = await Promise.all(ids.slice(0, query.limit).map(async (id) => requestAnswer(await readRequest(transaction, id))))
        return { data, next: ids.length > query.limit ? (data.at(-1)?.id ?? null) : null }
      }),
  })

  routes.api({
    method: 'get',
    path: `${base}/:id`,
    summary: 'One request with its signers',
    tag,
    groups: user,
    response: requestAnswerShape,
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) =>
        requestAnswer(await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))),
      ),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/send`,
    summary: 'Sends a draft; sent again it changes nothing',
    tag,
    groups: user,
    response: requestAnswerShape,
    handle: async ({ context, params }) =>
      requestAnswer(await sendRequest(host, context, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/cancel`,
    summary: 'Ends a request that is not finished; its links say so',
    tag,
    groups: user,
    body: z.object({ reason: z.string().trim().min(1).max(1000) }).strict(),
    response: requestAnswerShape,
    handle: ({ context, params, body }) =>
      inCompany(context, async (transaction) => {
        const id = idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN')
        await cancelRequest(host, transaction, context, id, body.reason)
        return requestAnswer(await readRequest(transaction, id))
      }),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/remind`,
    summary: 'Reminds everybody who is asked at the moment',
    tag,
    groups: user,
    response: z.object({ reminded: z.array(z.uuid()) }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'), { lock: true })
        const asked = request.signers.filter(({ state }) => askedStates.includes(state))
        for (const { id } of asked) await remindSigner(host, transaction, context, request.id, id)
        return { reminded: asked.map(({ id }) => id) }
      }),
  })

  addSignerRoutes(parts)
  addRecordRoutes(parts)
}

/** A request that cannot be sent is not left behind as a draft nobody knows of: it is gone with the answer that says why. */
async function sendOrForget(host: Host, context: CompanyContext, id: string): Promise<SignRequest> {
  try {
    return await sendRequest(host, context, id)
  } catch (error) {
    if (error instanceof Fault && error.status < 500)
      await host.db.company(context.companyId, (transaction) => cancelRequest(host, transaction, context, id, error.code))
    throw error
  }
}

async function pageOfIds(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  query: { status?: string; template_id?: string; external_id?: string; search?: string; after?: string; limit: number },
): Promise<string[]> {
  const { companyId } = transaction
  const rows = readableRequests(host, transaction, context)
  if (query.status !== undefined) void rows.where('state', query.status)
  if (query.template_id !== undefined) void rows.where('template_id', query.template_id)
  if (query.external_id !== undefined) void rows.where('external_id', query.external_id)
  if (query.search !== undefined) {
    const like = `%${query.search.replace(/[\\%_]/g, '\\$&')}%`
    void rows.where((both) => void both.whereILike('name', like).orWhereILike('number', like))
  }
  if (query.after !== undefined)
    void rows.whereRaw('(created_at, id) < (select created_at, id from signatures_request where company_id = ? and id = ?)', [
      companyId,
      query.after,
    ])
  const found: { id: string }[] = await rows
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(query.limit + 1)
    .select('id')
  return found.map(({ id }) => id)
}
