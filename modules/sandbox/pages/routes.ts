import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Request, type Response, type Router } from 'express'
import Handlebars from 'handlebars'
import { createTranslator } from '../../../core/i18n/create-translator.js'
import { directionOf, isLocale, locales, type Locale } from '../../../core/i18n/locale.js'
import type { CertificateAuthorities } from '../ca/authority.js'
import { portalStates } from '../eta/control.js'
import { decideDocument } from '../eta/document-states.js'
import type { Eta } from '../eta/start-eta.js'
import type { Units } from '../fatoora/units.js'
import type { Mail, Mailbox } from '../mailbox/mailbox.js'
import type { Phone } from '../phone/phone.js'
import type { Sandbox } from '../start.js'
import type { Faults } from '../state/faults.js'

const folder = join(import.meta.dirname, '../../../templates/sandbox')
const words = [
  'etaDocuments decide accepted address attachments banner breaks certificates counters dashboard documents endpoints faults from gaps mailbox noDocuments',
  'noMails noMessages message phone noUnits now number production reasons received rejected revoked route service source subject time title to unit units verdict',
].flatMap((line) => line.split(' '))

interface PageParts {
  readonly sandbox: Sandbox
  readonly mails: Mailbox
  readonly phone: Phone
  readonly units: Units
  readonly authorities: CertificateAuthorities
  readonly faults: Faults
  readonly eta: Eta
}

/** `/`, `/mail` and `/mail/api`: what a person or a test looks at. */
export function pageRoutes(parts: PageParts): Router {
  const router = express.Router()
  const texts = createTranslator([{ owner: 'sandbox', folder: join(import.meta.dirname, '../i18n') }]).translator
  const template = (name: string): Handlebars.TemplateDelegate =>
    Handlebars.compile(readFileSync(join(folder, `${name}.hbs`), 'utf8'), { strict: true })
  const layout = template('layout')
  const pages = { dashboard: template('dashboard'), mailbox: template('mailbox'), phone: template('phone'), mail: template('mail') }
  const style = readFileSync(join(folder, 'sandbox.css'))

  const show = (request: Request, response: Response, page: keyof typeof pages, data: object): void => {
    const locale = localeOf(request)
    const text = Object.fromEntries(words.map((word) => [word, texts.text(locale, `sandbox.page.${word}`)]))
    const content = pages[page]({ ...data, text })
    const frame = {
      locale,
      direction: directionOf(locale),
      text,
      title: text.title,
      content,
      mailCount: parts.mails.count,
      phoneCount: parts.phone.all().length,
      onDashboard: page === 'dashboard',
      onPhone: page === 'phone',
    }
    response
      .set(
        'Content-Security-Policy',
        "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      )
      .set('X-Content-Type-Options', 'nosniff')
      .set('Referrer-Policy', 'no-referrer')
      .set('Vary', 'Accept-Language')
      .type('html')
      .send(layout(frame))
  }

  router.get('/assets/sandbox.css', (_request: Request, response: Response) => {
    response.type('css').send(style)
  })
  router.get('/', (request: Request, response: Response) => {
    const say = (key: string): string => texts.text(localeOf(request), key)
    show(request, response, 'dashboard', dashboard(parts, say))
  })
  // A form of our own page alone: what another origin sends is refused.
  router.post('/eta-documents/:uuid', express.urlencoded({ extended: false, limit: '1kb' }), (request: Request, response: Response) => {
    const site = request.get('Sec-Fetch-Site')
    const body: unknown = request.body
    const asked: unknown = typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined
    const state = portalStates.find((one) => one === asked)
    if (site !== undefined && site !== 'same-origin' && site !== 'none') response.status(403).end()
    else if (state === undefined || !decideDocument(parts.eta.authority, String(request.params.uuid), state, 'Wrong invoice details'))
      response.status(409).type('text').send('409')
    else response.redirect(303, '/#eta-documents')
  })
  router.get('/mail/api', async (_request: Request, response: Response) => {
    response.json((await parts.mails.all()).map(summaryOf))
  })
  router.get('/mail/api/:id', async (request: Request, response: Response) => {
    const mail = await mailOf(parts.mails, request)
    if (mail === undefined) response.status(404).json({ message: 'no such mail' })
    else response.json({ ...summaryOf(mail), text: mail.text, html: mail.html })
  })
  router.get('/mail', async (request: Request, response: Response) => {
    const mails = (await parts.mails.all()).reverse().map((mail) => ({ ...shown(mail), attachmentCount: mail.attachments.length }))
    show(request, response, 'mailbox', { mails })
  })
  router.get('/phone', (request: Request, response: Response) => {
    const messages = [...parts.phone.all()]
      .reverse()
      .map(({ at, to, text }) => ({ at, to, message: text, shownAt: timeText(new Date(at)) }))
    show(request, response, 'phone', { messages })
  })
  router.get('/mail/:id', async (request: Request, response: Response) => {
    const mail = await mailOf(parts.mails, request)
    if (mail === undefined) response.status(404).end()
    else show(request, response, 'mail', { ...shown(mail), hasHtml: mail.html !== '', plain: mail.text, attachments: attachmentsOf(mail) })
  })
  router.get('/mail/:id/html', async (request: Request, response: Response) => {
    const mail = await mailOf(parts.mails, request)
    // What strangers wrote: no script, no network, no origin of ours.
    response
      .set('Content-Security-Policy', "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
      .set('X-Content-Type-Options', 'nosniff')
    response
      .status(mail === undefined ? 404 : 200)
      .type('html')
      .send(mail?.html ?? '')
  })
  router.get('/mail/:id/source', async (request: Request, response: Response) => {
    const mail = await mailOf(parts.mails, request)
    response.set('X-Content-Type-Options', 'nosniff')
    response
      .status(mail === undefined ? 404 : 200)
      .type('text/plain')
      .send(mail?.source ?? '')
  })
  router.get('/mail/:id/attachments/:index', async (request: Request, response: Response) => {
    const attachment = (await mailOf(parts.mails, request))?.attachments[Number(request.params.index)]
    if (attachment === undefined) {
      response.status(404).end()
      return
    }
    // Always a download: whatever type the sender claims, it is never run in our origin.
    response.attachment(attachment.name)
    response
      .set('X-Content-Type-Options', 'nosniff')
      .set('Content-Security-Policy', "sandbox; default-src 'none'")
      .type(attachment.mediaType)
      .send(attachment.content)
  })
  return router
}

function dashboard(parts: PageParts, say: (key: string) => string): object {
  const { sandbox } = parts
  const documents = parts.units.count()
  const certificates = parts.authorities.count()
  const endpoint = (name: string, address: string): object => ({ label: say(`sandbox.endpoint.${name}`), address })
  return {
    counts: [
      { label: say('sandbox.page.received'), value: documents.documents },
      { label: say('sandbox.page.production'), value: documents.production },
      { label: say('sandbox.page.certificates'), value: certificates.issued },
      { label: say('sandbox.page.revoked'), value: certificates.revoked },
      { label: say('sandbox.page.mailbox'), value: parts.mails.count },
    ],
    endpoints: [
      endpoint('fatoora', sandbox.fatooraUrl),
      endpoint('eta', sandbox.etaUrl),
      endpoint('tsa', sandbox.timeStampUrl),
      endpoint('ocsp', sandbox.ocspUrl),
      endpoint('crl', `${sandbox.url}/ca/issuing.crl`),
      endpoint('csc', `${sandbox.csc.url}/v2`),
      endpoint('root', `${sandbox.url}/ca/trust-anchors.pem`),
      endpoint('smtp', `smtp://${sandbox.smtp.host}:${sandbox.smtp.port}`),
      endpoint('control', `${sandbox.url}/control/state`),
    ],
    units: parts.units.summaries().map((unit) => ({ ...unit, firstCounter: unit.firstCounter ?? '', lastCounter: unit.lastCounter ?? '' })),
    documents: parts.units.last().map((document) => ({
      ...document,
      shownAt: timeText(new Date(document.at)),
      routeText: say(`sandbox.route.${document.route}`),
      verdictText: say(`sandbox.verdict.${document.verdict}`),
    })),
    etaDocuments: parts.eta
      .seen()
      .slice(0, 100)
      .map((document) => ({
        ...document,
        shownAt: timeText(new Date(document.at)),
        stateText: say(`sandbox.eta.${document.status}`),
        choices: choicesOf(document.status).map((state) => ({ state, label: say(`sandbox.eta.do.${state}`) })),
        verdict: document.status === 'Valid' ? 'accepted' : document.status === 'Submitted' ? 'accepted_with_warnings' : 'rejected',
      })),
    faults: parts.faults.waiting().map((plan) => ({ kind: plan.kind, path: plan.path ?? '' })),
  }
}

/** What a person at the portal can make of a document that stands like this. */
function choicesOf(status: string): readonly string[] {
  if (status === 'Submitted') return ['Valid', 'Invalid']
  if (status === 'Valid') return ['Cancelled', 'Rejected', 'Invalid']
  return status === 'Cancelled' || status === 'Rejected' ? ['Declined'] : ['Valid']
}

function shown(mail: Mail): { id: string; subject: string; from: string; to: string; at: string; shownAt: string } {
  return {
    id: mail.id,
    subject: mail.subject === '' ? '—' : mail.subject,
    from: mail.from,
    to: mail.to.join(', '),
    at: mail.at.toISOString(),
    shownAt: timeText(mail.at),
  }
}

function summaryOf(mail: Mail): object {
  const { id, subject, from, to, messageId } = mail
  return { id, at: mail.at.toISOString(), from, to, subject, messageId, attachments: attachmentsOf(mail) }
}

function attachmentsOf(mail: Mail): { name: string; mediaType: string; size: number }[] {
  return mail.attachments.map((one) => ({ name: one.name, mediaType: one.mediaType, size: one.content.length }))
}

function mailOf(mails: Mailbox, request: Request): Promise<Mail | undefined> {
  return mails.one(typeof request.params.id === 'string' ? request.params.id : '')
}

function timeText(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ')
}

function localeOf(request: Request): Locale {
  const wanted = request.acceptsLanguages(...locales)
  return isLocale(wanted) ? wanted : 'en'
}
