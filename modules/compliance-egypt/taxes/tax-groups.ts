import type { LocalizedText } from '../../../core/i18n/locale.js'
import { sum } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoicePrint } from '../../invoicing/index.js'
import { subtypeOf } from '../data/taxes.js'

const kinds: readonly { readonly types: ReadonlySet<string>; readonly name: LocalizedText }[] = [
  { types: new Set(['T1']), name: { ar: 'ضريبة القيمة المضافة', en: 'Value added tax', bg: 'Данък върху добавената стойност' } },
  { types: new Set(['T2', 'T3']), name: { ar: 'ضريبة الجدول', en: 'Table tax', bg: 'Данък по таблицата' } },
  {
    types: new Set(['T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12']),
    name: { ar: 'رسوم أخرى خاضعة للضريبة', en: 'Other fees, taxable', bg: 'Други такси, облагаеми' },
  },
  {
    types: new Set(['T13', 'T14', 'T15', 'T16', 'T17', 'T18', 'T19', 'T20']),
    name: { ar: 'رسوم غير خاضعة للضريبة', en: 'Fees, not taxable', bg: 'Необлагаеми такси' },
  },
  { types: new Set(['T4']), name: { ar: 'الخصم تحت حساب الضريبة', en: 'Tax withheld', bg: 'Удържан данък' } },
]

/** The document's tax by what it does to the total; the groups add up to it, for the subtotals do. What is withheld comes last. */
export function taxGroups(invoice: InvoiceDocument): NonNullable<InvoicePrint['taxGroups']> {
  return kinds.flatMap(({ types, name }) => {
    const amounts = invoice.taxes.filter(({ tax }) => types.has(subtypeOf(tax.code)?.type ?? 'T1')).map(({ amount }) => amount)
    return amounts.length === 0 ? [] : [{ name, amount: sum(amounts) }]
  })
}
