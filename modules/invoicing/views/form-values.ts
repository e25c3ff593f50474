import { isUuid } from '../../../core/access/companies.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { RecordValues } from '../../../core/views/view.js'
import type { InvoiceDocument } from '../document.js'
import type { InvoiceInput } from '../input.js'
import { catalogueOf } from '../services/catalogue.js'
import { draftInput } from '../services/drafts.js'
import { readFurtherTaxes, writeFurtherTaxes } from './further-taxes-text.js'
import { parseInvoiceInput } from '../services/input-faults.js'

/** Scalar fields that stand in the form under the name they have in the input. */
const plainFields = [
  'type',
  'simplified',
  'currency',
  'exchangeRate',
  'issueDate',
  'dueDate',
  'supplyDate',
  'supplyEndDate',
  'contactId',
  'refersTo',
  'reason',
  'paymentMeans',
  'prepaid',
  'notes',
  'purchaseOrder',
  'contract',
  // Shown where the company's country knows a discount on the whole document.
  'discount',
] as const

interface TaxChoice {
  readonly id: string
  readonly code: string
}
interface ProductChoice {
  readonly id: string
  readonly code: string | null
  readonly name: string
  readonly name_ar: string | null
  readonly unit: string
  readonly price: string
  readonly tax_code: string | null
}

/**
 * Form values as a draft's input. What the form does not show (an inline customer, the time) is kept from the stored input, unless
 * another contact was chosen.
 * @throws Fault with details whose paths are names of the form
 */
export async function inputOfForm(
  transaction: CompanyTransaction,
  values: RecordValues,
  stored: InvoiceInput | undefined,
): Promise<InvoiceInput> {
  const input: Record<string, unknown> = { ...stored }
  for (const field of plainFields) {
    if (!(field in values)) continue
    const value = textOf(values[field])
    if (value === null || value === '') Reflect.deleteProperty(input, field)
    else input[field] = value
  }
  if (stored?.customer !== undefined && input['contactId'] !== undefined && input['contactId'] !== stored.contactId) {
    Reflect.deleteProperty(input, 'customer')
  }
  const facts = countryFacts(values, stored?.country)
  if (facts !== undefined) input['country'] = facts
  if ('lines' in values) input['lines'] = await linesOfForm(transaction, values['lines'], stored?.lines ?? [])
  else input['lines'] ??= []
  const parsed = parseInvoiceInput(input, draftInput)
  if (parsed.input === null) {
    Fault.throwIfAny(parsed.faults)
    throw new Error('an unread input has a fault')
  }
  return parsed.input
}

async function linesOfForm(
  transaction: CompanyTransaction,
  value: unknown,
  stored: InvoiceInput['lines'],
): Promise<Record<string, unknown>[]> {
  const rows = Array.isArray(value) ? value.filter(isRecord) : []
  const taxes = await taxCodes(transaction, rows)
  return rows.map((row, index) => {
    const tax = textOf(row['tax'])
    return {
      ...unseenOf(row, stored[index]),
      description: textOf(row['description']) ?? '',
      quantity: textOf(row['quantity']) ?? '1',
      unit: textOf(row['unit']) ?? undefined,
      unitPrice: textOf(row['unitPrice']) ?? '0',
      discount: textOf(row['discount']) ?? undefined,
      tax: typeof tax === 'string' ? (taxes.get(tax) ?? tax) : '',
      itemCode: textOf(row['itemCode']) ?? undefined,
    }
  })
}

/**
 * What a line has beside the columns of the form: further taxes as the text of their column where the country shows one, else as they
 * were, as long as the line is still about the same thing.
 */
function unseenOf(row: RecordValues, stored: InvoiceInput['lines'][number] | undefined): Record<string, unknown> {
  const same = stored !== undefined && stored.description === textOf(row['description'])
  const typed = 'furtherTaxes' in row ? readFurtherTaxes(textOf(row['furtherTaxes'])) : same ? stored.taxes : undefined
  return {
    ...(typed === undefined || typed.length === 0 ? {} : { taxes: typed }),
    ...optionalFacts(countryFacts(row, same ? stored.country : undefined)),
  }
}

const factPrefix = 'country.'

/** Facts a country's fields state (`country.itemsDiscount`), over those that were there; undefined for none at all. */
function countryFacts(values: RecordValues, stored: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const facts = new Map(Object.entries(stored ?? {}))
  for (const [name, value] of Object.entries(values)) {
    if (!name.startsWith(factPrefix)) continue
    const text = value === true ? 'yes' : textOf(value)
    if (typeof text === 'string') facts.set(name.slice(factPrefix.length), text)
    else facts.delete(name.slice(factPrefix.length))
  }
  return stored === undefined && facts.size === 0 ? undefined : Object.fromEntries(facts)
}

function optionalFacts(facts: Record<string, string> | undefined): { country?: Record<string, string> } {
  return facts === undefined || Object.keys(facts).length === 0 ? {} : { country: facts }
}

/** The other way round; a fact that says yes is a mark. */
function factFields(facts: Readonly<Record<string, string>> | undefined): Record<string, string | boolean> {
  return Object.fromEntries(Object.entries(facts ?? {}).map(([name, value]) => [`${factPrefix}${name}`, value === 'yes' ? true : value]))
}

async function taxCodes(transaction: CompanyTransaction, rows: readonly RecordValues[]): Promise<Map<string, string>> {
  const ids = rows.map((row) => textOf(row['tax'])).filter((id): id is string => typeof id === 'string')
  if (ids.length === 0) return new Map()
  const found: TaxChoice[] = await transaction
    .knex('invoicing_tax')
    .where('company_id', transaction.companyId)
    .whereIn('id', ids.filter(isUuid))
    .select(['id', 'code'])
  return new Map(found.map((tax) => [tax.id, tax.code]))
}

/** Draft input as form values; taxes become choices of the tax list. */
export async function formOfInput(
  transaction: CompanyTransaction,
  input: InvoiceInput,
  issueDate: string,
  locale: Locale,
): Promise<Record<string, unknown>> {
  const { lines, customer, ...rest } = input
  const codes = [...new Set(lines.map((line) => line.tax))]
  const taxes: (TaxChoice & { name_ar: string; name_en: string; name_bg: string })[] = await transaction
    .knex('invoicing_tax')
    .where('company_id', transaction.companyId)
    .whereIn('code', codes)
    .where('valid_from', '<=', issueDate)
    .orderBy('valid_from', 'asc')
    .select(['id', 'code', 'name_ar', 'name_en', 'name_bg'])
  const byCode = new Map(taxes.map((tax) => [tax.code, { id: tax.id, label: tax[`name_${locale}`] }]))
  return {
    ...rest,
    ...factFields(rest.country),
    ...(customer === undefined ? {} : { customerName: locale === 'ar' ? (customer.nameAr ?? customer.name) : customer.name }),
    lines: lines.map((line) => ({
      ...line,
      ...factFields(line.country),
      tax: byCode.get(line.tax) ?? { id: line.tax, label: line.tax },
      furtherTaxes: writeFurtherTaxes(line.taxes ?? []),
    })),
  }
}

/** A posted document as form values: read alone. */
export function formOfDocument(document: InvoiceDocument, locale: Locale): Record<string, unknown> {
  const { customer } = document
  return {
    type: document.type,
    number: document.number,
    simplified: document.simplified,
    currency: document.currency,
    exchangeRate: document.exchangeRate,
    issueDate: document.issueDate,
    dueDate: document.dueDate,
    supplyDate: document.supplyDate,
    supplyEndDate: document.supplyEndDate,
    refersTo: document.refersTo?.number ?? null,
    reason: document.reason,
    paymentMeans: document.paymentMeans,
    prepaid: document.totals.prepaid,
    notes: document.notes,
    purchaseOrder: document.purchaseOrder,
    contract: document.contract,
    discount: document.discount ?? null,
    ...factFields(document.country),
    customerName: locale === 'ar' ? (customer?.nameAr ?? customer?.name ?? '') : (customer?.name ?? ''),
    lines: document.lines.map((line) => ({
      ...line,
      ...factFields(line.country),
      tax: { id: '', label: line.tax.name[locale] },
      furtherTaxes: writeFurtherTaxes(
        (line.taxes ?? []).map(({ tax, amount, fixed }) => ({ tax: tax.code, ...(fixed ? { amount } : { rate: tax.rate }) })),
      ),
    })),
    ...totalsOf(document),
  }
}

/** Totals in the form, by the names of its fields. */
export function totalsOf(document: InvoiceDocument): Record<string, unknown> {
  const { totals } = document
  return {
    untaxed: totals.taxExclusive,
    tax: totals.tax,
    total: totals.taxInclusive,
    prepaidTotal: totals.prepaid,
    payable: totals.payable,
  }
}

/** Totals of a draft whose amounts cannot be computed. */
export const noTotals = { untaxed: null, tax: null, total: null, prepaidTotal: null, payable: null } as const

/**
 * Fills lines where a product was just chosen: description, unit, price and tax of the product, where the line has none of its own;
 * a new line gets quantity one and the company's usual tax.
 */
export async function completeLines(
  transaction: CompanyTransaction,
  lines: unknown,
  defaultTax: string,
  issueDate: string,
  locale: Locale,
): Promise<RecordValues[]> {
  const rows = Array.isArray(lines) ? lines.filter(isRecord) : []
  const productIds = rows.map((row) => textOf(row['product'])).filter((id): id is string => typeof id === 'string')
  const products: ProductChoice[] =
    productIds.length === 0
      ? []
      : await transaction
          .knex('invoicing_product')
          .where('company_id', transaction.companyId)
          .whereIn('id', productIds.filter(isUuid))
          .select(['id', 'code', 'name', 'name_ar', 'unit', 'price', 'tax_code'])
  const catalogue = await catalogueOf(transaction)
  const usual = catalogue.taxesOn(issueDate).find((tax) => tax.code === defaultTax) ?? catalogue.taxesOn(issueDate)[0]
  const tables: (TaxChoice & { name_ar: string; name_en: string; name_bg: string })[] = await transaction
    .knex('invoicing_tax')
    .where('company_id', transaction.companyId)
    .where('valid_from', '<=', issueDate)
    .orderBy('valid_from')
    .select(['id', 'code', 'name_ar', 'name_en', 'name_bg'])
  const choice = (code: string | undefined): { id: string; label: string } | undefined => {
    const tax = tables.findLast((row) => row.code === code)
    return tax === undefined ? undefined : { id: tax.id, label: tax[`name_${locale}`] }
  }
  return rows.map((row) => {
    const product = products.find((item) => item.id === textOf(row['product']))
    const given = (name: string): unknown => (textOf(row[name]) === null ? undefined : row[name])
    return {
      ...row,
      description: given('description') ?? (locale === 'ar' ? (product?.name_ar ?? product?.name) : product?.name),
      itemCode: given('itemCode') ?? product?.code,
      quantity: given('quantity') ?? '1',
      unit: given('unit') ?? product?.unit ?? 'PCE',
      unitPrice: given('unitPrice') ?? product?.price,
      tax: given('tax') ?? choice(product?.tax_code ?? undefined) ?? choice(usual?.code),
    }
  })
}

/** Paths of faults in the terms of the form: what concerns the customer stands at the contact. */
export function formFaults(faults: readonly FaultDetail[], level?: 'warning'): FaultDetail[] {
  return faults.map((fault) => {
    const path =
      fault.path?.startsWith('customer') === true ? 'contactId' : fault.path?.replace(/^(lines\[\d+\])\.taxes\b.*$/, '$1.furtherTaxes')
    return { ...fault, ...(path === undefined ? {} : { path }), ...(level === undefined ? {} : { level }) }
  })
}

/** A posted value: text as it is, the id of a relation, true and false; null for nothing. */
function textOf(value: unknown): string | boolean | null {
  if (typeof value === 'string') return value === '' ? null : value
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') return value.id === '' ? null : value.id
  return null
}

function isRecord(value: unknown): value is RecordValues {
  return typeof value === 'object' && value !== null
}
