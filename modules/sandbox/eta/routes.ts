import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import type { Faults, FaultPlan } from '../state/faults.js'
import { EtaRefusal, errorBody, textMember, throttled, type EtaAnswer } from './answers.js'
import { changeState, decline } from './document-states.js'
import { documentType, documentTypes } from './document-types.js'
import type { Eta } from './start-eta.js'
import { etaMisbehavesAfter, etaMisbehavesBefore } from './misbehaviour.js'
import { newName, type Taxpayer } from './register.js'
import { printoutOf } from './printout.js'

/** Bodies above this are answered MaximumSizeExceeded; the authority's own limit is not published. */
const maximumBytes = 5 * 1024 * 1024
/** Calls of one taxpayer in a minute before it is throttled. */
const callsPerMinute = 6000

type Work = (call: {
  readonly taxpayer: Taxpayer
  readonly request: Request
  readonly body: string
  readonly fault: FaultPlan | undefined
}) => EtaAnswer

/** `/eta/…`: identity service, API and portal with the authority's paths, headers and status codes. */
export function etaRoutes(eta: Eta, faults: Faults): Router {
  const router = express.Router()
  const raw = express.raw({ limit: maximumBytes, type: () => true })
  const calls = new Map<string, { minute: number; count: number }>()
  const { authority, codes, packages, receipts, tokens } = eta

  router.post('/id/connect/token', raw, (request: Request, response: Response) => {
    const fault = faults.take(request.originalUrl)
    if (fault !== undefined && etaMisbehavesBefore(fault, response)) return
    const answer = grantToken(eta, request)
    if (fault !== undefined && etaMisbehavesAfter(fault, answer, request, response)) return
    send(response, answer)
  })

  const add = (method: 'get' | 'post' | 'put', path: string, work: Work): void => {
    for (const version of ['v1', 'v1.0'])
      router[method](`/api/${version}/${path}`, raw, (request: Request, response: Response) => {
        serve(request, response, work)
      })
  }
  const serve = (request: Request, response: Response, work: Work): void => {
    const fault = faults.take(request.originalUrl)
    if (fault !== undefined && etaMisbehavesBefore(fault, response)) return
    const answer = worked(request, work, fault)
    if (fault !== undefined && etaMisbehavesAfter(fault, answer, request, response)) return
    send(response, answer)
  }
  const worked = (request: Request, work: Work, fault: FaultPlan | undefined): EtaAnswer => {
    try {
      const taxpayer = tokens.holder(/^Bearer (\S+)$/i.exec(request.get('Authorization') ?? '')?.[1] ?? '')
      if (taxpayer === undefined)
        throw new EtaRefusal(401, 'Unauthorized', 'The access token is missing, unknown or expired', 'Authorization')
      const minute = Math.floor(Date.now() / 60_000)
      const used = calls.get(taxpayer.rin)
      const count = used?.minute === minute ? used.count + 1 : 1
      calls.set(taxpayer.rin, { minute, count })
      if (count > callsPerMinute) return throttled(60 - (Math.floor(Date.now() / 1000) % 60))
      const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : ''
      const answer = work({ taxpayer, request, body, fault })
      const limits = { 'X-Rate-Limit-Limit': '1m', 'X-Rate-Limit-Remaining': String(callsPerMinute - count) }
      return { ...answer, headers: { ...limits, ...answer.headers } }
    } catch (error) {
      return answerTo(error)
    }
  }

  add('post', 'documentsubmissions', ({ taxpayer, body, fault }) => authority.submit(taxpayer, body, fault?.kind === 'refuse-last'))
  add('get', 'documentsubmissions/:uuid', ({ taxpayer, request }) => {
    const { pageNo, pageSize } = queryOf(request)
    return authority.submission(
      taxpayer,
      nameOf(request),
      Math.max(1, Number(pageNo ?? '1') || 1),
      Math.min(100, Math.max(1, Number(pageSize ?? '100') || 100)),
    )
  })
  add('get', 'documents/search', ({ taxpayer, request }) => authority.search(taxpayer, queryOf(request)))
  add('get', 'documents/recent', ({ taxpayer, request }) => {
    const now = authority.now()
    const span = { submissionDateFrom: new Date(now.getTime() - 29 * 86_400_000).toISOString(), submissionDateTo: now.toISOString() }
    return authority.search(taxpayer, { ...span, ...queryOf(request) })
  })
  add('get', 'documents/:uuid/raw', ({ taxpayer, request }) => authority.raw(taxpayer, nameOf(request)))
  add('get', 'documents/:uuid/details', ({ taxpayer, request }) => authority.details(taxpayer, nameOf(request)))
  add('get', 'documents/:uuid/pdf', ({ taxpayer, request }) => {
    const document = authority.visible(taxpayer, nameOf(request))
    const status = authority.register.statusOf(document, authority.now())
    const bytes = printoutOf(document, status, `${authority.portal}/documents/${document.uuid}/share/${document.longId}`)
    return { status: 200, body: null, file: { bytes, mediaType: 'application/pdf' } }
  })
  add('put', 'documents/state/:uuid/state', ({ taxpayer, request, body }) =>
    changeState(authority, taxpayer, nameOf(request), jsonOf(body)),
  )
  add('put', 'documents/state/:uuid/decline/cancelation', ({ taxpayer, request }) =>
    decline(authority, taxpayer, nameOf(request), 'cancelation'),
  )
  add('put', 'documents/state/:uuid/decline/rejection', ({ taxpayer, request }) =>
    decline(authority, taxpayer, nameOf(request), 'rejection'),
  )
  add('post', 'receiptsubmissions', ({ taxpayer, request, body }) => {
    const answer = receipts.submit(taxpayer, body, /^Bearer (\S+)$/i.exec(request.get('Authorization') ?? '')?.[1] ?? '')
    tellOfReceipts(eta, taxpayer, answer)
    return answer
  })
  add('get', 'receiptsubmissions/:uuid/details', ({ taxpayer, request }) =>
    receipts.submission(taxpayer, nameOf(request), queryOf(request)),
  )
  add('get', 'receipts/:uuid/details', ({ taxpayer, request }) => receipts.details(taxpayer, nameOf(request)))
  add('get', 'documenttypes', () => documentTypes(authority.settings))
  add('get', 'documenttypes/:uuid', ({ request }) => documentType(authority.settings, Number(nameOf(request))))
  add('post', 'documentpackages/requests', ({ taxpayer, body }) => packages.request(taxpayer, jsonOf(body)))
  add('get', 'documentpackages/requests', ({ taxpayer }) => packages.list(taxpayer))
  add('get', 'documentpackages/:uuid', ({ taxpayer, request }) => packages.fetch(taxpayer, nameOf(request)))
  add('post', 'codetypes/requests/codes', ({ taxpayer, body }) => codes.create(taxpayer, jsonOf(body)))
  add('put', 'codetypes/requests/codeusages', ({ taxpayer, body }) => codes.reuse(taxpayer, jsonOf(body)))
  add('get', 'codetypes/requests/my', ({ taxpayer, request }) => codes.mine(taxpayer, queryOf(request)))

  router.use((_request: Request, response: Response) => {
    send(response, new EtaRefusal(404, 'NotFound', 'No such endpoint').answer)
  })
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    send(response, answerTo(error))
  })
  return router
}

function tellOfReceipts(eta: Eta, taxpayer: Taxpayer, { body }: EtaAnswer): void {
  const accepted: unknown = body === null ? undefined : Reflect.get(body, 'acceptedDocuments')
  const uuids = (Array.isArray(accepted) ? accepted : []).flatMap((one: unknown) => textMember(one, 'uuid') ?? [])
  const submission = textMember(body, 'submissionId') ?? ''
  if (uuids.length > 0) eta.notifier.receiptsLater(taxpayer.rin, submission, uuids, eta.authority.settings.decisionMs)
}

/** Client credentials in the header (Basic) or in the form. */
function grantToken(eta: Eta, request: Request): EtaAnswer {
  const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '')
  if (form.get('grant_type') !== 'client_credentials') return { status: 400, body: { error: 'unsupported_grant_type' } }
  const basic = /^Basic ([A-Z0-9+/=]+)$/i.exec(request.get('Authorization') ?? '')?.[1]
  const [id, secret] =
    basic === undefined ? [form.get('client_id'), form.get('client_secret')] : splitOnce(Buffer.from(basic, 'base64').toString('utf8'))
  const granted = eta.tokens.issue(id ?? '', secret ?? '')
  if (granted !== undefined && request.get('posserial') !== undefined) {
    const headers = Object.fromEntries(
      ['posserial', 'pososversion', 'posmodelframework', 'presharedkey'].map((name) => [name, request.get(name)]),
    )
    const rin = eta.tokens.holder(granted.access_token)?.rin ?? ''
    if (!eta.receipts.devices.login(granted.access_token, rin, headers)) return { status: 400, body: { error: 'invalid_pos' } }
  }
  return granted === undefined
    ? { status: 400, body: { error: 'invalid_client' } }
    : { status: 200, body: granted, headers: { 'Cache-Control': 'no-store' } }
}

function splitOnce(text: string): [string, string] {
  const place = text.indexOf(':')
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)]
}

function send(response: Response, answer: EtaAnswer): void {
  response.status(answer.status).set({ correlationId: newName(16), ...answer.headers })
  if (answer.file !== undefined) response.type(answer.file.mediaType).send(answer.file.bytes)
  else if (answer.body === null) response.end()
  else response.json(answer.body)
}

function answerTo(error: unknown): EtaAnswer {
  if (error instanceof EtaRefusal) return error.answer
  const status = typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 500
  if (status === 413) return new EtaRefusal(400, 'MaximumSizeExceeded', 'The request body is too large', 'documents').answer
  return { status, body: errorBody('InternalServerError', error instanceof Error ? error.message : 'unknown', '') }
}

function nameOf(request: Request): string {
  return typeof request.params.uuid === 'string' ? request.params.uuid : ''
}

function queryOf(request: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.query).flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [[name, value]] : [])),
  )
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new EtaRefusal(400, 'BadStructure', 'The body is not JSON')
  }
}
