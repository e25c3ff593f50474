import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { newCallbackKey } from '../authority/notifications.js'
import { fetchPackage, packageInput, packagesOf, requestPackage } from '../authority/packages.js'
import { receivedDocuments, type ReceivedDocument } from '../authority/received-rows.js'
import { answerReceived, cancelDocument, declineRejection, etaReasons, fetchDocument, type EtaReason } from '../authority/state-changes.js'
import { submissionOf } from '../authority/submission-rows.js'
import { readReceived } from '../authority/watch.js'
import { endOf, keptTimes, type WorkflowTimes } from '../authority/document-types.js'
import { isManager, reasonChoices, shownTime, stateColours } from './authority-panel.js'

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
export function authorityPages({ host, routes, views }: ModuleSetup): void {
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
  routes.page('get', '/documents/:invoiceId/printout', readers, async ({ context, params }) => {
    const id = idOf(params.invoiceId)
    const row = await host.db.company(context.companyId, (transaction) => submissionOf(transaction, id))
    const { bytes, mediaType } = await fetchDocument(host, context, nameOf(row?.documentUuid ?? undefined), 'pdf')
    return new FileAnswer(bytes, mediaType, `${row?.documentUuid ?? ''}.pdf`)
  })

  routes.page('get', '/received', readers, async ({ context }) => ({
    kind: 'page',
    template: 'compliance-egypt/received',
    title: host.i18n.text(context.locale, 'compliance-egypt.received.title'),
    data: await receivedData(host, context),
  }))
  routes.page('post', '/received/refresh', ['invoicing.user'], async ({ context }) => {
    const count = await readReceived(host, context)
    return {
      kind: 'redirect',
      to: '/app/compliance-egypt/received',
      notice: { key: 'compliance-egypt.notice.refreshed', params: { count }, level: 'success' },
    }
  })
  routes.page('post', '/received/:uuid/reject', managers, async ({ context, params, body }) => {
    await answerReceived(host, context, nameOf(params.uuid), 'reject', reasonOf(body.reason))
    return { kind: 'redirect', to: '/app/compliance-egypt/received', notice: { key: 'compliance-egypt.notice.rejected', level: 'success' } }
  })
  routes.page('post', '/received/:uuid/decline', managers, async ({ context, params }) => {
    await answerReceived(host, context, nameOf(params.uuid), 'decline-cancellation', null)
    return { kind: 'redirect', to: '/app/compliance-egypt/received', notice: { key: 'compliance-egypt.notice.declined', level: 'success' } }
  })
  for (const what of ['raw', 'pdf'] as const) {
    routes.page('get', `/received/:uuid/${what}`, readers, async ({ context, params }) => {
      const name = nameOf(params.uuid)
      const { bytes, mediaType } = await fetchDocument(host, context, name, what)
      return new FileAnswer(bytes, mediaType, `${name}.${what === 'pdf' ? 'pdf' : 'json'}`)
    })
  }

  routes.page('get', '/packages', managers, async ({ context }) => ({
    kind: 'page',
    template: 'compliance-egypt/packages',
    title: host.i18n.text(context.locale, 'compliance-egypt.packages.title'),
    data: await packagesData(host, context),
  }))
  routes.page('post', '/packages', managers, async ({ context, body }) => {
    const read = packageInput.safeParse(body)
    if (!read.success) throw new Fault('EG-PACKAGE-SPAN', { path: 'dateFrom' })
    await requestPackage(host, context, read.data)
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

  for (const [label, href, order] of [
    ['compliance-egypt.received.title', '/app/compliance-egypt/received', 91],
    ['compliance-egypt.codes.title', '/app/compliance-egypt/codes', 92],
    ['compliance-egypt.packages.title', '/app/compliance-egypt/packages', 93],
  ] as const) {
    views.menu({
      app: 'invoicing',
      label,
      icon: 'file-text',
      href,
      order,
      group: order === 91 ? 'invoicing.reader' : 'invoicing.manager',
      parent: true,
    })
  }
}

/** Base address that the company gives the authority; it calls `<base>/notifications/…`. */
function callbackUrl(host: Host, context: CompanyContext): string {
  return `${(host.config.publicUrl ?? '').replace(/\/$/, '')}/eta/${context.companyId}`
}

async function receivedData(host: Host, context: CompanyContext): Promise<object> {
  const company = await host.access.company(context.companyId)
  const manager = isManager(context)
  return host.db.company(context.companyId, async (transaction) => {
    const documents = await receivedDocuments(transaction, 200)
    const times = new Map<string, WorkflowTimes | null>()
    for (const type of new Set(documents.map((one) => one.type))) times.set(type, await keptTimes(transaction, type, host.now()))
    const open = (start: Date | null, hours: number | null | undefined): boolean => {
      const end = endOf(start, hours)
      return end === null || end > host.now()
    }
    const shown = (one: ReceivedDocument): object => {
      const limit = times.get(one.type)
      return {
        ...one,
        base: `/app/compliance-egypt/received/${one.uuid}`,
        stateText: host.i18n.text(context.locale, `compliance-egypt.state.${one.status in stateColours ? one.status : 'Submitted'}`),
        colour: stateColours[one.status] ?? 'grey',
        issued: shownTime(one.issuedAt, company.timeZone),
        rejectable: manager && one.status === 'Valid' && open(one.receivedAt, limit?.reject),
        until: shownTime(endOf(one.receivedAt, limit?.reject), company.timeZone),
        declinable: manager && one.status === 'Cancelled' && one.declinedAt === null && open(one.cancelAskedAt, limit?.declineCancellation),
      }
    }
    return { documents: documents.map(shown), reasons: reasonChoices(host, context) }
  })
}

async function packagesData(host: Host, context: CompanyContext): Promise<object> {
  const company = await host.access.company(context.companyId)
  return host.db.company(context.companyId, async (transaction) => {
    const callback = await transaction
      .knex('compliance_egypt_callback')
      .where({ company_id: context.companyId })
      .first<{ created_at: Date; last_at: Date | null } | undefined>('created_at', 'last_at')
    const today = host.now().toISOString().slice(0, 10)
    return {
      packages: (await packagesOf(transaction)).map((one) => ({
        ...one,
        at: shownTime(one.createdAt, company.timeZone),
        kindText: host.i18n.text(context.locale, `compliance-egypt.packages.${one.kind}`),
      })),
      from: `${today.slice(0, 8)}01`,
      to: today,
      url: callbackUrl(host, context),
      callback:
        callback === undefined
          ? null
          : { since: shownTime(callback.created_at, company.timeZone), last: shownTime(callback.last_at, company.timeZone) },
    }
  })
}
