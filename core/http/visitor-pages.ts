import type { Request, Router } from 'express'
import { isLocale } from '../i18n/locale.js'
import { cookieName, readCookie } from './cookies.js'
import { limitCalls } from './limit-calls.js'
import { limitVisitorUploads } from './limit-uploads.js'
import { answerPage, bodyOf, filesOf, paramsOf, parseVisitorUpload, queryOf } from './module-pages.js'
import { stateOf } from './request-state.js'
import type { VisitorCall } from './routes.js'
import { languageCookie, requireToken } from './session-guard.js'
import { refuseUnstorableForm } from './refuse-unstorable.js'
import type { WebParts } from './web-parts.js'

/** Pages that modules show to people without an account: on the plain sheet, each with its own limit of calls. */
export function addVisitorPages(router: Router, parts: WebParts): void {
  const limitUploads = limitVisitorUploads()
  for (const record of parts.records) {
    for (const page of record.visitorPages) {
      router[page.method](
        page.path,
        // Before anything is parsed: what a refused call costs is this.
        limitCalls(page.limit),
        limitUploads,
        parseVisitorUpload,
        refuseUnstorableForm,
        requireToken(parts),
        async (request: Request, response) => {
          response.setHeader('Cache-Control', 'no-store')
          await answerPage(parts, request, response, await page.handle(callOf(request, parts.https)))
        },
      )
    }
  }
}

function callOf(request: Request, https: boolean): VisitorCall {
  const { locale, signedIn } = stateOf(request)
  const chosen = readCookie(request, cookieName(languageCookie, https))
  return {
    locale,
    address: request.ip ?? '',
    context: signedIn?.context,
    chosenLocale: isLocale(chosen) ? chosen : undefined,
    userAgent: request.get('user-agent') ?? '',
    cookie: (name) => readCookie(request, name),
    params: paramsOf(request),
    query: queryOf(request),
    body: bodyOf(request),
    files: filesOf(request),
    partial: request.headers['hx-request'] === 'true',
  }
}
