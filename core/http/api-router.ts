import { Router, type Express, type Request, type RequestHandler, type Response } from 'express'
import { type z } from 'zod'
import type { CompanyContext } from '../access/context.js'
import { unstorableAt } from '../db/storable-text.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { parseJson } from './assets.js'
import { contentDisposition } from './content-disposition.js'
import { errorBody, faultOfError } from './errors.js'
import { Idempotency, type StoredAnswer } from './idempotency.js'
import { openApiDocument } from './openapi.js'
import { sendPage } from './pages.js'
import { FileAnswer, type ApiRoute } from './routes.js'
import { stateOf } from './request-state.js'
import { askedLanguage, loadSession, requireSession, requireToken } from './session-guard.js'
import type { WebParts } from './web-parts.js'

const contexts = new WeakMap<Request, CompanyContext>()

/**
 * The REST API under /api/v1, its OpenAPI document and the page that shows it. Programs come with a bearer key; a logged-in
 * person may call it too (the page does), with the session's token on unsafe verbs.
 */
export function addApiRoutes(app: Express, parts: WebParts): void {
  const idempotency = new Idempotency(parts.host.db)
  const api = Router()
  api.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    next()
  })
  api.get('/openapi.json', (_request, response) => {
    response.json(openApiDocument(parts))
  })
  api.get('/docs', loadSession(parts), requireSession, (request, response) => {
    sendPage(parts, request, response, {
      template: 'core/api-docs',
      title: parts.host.i18n.text(stateOf(request).locale, 'http.docs.title'),
      data: {},
      scripts: ['browser/api-docs.js'],
    })
  })
  api.use('/v1', authenticate(parts), parseJson)
  for (const record of parts.records) {
    for (const route of record.api) {
      api[route.method](`/v1${route.path}`, async (request, response) => {
        const context = contextOf(request)
        if (
          record.module !== 'core' &&
          record.module !== 'settings' &&
          !(await parts.host.modules.isEnabled(context.companyId, record.module))
        )
          throw new Fault('API-MODULE-OFF', { status: 404, params: { module: record.module } })
        if (route.groups.length > 0) parts.access.require(context, ...route.groups)
        await answer(parts, idempotency, route, context, request, response)
      })
    }
  }
  app.use('/api', api)
}

function contextOf(request: Request): CompanyContext {
  const context = contexts.get(request)
  if (context === undefined) throw new Error('API call without authentication')
  return context
}

function authenticate(parts: WebParts): RequestHandler {
  const session = loadSession(parts)
  const token = requireToken(parts)
  return async (request, response, next) => {
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) {
      const context = await parts.access.keyContext(bearer, askedLanguage(request))
      stateOf(request).locale = context.locale
      contexts.set(request, context)
      next()
      return
    }
    await new Promise<void>((resolve, reject) => {
      void Promise.resolve(
        session(request, response, (error?: unknown) => {
          if (error === undefined) resolve()
          else reject(asError(error))
        }),
      ).catch((error: unknown) => {
        reject(asError(error))
      })
    })
    const { signedIn } = stateOf(request)
    if (signedIn === undefined) throw new Fault('ACCESS-KEY-REFUSED', { status: 401 })
    contexts.set(request, { ...signedIn.context, source: 'api' })
    await token(request, response, next)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Zod's issues as details: what is wrong, where, in words. A custom message in capitals is a code of the module's own. */
export function faultOfIssues(error: z.ZodError, code: string): Fault {
  const details: FaultDetail[] = error.issues.map((issue) => {
    const path = issue.path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${String(step)}]` : text === '' ? String(step) : `${text}.${String(step)}`),
      '',
    )
    const own = /^[A-Z][A-Z\d]*(?:-[A-Z\d]+)+$/.test(issue.message)
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : ''
    const kind = own ? issue.message : issueCode(issue)
    return {
      code: kind,
      ...(path === '' ? {} : { path }),
      params: { path: path === '' ? unknown : path, reason: issue.message, keys: unknown },
    }
  })
  return new Fault(code, { status: 400, path: details[0]?.path, details })
}

function issueCode(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'API-FIELD-UNKNOWN'
  if (issue.code === 'invalid_type') return /received undefined/.test(issue.message) ? 'API-FIELD-MISSING' : 'API-FIELD-TYPE'
  if (issue.code === 'too_small') return 'API-FIELD-SHORT'
  if (issue.code === 'too_big') return 'API-FIELD-LONG'
  return 'API-FIELD-INVALID'
}

function parse(schema: z.ZodType | undefined, value: unknown, code: string): unknown {
  if (schema === undefined) return value
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw faultOfIssues(parsed.error, code)
  return parsed.data
}

async function answer(
  parts: WebParts,
  idempotency: Idempotency,
  route: ApiRoute,
  context: CompanyContext,
  request: Request,
  response: Response,
): Promise<void> {
  const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
  const query = parse(route.query, Object.fromEntries(new URL(request.originalUrl, 'http://host').searchParams), 'API-QUERY-INVALID')
  if (route.body !== undefined && request.is('application/json') !== 'application/json') throw new Fault('API-MEDIA-TYPE', { status: 415 })
  const sent: unknown = request.body
  const broken = unstorableAt(sent)
  if (broken !== undefined)
    throw new Fault('API-BODY-INVALID', {
      status: 400,
      path: broken,
      details: [{ code: 'API-FIELD-TEXT', path: broken, params: { path: broken } }],
    })
  const body = parse(route.body, sent, 'API-BODY-INVALID')
  const key = request.get('idempotency-key')
  const work = async (): Promise<StoredAnswer> => {
    const result = await route.handle({ context, params, body, query, ...(key === undefined ? {} : { idempotencyKey: key }) })
    return stored(route, result)
  }
  if (route.idempotent !== true || key === undefined) {
    send(response, await work())
    return
  }
  const { answer: kept, replayed } = await idempotency.run(
    context,
    key,
    { method: route.method, path: request.originalUrl, body: sent },
    async () => {
      try {
        return await work()
      } catch (error) {
        // What the caller did wrong is an answer too: the same key tells it again.
        const fault = faultOfError(error)
        if (fault.status >= 500 || fault.status === 401 || fault.status === 429) throw error
        return {
          status: fault.status,
          mediaType: 'application/json; charset=utf-8',
          disposition: null,
          body: Buffer.from(JSON.stringify(errorBody(parts, request, fault))),
        }
      }
    },
  )
  if (replayed) response.setHeader('Idempotency-Replayed', 'true')
  send(response, kept)
}

function stored(route: ApiRoute, result: unknown): StoredAnswer {
  if (result instanceof FileAnswer) {
    return {
      status: route.status ?? 200,
      mediaType: result.mediaType,
      disposition: contentDisposition(result.disposition, result.fileName),
      body: result.bytes,
    }
  }
  const none = result === undefined
  return {
    status: route.status ?? (none ? 204 : 200),
    mediaType: 'application/json; charset=utf-8',
    disposition: null,
    body: none ? Buffer.alloc(0) : Buffer.from(JSON.stringify(result)),
  }
}

function send(response: Response, kept: StoredAnswer): void {
  response.status(kept.status)
  if (kept.body.length > 0) response.setHeader('Content-Type', kept.mediaType)
  if (kept.disposition !== null) response.setHeader('Content-Disposition', kept.disposition)
  response.end(kept.body)
}
