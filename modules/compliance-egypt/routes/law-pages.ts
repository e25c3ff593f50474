import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { addDeviceCertificate, removeDeviceCertificate } from '../law/device-certificates.js'
import { registerExamination, withdrawExamination } from '../law/examinations.js'
import { examinationDossier } from '../law/examination-dossier.js'
import { addForeignAuthority, withdrawForeignAuthority } from '../law/foreign-authorities.js'
import { lawPageData, type LawProblem, type LawSection } from '../law/law-page.js'
import { addMandate, endMandate, setMandateRule } from '../law/mandates.js'
import { addTimeAuthority, removeTimeAuthority } from '../law/time-authorities.js'

const managers = ['invoicing.manager'] as const
const here = '/app/compliance-egypt/law'

/** Law 15/2004 on pages: mandates, authorities abroad, archives of time; on the invoice its examination and its dossier in one click. */
export function lawPages({ host, routes, views }: ModuleSetup): void {
  async function page(context: CompanyContext, problem?: LawProblem): Promise<PageAnswer> {
    return {
      kind: 'page',
      template: 'compliance-egypt/law',
      title: host.i18n.text(context.locale, 'compliance-egypt.law.title'),
      data: await lawPageData(host, context, problem),
      status: problem === undefined ? 200 : problem.fault.status,
      here,
    }
  }

  /** A form of a section: done, it comes back to the section; refused, the page says why beside the form. */
  function action(path: string, section: LawSection, notice: string, work: (call: PageCall) => Promise<void>): void {
    routes.page('post', `/law${path}`, managers, async (call) => {
      try {
        await work(call)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return page(call.context, { section, fault: error, form: call.body })
      }
      return { kind: 'redirect', to: `${here}#${section}`, notice: { key: `compliance-egypt.notice.${notice}`, level: 'success' } }
    })
  }

  routes.page('get', '/law', managers, ({ context }) => page(context))
  action('/rule', 'mandates', 'saved', ({ context, body }) => setMandateRule(host, context, body.rule))
  action('/mandates', 'mandates', 'saved', ({ context, body }) => addMandate(host, context, body))
  action('/mandates/:id', 'mandates', 'saved', ({ context, params, body }) =>
    endMandate(host, context, params.id ?? '', reasonOf(body, 'restore')),
  )
  action('/authorities', 'authorities', 'saved', ({ context, body, files }) =>
    addForeignAuthority(host, context, body, fileOf(files, 'certificate')),
  )
  action('/authorities/:id', 'authorities', 'saved', ({ context, params, body }) =>
    withdrawForeignAuthority(host, context, params.id ?? '', reasonOf(body, 'restore')),
  )
  action('/devices', 'devices', 'saved', ({ context, body }) => addDeviceCertificate(host, context, body))
  action('/devices/:id', 'devices', 'saved', ({ context, params }) => removeDeviceCertificate(host, context, params.id ?? ''))
  action('/times', 'times', 'saved', ({ context, body, files }) => {
    const root = fileOf(files, 'root')
    const given = { name: body.name, url: body.url, concerned: body.concerned === 'on' }
    return addTimeAuthority(host, context, { ...given, ...(root === undefined ? {} : { root }) })
  })
  action('/times/:id', 'times', 'saved', ({ context, params }) => removeTimeAuthority(host, context, params.id ?? ''))

  function examination(path: string, work: (call: PageCall, invoiceId: string) => Promise<void>): void {
    routes.page('post', `/documents/:invoiceId/${path}`, managers, async (call) => {
      const invoiceId = invoiceOf(call.params)
      const known: unknown = await host.db.company(call.context.companyId, ({ knex }) =>
        knex('invoicing_invoice').where({ id: invoiceId }).first('id'),
      )
      if (known === undefined) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 404 })
      const to = `/app/invoicing/invoice/${invoiceId}`
      try {
        await work(call, invoiceId)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return { kind: 'redirect', to, notice: { key: `fault.${error.code}`, level: 'danger' } }
      }
      return { kind: 'redirect', to, notice: { key: 'compliance-egypt.notice.saved', level: 'success' } }
    })
  }
  examination('examination', ({ context, body }, invoiceId) => registerExamination(host, context, invoiceId, body))
  examination('examination/withdraw', ({ context, body }, invoiceId) =>
    withdrawExamination(host, context, invoiceId, reasonOf(body, '') ?? ''),
  )

  routes.page('get', '/documents/:invoiceId/dossier', ['invoicing.reader'], async ({ context, params }) => {
    const id = invoiceOf(params)
    return new FileAnswer(await examinationDossier(host, context, id), 'application/zip', `dossier-${id}.zip`)
  })

  views.menu({
    app: 'invoicing',
    label: 'compliance-egypt.law.title',
    icon: 'shield',
    href: here,
    order: 92,
    group: 'invoicing.manager',
    parent: true,
  })
}

function invoiceOf(params: PageCall['params']): string {
  const id = z.uuid().safeParse(params.invoiceId)
  if (!id.success) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 404 })
  return id.data
}

/** Reason of the form; null when its button takes back what was done. */
function reasonOf(body: PageCall['body'], takesBack: string): string | null {
  if (takesBack !== '' && body.action === takesBack) return null
  return typeof body.reason === 'string' ? body.reason : ''
}

function fileOf(files: PageCall['files'], field: string): Uint8Array | undefined {
  const file = files.find((one) => one.field === field)
  return file === undefined || file.bytes.length === 0 ? undefined : file.bytes
}
