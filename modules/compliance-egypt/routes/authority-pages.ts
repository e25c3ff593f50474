import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { newCallbackKey } from '../authority/notifications.js'
import { fetchPackage, packageInput, packagesOf, requestPackage } from '../authority/packages.js'
import { cancelDocument, declineRejection, etaReasons, fetchDocument, type EtaReason } from '../authority/state-changes.js'
import { draftCorrection } from '../document/corrected-invoices.js'
import { submissionOf } from '../authority/submission-rows.js'
import { exportReceived } from '../received/export-received.js'
import { receivedPage, receivedViews } from '../received/received-views.js'
import { cairoDay } from '../data/cairo-day.js'

const readers = ['invoicing.reader'] as const
const managers = ['invoicing.manager'] as const
const documentName = z.string().regex(/^[A-Z0-9]{1,60}$/i)

function reasonOf(value: unknown): EtaReason {
  const found = etaReasons.find((one) => one === value)
  if (found === undefined) throw new Fault('EG-STATE-REASON', { path: 'reason' })
  return found
}

function nameOf(value: string | undefined): string {
  const read = documentName.safeParse(value)
  if (!read.success) throw new Fault('EG-STATE-UNKNOWN', { status: 404 })
  return read.data
}

/** Pages about documents at the authority: state changes from the invoice, received documents, packages, the address for notifications. */
export function authorityPages(setup: ModuleSetup): void {
  const { host, routes, views } = setup
  const invoicePage = (id: string | undefined): string => `/app/invoicing/invoice/${id ?? ''}`
  const idOf = (value: string | undefined): string => {
    const read = z.uuid().safeParse(value)
    if (!read.success) throw new Fault('EG-STATE-UNKNOWN', { status: 404 })
    return read.data
  }

  routes.page('post', '/documents/:invoiceId/cancel', managers, async ({ context, params, body }) => {
    const id = idOf(params.invoiceId)
    await cancelDocument(host, context, id, reasonOf(body.reason))
    return { kind: 'redirect', to: invoicePage(id), notice: { key: 'compliance-egypt.notice.cancelled', level: 'success' } }
  })
  routes.page('post', '/documents/:invoiceId/decline', managers, async ({ context, params }) => {
    const id = idOf(params.invoiceId)
    await declineRejection(host, context, id)
    return { kind: 'redirect', to: invoicePage(id), notice: { key: 'compliance-egypt.notice.declined', level: 'success' } }
  })
  routes.page('post', '/documents/:invoiceId/correct', ['invoicing.user'], async ({ context, params }) => {
    const draft = await draftCorrection(host, context, idOf(params.invoiceId))
    return { kind: 'redirect', to: invoicePage(draft.id), notice: { key: 'compliance-egypt.notice.correct-invoice', level: 'success' } }
  })
  routes.page('get', '/documents/:invoiceId/printout', readers, async ({ context, params }) => {
    const id = idOf(params.invoiceId)
    const row = await host.db.company(context.companyId, (transaction) => submissionOf(transaction, id))
    const { bytes, mediaType } = await fetchDocument(host, context, nameOf(row?.documentUuid ?? undefined), 'pdf')
    return new FileAnswer(bytes, mediaType, `${row?.documentUuid ?? ''}.pdf`)
  })

  receivedViews(setup)
  routes.page('get', '/received/export', readers, async ({ context, query }) => {
    const only = new Set((query.ids ?? '').split(',').filter((id) => id !== ''))
    const bytes = await host.db.company(context.companyId, (transaction) => exportReceived(host, transaction, context.locale, only))
    return new FileAnswer(bytes, 'text/csv; charset=utf-8', `received-${cairoDay(host.now())}.csv`)
  })
  for (const what of ['raw', 'pdf'] as const) {
    routes.page('get', `/received/:uuid/${what}`, readers, async ({ context, params }) => {
      const name = nameOf(params.uuid)
      const { bytes, mediaType } = await fetchDocument(host, context, name, what)
      return new FileAnswer(bytes, mediaType, `${name}.${what === 'pdf' ? 'pdf' : 'json'}`)
    })
  }

  const packages = async (
    context: CompanyContext,
    refused?: { readonly fault: Fault; readonly form: PageCall['body'] },
  ): Promise<PageAnswer> => ({
    kind: 'page',
    template: 'compliance-egypt/packages',
    title: host.i18n.text(context.locale, 'compliance-egypt.packages.title'),
    data: {
      ...(await packagesData(host, context, refused?.form)),
      problem: refused === undefined ? null : host.i18n.faultOnPage(context.locale, refused.fault),
    },
    status: refused?.fault.status ?? 200,
    here: '/app/compliance-egypt/packages',
  })
  routes.page('get', '/packages', managers, ({ context }) => packages(context))
  routes.page('post', '/packages', managers, async ({ context, body }) => {
    const read = packageInput.safeParse(body)
    try {
      if (!read.success) throw new Fault('EG-PACKAGE-SPAN', { path: 'dateFrom' })
      await requestPackage(host, context, read.data)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return packages(context, { fault: error, form: body })
    }
    return { kind: 'redirect', to: '/app/compliance-egypt/packages', notice: { key: 'compliance-egypt.notice.package', level: 'success' } }
  })
  routes.page('get', '/packages/:id/file', managers, async ({ context, params }) => {
    const { bytes, mediaType, name } = await fetchPackage(host, context, idOf(params.id))
    return new FileAnswer(bytes, mediaType, name)
  })
  routes.page('post', '/callback', managers, async ({ context }) => ({
    kind: 'page',
    template: 'compliance-egypt/callback-key',
    title: host.i18n.text(context.locale, 'compliance-egypt.callback.title'),
    data: { key: await newCallbackKey(host, context), url: callbackUrl(host, context) },
    here: '/app/compliance-egypt/packages',
  }))

  for (const [label, icon, href, order, group] of [
    ['compliance-egypt.received.title', 'download', receivedPage, 91, 'invoicing.reader'],
    ['compliance-egypt.codes.title', 'tag', '/app/compliance-egypt/codes', 92, 'invoicing.manager'],
    ['compliance-egypt.devices.title', 'receipt', '/app/compliance-egypt/devices', 93, 'invoicing.manager'],
    ['compliance-egypt.packages.title', 'archive', '/app/compliance-egypt/packages', 94, 'invoicing.manager'],
  ] as const) {
    views.menu({ app: 'invoicing', label, icon, href, order, group, parent: true })
  }
}

/** Base address that the company gives the authority; it calls `<base>/notifications/…`. */
function callbackUrl(host: Host, context: CompanyContext): string {
  return `${(host.config.publicUrl ?? '').replace(/\/$/, '')}/eta/${context.companyId}`
}

async function packagesData(host: Host, context: CompanyContext, form: PageCall['body'] = {}): Promise<object> {
  return host.db.company(context.companyId, async (transaction) => {
    const callback = await transaction
      .knex('compliance_egypt_callback')
      .where({ company_id: context.companyId })
      .first<{ created_at: Date; last_at: Date | null } | undefined>('created_at', 'last_at')
    const today = cairoDay(host.now())
    return {
      packages: (await packagesOf(transaction)).map((one) => ({
        ...one,
        at: one.createdAt.toISOString(),
        kindText: host.i18n.text(context.locale, `compliance-egypt.packages.${one.kind}`),
      })),
      // What was typed stays when it is refused.
      from: form['dateFrom'] ?? `${today.slice(0, 8)}01`,
      to: form['dateTo'] ?? today,
      kinds: (['full', 'summary'] as const).map((value) => ({
        value,
        label: `compliance-egypt.packages.${value}`,
        selected: form['kind'] === value,
      })),
      formats: ['JSON', 'XML', 'CSV'].map((value) => ({ value, selected: form['format'] === value })),
      url: callbackUrl(host, context),
      reachable: host.config.publicUrl !== null,
      callback: callback === undefined ? null : { since: callback.created_at.toISOString(), last: callback.last_at?.toISOString() ?? null },
    }
  })
}
