import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { readRequest } from '../services/request-rows.js'
import { changeDraft, startDraft } from '../services/requests/create-request.js'
import { checkReady } from '../services/requests/ready.js'
import { sendRequest } from '../services/requests/send-request.js'
import { uploadTemplate } from '../templates/upload/upload-template.js'
import { requestPath } from '../views/request-model.js'
import { readablePages } from './readable-pages.js'
import { sourceOf, startingPerson } from './request-source.js'
import { draftOfForm, newRequestData } from './request-new-form.js'

const groups = ['signatures.user']

/** The page on which a request is written: first the template, then everything else on one page that is kept as it is typed. */
export function addNewRequestPages({ host, ...setup }: Pick<ModuleSetup, 'host' | 'routes'>): void {
  const routes = readablePages(host, setup.routes)

  routes.page('get', '/new', groups, (call) => choose(host, call))

  routes.page('post', '/new', groups, async (call) => {
    const { context, body } = call
    const templateId = textOf(body['template'])
    if (templateId === '') return choose(host, call, { code: 'SIGNATURES-TEMPLATE-CHOOSE', path: 'template' })
    const id = await begin(host, context, templateId, body)
    return { kind: 'redirect', to: `/app/signatures/new/${id}` }
  })

  // A file for this one request: its template is not listed. Fields are placed next, unless the file brought its own.
  routes.page('post', '/new/upload', groups, async (call) => {
    const { context, body } = call
    const file = call.files.find((one) => one.field === 'file')
    if (file === undefined || file.bytes.length === 0) return choose(host, call, { code: 'SIGNATURES-TEMPLATE-CHOOSE', path: 'file' })
    try {
      const templateId = await uploadTemplate(host, context, { name: file.name.replace(/\.[^.]+$/, ''), file, single: true })
      return { kind: 'redirect', to: `/app/signatures/new/${await begin(host, context, templateId, body)}` }
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      return choose(host, call, error.details[0] ?? { code: error.code, params: error.params })
    }
  })

  routes.page('get', '/new/:id', groups, async (call) => {
    const id = call.params['id'] ?? ''
    const request = await host.db.company(call.context.companyId, (transaction) => readRequest(transaction, id))
    if (request.state !== 'draft') return { kind: 'redirect', to: requestPath(id) }
    return written(host, call, id, call.query['tried'] !== undefined)
  })

  routes.page('post', '/new/:id', groups, async (call) => {
    const { context, params, body } = call
    const id = params['id'] ?? ''
    try {
      await saveDraft(host, context, id, body)
      if (body['action'] !== 'send') {
        if (call.partial) return await written(host, call, id, false, [], true)
        return { kind: 'redirect', to: `/app/signatures/new/${id}`, notice: { key: 'signatures.notice.saved', level: 'success' } }
      }
      const faults = await checkReady(host, context, id)
      if (faults.some((fault) => fault.level !== 'warning')) return await written(host, call, id, true, faults)
      const sent = await sendRequest(host, context, id)
      return {
        kind: 'redirect',
        to: requestPath(id),
        notice: { key: 'signatures.notice.sent', params: { number: sent.number }, level: 'success' },
      }
    } catch (error) {
      if (!(error instanceof Fault) || error.status === 404) throw error
      return written(host, call, id, true, error.details)
    }
  })
}

/** A draft from this template, for the record that it is started from. @returns its id */
function begin(host: Host, context: CompanyContext, templateId: string, body: PageCall['body']): Promise<string> {
  return host.db.company(context.companyId, async (transaction) => {
    const source = await sourceOf(host, transaction, context, textOf(body['source']), textOf(body['id']))
    const person = await startingPerson(transaction, templateId, source)
    return startDraft(host, transaction, context, {
      templateId,
      signers: person === undefined ? [] : [person],
      ...(source === undefined ? {} : { source: { type: source.type, id: source.id, label: source.label } }),
    })
  })
}

async function saveDraft(host: Host, context: CompanyContext, id: string, body: PageCall['body']): Promise<void> {
  const company = await host.access.company(context.companyId)
  await host.db.company(context.companyId, async (transaction) => {
    const request = await readRequest(transaction, id)
    await changeDraft(host, transaction, context, id, await draftOfForm(transaction, request, body, company.timeZone))
  })
}

/** The first step: which document. */
async function choose(host: Host, { context, query, body }: PageCall, fault?: FaultDetail): Promise<PageAnswer> {
  const source = textOf(query['source'] ?? body['source'])
  const sourceId = textOf(query['id'] ?? body['id'])
  const templates: { id: string; name: string }[] = await host.db.company(context.companyId, (transaction) =>
    transaction
      .knex('signatures_template')
      .where({ company_id: context.companyId, active: true, single: false })
      .orderBy('name')
      .limit(500)
      .select('id', 'name'),
  )
  return {
    kind: 'page',
    template: 'signatures/request-choose',
    title: host.i18n.text(context.locale, 'signatures.action.new'),
    status: fault === undefined ? 200 : 422,
    here: '/app/signatures/new',
    breadcrumb: crumbs(host, context),
    data: {
      templates,
      source,
      sourceId,
      fault: fault === undefined ? undefined : host.i18n.faultOnPage(context.locale, fault),
    },
  }
}

async function written(
  host: Host,
  { context }: Pick<PageCall, 'context'>,
  id: string,
  tried: boolean,
  found?: readonly FaultDetail[],
  fragment = false,
): Promise<PageAnswer> {
  const faults = found === undefined || found.length === 0 ? await checkReady(host, context, id) : found
  const data = await newRequestData(host, context, id, faults, tried)
  if (fragment) return { kind: 'fragment', template: 'signatures/request-checklist', data }
  return {
    kind: 'page',
    template: 'signatures/request-new',
    title: data.name,
    status: tried && found !== undefined ? 422 : 200,
    here: `/app/signatures/new/${id}`,
    breadcrumb: [...crumbs(host, context), { label: data.number }],
    data,
  }
}

function crumbs(host: Host, context: CompanyContext): { label: string; href?: string }[] {
  const text = (key: string): string => host.i18n.text(context.locale, key)
  return [
    { label: text('signatures.list.requests'), href: '/app/signatures/request' },
    { label: text('signatures.action.new'), href: '/app/signatures/new' },
  ]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
