import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { add, isZero, trim } from '../../../core/money/decimal-text.js'
import { formatDecimal } from '../../../core/money/format-amount.js'
import { decimalFromTyped } from '../../../core/views/format.js'
import type { SellingPlaces } from '../hooks.js'
import { findGoods } from '../services/goods.js'
import { quickSaleInput, saleAmounts, sell, sellingPlaces, type QuickSale, type SaleAmounts } from '../services/quick-sale.js'
import { returnableOf, takeBack } from '../services/take-back.js'
import { idOf } from './invoices-api.js'

const sellers = ['invoicing.user']

/** Selling over the counter: one page that finds, adds up, takes the money and posts; and taking goods back. */
export function sellPages(setup: ModuleSetup): void {
  const { host, routes } = setup

  routes.page('get', '/sell', sellers, async ({ context }) => {
    const company = await host.access.company(context.companyId)
    const { places, any } = await host.db.company(context.companyId, async (transaction) => ({
      places: placesShown(await sellingPlaces(host, context, transaction), context),
      any: (await findGoods(transaction, context.locale, '')).goods.length > 0,
    }))
    return {
      kind: 'page',
      template: 'invoicing/sell',
      title: host.i18n.text(context.locale, 'invoicing.sell.title'),
      data: { places, any, currency: company.currency, ready: places === null || places.list.length > 0 },
    }
  })

  routes.page('get', '/sell/goods', sellers, async ({ context, query }) => {
    const money = await moneyOf(host, context)
    const found = await host.db.company(context.companyId, (transaction) => findGoods(transaction, context.locale, query['q'] ?? ''))
    return {
      kind: 'json',
      body: { exact: found.exact, goods: found.goods.map(({ id, code, name, price }) => ({ id, code, name, price: money(price) })) },
    }
  })

  routes.page('post', '/sell/amounts', sellers, async ({ context, body }) => {
    const sale = saleOf(body)
    const amounts = await host.db.company(context.companyId, (transaction) => saleAmounts(host, context, transaction, sale))
    return { kind: 'json', body: shownAmounts(host, context, amounts, await moneyOf(host, context)) }
  })

  routes.page('post', '/sell', sellers, async ({ context, body }) => {
    const money = await moneyOf(host, context)
    try {
      const { outcome, change } = await sell(host, context, saleOf(body))
      return {
        kind: 'json',
        body: {
          number: outcome.number,
          total: money(outcome.document.totals.payable),
          change: change === null ? null : money(change),
          page: `/app/invoicing/invoice/${outcome.invoiceId}`,
          slip: `/app/invoicing/invoice/${outcome.invoiceId}/receipt`,
        },
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { kind: 'json', status: 422, body: { faults: faultsShown(host, context, error) } }
    }
  })

  async function returnPage(context: CompanyContext, id: string, problem?: { fault: Fault; form: PageCall['body'] }): Promise<PageAnswer> {
    const { sale, places } = await host.db.company(context.companyId, async (transaction) => ({
      sale: await returnableOf(transaction, id),
      places: await sellingPlaces(host, context, transaction),
    }))
    const { document } = sale
    const typed = (name: string): string | undefined => textOf(problem?.form[name])
    const fact = places === undefined ? undefined : document.country?.[places.fact]
    const money = await moneyOf(host, context)
    return {
      kind: 'page',
      template: 'invoicing/take-back',
      title: host.i18n.text(context.locale, 'invoicing.return.title'),
      breadcrumb: [
        { label: host.i18n.text(context.locale, 'invoicing.list.invoices'), href: '/app/invoicing/invoice' },
        { label: document.number, href: `/app/invoicing/invoice/${id}` },
        { label: host.i18n.text(context.locale, 'invoicing.return.title') },
      ],
      data: {
        id,
        key: typed('key') ?? randomUUID(),
        number: document.number,
        total: money(document.totals.payable),
        currency: document.currency,
        reason: typed('reason') ?? '',
        card: (typed('payment') ?? document.paymentMeans) === 'card',
        places: placesShown(places, context, typed('place') ?? fact),
        nothing: sale.lines.every(({ left }) => isZero(left)),
        lines: sale.lines.map(({ line, left }) => ({
          position: line.position,
          description: line.description,
          sold: trim(line.quantity),
          left: trim(left),
          gone: isZero(left),
          price: money(line.unitPrice),
          quantity: typed(`quantity-${String(line.position)}`) ?? trim(left),
        })),
        faults: problem === undefined ? [] : faultsShown(host, context, problem.fault),
      },
      status: problem === undefined ? 200 : 422,
      here: `/app/invoicing/sell/return/${id}`,
    }
  }

  routes.page('get', '/sell/return/:id', sellers, ({ context, params }) => returnPage(context, idOf(params)))
  routes.page('post', '/sell/return/:id', sellers, async ({ context, params, body }) => {
    const id = idOf(params)
    const quantities = new Map<number, string>()
    for (const [name, value] of Object.entries(body)) {
      const position = /^quantity-(\d{1,4})$/.exec(name)?.[1]
      const typed = textOf(value)?.trim() ?? ''
      if (position !== undefined && typed !== '') quantities.set(Number(position), decimalFromTyped(typed, context.locale))
    }
    try {
      const outcome = await takeBack(host, context, id, {
        key: (textOf(body['key']) ?? randomUUID()).slice(0, 60),
        quantities,
        reason: (textOf(body['reason']) ?? '').slice(0, 1000),
        place: textOf(body['place']) ?? '',
        payment: body['payment'] === 'card' ? 'card' : 'cash',
      })
      return {
        kind: 'redirect',
        to: `/app/invoicing/invoice/${outcome.invoiceId}`,
        notice: { key: 'invoicing.return.done', params: { number: outcome.number }, level: 'success' },
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return returnPage(context, id, { fault: error, form: body })
    }
  })
}

/** @throws Fault INVOICE-SELL-FORM when the till sends what is no sale */
function saleOf(body: PageCall['body']): QuickSale {
  let value: unknown
  try {
    value = JSON.parse(textOf(body['sale']) ?? '')
  } catch {
    value = undefined
  }
  const read = quickSaleInput.safeParse(value)
  if (!read.success) throw new Fault('INVOICE-SELL-FORM', { params: { field: read.error.issues[0]?.path.join('.') ?? '' } })
  return read.data
}

function shownAmounts(
  host: Host,
  context: CompanyContext,
  { document, change, faults }: SaleAmounts,
  money: (value: string) => string,
): object {
  return {
    lines: document?.lines.map((line) => money(line.total ?? add(line.net, line.taxAmount))) ?? null,
    untaxed: document === null ? null : money(document.totals.taxExclusive),
    tax: document === null ? null : money(document.totals.tax),
    total: document === null ? null : money(document.totals.payable),
    change: change === null ? null : money(change),
    faults: faults
      .filter(({ level }) => level !== 'warning')
      .map((fault) => ({ code: fault.code, path: fault.path ?? '', text: host.i18n.faultOnPage(context.locale, fault) })),
  }
}

function faultsShown(host: Host, { locale }: CompanyContext, { details }: Fault): { code: string; path: string; text: string }[] {
  return details
    .filter(({ level }) => level !== 'warning')
    .map((detail) => ({ code: detail.code, path: detail.path ?? '', text: host.i18n.faultOnPage(locale, detail) }))
}

function placesShown(places: SellingPlaces | undefined, { locale }: CompanyContext, chosen?: string) {
  if (places === undefined) return null
  const list = places.places.map((place) => ({
    value: place.value,
    label: place.label,
    selected: chosen === undefined || chosen === '' ? place.isDefault : place.value === chosen,
  }))
  return { label: places.label[locale], setup: places.setup, list, several: list.length > 1, only: list[0] }
}

async function moneyOf(host: Host, { companyId, locale }: CompanyContext): Promise<(value: string) => string> {
  const { currency, digits } = await host.access.company(companyId)
  return (value) => formatDecimal(value, minorUnits(currency), locale, digits)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
