import { defineModule } from '../../core/host/module.js'
import { invoicingHooks } from './hooks.js'
import { invoicingSettings } from './models/settings.js'
import { seedCatalogue } from './services/seed.js'

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
  depends: ['contacts'],
  setup(setup) {
    const { host } = setup
    for (const [name, kind] of invoicingHooks) setup.hooks.declare(name, kind)
    setup.group('invoicing.reader', { ar: 'الفوترة: قراءة', en: 'Invoicing: reader', bg: 'Фактуриране: четене' }, ['contacts.user'])
    setup.group('invoicing.user', { ar: 'الفوترة: مستخدم', en: 'Invoicing: user', bg: 'Фактуриране: потребител' }, ['invoicing.reader'])
    setup.group('invoicing.manager', { ar: 'الفوترة: مدير', en: 'Invoicing: administrator', bg: 'Фактуриране: администратор' }, [
      'invoicing.user',
      'contacts.manager',
    ])
    setup.settings({ schema: invoicingSettings, fields: [] })
    setup.onEnable((transaction, context) => seedCatalogue(host, context, transaction))
  },
})
