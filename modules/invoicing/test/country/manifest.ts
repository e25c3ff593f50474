import { defineModule } from '../../../../core/host/module.js'
import { seedCatalogue, type Tax } from '../../index.js'

const taxes: readonly Tax[] = [
  {
    code: 'S15',
    name: { ar: 'ضريبة القيمة المضافة ١٥٪', en: 'VAT 15 %', bg: 'ДДС 15 %' },
    rate: '15',
    category: 'S',
    from: '2020-07-01',
    source: 'Royal Decree A/638',
  },
  {
    code: 'S15',
    name: { ar: 'ضريبة القيمة المضافة ٥٪', en: 'VAT 5 %', bg: 'ДДС 5 %' },
    rate: '5',
    category: 'S',
    from: '2018-01-01',
    to: '2020-06-30',
    source: 'Royal Decree M/113',
  },
  {
    code: 'Z',
    name: { ar: 'نسبة صفرية', en: 'Zero rated', bg: 'Нулева ставка' },
    rate: '0',
    category: 'Z',
    exemptionCode: 'VATEX-SA-32',
    exemptionReason: { ar: 'تصدير سلع', en: 'Export of goods', bg: 'Износ на стоки' },
    from: '2018-01-01',
    source: 'VAT implementing regulation, article 32',
  },
]

/** A country for tests: its taxes, and one rule of its own. */
export default defineModule({
  name: 'khatm-test-country',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'دولة الاختبار', en: 'Test country', bg: 'Тестова държава' },
  depends: ['contacts', 'invoicing'],
  setup(setup) {
    setup.hooks.on('invoicing.taxes', () => taxes)
    setup.onEnable((transaction, context) => seedCatalogue(setup.host, context, transaction))
    setup.hooks.on('invoice.validate', (invoice) => (invoice.notes === 'refuse' ? [{ code: 'INVOICE-FIELD-EMPTY', path: 'notes' }] : []))
    setup.hooks.on('invoice.cancel', (invoice) =>
      invoice.notes === 'accepted' ? [{ code: 'INVOICE-CANCEL-PAID', params: { number: invoice.number } }] : [],
    )
    setup.hooks.on('contact.identifiers', () => ({
      scheme: 'VAT',
      country: 'SA',
      title: { ar: 'الرقم الضريبي', en: 'VAT number', bg: 'ДДС номер' },
      appliesTo: 'both',
      validate: (value) => (/^3\d{13}3$/.test(value) ? [] : [{ code: 'CONTACT-FIELD', params: { reason: '3…3' } }]),
    }))
  },
})
