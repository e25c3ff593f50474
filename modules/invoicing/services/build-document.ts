import type { Company } from '../../../core/access/context.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { Fault } from '../../../core/i18n/fault.js'
import { minorUnits, requireCurrencyOn } from '../../../core/money/currencies.js'
import { absolute, compare, hasDecimals, isNegative, isZero, multiply } from '../../../core/money/decimal-text.js'
import type { ContactParty } from '../../contacts/index.js'
import type { InvoiceDocument, Party } from '../document.js'
import type { InvoiceInput } from '../input.js'
import type { InvoicingSettings } from '../models/settings.js'
import { dueDate, type Catalogue } from './catalogue.js'
import { localTime } from '../../../core/i18n/local-time.js'
import type { TaxComputation } from '../tax-computation.js'
import { priceFurther } from './further-taxes.js'
import { computeTotals, type PricedLine } from './totals.js'

/** Everything a document is built from, besides its input. */
export interface DocumentSurroundings {
  readonly company: Company
  readonly settings: InvoicingSettings
  readonly catalogue: Catalogue
  readonly now: Date
  readonly parties: ReadonlyMap<string, ContactParty>
  /** Of the company's country; undefined where amounts are those of EN 16931. */
  readonly computation: TaxComputation | undefined
}

export interface BuiltDocument {
  /** Undefined when a fault keeps amounts from being computed. */
  readonly document: InvoiceDocument | undefined
  readonly faults: readonly FaultDetail[]
}

/** The invoice as it would be posted now: defaults filled, amounts computed, all faults of the input named. No number yet. */
export function buildDocument(
  id: string,
  input: InvoiceInput,
  surroundings: DocumentSurroundings,
  original: InvoiceDocument['refersTo'] = null,
): BuiltDocument {
  const { company, settings, catalogue, now, computation } = surroundings
  const faults: FaultDetail[] = []
  const local = localTime(now, company.timeZone)
  const issueDate = input.issueDate ?? local.date
  if (issueDate > local.date)
    faults.push({ code: 'INVOICE-DATE-FUTURE', path: 'issueDate', params: { date: issueDate, today: local.date } })
  if (input.company !== undefined && input.company !== company.code) {
    faults.push({ code: 'INVOICE-COMPANY-OTHER', path: 'company', params: { given: input.company, company: company.code } })
  }
  const currency = input.currency ?? company.currency
  const exchangeRate = rateFor(currency, issueDate, input, surroundings, faults)
  const priced = priceLines(input, surroundings, issueDate, faults)
  documentFaults(input, computation, faults)
  const customer = customerOf(input, surroundings.parties, faults)
  if (customer === null && !input.simplified && !faults.some((fault) => fault.path === 'contactId')) {
    faults.push({ code: 'INVOICE-CUSTOMER-MISSING', path: 'customer' })
  }
  if (input.type !== 'invoice' && (input.refersTo ?? '') === '') faults.push({ code: 'INVOICE-REFERENCE-MISSING', path: 'refersTo' })
  const term = catalogue.term(settings.defaultTerm)
  const due = input.dueDate ?? (term === undefined ? issueDate : dueDate(term, issueDate))
  if (due < issueDate) faults.push({ code: 'INVOICE-DUE-BEFORE-ISSUE', path: 'dueDate', params: { due, issued: issueDate } })
  if (exchangeRate === undefined || priced === undefined) return { document: undefined, faults }

  // A country that computes by itself may meet a tax without its rate: that is a fault of the line, told above.
  if (computation !== undefined && faults.some(({ code }) => code.startsWith('INVOICE-FURTHER-') || code === 'INVOICE-TAX-UNKNOWN'))
    return { document: undefined, faults }
  const computed = (computation?.compute.bind(computation) ?? computeTotals)(priced, {
    digits: minorUnits(currency),
    companyDigits: minorUnits(company.currency),
    exchangeRate,
    prepaid: input.prepaid,
    ...(input.discount === undefined ? {} : { discount: input.discount }),
  })
  const { totals } = computed
  for (const line of computed.lines) {
    if (tooLarge(multiply(multiply(line.quantity, line.unitPrice), exchangeRate)) || tooLarge(multiply(line.quantity, line.unitPrice)))
      faults.push({ code: 'INVOICE-AMOUNT-ABOVE', path: `lines[${String(line.position - 1)}].unitPrice` })
  }
  if (tooLarge(totals.taxInclusive) || tooLarge(multiply(totals.taxInclusive, exchangeRate)))
    faults.push({ code: 'INVOICE-AMOUNT-ABOVE', path: 'lines' })
  if (isNegative(totals.taxInclusive))
    faults.push({ code: 'INVOICE-TOTAL-NEGATIVE', path: 'lines', params: { total: totals.taxInclusive } })
  if (isNegative(input.prepaid)) faults.push({ code: 'INVOICE-PREPAID-NEGATIVE', path: 'prepaid' })
  const digits = minorUnits(currency)
  if (!hasDecimals(input.prepaid, digits)) faults.push({ code: 'INVOICE-PREPAID-DECIMALS', path: 'prepaid', params: { currency, digits } })
  if (compare(totals.prepaid, totals.taxInclusive) > 0) {
    faults.push({ code: 'INVOICE-PREPAID-ABOVE', path: 'prepaid', params: { prepaid: totals.prepaid, total: totals.taxInclusive } })
  }
  return {
    faults,
    document: {
      id,
      companyId: company.id,
      type: input.type,
      number: '',
      simplified: input.simplified,
      currency,
      companyCurrency: company.currency,
      exchangeRate,
      issueDate,
      issueTime: input.issueTime ?? local.time,
      supplyDate: input.supplyDate ?? null,
      supplyEndDate: input.supplyEndDate ?? null,
      dueDate: due,
      seller: sellerOf(company),
      customer,
      lines: computed.lines,
      taxes: computed.taxes,
      totals,
      paymentMeans: input.paymentMeans ?? null,
      refersTo:
        input.type === 'invoice' || input.refersTo === undefined
          ? null
          : (original ?? { number: input.refersTo, uuid: null, issueDate: null }),
      reason: input.reason ?? null,
      notes: input.notes ?? (settings.notes === '' ? null : settings.notes),
      purchaseOrder: input.purchaseOrder ?? null,
      contract: input.contract ?? null,
      ...(input.discount === undefined ? {} : { discount: input.discount }),
      ...(input.country === undefined ? {} : { country: input.country }),
    },
  }
}

/** More digits than the policy of a signing key compares, and than any amount of money has: a slip of the hand, told before it is posted. */
function tooLarge(amount: string): boolean {
  return compare(absolute(amount), '1000000000000000') >= 0
}

function rateFor(
  currency: string,
  issueDate: string,
  input: InvoiceInput,
  { company, catalogue }: DocumentSurroundings,
  faults: FaultDetail[],
): string | undefined {
  try {
    requireCurrencyOn(currency, issueDate)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    faults.push({ code: error.code, path: 'currency', params: error.params })
    return undefined
  }
  if (currency === company.currency) {
    if (input.exchangeRate !== undefined && compare(input.exchangeRate, '1') !== 0) {
      faults.push({ code: 'INVOICE-RATE-OWN-CURRENCY', path: 'exchangeRate', params: { currency } })
    }
    return '1'
  }
  const rate = input.exchangeRate ?? catalogue.rate(currency, issueDate)
  if (rate === undefined || compare(rate, '0') <= 0) {
    faults.push({ code: 'INVOICE-RATE-MISSING', path: 'exchangeRate', params: { currency, date: issueDate } })
    return undefined
  }
  return rate
}

/** What only some countries know, on the document itself. */
function documentFaults(input: InvoiceInput, computation: TaxComputation | undefined, faults: FaultDetail[]): void {
  if (input.discount !== undefined) {
    if (isNegative(input.discount)) faults.push({ code: 'INVOICE-DISCOUNT-NEGATIVE', path: 'discount' })
    else if (computation?.documentDiscount !== true && !isZero(input.discount)) {
      faults.push({ code: 'INVOICE-FURTHER-DISCOUNT', path: 'discount' })
    }
  }
  for (const name of Object.keys(input.country ?? {})) {
    if (computation?.documentFacts.includes(name) !== true) {
      faults.push({ code: 'INVOICE-COUNTRY-FACT', path: `country.${name}`, params: { field: name } })
    }
  }
}

function priceLines(
  input: InvoiceInput,
  { catalogue, computation }: DocumentSurroundings,
  date: string,
  faults: FaultDetail[],
): PricedLine[] | undefined {
  const priced: PricedLine[] = []
  for (const [index, line] of input.lines.entries()) {
    const at = `lines[${String(index)}]`
    if (isNegative(line.unitPrice)) faults.push({ code: 'INVOICE-PRICE-NEGATIVE', path: `${at}.unitPrice` })
    if (isNegative(line.discount)) faults.push({ code: 'INVOICE-DISCOUNT-NEGATIVE', path: `${at}.discount` })
    else if (!isNegative(line.quantity) && compare(line.discount, multiply(line.quantity, line.unitPrice)) > 0) {
      faults.push({ code: 'INVOICE-DISCOUNT-ABOVE', path: `${at}.discount`, params: { discount: line.discount } })
    }
    const tax = catalogue.taxes(line.tax, date)
    if (tax === undefined) {
      faults.push({ code: 'INVOICE-TAX-UNKNOWN', path: `${at}.tax`, params: { tax: line.tax, date } })
      continue
    }
    const { taxes, country, ...plain } = line
    const further = priceFurther({ tax, taxes, country }, { catalogue, computation, date, at }, faults)
    priced.push({ ...plain, itemCode: line.itemCode ?? null, tax, ...further })
  }
  return priced.length === input.lines.length ? priced : undefined
}

/** Who a document is for: as stated on it, else as the contact stands now. */
export function customerOf(input: InvoiceInput, parties: ReadonlyMap<string, ContactParty>, faults: FaultDetail[]): Party | null {
  const stored = input.contactId === undefined ? undefined : parties.get(input.contactId)
  if (input.contactId !== undefined && stored === undefined) {
    faults.push({ code: 'INVOICE-CONTACT-UNKNOWN', path: 'contactId', params: { contact: input.contactId } })
  }
  const given = input.customer
  if (given !== undefined) {
    return {
      name: given.name,
      nameAr: given.nameAr ?? null,
      identifiers: given.identifiers,
      address: given.address ?? null,
      phone: given.phone ?? null,
      email: given.email ?? null,
    }
  }
  if (stored === undefined) return null
  const { locale: _locale, ...party } = stored
  return party
}

/** The seller as it stands now; copied, never looked up again. */
export function sellerOf(company: Company): Party {
  return {
    name: company.name,
    nameAr: company.nameAr,
    identifiers: company.identifiers,
    address: company.address,
    phone: company.phone,
    email: company.email,
  }
}
