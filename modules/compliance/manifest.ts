import { defineModule } from '../../core/host/module.js'
import { complianceHooks } from './hooks.js'
import { documentPages } from './routes/document-pages.js'
import { listenToDesks, takeUpDecided, takeUpJob } from './services/decided-elsewhere.js'
import { prepareInvoices, validateInvoice } from './services/prepare.js'
import { addToPrint, holdPrints, printHeld, printsJob, refuseCancelling } from './services/print.js'
import { readinessOf } from './services/readiness.js'
import { processDocuments, watchDocuments } from './services/process.js'
import { processJob, type ProcessPayload } from './services/processing-jobs.js'
import { addInvoiceFilters } from './views/invoice-list.js'
import { addInvoicePanel } from './views/invoice-panel.js'
import { processAfterPosting } from './services/sign-now.js'

export default defineModule({
  name: 'compliance',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'الامتثال', en: 'Compliance', bg: 'Съответствие' },
  summary: {
    ar: 'المستندات الإلكترونية لدى هيئات الضرائب: من الإصدار إلى القبول',
    en: 'E-documents with tax authorities: from issue to acceptance',
    bg: 'Електронни документи пред данъчните власти: от издаването до приемането',
  },
  depends: ['invoicing', 'seal'],
  always: true,
  setup(setup) {
    const { host, hooks, jobs } = setup
    for (const [name, kind] of complianceHooks) hooks.declare(name, kind)
    hooks.on('invoice.validate', (invoice, call) => validateInvoice(host, invoice, call))
    hooks.on('readiness', ({ company }, call) => readinessOf(host, company, call))
    hooks.on('invoice.posting', async (invoices, _info, call) => {
      await prepareInvoices(host, invoices, call)
      return invoices
    })
    hooks.on('invoice.finishing', ({ invoiceIds }, { context }) => processAfterPosting(host, context, invoiceIds))
    hooks.on('invoice.print', (print, invoice, call) => addToPrint(host, print, invoice, call))
    hooks.on('invoice.print-hold', ({ invoiceIds }, call) => holdPrints(host, invoiceIds, call))
    hooks.on('invoice.cancel', (invoice, call) => refuseCancelling(host, invoice, call))
    jobs.define<ProcessPayload>(processJob, (payload, { context }) => processDocuments(host, context, payload))
    jobs.define<ProcessPayload>(printsJob, ({ invoiceIds }, { context }) =>
      host.db.company(context.companyId, (transaction) => printHeld(host, transaction, invoiceIds)),
    )
    jobs.define(takeUpJob, (_payload, { context }) => takeUpDecided(host, context))
    setup.onStart(() => {
      listenToDesks(host)
      return Promise.resolve()
    })
    jobs.define('compliance.watch', (_payload, { context }) => watchDocuments(host, context))
    jobs.schedule('compliance.watch', '*/5 * * * *')
    documentPages(setup)
    addInvoicePanel(setup)
    addInvoiceFilters(setup)
  },
})
