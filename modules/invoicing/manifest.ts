import { defineModule } from '../../core/host/module.js'
import { invoicingHooks } from './hooks.js'
import { invoicingSettings } from './models/settings.js'
import { invoicePages } from './routes/invoice-pages.js'
import { invoicesApi } from './routes/invoices-api.js'
import { postBatchPages } from './routes/post-batch-pages.js'
import { sellPages } from './routes/sell-pages.js'
import { runBatch } from './services/post-batch.js'
import { homeNews } from './services/dashboard.js'
import { makePrint } from './services/print.js'
import { seedCatalogue } from './services/seed.js'
import { catalogueViews } from './views/catalogue-views.js'
import { invoiceForm } from './views/invoice-form.js'
import { invoiceList } from './views/invoice-list.js'
import { invoiceModel } from './views/invoice-model.js'
import { paymentViews } from './views/payment-views.js'
import { settingsFields } from './views/settings-fields.js'

export default defineModule({
  name: 'invoicing',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'الفوترة', en: 'Invoicing', bg: 'Фактуриране' },
  summary: {
    ar: 'الفواتير والإشعارات والمدفوعات',
    en: 'Invoices, credit and debit notes, payments',
    bg: 'Фактури, известия и плащания',
  },
  depends: ['contacts', 'seal', 'verification'],
  setup(setup) {
    const { host } = setup
    for (const [name, kind] of invoicingHooks) setup.hooks.declare(name, kind)
    setup.group('invoicing.reader', { ar: 'الفوترة: قراءة', en: 'Invoicing: reader', bg: 'Фактуриране: четене' }, ['contacts.user'])
    setup.group('invoicing.user', { ar: 'الفوترة: مستخدم', en: 'Invoicing: user', bg: 'Фактуриране: потребител' }, ['invoicing.reader'])
    setup.group('invoicing.manager', { ar: 'الفوترة: مدير', en: 'Invoicing: administrator', bg: 'Фактуриране: администратор' }, [
      'invoicing.user',
      'contacts.manager',
    ])
    setup.settings({ schema: invoicingSettings, fields: settingsFields })
    setup.onEnable((transaction, context) => seedCatalogue(host, context, transaction))
    // A newer version of a country module may bring new taxes: companies get them when the host starts.
    setup.onStart(async () => {
      for (const company of await host.access.companies()) {
        if (!(await host.modules.isEnabled(company.id, 'invoicing'))) continue
        const context = await host.access.systemContext(company.id, 'job')
        await host.db.company(company.id, (transaction) => seedCatalogue(host, context, transaction))
      }
    })
    setup.jobs.define<{ invoiceId: string }>('invoicing.print', async ({ invoiceId }, call) => {
      await makePrint(host, call.context, invoiceId)
    })

    setup.jobs.define<{ batchId: string }>('invoicing.post-batch', ({ batchId }, call) => runBatch(host, batchId, call))

    setup.views.model(invoiceModel(host))
    setup.views.add(invoiceList)
    setup.views.add(invoiceForm)
    paymentViews(setup)
    catalogueViews(setup)
    invoicesApi(setup)
    invoicePages(setup)
    postBatchPages(setup)
    sellPages(setup)

    const menu = (label: string, icon: string, href: string, order: number, group = 'invoicing.reader'): void => {
      setup.views.menu({ app: 'invoicing', label, icon, href: `/app/invoicing${href}`, order, group, parent: true })
    }
    setup.views.menu({
      app: 'invoicing',
      label: 'invoicing.app',
      icon: 'file-invoice',
      href: '/app/invoicing',
      order: 10,
      group: 'invoicing.reader',
      news: (transaction, context) => homeNews(host, context, transaction),
    })
    menu('invoicing.menu.overview', 'home', '', 10)
    menu('invoicing.sell.title', 'receipt', '/sell', 15, 'invoicing.user')
    menu('invoicing.list.invoices', 'file-invoice', '/invoice?f=invoices', 20)
    menu('invoicing.list.credit-notes', 'receipt-refund', '/invoice?f=credit-notes', 30)
    menu('invoicing.list.payments', 'cash', '/payment', 40)
    menu('invoicing.list.products', 'box', '/product', 50)
    menu('invoicing.list.taxes', 'percentage', '/tax', 60)
    menu('invoicing.list.terms', 'calendar', '/term', 70, 'invoicing.manager')
    menu('invoicing.list.currencies', 'coin', '/currency', 80, 'invoicing.manager')
  },
})
