import type { CompanyTransaction } from '../../core/db/database.js'
import { defineModule } from '../../core/host/module.js'
import { seedCatalogue } from '../invoicing/index.js'
import { transmissionSettings } from './authority/batch-limits.js'
import { transmissionFields } from './views/transmission-fields.js'
import { registerAuthority } from './routes/register-authority.js'
import { lawPages } from './routes/law-pages.js'
import { addLawPanel } from './routes/law-panel.js'
import { lintOnKeyPage } from './law/lint-on-key-page.js'
import { lawJobs } from './law/law-jobs.js'
import { seedCompany } from './company/company-rows.js'
import { identifierSchemes } from './data/identifiers.js'
import { egyptTaxes } from './data/taxes.js'
import { egyptGuide } from './data/guide.js'
import { egyptDemonstration } from './demonstration.js'
import { addToPrint } from './print.js'
import { checkAgainstCompany } from './document/prepare-documents.js'
import { checkCorrection, replacedInvoices } from './document/corrected-invoices.js'
import { checkOriginal } from './document/references.js'
import { checkReceipt, replacedReceipts } from './receipts/prepare-receipts.js'
import { egyptSellingPlaces, receiptsCard } from './receipts/selling-places.js'
import { devicePages } from './receipts/device-pages.js'
import { EgyptRegime } from './regime.js'
import { setupPages } from './setup/setup-page.js'
import { egyptTaxComputation } from './taxes/tax-computation.js'
import { laterStatesInList } from './views/later-states-in-list.js'
import { offerFurtherTaxes } from './views/further-taxes.js'
import { etaVerifier } from './verify/eta-verifier.js'

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
  extends: ['credentials'],
  setup(setup) {
    const { host, hooks } = setup
    const regime = new EgyptRegime(host)
    hooks.on('compliance.regimes', () => regime)
    hooks.on('compliance.demonstrations', () => egyptDemonstration())
    hooks.on('compliance.guides', () => ({
      country: egyptGuide.country,
      name: egyptGuide.name,
      title: egyptGuide.title,
      steps: egyptGuide.steps.map(({ text, source }) => ({ text, source })),
    }))
    hooks.on('contact.identifiers', () => identifierSchemes)
    hooks.on('invoicing.taxes', ({ country }) => (country === 'EG' ? egyptTaxes : []))
    hooks.on('invoicing.tax-computation', ({ country }) => (country === 'EG' ? egyptTaxComputation : []))
    hooks.on('invoice.validate', async (invoice, { context, transaction }) => {
      const company = await host.access.company(context.companyId)
      if (company.country !== 'EG') return []
      const check = async (own: CompanyTransaction) => [
        ...(await checkAgainstCompany(own, company, invoice)),
        ...(await checkOriginal(own, invoice)),
        ...(await checkCorrection(own, invoice)),
        ...(invoice.simplified ? await checkReceipt(own, company, invoice, host.now()) : []),
      ]
      return transaction === undefined ? host.db.company(company.id, check) : check(transaction)
    })
    hooks.on('invoice.replaces', async (inputs, { context }) => {
      const replaced = [...replacedReceipts(inputs), ...replacedInvoices(inputs)]
      return replaced.length > 0 && (await host.access.company(context.companyId)).country === 'EG' ? replaced : []
    })
    hooks.on('invoicing.overview', (_none, call) => receiptsCard(host, call))
    hooks.on('invoicing.selling-places', (_none, call) => egyptSellingPlaces(host, call))
    hooks.on('invoice.print', (print, invoice, call) => addToPrint(host, print, invoice, call))
    setup.onEnable(async (transaction, context) => {
      const company = await host.access.company(context.companyId)
      await seedCompany(transaction, company.sandbox ? 'sandbox' : 'production', host.now())
      // The company's tax table was seeded before it had a country's taxes.
      await seedCatalogue(host, context, transaction)
    })
    setup.settings({ schema: transmissionSettings, fields: transmissionFields })
    setup.verifiers.add(etaVerifier)
    offerFurtherTaxes(setup)
    laterStatesInList(setup)
    registerAuthority(setup)
    lawJobs(setup)
    lawPages(setup)
    addLawPanel(setup)
    lintOnKeyPage(setup)
    setupPages(setup)
    devicePages(setup)
  },
})
