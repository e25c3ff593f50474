import type { Locale } from '../../../core/i18n/locale.js'
import { itemsOf, memberOf, parseLiteral, textAt as sourceAt, type LiteralValue } from '../canonical/literal-value.js'
import { subtypeOf } from '../data/taxes.js'

/** Who issued or receives, as the document names him. */
export interface ReadParty {
  readonly name: string
  readonly id: string
  readonly type: string
  readonly governate: string
  readonly regionCity: string
  readonly street: string
  readonly building: string
  readonly postalCode: string
  readonly country: string
}

export interface ReadTax {
  readonly code: string
  readonly name: string
  readonly rate: string | null
  readonly amount: string
}

export interface ReadLine {
  readonly description: string
  readonly itemCode: string
  readonly quantity: string
  readonly unit: string
  readonly price: string
  readonly discount: string
  readonly net: string
  readonly total: string
  readonly taxes: readonly ReadTax[]
}

/** A document of somebody else for a reader: every figure is the document's own text, nothing is computed again. */
export interface ReadDocument {
  readonly version: string
  readonly activity: string
  readonly reference: string | null
  readonly issuer: ReadParty
  readonly receiver: ReadParty
  readonly lines: readonly ReadLine[]
  /** Currency in which prices were agreed, when it is not the pound. */
  readonly soldIn: string | null
  readonly sales: string
  readonly discount: string
  readonly net: string
  readonly taxes: readonly ReadTax[]
  readonly extraDiscount: string
  readonly total: string
}

const nothing = (amount: string | undefined): boolean => amount === undefined || /^-?0*(?:\.0*)?$/.test(amount)

/** For a reader: quotes and letters that the source escapes are written out. What is signed is never read this way. */
function textAt(value: LiteralValue | undefined, ...path: readonly string[]): string | undefined {
  const source = sourceAt(value, ...path)
  if (source?.includes('\\') !== true) return source
  const read: unknown = JSON.parse(`"${source}"`)
  return typeof read === 'string' ? read : source
}

/** @throws Fault EG-JSON-… for bytes that are no document */
export function readDocument(bytes: Uint8Array, locale: Locale): ReadDocument {
  const document = parseLiteral(bytes)
  const text = (...path: string[]): string => textAt(document, ...path) ?? ''
  const lines = itemsOf(memberOf(document, 'invoiceLines')).map((line): ReadLine => ({
    description: textAt(line, 'description') ?? '',
    itemCode: textAt(line, 'itemCode') ?? '',
    quantity: textAt(line, 'quantity') ?? '',
    unit: textAt(line, 'unitType') ?? '',
    price: textAt(line, 'unitValue', 'amountEGP') ?? '',
    discount: textAt(line, 'discount', 'amount') ?? '',
    net: textAt(line, 'netTotal') ?? '',
    total: textAt(line, 'total') ?? '',
    taxes: itemsOf(memberOf(line, 'taxableItems')).map((tax): ReadTax => {
      const subtype = subtypeOf(textAt(tax, 'subType') ?? '')
      const rate = textAt(tax, 'rate')
      return {
        code: textAt(tax, 'subType') ?? textAt(tax, 'taxType') ?? '',
        name: subtype?.name[locale] ?? '',
        // The name of most says its rate.
        rate: nothing(rate) || subtype?.name[locale].includes('%') === true ? null : (rate ?? null),
        amount: textAt(tax, 'amount') ?? '',
      }
    }),
  }))
  const first = itemsOf(memberOf(document, 'invoiceLines'))[0]
  const currency = textAt(first, 'unitValue', 'currencySold') ?? 'EGP'
  return {
    version: text('documentTypeVersion'),
    activity: text('taxpayerActivityCode'),
    reference: textAt(document, 'purchaseOrderReference') ?? null,
    issuer: party(memberOf(document, 'issuer')),
    receiver: party(memberOf(document, 'receiver')),
    lines,
    soldIn: currency === 'EGP' ? null : currency,
    sales: text('totalSalesAmount'),
    discount: nothing(text('totalDiscountAmount')) ? '' : text('totalDiscountAmount'),
    net: text('netAmount'),
    taxes: itemsOf(memberOf(document, 'taxTotals')).map((tax): ReadTax => ({
      code: textAt(tax, 'taxType') ?? '',
      name: '',
      rate: null,
      amount: textAt(tax, 'amount') ?? '',
    })),
    extraDiscount: nothing(textAt(document, 'extraDiscountAmount')) ? '' : text('extraDiscountAmount'),
    total: text('totalAmount'),
  }
}

function party(value: LiteralValue | undefined): ReadParty {
  const text = (...path: string[]): string => textAt(value, ...path) ?? ''
  return {
    name: text('name'),
    id: text('id'),
    type: text('type'),
    governate: text('address', 'governate'),
    regionCity: text('address', 'regionCity'),
    street: text('address', 'street'),
    building: text('address', 'buildingNumber'),
    postalCode: text('address', 'postalCode'),
    country: text('address', 'country'),
  }
}
