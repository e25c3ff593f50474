import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { bodyLimits } from '../../../core/http/assets.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { directionOf } from '../../../core/i18n/locale.js'
import { fieldTypes } from '../models/field.js'
import type { Template, TemplateVersion } from '../models/template.js'
import { readTemplate, readVersion } from '../services/template-rows.js'
import { materialise } from '../templates/materialise.js'
import { saveFields } from '../templates/versions.js'
import { authenticationMethods } from '../authentication/registry.js'
import { findings, json, loaded, readEdited } from './editor-document.js'
import { editorIcons, editorTexts, fieldIcons } from './editor-texts.js'

const groups = ['signatures.user']

/** Kinds of fields as the palette groups them. */
const palette = [
  { name: 'signing', types: ['signature', 'initials', 'stamp'] },
  { name: 'person', types: ['name', 'email', 'phone', 'company', 'date'] },
  { name: 'entry', types: ['text', 'multiline', 'number', 'checkbox', 'radio', 'select', 'attachment'] },
] as const

/** The field editor on the pages of a template, and the data that its scripts load and save. */
export function addEditorPages({ host, routes }: Pick<ModuleSetup, 'host' | 'routes'>): void {
  routes.page('get', '/template/:id/editor', groups, (call) => editor(host, call))

  routes.page('get', '/template/:id/editor/document', groups, async ({ context, params }) => {
    const { current } = await templateOf(host, context, params['id'])
    const { pdfSha256 } = current
    // The size says that parts may be asked for; a text is drawn anew at each look.
    const size =
      pdfSha256 === null ? undefined : await host.db.company(context.companyId, (transaction) => host.files.size(transaction, pdfSha256))
    return json({ ...loaded(host, context, current, await drawnFields(host, context, current)), size })
  })

  routes.page('post', '/template/:id/editor/document', groups, async (call) => {
    const { context, params } = call
    const edited = readEdited(call)
    const { versionId, revision, roles, fields } = edited
    const saved = await host.db.company(context.companyId, async (transaction) => {
      await versionOfTemplate(transaction, versionId, params['id'])
      const answer = await saveFields(transaction, context, versionId, revision, { roles, fields })
      return { ...answer, version: await readVersion(transaction, answer.versionId) }
    })
    const { version } = saved
    return json({
      versionId: saved.versionId,
      revision: saved.revision,
      number: version.number,
      findings: findings(host, context, { roles, fields, pages: version.pages }),
    })
  })

  routes.page('get', '/template/:id/editor/pdf/:versionId', groups, async ({ context, params, query }) => {
    const version = await host.db.company(context.companyId, (transaction) =>
      versionOfTemplate(transaction, params['versionId'] ?? '', params['id']),
    )
    const file = (bytes: Buffer): FileAnswer => new FileAnswer(bytes, 'application/pdf', `${version.templateName}.pdf`, 'inline')
    const { pdfSha256 } = version
    if (pdfSha256 === null || query['parts'] === undefined)
      return file((await materialise(host, context, version, {}, { draft: true })).pdf)
    const ranges = rangesOf(query['parts'])
    return file(await host.db.company(context.companyId, (transaction) => host.files.parts(transaction, pdfSha256, ranges)))
  })
}

/** What `?parts=0-32768,65536-98304` asks for; the last byte of each is not included. @throws Fault HTTP-REQUEST-MALFORMED (400) */
function rangesOf(parts: string): { begin: number; end: number }[] {
  const ranges = parts.split(',').map((range) => {
    const [begin = NaN, end = NaN] = range.split('-').map(Number)
    return { begin, end }
  })
  const right = ranges.every(
    ({ begin, end }) => Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin < end && end < 2 ** 31,
  )
  const total = ranges.reduce((sum, { begin, end }) => sum + end - begin, 0)
  if (!right || ranges.length > 300 || total > bodyLimits.upload) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400 })
  return ranges
}

/** @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404), also for a version of another template */
async function versionOfTemplate(
  transaction: CompanyTransaction,
  versionId: string,
  templateId: string | undefined,
): Promise<TemplateVersion> {
  const version = await readVersion(transaction, versionId)
  if (version.templateId !== templateId) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  return version
}

function templateOf(host: Host, context: CompanyContext, id: string | undefined): Promise<Template> {
  return host.db.company(context.companyId, (transaction) => readTemplate(transaction, id ?? ''))
}

/** Pages and fields as they are drawn: those of a text have their places once it is rendered. */
async function drawnFields(
  host: Host,
  context: CompanyContext,
  version: TemplateVersion,
): Promise<Pick<TemplateVersion, 'pages' | 'fields'>> {
  if (version.content.kind !== 'text') return version
  return materialise(host, context, version, {}, { draft: true })
}

async function editor(host: Host, { context, params }: PageCall): Promise<PageAnswer> {
  const template = await templateOf(host, context, params['id'])
  const { current } = template
  const text = (key: string): string => host.i18n.text(context.locale, key)
  return {
    kind: 'page',
    template: 'signatures/editor',
    title: `${text('signatures.editor.title')}: ${template.name}`,
    breadcrumb: [],
    data: {
      id: template.id,
      name: template.name,
      single: template.single,
      fixed: current.content.kind === 'text',
      direction: directionOf(template.locale),
      number: current.number,
      pdf: `/app/signatures/template/${template.id}/editor/pdf/${current.id}`,
      data: `/app/signatures/template/${template.id}/editor/document`,
      next: template.single ? `/app/signatures/new?template=${template.id}` : `/app/signatures/templates/${template.id}`,
      back: template.single ? '/app/signatures/requests' : `/app/signatures/templates/${template.id}`,
      texts: Object.fromEntries(editorTexts.map((key) => [key, text(`signatures.editor.${key}`)])),
      methods: (await authenticationMethods(host, context)).map(({ name, title }) => ({
        name,
        title: host.i18n.pick(context.locale, title),
      })),
      palette: palette.map(({ name, types }) => ({
        label: `signatures.editor.palette.${name}`,
        types: types.map((type) => ({ type, icon: fieldIcons[type], label: `signatures.editor.type.${type}` })),
      })),
      icons: [...editorIcons, ...fieldTypes.map((type) => fieldIcons[type])].map((name) => ({ name })),
      fieldIcons,
    },
  }
}
