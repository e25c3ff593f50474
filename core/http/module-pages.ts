import type { NextFunction, Request, RequestHandler, Response, Router } from 'express'
import multer from 'multer'
import { isUuid } from '../access/companies.js'
import { Fault } from '../i18n/fault.js'
import type { RecordedPage } from '../host/registrations.js'
import { bodyLimits } from './assets.js'
import { sendDocument, sendFile, sendFragment, sendPage } from './pages.js'
import { type AnswerCookie, FileAnswer, type PageAnswer, type PageCall } from './routes.js'
import { clearCookie } from './cookies.js'
import { signedInOf, stateOf } from './request-state.js'
import { leaveNotice, requireToken, sessionCookie } from './session-guard.js'
import { refuseUnstorableForm } from './refuse-unstorable.js'
import type { WebParts } from './web-parts.js'

const upload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: bodyLimits.upload, files: 10, fields: 5000, fieldSize: 1024 * 1024 },
}).any()

/** Of people whom nobody knows: two files and the fields around them, no more. */
const visitorUpload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: bodyLimits.upload, files: 2, fields: 60, fieldSize: 1024 * 1024 },
}).any()

/** Forms with files are parsed here, after the session was found; all others were parsed before. */
const parseUpload: RequestHandler = (request, response, next) => {
  parseWith(upload, request, response, next)
}

/** Forms with files of visitors; `limitVisitorUploads` comes before. */
export const parseVisitorUpload: RequestHandler = (request, response, next) => {
  parseWith(visitorUpload, request, response, next)
}

function parseWith(parser: RequestHandler, request: Request, response: Response, next: NextFunction): void {
  if (request.is('multipart/form-data') === false) {
    next()
    return
  }
  parser(request, response, (error: unknown) => {
    if (error instanceof multer.MulterError) {
      next(
        new Fault(error.code === 'LIMIT_FILE_SIZE' ? 'HTTP-BODY-TOO-LARGE' : 'HTTP-REQUEST-MALFORMED', {
          status: error.code === 'LIMIT_FILE_SIZE' ? 413 : 400,
          cause: error,
        }),
      )
      return
    }
    next(error)
  })
}

/** Pages modules draw themselves, below /app/<module>. */
export function addModulePages(router: Router, parts: WebParts): void {
  for (const record of parts.records) {
    for (const page of record.pages) {
      router[page.method](
        `/${record.module}${page.path}`,
        parseUpload,
        refuseUnstorableForm,
        requireToken(parts),
        async (request, response) => {
          const { enabled } = signedInOf(request)
          if (record.module !== 'core' && record.module !== 'settings' && !enabled.has(record.module))
            throw new Fault('HTTP-NOT-FOUND', { status: 404 })
          parts.access.require(signedInOf(request).context, ...page.groups)
          refuseStrangeIds(request)
          await answerPage(parts, request, response, await page.handle(callOf(request, page)))
        },
      )
    }
  }
}

/** Ids are UUIDs, or `new`: what is neither names nothing, and need not be asked of the database. @throws Fault HTTP-NOT-FOUND (404) */
function refuseStrangeIds(request: Request): void {
  for (const [name, value] of Object.entries(request.params))
    if (/(?:^id|Id)$/.test(name) && value !== 'new' && !isUuid(String(value))) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
}

function callOf(request: Request, page: RecordedPage): PageCall {
  return {
    context: signedInOf(request).context,
    params: paramsOf(request),
    query: queryOf(request),
    body: page.method === 'post' ? bodyOf(request) : {},
    files: filesOf(request),
    partial: request.headers['hx-request'] === 'true',
  }
}

/** Parts of the path (`:id`) as texts. */
export function paramsOf(request: Request): PageCall['params'] {
  return Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
}

/** The query as texts; of a name given twice the last counts. */
export function queryOf(request: Request): PageCall['query'] {
  return Object.fromEntries(new URL(request.originalUrl, 'http://host').searchParams)
}

/** The parsed form; empty when nothing was sent. */
export function bodyOf(request: Request): PageCall['body'] {
  const body: unknown = request.body
  return typeof body === 'object' && body !== null ? { ...body } : {}
}

/** The uploaded files, in memory, with their names as the browser sent them. */
export function filesOf(request: Request): PageCall['files'] {
  const files = Array.isArray(request.files) ? request.files : []
  return files.map((file) => ({
    field: file.fieldname,
    // Browsers send UTF-8 names; multer reads them as Latin-1.
    name: Buffer.from(file.originalname, 'latin1').toString('utf8'),
    mediaType: file.mimetype,
    bytes: file.buffer,
  }))
}

/** Sends what a page of a module answered: a file, a page, a fragment, JSON or a redirect (303; to htmx by its header). */
export async function answerPage(parts: WebParts, request: Request, response: Response, answer: PageAnswer): Promise<void> {
  if (answer instanceof FileAnswer) {
    sendFile(response, answer)
    return
  }
  if ('cookies' in answer) for (const cookie of answer.cookies ?? []) answerCookie(response, cookie, parts.https)
  if (answer.kind === 'page') sendPage(parts, request, response, answer)
  else if (answer.kind === 'document') sendDocument(parts, request, response, answer)
  else if (answer.kind === 'json') response.status(answer.status ?? 200).json(answer.body)
  else if (answer.kind === 'fragment') sendFragment(parts, request, response, answer.template, answer.data)
  else {
    const { signedIn } = stateOf(request)
    if (answer.endSession === true && signedIn !== undefined) {
      await parts.access.sessions.close(signedIn.secret)
      clearCookie(response, sessionCookie, parts.https)
    }
    if (answer.notice !== undefined) leaveNotice(response, answer.notice, parts.https)
    if (request.headers['hx-request'] === 'true') response.setHeader('HX-Redirect', answer.to).status(200).end()
    else response.redirect(303, answer.to)
  }
}

function answerCookie(response: Response, { name, value, path, maxAge }: AnswerCookie, https: boolean): void {
  const shape = { httpOnly: true, sameSite: 'lax' as const, secure: https, path }
  if (value === undefined) response.clearCookie(name, shape)
  else response.cookie(name, value, { ...shape, ...(maxAge === undefined ? {} : { maxAge }) })
}
