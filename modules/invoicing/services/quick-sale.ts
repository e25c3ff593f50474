import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { compare, subtract } from '../../../core/money/decimal-text.js'
import { decimalFromTyped } from '../../../core/views/format.js'
import type { InvoiceDocument } from '../document.js'
import type { SellingPlaces } from '../hooks.js'
import type { InvoiceInput } from '../input.js'
import { invoicingSettings } from '../models/settings.js'
import { catalogueOf } from './catalogue.js'
import { previewDraft } from './drafts.js'
import { goodsById } from './goods.js'
import { parseInvoiceInput } from './input-faults.js'
import { localTime } from '../../../core/i18n/local-time.js'
import { registerPayment } from './payments.js'
import { postInvoices } from './post.js'
import type { PostedOutcome } from './read-requests.js'

/** What the till sends: products and how many; prices are the server's. */
export const quickSaleInput = z
  .object({
    /** Made by the till for each sale: sent twice, it is sold once. */
    key: z.uuid(),
    place: z.string().max(127).default(''),
    payment: z.enum(['cash', 'card']).default('cash'),
    /** Cash handed over, as typed; empty: exactly the total. */
    received: z.string().max(40).default(''),
    lines: z.array(z.object({ product: z.uuid(), quantity: z.string().max(40), discount: z.string().max(40).default('') })).max(300),
  })
  .strict()

export type QuickSale = z.infer<typeof quickSaleInput>

/** Amounts of a sale that is being put together; null while they cannot be computed. */
export interface SaleAmounts {
  readonly document: InvoiceDocument | null
  /** What goes back to the customer; null unless more cash than the total was handed over. */
  readonly change: string | null
  readonly faults: readonly FaultDetail[]
}

/** Tills of the company; undefined where its country knows none. */
export async function sellingPlaces(
  host: Host,
  context: CompanyContext,
  transaction?: CompanyTransaction,
): Promise<SellingPlaces | undefined> {
  const answers = await host.hooks.collect('invoicing.selling-places', undefined, {
    context,
    ...(transaction === undefined ? {} : { transaction }),
  })
  if (answers.length > 1) throw new Error('two modules name the tills of one company')
  return answers[0]
}

/** Nothing is stored. */
export async function saleAmounts(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  sale: QuickSale,
): Promise<SaleAmounts> {
  if (sale.lines.length === 0) return { document: null, change: null, faults: [] }
  return amountsOf(host, context, transaction, sale, await inputOf(host, context, transaction, sale))
}

async function amountsOf(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  sale: QuickSale,
  { input, faults }: SaleInput,
): Promise<SaleAmounts> {
  if (input === null) return { document: null, change: null, faults }
  const { document, faults: objections } = await previewDraft(host, context, transaction, randomUUID(), input)
  if (document === undefined) return { document: null, change: null, faults: objections }
  const cash = cashOf(sale, document, context)
  return { document, change: cash.change, faults: [...faults, ...objections, ...cash.faults] }
}

/**
 * Posts the sale as a simplified invoice and writes down that it is paid. The same key again answers with the same sale.
 * @throws Fault INVOICE-… of the document, INVOICE-SELL-PLACE, -PRODUCT, -QUANTITY, -RECEIVED
 */
export async function sell(
  host: Host,
  context: CompanyContext,
  sale: QuickSale,
): Promise<{ readonly outcome: PostedOutcome; readonly change: string | null }> {
  const input = await host.db.company(context.companyId, async (transaction) => {
    const made = await inputOf(host, context, transaction, sale)
    const { faults } = await amountsOf(host, context, transaction, sale, made)
    Fault.throwIfAny(faults.filter(({ level }) => level !== 'warning'))
    return made.input
  })
  const [outcome] = await postInvoices(host, context, [{ input, idempotencyKey: `sell:${sale.key}` }])
  if (outcome?.status !== 'posted') {
    Fault.throwIfAny(outcome?.faults ?? [])
    throw new Error('a refused sale has a fault')
  }
  await payWhole(host, context, outcome, sale.payment)
  return { outcome, change: cashOf(sale, outcome.document, context).change }
}

/** Pays what is open; a sale that was answered before may be paid already. */
export async function payWhole(host: Host, context: CompanyContext, outcome: PostedOutcome, method: 'cash' | 'card'): Promise<void> {
  try {
    if (compare(outcome.document.totals.payable, '0') <= 0) return
    await host.db.company(context.companyId, (transaction) => registerPayment(host, context, transaction, outcome.invoiceId, { method }))
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'INVOICE-PAYMENT-NOTHING') throw error
  }
}

/** The fact that names the till. @throws Fault INVOICE-SELL-PLACE */
export function placeFact(places: SellingPlaces | undefined, place: string): Record<string, string> {
  if (places === undefined) return {}
  const found = places.places.find(({ value, isDefault }) => (place === '' ? isDefault : value === place))
  if (found === undefined) throw new Fault('INVOICE-SELL-PLACE', { path: 'place', params: { place } })
  return { [places.fact]: found.value }
}

/** The sale as an invoice; null when the faults keep it from being one. */
interface SaleInput {
  readonly input: InvoiceInput | null
  readonly faults: readonly FaultDetail[]
}

async function inputOf(host: Host, context: CompanyContext, transaction: CompanyTransaction, sale: QuickSale): Promise<SaleInput> {
  const company = await host.access.company(context.companyId)
  const fact = placeFact(await sellingPlaces(host, context, transaction), sale.place)
  const goods = await goodsById(
    transaction,
    company.nameAr === null ? context.locale : 'ar',
    sale.lines.map((line) => line.product),
  )
  const settings = invoicingSettings.parse(await host.settings.get(transaction, 'invoicing'))
  const taxes = (await catalogueOf(transaction)).taxesOn(localTime(host.now(), company.timeZone).date)
  const usual = taxes.find((tax) => tax.code === settings.defaultTax) ?? taxes[0]
  const faults: FaultDetail[] = []
  const lines = sale.lines.flatMap((line, index) => {
    const product = goods.get(line.product)
    if (product === undefined) {
      faults.push({ code: 'INVOICE-SELL-PRODUCT', path: `lines[${String(index)}].product` })
      return []
    }
    const discount = decimalFromTyped(line.discount, context.locale)
    return [
      {
        description: product.name,
        quantity: decimalFromTyped(line.quantity, context.locale),
        unit: product.unit,
        unitPrice: product.price,
        discount: discount === '' ? '0' : discount,
        tax: product.tax ?? usual?.code ?? '',
        ...(product.code === null ? {} : { itemCode: product.code }),
      },
    ]
  })
  if (faults.length > 0) return { input: null, faults }
  for (const [index, line] of lines.entries()) {
    if (/^\d+(?:\.\d+)?$/.test(line.quantity) && compare(line.quantity, '0') > 0) continue
    faults.push({ code: 'INVOICE-SELL-QUANTITY', path: `lines[${String(index)}].quantity` })
  }
  const parsed = parseInvoiceInput({
    simplified: true,
    paymentMeans: sale.payment,
    lines,
    ...(Object.keys(fact).length === 0 ? {} : { country: fact }),
  })
  return { input: parsed.input, faults: [...faults, ...parsed.faults] }
}

/** Cash that was typed must be an amount, and enough. */
function cashOf(
  sale: QuickSale,
  { totals }: InvoiceDocument,
  { locale }: CompanyContext,
): { readonly change: string | null; readonly faults: readonly FaultDetail[] } {
  const received = decimalFromTyped(sale.received, locale)
  if (sale.payment !== 'cash' || received === '') return { change: null, faults: [] }
  const enough = /^\d{1,12}(?:\.\d{1,4})?$/.test(received) && compare(received, totals.payable) >= 0
  if (!enough) return { change: null, faults: [{ code: 'INVOICE-SELL-RECEIVED', path: 'received', params: { total: totals.payable } }] }
  return { change: subtract(received, totals.payable), faults: [] }
}
