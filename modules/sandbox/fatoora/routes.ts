import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import type { CertificateAuthorities } from '../ca/authority.js'
import type { Faults, FaultPlan } from '../state/faults.js'
import { Refusal, type Answer } from './answers.js'
import type { FatooraAuthority } from './authority-service.js'
import { environments } from './request-of-certificate.js'
import { misbehaveAfter, misbehaveBefore } from './misbehaviour.js'
import type { Csid, Units } from './units.js'

/** Bodies above this are answered 413; the authority's own limit is not published. */
const maxBody = '5mb'

export interface FatooraParts {
  readonly authority: FatooraAuthority
  readonly authorities: CertificateAuthorities
  readonly units: Units
  readonly faults: Faults
}

type Work = (request: Request, fault: FaultPlan | undefined) => Answer

/** `/fatoora/e-invoicing/{environment}/…` with the authority's paths, headers and status codes. */
export function fatooraRoutes(parts: FatooraParts): Router {
  const router = express.Router()
  const { authority } = parts
  const json = express.json({ limit: maxBody, type: () => true })
  const add = (method: 'post' | 'patch', path: string, needsCsid: boolean, work: Work): void => {
    router[method](`/:environment/${path}`, guard(parts, needsCsid), json, (request: Request, response: Response) => {
      serve(parts, request, response, work)
    })
  }
  add('post', 'compliance', false, (request) => authority.issueCompliance(environmentOf(request), request.get('OTP'), request.body))
  add('post', 'compliance/invoices', true, (request) => authority.checkCompliance(csidOf(request), request.body))
  add('post', 'production/csids', true, (request) => authority.issueProduction(csidOf(request), request.body))
  add('patch', 'production/csids', true, (request) => authority.renewProduction(csidOf(request), request.get('OTP'), request.body))
  add('post', 'invoices/reporting/single', true, (request) =>
    authority.report(csidOf(request), request.get('Clearance-Status'), request.body),
  )
  add('post', 'invoices/clearance/single', true, (request, fault) =>
    authority.clear(csidOf(request), request.get('Clearance-Status'), request.body, fault?.kind === 'clearance-off'),
  )
  router.use((_request: Request, response: Response) => {
    response.status(404).json({ code: 'Not-Found', message: 'no such endpoint' })
  })
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const answer = answerTo(error)
    send(response, answer)
  })
  return router
}

const csids = new WeakMap<Request, Csid>()

/** Version, media type, environment and credentials, in that order, before the body is read. */
function guard(parts: FatooraParts, needsCsid: boolean) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (request.get('Accept-Version') !== 'V2')
      throw new Refusal(406, 'Invalid-Version', 'This Version is not supported or not provided in the header.')
    if (request.accepts('application/json') === false) throw new Refusal(406, 'Not-Acceptable', 'Accept must allow application/json')
    const language = request.get('Accept-Language')
    if (language !== undefined && !/^(?:en|ar|\*)/i.test(language))
      throw new Refusal(406, 'Invalid-Language', 'Accept-Language must be en or ar')
    const environment = environmentOf(request)
    if (needsCsid) {
      const csid = authenticate(parts.units, request.get('Authorization'))
      if (csid === undefined || csid.environment !== environment) throw new Refusal(401, 'Unauthorized', 'the credentials are not known')
      if (parts.authorities.revocation(csid.serial) !== undefined) throw new Refusal(401, 'Unauthorized', 'the certificate was revoked')
      csids.set(request, csid)
    }
    if (request.is('application/json') === false) throw new Refusal(415, 'Unsupported-Media-Type', 'Content-Type must be application/json')
    next()
  }
}

function serve(parts: FatooraParts, request: Request, response: Response, work: Work): void {
  const fault = parts.faults.take(request.originalUrl)
  if (fault !== undefined && misbehaveBefore(fault, response)) return
  let answer: Answer
  try {
    answer = work(request, fault)
  } catch (error) {
    answer = answerTo(error)
  }
  if (fault !== undefined && misbehaveAfter(fault, answer, request, response)) return
  send(response, answer)
}

function send(response: Response, answer: Answer): void {
  response.status(answer.status).set(answer.headers ?? {})
  if (answer.body === null) response.end()
  else response.json(answer.body)
}

function answerTo(error: unknown): Answer {
  if (error instanceof Refusal) return error.answer
  const status = typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 500
  if (status === 413) return new Refusal(413, 'Request-Too-Large', 'the request body is too large').answer
  if (status >= 400 && status < 500) return new Refusal(400, 'Invalid-Request', 'the request body is not JSON').answer
  return new Refusal(500, 'Internal-Server-Error', error instanceof Error ? error.message : 'unknown').answer
}

function authenticate(units: Units, header: string | undefined): Csid | undefined {
  const encoded = /^Basic ([A-Z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [token, secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':', 2)
  return token === undefined || secret === undefined ? undefined : units.authenticate(token, secret)
}

function csidOf(request: Request): Csid {
  const csid = csids.get(request)
  if (csid === undefined) throw new Refusal(401, 'Unauthorized', 'the credentials are not known')
  return csid
}

function environmentOf(request: Request): string {
  const environment = request.params.environment
  if (typeof environment !== 'string' || environments[environment] === undefined) throw new Refusal(404, 'Not-Found', 'no such environment')
  return environment
}
