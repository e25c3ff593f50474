import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { requestStates, signerInput, type SignRequest } from '../models/request.js'
import { readEvents } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { cancelRequest } from '../services/requests/cancel.js'
import { correctSigner } from '../services/requests/correct.js'
import { createRequest } from '../services/requests/create-request.js'
import { newLink, publicAddress, signerPath } from '../services/requests/links.js'
import { readableRequests, requireReadable } from '../services/requests/readable.js'
import { remindSigner } from '../services/requests/reminders.js'
import { askedStates } from '../services/requests/states.js'
import { sendRequest } from '../services/requests/send-request.js'
import { acceptOutside } from '../services/signing/outside.js'
import { requestAnswer, requestAnswerShape } from './request-answer.js'
import { requestOfWire, requestWire } from './request-wire.js'

const user = ['signatures.user']

/** Files of a request by the name they have in addresses. */
const documents = {
  original: { column: 'originalSha256', suffix: 'original' },
  current: { column: 'headSha256', suffix: 'current' },
  signed: { column: 'sealedSha256', suffix: 'signed' },
  certificate: { column: 'certificateSha256', suffix: 'certificate' },
  'event-log': { column: 'eventLogSha256', suffix: 'event-log' },
  evidence: { column: 'evidenceSha256', suffix: 'evidence' },
} as const satisfies Record<string, { column: keyof SignRequest; suffix: string }>
const documentNames = Object.keys(documents)

const eventShape = z.object({
  sequence: z.number().int(),
  at: z.iso.datetime(),
  type: z.string(),
  signer_id: z.uuid().nullable(),
  actor: z.looseObject({}),
  origin: z.looseObject({}),
  facts: z.looseObject({}),
  /** Hexadecimal; see the event log of the request for how it is made. */
  hash: z.string(),
})

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

  routes.api({
    method: 'patch',
    path: `${base}/:id/signers/:signerId`,
    summary: 'Corrects name, address, phone or language of a signer who has not signed; earlier links are void',
    tag,
    groups: user,
    body: z
      .object({
        name: signerInput.shape.name.optional(),
        email: signerInput.shape.email,
        phone: signerInput.shape.phone,
        locale: signerInput.shape.locale,
      })
      .strict(),
    response: requestAnswerShape,
    handle: ({ context, params, body }) =>
      inCompany(context, async (transaction) => {
        const id = idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN')
        const { name, email, phone, locale } = body
        const changes = {
          ...(name === undefined ? {} : { name }),
          ...(email === undefined ? {} : { email }),
          ...(phone === undefined ? {} : { phone }),
          ...(locale === undefined ? {} : { locale }),
        }
        await correctSigner(host, transaction, context, id, idOf(params['signerId'], 'SIGNATURES-SIGNER-UNKNOWN'), changes)
        return requestAnswer(await readRequest(transaction, id))
      }),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/signers/:signerId/link`,
    summary: 'A fresh link for a signer, to hand on yourself; allowed where the request sends no mails',
    tag,
    groups: user,
    response: z.object({ url: z.url() }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const signer = request.signers.find(({ id }) => id === params['signerId'])
        if (signer === undefined) throw new Fault('SIGNATURES-SIGNER-UNKNOWN', { status: 404 })
        // Who may read the link may sign with it: where mail proves the address, only the mail has it.
        if (request.sendEmail) throw new Fault('SIGNATURES-LINK-BY-MAIL', { status: 409 })
        const address = publicAddress(host, await host.access.company(context.companyId))
        host.audit.record(transaction, context, {
          action: 'signatures.link-copied',
          subject: { type: 'signatures.request', id: request.id, label: `${request.number} ${request.name}` },
          facts: { signer: signer.name },
        })
        return { url: `${address}${signerPath(await newLink(host, transaction, signer))}` }
      }),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/signers/:signerId/signed-file`,
    summary: 'The file that a signer downloaded from his page and signed with a program of his own, brought by another way than his page',
    tag,
    groups: user,
    body: z.object({ content: z.base64() }).strict(),
    response: requestAnswerShape,
    handle: async ({ context, params, body }) => {
      const requestId = idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN')
      const signerId = idOf(params['signerId'], 'SIGNATURES-SIGNER-UNKNOWN')
      await acceptOutside(host, context, { requestId, signerId, origin: {}, pdf: Buffer.from(body.content, 'base64') })
      return requestAnswer(await inCompany(context, (transaction) => readRequest(transaction, requestId)))
    },
  })

  routes.api({
    method: 'get',
    path: `${base}/:id/events`,
    summary: 'The event log of a request, each entry bound to the one before by its hash',
    tag,
    groups: user,
    response: z.object({ data: z.array(eventShape) }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const events = await readEvents(transaction, request.id)
        const data = events.map(({ requestId: _request, signerId, at, hash, ...rest }) => ({
          ...rest,
          at: at.toISOString(),
          signer_id: signerId,
          hash: hash.toString('hex'),
        }))
        return { data }
      }),
  })

  routes.api({
    method: 'get',
    path: `${base}/:id/documents`,
    summary: 'Which files of a request exist: name and SHA-256',
    tag,
    groups: user,
    response: z.object({ data: z.array(z.object({ name: z.string(), sha256: z.string(), path: z.string() })) }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const data = Object.entries(documents).flatMap(([name, { column }]) => {
          const sha256 = request[column]
          return sha256 === null ? [] : [{ name, sha256, path: `/api/v1${base}/${request.id}/documents/${name}` }]
        })
        return { data }
      }),
  })

  routes.api({
    method: 'get',
    path: `${base}/:id/documents/:name`,
    summary: `A file of a request: ${documentNames.join(', ')}`,
    tag,
    groups: user,
    response: { mediaType: 'application/octet-stream' },
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        return documentAnswer(host, transaction, request, params['name'] ?? '')
      }),
  })
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

/** @throws Fault SIGNATURES-DOCUMENT-MISSING (404) */
export async function documentAnswer(
  host: Host,
  transaction: CompanyTransaction,
  request: SignRequest,
  name: string,
  disposition: 'inline' | 'attachment' = 'attachment',
): Promise<FileAnswer> {
  const document = Object.entries(documents).find(([known]) => known === name)?.[1]
  const sha256 = document === undefined ? null : request[document.column]
  if (document === undefined || sha256 === null) throw new Fault('SIGNATURES-DOCUMENT-MISSING', { status: 404 })
  const { bytes, mediaType } = await host.files.get(transaction, sha256)
  const extension = name === 'evidence' ? 'asice' : 'pdf'
  return new FileAnswer(bytes, mediaType, `${request.number.replaceAll('/', '-')}-${document.suffix}.${extension}`, disposition)
}

/** An id that is none finds nothing, instead of failing in the database. */
function idOf(value: string | undefined, code: string): string {
  const parsed = z.uuid().safeParse(value)
  if (!parsed.success) throw new Fault(code, { status: 404 })
  return parsed.data
}
