import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { sendPage } from './pages.js'
import { stateOf } from './request-state.js'
import type { WebParts } from './web-parts.js'

/** An error as the API answers it. */
export interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly path?: string
    readonly message: string
    readonly requestId: string
    readonly details: readonly { readonly code: string; readonly path?: string; readonly message: string; readonly level?: 'warning' }[]
  }
}

/** The body of a refused API call, in the language of the request: the head fault and each detail with code, path and text. */
export function errorBody(parts: WebParts, request: Request, fault: Fault): ErrorBody {
  const { locale, id } = stateOf(request)
  const text = (detail: FaultDetail): string => parts.host.i18n.fault(locale, detail)
  return {
    error: {
      code: fault.code,
      ...(fault.path === undefined ? {} : { path: fault.path }),
      message: text({ code: fault.code, params: fault.params }),
      requestId: id,
      details: fault.details.map((detail) => ({
        code: detail.code,
        ...(detail.path === undefined ? {} : { path: detail.path }),
        message: text(detail),
        ...(detail.level === 'warning' ? { level: 'warning' as const } : {}),
      })),
    },
  }
}

/** Whatever was thrown, as a fault: body parsers and routers speak HTTP statuses, anything else is our own mistake. */
export function faultOfError(error: unknown): Fault {
  if (error instanceof Fault) return error
  const status = typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 500
  const type = typeof error === 'object' && error !== null && 'type' in error && typeof error.type === 'string' ? error.type : ''
  if (status === 413 || type === 'entity.too.large') return new Fault('HTTP-BODY-TOO-LARGE', { status: 413, cause: error })
  if (type === 'entity.verify.failed') return new Fault('HTTP-BODY-ENCODING', { status: 400, cause: error })
  if (status >= 400 && status < 500) return new Fault('HTTP-REQUEST-MALFORMED', { status, cause: error })
  return new Fault('HTTP-INTERNAL', { status: 500, cause: error })
}

/** The last handler: nobody answered. @throws Fault HTTP-NOT-FOUND (404) to the error handler */
export const notFound: RequestHandler = (_request, _response, next) => {
  next(new Fault('HTTP-NOT-FOUND', { status: 404 }))
}

function wantsJson(request: Request): boolean {
  return request.path.startsWith('/api/') || request.accepts(['html', 'json']) === 'json'
}

/** The last middleware: JSON for programs, a page for people, in the reader's language; 5xx are logged with their cause. */
export function answerErrors(parts: WebParts): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const fault = faultOfError(error)
    const { id, locale } = stateOf(request)
    if (fault.status >= 500)
      parts.logger.error(
        { request: id, path: pathWithoutSecrets(request.path), err: fault.cause ?? error, code: fault.code },
        'request failed',
      )
    if (response.headersSent) {
      next(error)
      return
    }
    if (fault.status === 429 && fault.params['seconds'] !== undefined) response.setHeader('Retry-After', String(fault.params['seconds']))
    if (wantsJson(request)) {
      response.status(fault.status).json(errorBody(parts, request, fault))
      return
    }
    sendErrorPage(parts, request, response, fault, locale)
  }
}

/** Addresses of links are the right to open them: a log tells which page failed, not whose. */
function pathWithoutSecrets(path: string): string {
  return path.replace(/(?<=\/)[\w-]{32,}(?=\/|$)/g, (part) => (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(part) ? part : '…'))
}

function sendErrorPage(
  parts: WebParts,
  request: Request,
  response: Response,
  fault: Fault,
  locale: ReturnType<typeof stateOf>['locale'],
): void {
  sendPage(parts, request, response, {
    template: 'core/error',
    title: parts.host.i18n.text(
      locale,
      fault.status === 404 ? 'http.error.not-found' : fault.status === 403 ? 'http.error.denied' : 'http.error.title',
    ),
    status: fault.status,
    data: {
      code: fault.code,
      status: fault.status,
      messages: fault.details.map((detail) => parts.host.i18n.faultOnPage(locale, detail)),
      requestId: stateOf(request).id,
      internal: fault.status >= 500,
      back: visitorPage(parts, request.path) ?? null,
    },
  })
}

/** The page for people without an account that this address belongs to: an application they cannot open is no way on for them. */
function visitorPage(parts: WebParts, path: string): string | undefined {
  return parts.records
    .flatMap((record) => record.visitorPages)
    .filter((page) => page.method === 'get' && !page.path.includes(':'))
    .map((page) => page.path)
    .find((start) => path === start || path.startsWith(`${start}/`))
}
