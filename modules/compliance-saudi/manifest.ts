import { rewrapSecrets } from './unit/credentials.js'
import { defineModule } from '../../core/host/module.js'
import { seedCatalogue } from '../invoicing/index.js'
import { identifierSchemes } from './data/identifiers.js'
import { saudiTaxes } from './data/taxes.js'
import { saudiDemonstration } from './demonstration.js'
import { SaudiRegime } from './regime.js'
import { unitPages } from './routes/unit-pages.js'
import { offerSchemes } from './views/contact-schemes.js'
import { zatcaVerifier } from './verify/zatca-verifier.js'

export default defineModule({
  name: 'compliance-saudi',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'السعودية: فاتورة', en: 'Saudi Arabia: Fatoora', bg: 'Саудитска Арабия: Fatoora' },
  summary: {
    ar: 'الفوترة الإلكترونية لهيئة الزكاة والضريبة والجمارك، المرحلة الثانية',
    en: 'E-invoicing of ZATCA, phase two: stamp, QR code, clearance and reporting',
    bg: 'Електронно фактуриране на ZATCA, втора фаза: печат, QR код, одобрение и отчитане',
  },
  countries: ['SA'],
  depends: ['compliance', 'invoicing', 'contacts'],
  setup(setup) {
    const regime = new SaudiRegime(setup.host)
    setup.hooks.on('compliance.regimes', () => regime)
    setup.hooks.on('secrets.rewrap', ({ rewrap }, { transaction }) => (transaction === undefined ? [] : rewrapSecrets(transaction, rewrap)))
    setup.hooks.on('invoicing.taxes', ({ country }) => (country === 'SA' ? saudiTaxes : []))
    setup.hooks.on('contact.identifiers', () => identifierSchemes)
    setup.hooks.on('compliance.demonstrations', () => saudiDemonstration())
    // The company's tax table was seeded before it had a country's taxes.
    setup.onEnable((transaction, context) => seedCatalogue(setup.host, context, transaction))
    offerSchemes(setup)
    setup.verifiers.add(zatcaVerifier)
    unitPages(setup)
  },
})
