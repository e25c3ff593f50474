import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { isNegative } from '../../../core/money/decimal-text.js'
import type { Tax } from '../document.js'
import type { InvoiceInput } from '../input.js'
import type { TaxComputation } from '../tax-computation.js'
import type { Catalogue } from './catalogue.js'
import type { PricedLine, PricedTax } from './totals.js'

type LineInput = InvoiceInput['lines'][number]

/** The computation of the company's country. */
export async function taxComputationOf(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  company: Company,
): Promise<TaxComputation | undefined> {
  const answers = await host.hooks.collect('invoicing.tax-computation', { country: company.country }, { context, transaction })
  const own = answers.filter((answer) => answer.country === company.country)
  if (own.length > 1) throw new Error(`two modules compute the taxes of ${company.country}`)
  return own[0]
}

interface LineSurroundings {
  readonly catalogue: Catalogue
  readonly computation: TaxComputation | undefined
  readonly date: string
  /** `lines[2]` */
  readonly at: string
}

/** Further taxes and country facts of a line, looked up; what the country does not know is a fault, never left out in silence. */
export function priceFurther(
  { tax: main, taxes, country }: { readonly tax: Tax; readonly taxes: LineInput['taxes']; readonly country: LineInput['country'] },
  { catalogue, computation, date, at }: LineSurroundings,
  faults: FaultDetail[],
): Pick<PricedLine, 'taxes' | 'country'> {
  for (const name of Object.keys(country ?? {})) {
    if (computation?.lineFacts.includes(name) !== true) {
      faults.push({ code: 'INVOICE-COUNTRY-FACT', path: `${at}.country.${name}`, params: { field: name } })
    }
  }
  if (computation?.isFurther(main) === true) faults.push({ code: 'INVOICE-FURTHER-AS-MAIN', path: `${at}.tax`, params: { tax: main.code } })
  const found: PricedTax[] = []
  for (const [index, asked] of (taxes ?? []).entries()) {
    const path = `${at}.taxes[${String(index)}]`
    const params = { tax: asked.tax, date }
    const tax = catalogue.taxes(asked.tax, date)
    if (computation === undefined) faults.push({ code: 'INVOICE-FURTHER-NONE', path, params })
    else if (tax === undefined) faults.push({ code: 'INVOICE-TAX-UNKNOWN', path: `${path}.tax`, params })
    else if (!computation.isFurther(tax)) faults.push({ code: 'INVOICE-FURTHER-MAIN', path: `${path}.tax`, params })
    else if (found.some((one) => one.tax.code === tax.code)) faults.push({ code: 'INVOICE-FURTHER-TWICE', path: `${path}.tax`, params })
    else if (asked.rate !== undefined && asked.amount !== undefined) faults.push({ code: 'INVOICE-FURTHER-BOTH', path, params })
    else if (isNegative(asked.rate ?? asked.amount ?? '0')) faults.push({ code: 'INVOICE-FURTHER-NEGATIVE', path, params })
    else if (computation.states(tax) === 'amount' && asked.amount === undefined)
      faults.push({ code: 'INVOICE-FURTHER-AMOUNT', path, params })
    else if (computation.states(tax) === 'rate' && asked.rate === undefined) faults.push({ code: 'INVOICE-FURTHER-RATE', path, params })
    else if (computation.states(tax) !== 'amount' && asked.amount !== undefined) faults.push({ code: 'INVOICE-FURTHER-RATE', path, params })
    else {
      found.push({
        tax,
        ...(asked.rate === undefined ? {} : { rate: asked.rate }),
        ...(asked.amount === undefined ? {} : { amount: asked.amount }),
      })
    }
  }
  return { ...(found.length === 0 ? {} : { taxes: found }), ...(country === undefined ? {} : { country }) }
}
