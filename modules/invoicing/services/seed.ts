import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { currenciesOn, currencyOf } from '../../../core/money/currencies.js'
import type { Tax } from '../document.js'
import { forgetCatalogue } from './catalogue.js'

/** For companies whose country brings no taxes. */
const noTax: Tax = {
  code: 'NOTAX',
  name: { ar: 'بدون ضريبة', en: 'No tax', bg: 'Без данък' },
  rate: '0',
  category: 'O',
  from: '2000-01-01',
  source: 'Not subject to tax (UN/EDIFACT 5305: O)',
}

const terms = [
  { code: 'immediate', kind: 'days', days: 0, name_ar: 'دفع فوري', name_en: 'Immediate Payment', name_bg: 'Незабавно плащане' },
  { code: '15-days', kind: 'days', days: 15, name_ar: '١٥ يومًا', name_en: '15 Days', name_bg: '15 дни' },
  { code: '30-days', kind: 'days', days: 30, name_ar: '٣٠ يومًا', name_en: '30 Days', name_bg: '30 дни' },
  { code: 'end-of-month', kind: 'end_of_month', days: 0, name_ar: 'نهاية الشهر', name_en: 'End of This Month', name_bg: 'Край на месеца' },
] as const

/**
 * Brings the company's tax table up to what its modules know, and seeds terms and currencies the first time. Repeatable: rows that
 * are there are left as people made them, except the last day of a rate that a newer version of the law has closed.
 */
export async function seedCatalogue(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<void> {
  forgetCatalogue(transaction)
  const company = await host.access.company(context.companyId)
  const brought = await host.hooks.collect('invoicing.taxes', { country: company.country }, { context, transaction })
  await seedTaxes(transaction, brought.length > 0 ? brought : [noTax])
  if (brought.length > 0) {
    // The country came after invoicing: what stood in for its taxes is offered no longer.
    await transaction
      .knex('invoicing_tax')
      .where({ company_id: transaction.companyId, code: noTax.code, source: noTax.source })
      .update({ active: false })
  }
  const { knex, companyId } = transaction
  await knex('invoicing_term')
    .insert(terms.map((term) => ({ company_id: companyId, ...term })))
    .onConflict(['company_id', 'code'])
    .ignore()
  const own = currencyOf(company.currency)
  const listed = [own, ...currenciesOn(localDay(host.now(), company.timeZone)).filter(({ code }) => code !== own.code)]
  await knex('invoicing_currency')
    .insert(
      listed.map((currency) => ({
        company_id: companyId,
        code: currency.code,
        symbol: currency.symbol.en,
        digits: currency.minorUnits,
        active: currency.code === own.code || ['EUR', 'USD'].includes(currency.code),
      })),
    )
    .onConflict(['company_id', 'code'])
    .ignore()
}

async function seedTaxes(transaction: CompanyTransaction, taxes: readonly Tax[]): Promise<void> {
  const rows = taxes.map((tax) => ({
    company_id: transaction.companyId,
    code: tax.code,
    name_ar: tax.name.ar,
    name_en: tax.name.en,
    name_bg: tax.name.bg,
    rate: tax.rate,
    category: tax.category,
    exemption_code: tax.exemptionCode ?? null,
    exemption_reason: tax.exemptionReason === undefined ? null : JSON.stringify(tax.exemptionReason),
    valid_from: tax.from,
    valid_to: tax.to ?? null,
    source: tax.source,
  }))
  await transaction
    .knex('invoicing_tax')
    .insert(rows)
    .onConflict(['company_id', 'code', 'valid_from'])
    .merge({ valid_to: transaction.knex.raw('coalesce(invoicing_tax.valid_to, excluded.valid_to)') })
}
