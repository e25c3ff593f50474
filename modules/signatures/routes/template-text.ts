import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { directionOf, locales } from '../../../core/i18n/locale.js'
import { fieldTypes } from '../models/field.js'
import type { TextContentInput } from '../models/template.js'
import { readTemplate } from '../services/template-rows.js'
import { saveText } from '../templates/manage-templates.js'
import { builtInMerges } from '../templates/written/built-in-merges.js'
import { readTextContent } from '../templates/written/read-content.js'
import { renderContract } from '../templates/written/render-contract.js'

const groups = ['signatures.user']
const list = '/app/signatures/template'

/** Fields that make sense inside a sentence; signature blocks stand at the end by themselves. */
const inText = fieldTypes.filter((type) => type !== 'stamp' && type !== 'name' && type !== 'radio' && type !== 'select')

/** The editor of written texts: its page, the preview of what is typed so far, saving. */
export function addTextPages({ host, routes }: Pick<ModuleSetup, 'host' | 'routes'>): void {
  routes.page('get', '/template/:id/text', groups, (call) => textPage(host, call))

  routes.page('post', '/template/:id/text/preview', groups, (call) =>
    answering(host, call, async () => {
      const { context, params, body } = call
      const template = await host.db.company(context.companyId, (transaction) => readTemplate(transaction, params['id'] ?? ''))
      const { roles } = template.current
      const content = readTextContent(contentOf(body), roles)
      const company = await host.access.company(context.companyId)
      const { pdf } = await renderContract(host, company, { content, roles }, {}, { draft: true })
      return new FileAnswer(pdf, 'application/pdf', 'preview.pdf', 'inline')
    }),
  )

  routes.page('post', '/template/:id/text', groups, (call) =>
    answering(host, call, async () => {
      const { context, params, body } = call
      const saved = await host.db.company(context.companyId, async (transaction) => {
        const { id } = await readTemplate(transaction, params['id'] ?? '')
        return saveText(host, transaction, context, String(body['versionId']), id, Number(body['revision']), contentOf(body))
      })
      return json(saved)
    }),
  )
}

/** The browser's text as JSON in a form field. @throws Fault SIGNATURES-TEXT-INVALID when it is none */
function contentOf(body: PageCall['body']): TextContentInput {
  const posted = body['content']
  try {
    // Boundary: what the browser sent is read by the schema next.
    return JSON.parse(typeof posted === 'string' ? posted : '') as TextContentInput
  } catch (cause) {
    throw new Fault('SIGNATURES-TEXT-INVALID', { path: 'content', params: { place: 'content' }, cause })
  }
}

/** Faults of the text as data for the page's script, each with its place and its words. */
async function answering(host: Host, { context }: PageCall, work: () => Promise<PageAnswer>): Promise<PageAnswer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.status === 403 || error.status === 404 || error.status >= 500) throw error
    return json({
      faults: error.details.map((fault) => ({
        code: fault.code,
        path: fault.path ?? null,
        text: host.i18n.faultOnPage(context.locale, fault),
      })),
    })
  }
}

function json(value: object): FileAnswer {
  return new FileAnswer(Buffer.from(JSON.stringify(value)), 'application/json; charset=utf-8', 'text.json', 'inline')
}

async function textPage(host: Host, { context, params }: PageCall): Promise<PageAnswer> {
  const template = await host.db.company(context.companyId, (transaction) => readTemplate(transaction, params['id'] ?? ''))
  const { current } = template
  if (current.content.kind !== 'text') throw new Fault('SIGNATURES-TEMPLATE-NOT-TEXT', { status: 409 })
  const text = (key: string): string => host.i18n.text(context.locale, key)
  return {
    kind: 'page',
    template: 'signatures/template-text',
    title: template.name,
    breadcrumb: [
      { label: text('signatures.template.list'), href: list },
      { label: template.name, href: `${list}/${template.id}` },
      { label: text('signatures.text.title') },
    ],
    data: {
      id: template.id,
      name: template.name,
      used: current.used,
      next: current.number + 1,
      setup: {
        url: `${list}/${template.id}/text`,
        versionId: current.id,
        revision: current.revision,
        content: current.content,
        languages: locales.map((locale) => ({
          locale,
          label: text(`signatures.template.locale.${locale}`),
          direction: directionOf(locale),
        })),
        roles: current.roles.filter(({ action }) => action === 'sign').map(({ id, name }) => ({ id, name })),
        fieldTypes: inText.map((type) => ({ type, label: text(`signatures.text.field.${type}`) })),
        builtIn: builtInMerges.map((name) => ({ name, label: text(`signatures.text.merge.${name}`) })),
        mergeTypes: ['text', 'number', 'money', 'date'].map((type) => ({ type, label: text(`signatures.text.merge-type.${type}`) })),
        texts: textsOf(host, context),
      },
    },
  }
}

const words = [
  'clause',
  'heading',
  'body',
  'up',
  'down',
  'delete',
  'add',
  'deleted',
  'undo',
  'moved',
  'insert-merge',
  'insert-field',
  'own',
  'built-in',
  'saved',
  'saving',
  'unsaved',
  'failed',
  'loading',
  'preview-failed',
  'page',
  'merge-name',
  'merge-label',
  'merge-type',
  'merge-required',
  'merge-add',
  'merge-delete',
  'no-prevailing',
  'second-none',
] as const

/** Words that the script needs. */
function textsOf(host: Host, context: CompanyContext): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, host.i18n.text(context.locale, `signatures.text.${word}`)]))
}
