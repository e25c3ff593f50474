import { amountInWords } from '../../../core/money/amount-in-words.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { add, isNegative, isZero, negate, trim } from '../../../core/money/decimal-text.js'
import { formatDay, formatDecimal, inDigits } from '../../../core/money/format-amount.js'
import type { PostalAddress } from '../../../core/access/context.js'
import type { Digits, Locale } from '../../../core/i18n/locale.js'
import type { InvoiceData, InvoiceDataLine, InvoiceFact, InvoiceParty } from '../../../templates/invoicing/invoice-data.js'
import type { InvoiceDocument, InvoiceState, Party, Tax } from '../document.js'
import type { InvoicePrint } from '../hooks.js'

/** How a company prints. */
export interface PrintDisplay {
  /** First language of the paper, then the second if there is one. */
  readonly languages: readonly [Locale] | readonly [Locale, Locale]
  readonly digits: Digits
  readonly state?: InvoiceState
  /** Bank details of the company, shown under payment. */
  readonly bank?: { readonly name?: string; readonly iban?: string; readonly bic?: string; readonly holder?: string }
  /** What a reader types or scans to check the file; the module that answers the check gives it. */
  readonly verification?: { readonly code: string; readonly url: string | null }
  /** Whether the seal's place is left free for the signature (posted), shows its picture (draft), or is not printed. */
  readonly seal: 'place' | 'preview' | 'none'
}

const titles = {
  invoice: { ar: 'فاتورة', en: 'Invoice', bg: 'Фактура' },
  credit_note: { ar: 'إشعار دائن', en: 'Credit note', bg: 'Кредитно известие' },
  debit_note: { ar: 'إشعار مدين', en: 'Debit note', bg: 'Дебитно известие' },
} as const

const stateMarks = {
  draft: { ar: 'مسودة', en: 'DRAFT', bg: 'ЧЕРНОВА' },
  cancelled: { ar: 'ملغاة', en: 'CANCELLED', bg: 'АНУЛИРАНА' },
} as const

const means = {
  cash: { ar: 'نقدًا', en: 'Cash', bg: 'В брой' },
  transfer: { ar: 'تحويل بنكي', en: 'Bank transfer', bg: 'Банков превод' },
  card: { ar: 'بطاقة', en: 'Card', bg: 'Карта' },
  credit: { ar: 'آجل', en: 'On credit', bg: 'Отложено плащане' },
} as const

const unitNames: Readonly<Record<string, Readonly<Record<Locale, string>>>> = {
  PCE: { ar: 'قطعة', en: 'pcs', bg: 'бр.' },
  C62: { ar: 'وحدة', en: 'unit', bg: 'бр.' },
  HUR: { ar: 'ساعة', en: 'h', bg: 'ч.' },
  DAY: { ar: 'يوم', en: 'day', bg: 'ден' },
  MON: { ar: 'شهر', en: 'month', bg: 'мес.' },
  KGM: { ar: 'كجم', en: 'kg', bg: 'кг' },
  LTR: { ar: 'لتر', en: 'l', bg: 'л' },
  MTR: { ar: 'م', en: 'm', bg: 'м' },
  MTK: { ar: 'م²', en: 'm²', bg: 'м²' },
}

const partySchemes = ['VAT', 'TIN', 'EIK', 'CRN', '700', 'NAT', 'IQA']

/**
 * The invoice as its template prints it (templates/invoicing/invoice-data.ts). Formats and chooses; computes nothing: every
 * amount is the document's own.
 */
export function printData(invoice: InvoiceDocument, print: InvoicePrint, display: PrintDisplay): InvoiceData {
  const [locale] = display.languages
  const { digits } = display
  const inLanguages = (texts: Readonly<Record<Locale, string>>): string[] => display.languages.map((language) => texts[language])
  const decimals = minorUnits(invoice.currency)
  const money = (value: string): string => formatDecimal(value, decimals, locale, digits)
  const plain = (value: string): string => {
    const short = trim(value)
    return formatDecimal(short, short.split('.')[1]?.length ?? 0, locale, digits)
  }
  const rate = (value: string): string => `${plain(value)}${digits === 'arabic-indic' ? '\u066a' : '%'}`
  const day = (value: string): string => formatDay(value, locale, digits)
  const mark = display.state === 'draft' || display.state === 'cancelled' ? inLanguages(stateMarks[display.state]) : null

  return {
    languages: display.languages,
    digits,
    title: inLanguages(print.title ?? titles[invoice.type]),
    mark,
    number: invoice.number === '' ? null : invoice.number,
    facts: facts(invoice, day, plain, digits),
    countryFacts: (print.facts ?? []).map((fact) => ({ ...fact, label: inLanguages(fact.label) })),
    seller: party(invoice.seller, locale),
    customer: invoice.customer === null ? null : party(invoice.customer, locale),
    currency: invoice.currency,
    columns: {
      discount: invoice.lines.some((line) => !isZero(line.discount)),
      itemCode: invoice.lines.some((line) => line.itemCode !== null),
    },
    lines: invoice.lines.map((line): InvoiceDataLine => ({
      position: inDigits(String(line.position), digits),
      description: line.description,
      itemCode: line.itemCode,
      quantity: plain(line.quantity),
      unit: unitNames[line.unit]?.[locale] ?? line.unit,
      unitPrice: formatDecimal(line.unitPrice, Math.max(decimals, trim(line.unitPrice).split('.')[1]?.length ?? 0), locale, digits),
      discount: isZero(line.discount) ? null : money(line.discount),
      net: money(line.net),
      taxRate: rate(line.tax.rate),
      taxAmount: money(line.taxAmount),
      furtherTaxes: (line.taxes ?? []).map((further) => ({
        code: further.tax.code,
        rate: further.fixed ? null : rate(further.tax.rate),
        amount: money(further.withheld === true ? negate(further.amount) : further.amount),
      })),
      gross: money(line.total ?? add(line.net, line.taxAmount)),
    })),
    taxes: invoice.taxes.map((subtotal) => ({
      name: inLanguages(subtotal.tax.name),
      rate: rate(subtotal.tax.rate),
      taxable: money(subtotal.taxable),
      amount: money(subtotal.amount),
      reason: subtotal.tax.exemptionReason === undefined ? null : reasons(subtotal.tax, inLanguages),
    })),
    totals: totals(invoice, print, money, inLanguages),
    words: display.languages.map((language) => amountInWords(invoice.totals.payable, invoice.currency, language)),
    refersTo: refersTo(invoice, day),
    payment: payment(invoice, display, locale),
    notes: invoice.notes,
    legalNotes: print.legalNotes.map(inLanguages),
    qr: print.qr !== null,
    qrCaption: print.qr === null ? null : (print.qrCaption ?? null),
    stamps: (print.stamps ?? []).map(({ label, value, code }) => ({ label: inLanguages(label), value, code })),
    seal: display.seal === 'preview' && print.sealSvg === null ? 'none' : display.seal,
    verification: display.verification ?? null,
  }
}

function facts(invoice: InvoiceDocument, day: (value: string) => string, plain: (value: string) => string, digits: Digits): InvoiceFact[] {
  const list: InvoiceFact[] = [
    { label: 'issue-date', value: day(invoice.issueDate), code: true },
    { label: 'issue-time', value: inDigits(invoice.issueTime, digits), code: true },
  ]
  if (invoice.supplyDate !== null) list.push({ label: 'supply-date', value: day(invoice.supplyDate), code: true })
  if (invoice.supplyEndDate !== null) list.push({ label: 'supply-end', value: day(invoice.supplyEndDate), code: true })
  list.push({ label: 'due-date', value: day(invoice.dueDate), code: true })
  if (invoice.purchaseOrder !== null) list.push({ label: 'purchase-order', value: invoice.purchaseOrder, code: true })
  if (invoice.contract !== null) list.push({ label: 'contract', value: invoice.contract, code: true })
  if (invoice.currency !== invoice.companyCurrency) {
    const value = `1 ${invoice.currency} = ${plain(invoice.exchangeRate)} ${invoice.companyCurrency}`
    list.push({ label: 'exchange-rate', value, code: true })
  }
  return list
}

function totals(
  invoice: InvoiceDocument,
  { taxGroups }: InvoicePrint,
  money: (value: string) => string,
  inLanguages: (texts: Readonly<Record<Locale, string>>) => string[],
): InvoiceData['totals'] {
  const { totals: sums } = invoice
  const row = (label: string, value: string, strong = false): InvoiceData['totals'][number] => ({
    label,
    name: null,
    amount: money(value),
    currency: null,
    strong,
    note: null,
  })
  const list = []
  if (!isZero(sums.discount)) list.push(row('total-lines', sums.lines), row('total-discount', negate(sums.discount)))
  list.push(row('total-exclusive', sums.taxExclusive))
  if (taxGroups === undefined) list.push(row('total-tax', sums.tax))
  else for (const { name, amount } of taxGroups) list.push({ ...row('total-tax', amount), name: inLanguages(name) })
  const withheld = taxGroups?.some(({ amount }) => isNegative(amount)) === true
  if (invoice.currency !== invoice.companyCurrency) {
    list.push({ ...row('total-tax-company', sums.taxInCompanyCurrency), currency: invoice.companyCurrency })
  }
  const differs = !isZero(sums.prepaid) || !isZero(sums.rounding)
  if (differs) list.push(row('total-inclusive', sums.taxInclusive))
  if (!isZero(sums.prepaid)) list.push(row('prepaid', negate(sums.prepaid)))
  if (!isZero(sums.rounding)) list.push(row('rounding', sums.rounding))
  list.push(row(differs || withheld ? 'payable' : 'total-inclusive', sums.payable, true))
  return list
}

function refersTo(invoice: InvoiceDocument, day: (value: string) => string): InvoiceFact[] {
  const list: InvoiceFact[] = []
  if (invoice.refersTo !== null) {
    list.push({ label: 'refers-to', value: invoice.refersTo.number, code: true })
    if (invoice.refersTo.issueDate !== null) list.push({ label: 'refers-date', value: day(invoice.refersTo.issueDate), code: true })
  }
  if (invoice.reason !== null) list.push({ label: 'reason', value: invoice.reason, code: false })
  return list
}

function payment(invoice: InvoiceDocument, display: PrintDisplay, locale: Locale): InvoiceFact[] {
  const list: InvoiceFact[] = []
  if (invoice.paymentMeans !== null) list.push({ label: 'payment-means', value: means[invoice.paymentMeans][locale], code: false })
  const bank = invoice.type === 'credit_note' ? {} : (display.bank ?? {})
  if (bank.name !== undefined) list.push({ label: 'bank', value: bank.name, code: false })
  if (bank.holder !== undefined) list.push({ label: 'account-holder', value: bank.holder, code: false })
  if (bank.iban !== undefined) list.push({ label: 'iban', value: bank.iban.replace(/(.{4})(?=.)/g, '$1 '), code: true })
  if (bank.bic !== undefined) list.push({ label: 'bic', value: bank.bic, code: true })
  return list
}

/** Why no tax is charged. A tax that is named after its reason does not say it twice. */
function reasons(tax: Tax, inLanguages: (texts: Readonly<Record<Locale, string>>) => string[]): string[] | null {
  const { exemptionReason: reason, exemptionCode: code, name } = tax
  if (reason === undefined) return null
  const texts = inLanguages(reason)
  if (texts.every((text, index) => text === inLanguages(name)[index])) return code === undefined ? null : [code]
  return code === undefined ? texts : texts.map((text) => `${text} (${code})`)
}

function party(value: Party, locale: Locale): InvoiceParty {
  const arabic = value.nameAr ?? ''
  const names = locale === 'ar' ? [arabic, value.name] : [value.name, arabic]
  const facts: InvoiceFact[] = []
  for (const scheme of partySchemes) {
    const found = value.identifiers.find((identifier) => identifier.scheme === scheme)
    if (found !== undefined) facts.push({ label: scheme, value: found.value, code: true })
  }
  for (const identifier of value.identifiers) {
    if (!partySchemes.includes(identifier.scheme)) facts.push({ label: identifier.scheme, value: identifier.value, code: true })
  }
  if (value.phone !== null) facts.push({ label: 'phone', value: value.phone, code: true })
  if (value.email !== null) facts.push({ label: 'email', value: value.email, code: true })
  return { names: [...new Set(names.filter((name) => name !== ''))], address: addressLines(value.address, locale), facts }
}

/** Where the number of a house follows the name of its street, and the postal code goes before the city. */
const numberAfterStreet = new Set(['BG', 'DE', 'AT', 'NL', 'IT', 'ES', 'PL', 'RO', 'GR'])

/** Address in two lines at most, in the order its country writes it: street and district, then city, postal code and country in the reader's language. */
export function addressLines(address: PostalAddress | null, locale: Locale): string[] {
  if (address === null) return []
  const comma = locale === 'ar' ? '، ' : ', '
  const joined = (parts: readonly (string | undefined)[], separator: string): string =>
    parts.filter((part) => part !== undefined && part.trim() !== '').join(separator)
  const country = new Intl.DisplayNames([locale], { type: 'region' }).of(address.country) ?? address.country
  const continental = numberAfterStreet.has(address.country)
  const street = joined(
    [
      joined(continental ? [address.street, address.building] : [address.building, address.street], ' '),
      address.additionalStreet,
      address.district,
    ],
    comma,
  )
  const place = joined(
    [
      joined(continental ? [address.postalCode, address.city] : [address.city, address.postalCode, address.additionalNumber], ' '),
      address.region,
      country,
    ],
    comma,
  )
  return [street, place].filter((line) => line !== '')
}
