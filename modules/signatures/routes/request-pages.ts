import { isMailed, newLink, publicAddress, signerPath } from '../services/requests/links.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { isLocale, locales } from '../../../core/i18n/locale.js'
import type { SignRequest } from '../models/request.js'
import { recordEvent } from '../services/events.js'
import { readRequest, signerOfRequest } from '../services/request-rows.js'
import { correctSigner, mayChange } from '../services/requests/correct.js'
import { fileNameOf } from '../services/requests/file-name.js'
import { mailStatesOf } from '../services/requests/mail-states.js'
import { remindSigner } from '../services/requests/reminders.js'
import { askedStates } from '../services/requests/states.js'
import { requestPath } from '../views/request-model.js'
import { overviewOf } from '../views/request-overview.js'
import { readablePages } from './readable-pages.js'

const groups = ['signatures.user']

/** Pages beside the list and the form of requests: the overview, files, what is done for one person. */
export function addRequestPages({ host, ...setup }: Pick<ModuleSetup, 'host' | 'routes'>): void {
  const routes = readablePages(host, setup.routes)

  routes.page('get', '', groups, async ({ context }) => ({
    kind: 'page',
    template: 'signatures/overview',
    title: host.i18n.text(context.locale, 'signatures.app'),
    data: await host.db.company(context.companyId, (transaction) => overviewOf(host, context, transaction)),
  }))

  routes.page('get', '/request/:id/file/:kind', groups, (call) => fileAnswer(host, call))

  routes.page('post', '/request/:id/person/:personId/remind', groups, async ({ context, params }) => {
    const { id = '', personId = '' } = params
    return told(host, id, 'signatures.notice.reminded', { count: 1 }, () =>
      host.db.company(context.companyId, (transaction) => remindSigner(host, transaction, context, id, personId)),
    )
  })

  routes.page('post', '/request/:id/person/:personId/mail', groups, async ({ context, params, body }) => {
    const { id = '', personId = '' } = params
    return told(host, id, 'signatures.notice.mail-again', {}, () =>
      host.db.company(context.companyId, async (transaction) => {
        const mail = (await mailStatesOf(host, transaction, id)).find((one) => one.mailId === body['mail'] && one.signerId === personId)
        if (mail === undefined) throw new Fault('SIGNATURES-SIGNER-UNKNOWN', { status: 404 })
        await host.mail.retry(transaction, context, mail.mailId)
      }),
    )
  })

  routes.page('post', '/request/:id/person/:personId/in-person', groups, async ({ context, params }) => {
    const { id = '', personId = '' } = params
    const token = await host.db.company(context.companyId, async (transaction) => {
      const request = await readRequest(transaction, id, { lock: true })
      const signer = signerOfRequest(request, personId)
      if (request.state !== 'sent' || !askedStates.includes(signer.state) || !signer.inPerson)
        throw new Fault('SIGNATURES-SIGNER-STATE', { status: 409, params: { name: signer.name, state: signer.state, to: 'in-person' } })
      return newLink(host, transaction, signer)
    })
    return { kind: 'redirect', to: `${signerPath(token)}/in-person` }
  })

  // Only where no mail takes the link to its person: shown once, to whoever hands it on.
  routes.page('post', '/request/:id/person/:personId/link', groups, async ({ context, params }) => {
    const { id = '', personId = '' } = params
    const company = await host.access.company(context.companyId)
    const { request, signer, token } = await host.db.company(context.companyId, async (transaction) => {
      const read = await readRequest(transaction, id, { lock: true })
      const person = signerOfRequest(read, personId)
      if (read.state !== 'sent' || !askedStates.includes(person.state) || isMailed(read, person))
        throw new Fault('SIGNATURES-SIGNER-STATE', { status: 409, params: { name: person.name, state: person.state, to: 'link' } })
      return { request: read, signer: person, token: await newLink(host, transaction, person) }
    })
    return {
      kind: 'page',
      template: 'signatures/request-link',
      title: host.i18n.text(context.locale, 'signatures.people.link'),
      here: requestPath(id),
      breadcrumb: crumbs(host, context.locale, request),
      data: { name: signer.name, link: `${publicAddress(host, company)}${signerPath(token)}`, back: requestPath(id) },
    }
  })

  routes.page('get', '/request/:id/person/:personId', groups, (call) => correctPage(host, call))

  routes.page('post', '/request/:id/person/:personId', groups, async (call) => {
    const { context, params, body } = call
    const { id = '', personId = '' } = params
    const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '')
    const locale = text('locale')
    try {
      await host.db.company(context.companyId, (transaction) =>
        correctSigner(host, transaction, context, id, personId, {
          name: text('name'),
          email: text('email'),
          phone: text('phone'),
          ...(isLocale(locale) ? { locale } : {}),
        }),
      )
    } catch (error) {
      if (!(error instanceof Fault) || error.status !== 422) throw error
      return correctPage(host, call, error.details, body)
    }
    return { kind: 'redirect', to: requestPath(id), notice: { key: 'signatures.notice.corrected', level: 'success' } }
  })
}

async function told(host: Host, id: string, key: string, params: Record<string, number>, work: () => Promise<void>): Promise<PageAnswer> {
  await work()
  return { kind: 'redirect', to: requestPath(id), notice: { key, params, level: 'success' } }
}

async function correctPage(
  host: Host,
  { context, params }: PageCall,
  faults: readonly FaultDetail[] = [],
  body?: Readonly<Record<string, unknown>>,
): Promise<PageAnswer> {
  const { id = '', personId = '' } = params
  const request = await host.db.company(context.companyId, (transaction) => readRequest(transaction, id))
  const signer = signerOfRequest(request, personId)
  if (!mayChange(request, signer)) throw new Fault('SIGNATURES-CORRECT-TOO-LATE', { status: 409, params: { name: signer.name } })
  const shown = (name: 'name' | 'email' | 'phone'): string => {
    const typed = body?.[name]
    return typeof typed === 'string' ? typed : (signer[name] ?? '')
  }
  const error = (path: string): string | undefined => {
    const fault = faults.find((one) => one.path === path)
    return fault === undefined ? undefined : host.i18n.faultOnPage(context.locale, fault)
  }
  const locale = typeof body?.['locale'] === 'string' ? body['locale'] : signer.locale
  return {
    kind: 'page',
    template: 'signatures/request-correct',
    title: host.i18n.text(context.locale, 'signatures.correct.title'),
    status: faults.length === 0 ? 200 : 422,
    breadcrumb: crumbs(host, context.locale, request),
    data: {
      action: `${requestPath(id)}/person/${personId}`,
      back: requestPath(id),
      fields: (['name', 'email', 'phone'] as const).map((name) => ({
        name,
        label: `signatures.new.${name}`,
        value: shown(name),
        type: name === 'email' ? 'email' : name === 'phone' ? 'tel' : 'text',
        ltr: name !== 'name',
        error: error(name),
      })),
      locales: locales.map((value) => ({
        value,
        label: { ar: 'العربية', en: 'English', bg: 'Български' }[value],
        selected: value === locale,
      })),
      mailed: askedStates.includes(signer.state) && isMailed(request, signer),
    },
  }
}

function crumbs(host: Host, locale: PageCall['context']['locale'], request: SignRequest): { label: string; href?: string }[] {
  return [
    { label: host.i18n.text(locale, 'signatures.list.requests'), href: '/app/signatures/request' },
    { label: request.number, href: requestPath(request.id) },
  ]
}

const kinds: Readonly<
  Record<string, { readonly sha256: (request: SignRequest) => string | null; readonly suffix: string; readonly extension: string }>
> = {
  document: { sha256: (request) => request.sealedSha256 ?? request.headSha256, suffix: '', extension: 'pdf' },
  original: { sha256: (request) => request.originalSha256, suffix: '-original', extension: 'pdf' },
  signed: { sha256: (request) => request.sealedSha256, suffix: '', extension: 'pdf' },
  certificate: { sha256: (request) => request.certificateSha256, suffix: '-certificate', extension: 'pdf' },
  events: { sha256: (request) => request.eventLogSha256, suffix: '-events', extension: 'pdf' },
  evidence: { sha256: (request) => request.evidenceSha256, suffix: '-evidence', extension: 'asice' },
}

/** A file of a request. Taking one away is an event of the request; looking at the document on its page is not. */
async function fileAnswer(host: Host, { context, params }: PageCall): Promise<PageAnswer> {
  const { id = '', kind: wanted = '' } = params
  const kind = Object.hasOwn(kinds, wanted) ? kinds[wanted] : undefined
  if (kind === undefined) throw new Fault('SIGNATURES-FILE-MISSING', { status: 404 })
  return host.db.company(context.companyId, async (transaction) => {
    const request = await readRequest(transaction, id)
    const sha256 = kind.sha256(request)
    if (sha256 === null) throw new Fault('SIGNATURES-FILE-MISSING', { status: 404 })
    const file = await host.files.get(transaction, sha256)
    const inline = wanted === 'document' || wanted === 'original'
    if (!inline) await recordEvent(host, transaction, context, { requestId: id, type: 'downloaded', facts: { file: wanted, sha256 } })
    return new FileAnswer(
      file.bytes,
      file.mediaType,
      `${fileNameOf(request)}${kind.suffix}.${kind.extension}`,
      inline ? 'inline' : 'attachment',
    )
  })
}
