import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { isLocale, locales } from '../../../core/i18n/locale.js'
import type { TextContentInput } from '../models/template.js'
import { readTemplate } from '../services/template-rows.js'
import { createTextTemplate } from '../templates/create-template.js'
import { converterReadiness } from '../templates/docx/converter-readiness.js'
import { findConverter } from '../templates/docx/convert-docx.js'
import { listVersions } from '../templates/manage-templates.js'
import { materialise } from '../templates/materialise.js'
import { library, libraryText } from '../templates/written/library.js'
import { replaceDocument, uploadTemplate } from '../templates/upload/upload-template.js'
import { addTemplateViews } from '../views/template-views.js'
import { addTextPages } from './template-text.js'

const groups = ['signatures.user']
const megabytes = 25
const list = '/app/signatures/template'

/** Templates: their list and form, how new ones are made, their pages as PDF, the editor of written texts. */
export function addTemplatePages(setup: ModuleSetup): void {
  const { host, routes } = setup
  addTemplateViews(setup)
  setup.hooks.on('readiness', () => converterReadiness())
  setup.views.menu({
    app: 'signatures',
    label: 'signatures.template.list',
    icon: 'file',
    href: list,
    order: 20,
    group: 'signatures.user',
    parent: true,
  })

  routes.page('get', '/template/new', groups, ({ context }) => newPage(host, context, {}, []))
  routes.page('post', '/template/new', groups, (call) => upload(host, call))
  routes.page('post', '/template/write', groups, (call) => write(host, call))

  routes.page('get', '/template/:id/replace', groups, (call) => replacePage(host, call, []))
  routes.page('post', '/template/:id/replace', groups, (call) => replace(host, call))

  routes.page('get', '/template/:id/pdf', groups, async ({ context, params, query }) => {
    const versions = await host.db.company(context.companyId, (transaction) => listVersions(transaction, params['id'] ?? ''))
    const version = query['version'] === undefined ? versions[0] : versions.find(({ id }) => id === query['version'])
    if (version === undefined) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
    const mark = Object.fromEntries(locales.map((locale) => [locale, host.i18n.text(locale, 'signatures.template.mark')]))
    const { pdf } = await materialise(host, context, version, {}, { draft: true, mark })
    return new FileAnswer(pdf, 'application/pdf', `${version.templateName}.pdf`, 'inline')
  })

  addTextPages(setup)
}

/** Faults of a form beside the field they name, and all of them for its head. */
function faultsFor(host: Host, context: CompanyContext, faults: readonly FaultDetail[]): object {
  const text = (fault: FaultDetail): string => host.i18n.faultOnPage(context.locale, fault)
  const of = (path: string): string | undefined => {
    const found = faults.find((fault) => fault.path === path)
    return found === undefined ? undefined : text(found)
  }
  return {
    fileFault: of('file'),
    nameFault: of('name'),
    faults: faults.filter(({ path }) => path !== 'file' && path !== 'name').map((fault) => ({ code: fault.code, text: text(fault) })),
  }
}

async function newPage(
  host: Host,
  context: CompanyContext,
  values: { readonly name?: string; readonly languages?: string },
  faults: readonly FaultDetail[],
): Promise<PageAnswer> {
  const text = (key: string): string => host.i18n.text(context.locale, key)
  return {
    kind: 'page',
    template: 'signatures/template-new',
    title: text('signatures.template.new'),
    breadcrumb: [{ label: text('signatures.template.list'), href: list }, { label: text('signatures.template.new') }],
    ...(faults.length === 0 ? {} : { status: 422 }),
    here: `${list}/new`,
    data: {
      ...faultsFor(host, context, faults),
      megabytes,
      word: (await findConverter()) !== undefined,
      name: values.name ?? '',
      languages: languageChoices.map((value) => ({
        value,
        label: value
          .split('-')
          .map((language) => text(`signatures.template.locale.${language}`))
          .join(' + '),
        chosen: (values.languages ?? (context.locale === 'bg' ? 'bg' : 'ar-en')) === value,
      })),
      library: library.map(({ code }) => ({ code, label: `signatures.library.${code}`, hint: `signatures.library.${code}-hint` })),
    },
  }
}

const languageChoices = ['ar', 'ar-en', 'ar-bg', 'en', 'en-ar', 'bg', 'bg-en'] as const

async function upload(host: Host, call: PageCall): Promise<PageAnswer> {
  const { context, body, files } = call
  const file = files.find(({ field }) => field === 'file')
  const name = textOf(body, 'name')
  try {
    if (file === undefined) throw new Fault('SIGNATURES-UPLOAD-EMPTY', { path: 'file' })
    const id = await uploadTemplate(host, context, { name, file, takeFormFields: body['form'] !== undefined })
    return { kind: 'redirect', to: `${list}/${id}/editor` }
  } catch (error) {
    return newPage(host, context, { name }, detailsOf(error))
  }
}

async function write(host: Host, call: PageCall): Promise<PageAnswer> {
  const { context, body } = call
  const languages = textOf(body, 'languages')
  const chosen = languages.split('-').filter(isLocale)
  const [first = context.locale] = chosen
  const title = textOf(body, 'title').trim()
  try {
    const start = libraryText(textOf(body, 'library'), chosen.length === 0 ? [first] : chosen)
    const content: TextContentInput = start.content
    const id = await host.db.company(context.companyId, (transaction) =>
      createTextTemplate(host, transaction, context, {
        name: title === '' ? (content.title[first] ?? '') : title,
        locale: first,
        content,
        roles: start.roles,
      }),
    )
    return { kind: 'redirect', to: `${list}/${id}/text` }
  } catch (error) {
    return newPage(host, context, { languages }, detailsOf(error))
  }
}

async function replacePage(host: Host, { context, params }: PageCall, faults: readonly FaultDetail[]): Promise<PageAnswer> {
  const template = await host.db.company(context.companyId, (transaction) => readTemplate(transaction, params['id'] ?? ''))
  if (template.current.content.kind === 'text') throw new Fault('SIGNATURES-TEMPLATE-NOT-FILE', { status: 409 })
  const text = (key: string): string => host.i18n.text(context.locale, key)
  return {
    kind: 'page',
    template: 'signatures/template-replace',
    title: text('signatures.template.action.replace'),
    breadcrumb: [
      { label: text('signatures.template.list'), href: list },
      { label: template.name, href: `${list}/${template.id}` },
      { label: text('signatures.template.action.replace') },
    ],
    ...(faults.length === 0 ? {} : { status: 422 }),
    here: `${list}/${template.id}/replace`,
    data: {
      ...faultsFor(host, context, faults),
      id: template.id,
      name: template.name,
      file: template.current.content.fileName,
      used: template.current.used,
      next: template.current.number + 1,
      fields: template.current.fields.length,
      megabytes,
      word: (await findConverter()) !== undefined,
    },
  }
}

async function replace(host: Host, call: PageCall): Promise<PageAnswer> {
  const id = call.params['id'] ?? ''
  const file = call.files.find(({ field }) => field === 'file')
  try {
    if (file === undefined) throw new Fault('SIGNATURES-UPLOAD-EMPTY', { path: 'file' })
    const lost = await replaceDocument(host, call.context, id, file)
    return {
      kind: 'redirect',
      to: `${list}/${id}/editor`,
      notice:
        lost.length === 0
          ? { key: 'signatures.template.notice.replaced', level: 'success' }
          : { key: 'signatures.template.notice.replaced-lost', params: { fields: lost.join(', ').slice(0, 300) }, level: 'warning' },
    }
  } catch (error) {
    return replacePage(host, call, detailsOf(error))
  }
}

/** What the form shows; everything that is not a person's to mend goes on. */
function detailsOf(error: unknown): readonly FaultDetail[] {
  if (!(error instanceof Fault) || error.status === 404 || error.status === 403 || error.status === 500) throw error
  return error.details
}

export function textOf(body: PageCall['body'], name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}
