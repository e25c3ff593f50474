import type { CompanyTransaction } from '../../../core/db/database.js'
import { compare } from '../../../core/money/decimal-text.js'
import type { DecimalText, Tax } from '../document.js'

export interface PaymentTerm {
  readonly code: string
  readonly kind: 'days' | 'end_of_month'
  readonly days: number
  readonly name: { readonly ar: string; readonly en: string; readonly bg: string }
}

/** What documents of a company are priced with: read once per transaction, in one statement. */
export interface Catalogue {
  taxes(code: string, date: string): Tax | undefined
  /** All taxes valid on a day, for choices on screen. */
  taxesOn(date: string): readonly Tax[]
  term(code: string): PaymentTerm | undefined
  readonly terms: readonly PaymentTerm[]
  /** Newest rate not after the day; undefined when there is none. */
  rate(currency: string, date: string): DecimalText | undefined
  readonly currencies: readonly string[]
}

interface TaxRow {
  readonly code: string
  readonly name: Tax['name']
  readonly rate: string
  readonly category: string
  readonly exemptionCode: string | null
  readonly exemptionReason: Tax['exemptionReason'] | null
  readonly from: string
  readonly to: string | null
  readonly source: string
}

/** How long a catalogue may be old when another process changed it; this process forgets it at once (`forgetCatalogue`). */
const freshForMs = 2000
const kept = new Map<string, { readonly until: number; readonly catalogue: Promise<Catalogue> }>()

export function catalogueOf(transaction: CompanyTransaction): Promise<Catalogue> {
  const known = kept.get(transaction.companyId)
  if (known !== undefined && known.until > performance.now()) return known.catalogue
  const catalogue = readCatalogue(transaction)
  kept.set(transaction.companyId, { until: performance.now() + freshForMs, catalogue })
  catalogue.catch(() => kept.delete(transaction.companyId))
  return catalogue
}

/** To be called by whoever changes taxes, terms, currencies or rates: forgotten now and again after the commit. */
export function forgetCatalogue(transaction: CompanyTransaction): void {
  kept.delete(transaction.companyId)
  transaction.afterCommit(() => kept.delete(transaction.companyId))
}

async function readCatalogue(transaction: CompanyTransaction): Promise<Catalogue> {
  const { companyId } = transaction
  const { rows } = await transaction.knex.raw<{
    rows: { taxes: TaxRow[]; terms: PaymentTerm[]; rates: { code: string; from: string; rate: string }[]; currencies: string[] }[]
  }>(
    `select
      coalesce((select json_agg(json_build_object('code', code, 'name', json_build_object('ar', name_ar, 'en', name_en, 'bg', name_bg),
        'rate', rate::text, 'category', category, 'exemptionCode', exemption_code, 'exemptionReason', exemption_reason,
        'from', valid_from::text, 'to', valid_to::text, 'source', source) order by category = 'S' desc, rate desc, code, valid_from desc)
        from invoicing_tax where company_id = :companyId and active), '[]') as taxes,
      coalesce((select json_agg(json_build_object('code', code, 'kind', kind, 'days', days,
        'name', json_build_object('ar', name_ar, 'en', name_en, 'bg', name_bg)) order by kind, days)
        from invoicing_term where company_id = :companyId and active), '[]') as terms,
      coalesce((select json_agg(json_build_object('code', c.code, 'from', r.valid_from::text, 'rate', r.rate::text) order by r.valid_from desc)
        from invoicing_rate r join invoicing_currency c on c.company_id = r.company_id and c.id = r.currency_id
        where r.company_id = :companyId), '[]') as rates,
      coalesce((select json_agg(code order by code) from invoicing_currency where company_id = :companyId and active), '[]') as currencies`,
    { companyId },
  )
  const [row] = rows
  const taxes = (row?.taxes ?? []).map(taxOf)
  const terms = row?.terms ?? []
  const rates = row?.rates ?? []
  const valid = (tax: Tax, date: string): boolean => tax.from <= date && (tax.to === undefined || date <= tax.to)
  return {
    taxes: (code, date) => taxes.find((tax) => tax.code === code && valid(tax, date)),
    taxesOn: (date) => taxes.filter((tax) => valid(tax, date)),
    term: (code) => terms.find((term) => term.code === code),
    terms,
    rate: (currency, date) => rates.find((rate) => rate.code === currency && rate.from <= date && compare(rate.rate, '0') > 0)?.rate,
    currencies: row?.currencies ?? [],
  }
}

function taxOf(row: TaxRow): Tax {
  return {
    code: row.code,
    name: row.name,
    rate: row.rate,
    category: row.category,
    ...(row.exemptionCode === null ? {} : { exemptionCode: row.exemptionCode }),
    ...(row.exemptionReason === null || row.exemptionReason === undefined ? {} : { exemptionReason: row.exemptionReason }),
    from: row.from,
    ...(row.to === null ? {} : { to: row.to }),
    source: row.source,
  }
}

/** Due date of a term: days after the day of issue, or that many days after the end of its month. */
export function dueDate(term: Pick<PaymentTerm, 'kind' | 'days'>, issueDate: string): string {
  const day = new Date(`${issueDate}T00:00:00Z`)
  if (term.kind === 'end_of_month') day.setUTCMonth(day.getUTCMonth() + 1, 0)
  day.setUTCDate(day.getUTCDate() + term.days)
  return day.toISOString().slice(0, 10)
}
