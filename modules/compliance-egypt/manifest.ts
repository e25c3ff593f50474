import { defineModule } from '../../core/host/module.js'
import { seedCatalogue } from '../invoicing/index.js'
import { seedCompany } from './company/company-rows.js'
import { egyptDemonstration } from './demonstration.js'

export default defineModule({
  name: 'compliance-egypt',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'مصر: الفاتورة الإلكترونية', en: 'Egypt: e-invoices', bg: 'Египет: електронни фактури' },
  summary: {
    ar: 'الفاتورة والإيصال الإلكترونيان لمصلحة الضرائب المصرية بتوقيع إلكتروني معتمد',
    en: 'E-invoices and e-receipts of the Egyptian Tax Authority, signed by token or HSM',
    bg: 'Електронни фактури и касови бонове за египетската данъчна администрация, подписани с токен или HSM',
  },
  countries: ['EG'],
  depends: ['compliance', 'invoicing', 'contacts'],
  setup(setup) {
    const { host, hooks } = setup
    hooks.on('compliance.demonstrations', () => egyptDemonstration())
    setup.onEnable(async (transaction, context) => {
      const company = await host.access.company(context.companyId)
      await seedCompany(transaction, company.sandbox ? 'sandbox' : 'production', host.now())
      // The company's tax table was seeded before it had a country's taxes.
      await seedCatalogue(host, context, transaction)
    })
  },
})
