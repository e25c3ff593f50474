import type { Request, RequestHandler, Router } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Fault } from '../i18n/fault.js'
import type { RecordedVisitorPage } from '../host/registrations.js'
import { answerPage, bodyOf, filesOf, paramsOf, parseUpload, queryOf } from './module-pages.js'
import { stateOf } from './request-state.js'
import type { VisitorCall } from './routes.js'
import { requireToken } from './session-guard.js'
import { refuseUnstorableForm } from './refuse-unstorable.js'
import type { WebParts } from './web-parts.js'

/** Pages that modules show to people without an account: on the plain sheet, each with its own limit of calls. */
export function addVisitorPages(router: Router, parts: WebParts): void {
  for (const record of parts.records) {
    for (const page of record.visitorPages) {
      router[page.method](
        page.path,
        limit(page),
        parseUpload,
        refuseUnstorableForm,
        requireToken(parts),
        async (request: Request, response) => {
          response.setHeader('Cache-Control', 'no-store')
          await answerPage(parts, request, response, await page.handle(callOf(request)))
        },
      )
    }
  }
}

/** Counted per address before anything is parsed: what a refused call costs is this. */
function limit(page: RecordedVisitorPage): RequestHandler {
  const limiter = new RateLimiterMemory({ points: page.limit.calls, duration: page.limit.seconds })
  return async (request, _response, next) => {
    try {
      await limiter.consume(request.ip ?? '')
      next()
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new Fault('HTTP-TOO-MANY', { status: 429, params: { seconds: Math.ceil(refusal.msBeforeNext / 1000) } })
    }
  }
}

function callOf(request: Request): VisitorCall {
  const { locale, signedIn } = stateOf(request)
  return {
    locale,
    address: request.ip ?? '',
    context: signedIn?.context,
    params: paramsOf(request),
    query: queryOf(request),
    body: bodyOf(request),
    files: filesOf(request),
    partial: request.headers['hx-request'] === 'true',
  }
}
