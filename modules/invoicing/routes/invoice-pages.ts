import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { dashboardOf } from '../services/dashboard.js'
import { previewPdf, printStateOf, receiptPdf } from '../services/print.js'
import { summaryOf } from '../services/read-invoices.js'
import { fileName } from '../services/send.js'
import { writeZip, type ZipFile } from '../../../core/files/zip-writer.js'
import { idOf, legalAnswer, pdfAnswer } from './invoices-api.js'

const mostAtOnce = 200
const read = ['invoicing.reader']

/** Pages beside lists and forms: the overview, the preview, files of one invoice and of many. */
export function invoicePages(setup: ModuleSetup): void {
  const { host, routes } = setup

  routes.page('get', '', read, async ({ context }) => ({
    kind: 'page',
    template: 'invoicing/dashboard',
    title: host.i18n.text(context.locale, 'invoicing.app'),
    data: await host.db.company(context.companyId, (transaction) => dashboardOf(host, context, transaction)),
  }))

  routes.page('get', '/invoice/:id/preview', read, async ({ context, params }) => {
    const id = idOf(params)
    const { summary, print } = await host.db.company(context.companyId, async (transaction) => ({
      summary: await summaryOf(transaction, id),
      print: await printStateOf(transaction, id),
    }))
    const isDraft = summary.state === 'draft'
    const final = !isDraft && print.state === 'ready'
    const label = summary.number ?? host.i18n.text(context.locale, 'invoicing.state.draft')
    return {
      kind: 'page',
      template: 'invoicing/preview',
      title: label,
      breadcrumb: [
        { label: host.i18n.text(context.locale, 'invoicing.list.invoices'), href: '/app/invoicing/invoice' },
        { label, href: `/app/invoicing/invoice/${id}` },
        { label: host.i18n.text(context.locale, 'invoicing.action.preview') },
      ],
      data: {
        id,
        documentNumber: summary.number,
        url: `/app/invoicing/invoice/${id}/pdf`,
        final,
        draft: isDraft,
        level: print.level,
        hold: print.fault === null ? null : host.i18n.faultOnPage(context.locale, print.fault),
      },
    }
  })

  routes.page('get', '/invoice/:id/pdf', read, async ({ context, params, query }) => {
    const id = idOf(params)
    const disposition = query['download'] === undefined ? 'inline' : 'attachment'
    const { summary, print } = await host.db.company(context.companyId, async (transaction) => ({
      summary: await summaryOf(transaction, id),
      print: await printStateOf(transaction, id),
    }))
    // Until the final PDF is made, looking at it is possible, taking it away as the document is not.
    if (summary.state !== 'draft' && print.state !== 'ready' && disposition === 'inline') {
      return new FileAnswer(
        await previewPdf(host, context, id),
        'application/pdf',
        `${fileName(summary.number ?? '')}-preview.pdf`,
        'inline',
      )
    }
    return pdfAnswer(host, context, id, disposition)
  })

  routes.page('get', '/invoice/:id/receipt', read, async ({ context, params }) => {
    const { number, pdf } = await receiptPdf(host, context, idOf(params))
    return new FileAnswer(pdf, 'application/pdf', `${fileName(number)}-receipt.pdf`, 'inline')
  })

  routes.page('get', '/invoice/:id/legal', read, ({ context, params }) => legalAnswer(host, context, idOf(params)))

  routes.page('get', '/download', read, (call) => downloadMany(host, call))
}

/** Final PDFs of many invoices in one archive, with a list of those that have none yet and why. */
async function downloadMany(host: Host, { context, query }: PageCall): Promise<FileAnswer> {
  const ids = (query['ids'] ?? '').split(',').filter((id) => id !== '')
  if (ids.length === 0 || ids.length > mostAtOnce) throw new Fault('INVOICE-DOWNLOAD-COUNT', { params: { most: mostAtOnce } })
  const entries: ZipFile[] = []
  const missing: string[] = []
  await host.db.company(context.companyId, async (transaction) => {
    for (const id of ids) {
      const summary = await summaryOf(transaction, idOf({ id }))
      const print = await printStateOf(transaction, id)
      if (print.state === 'ready' && print.sha256 !== null) {
        entries.push({ name: `${fileName(summary.number ?? id)}.pdf`, bytes: (await host.files.get(transaction, print.sha256)).bytes })
      } else {
        const reason = print.fault ?? { code: summary.state === 'draft' ? 'INVOICE-NOT-POSTED' : 'INVOICE-PRINT-PENDING' }
        missing.push(`${summary.number ?? id}\t${reason.code}\t${host.i18n.fault(context.locale, reason)}`)
      }
    }
  })
  if (missing.length > 0) entries.push({ name: 'missing.txt', bytes: Buffer.from(`${missing.join('\n')}\n`) })
  return new FileAnswer(writeZip(entries, { modified: host.now(), unicodeNames: true }), 'application/zip', 'invoices.zip')
}
