import { Fault } from '../../../core/i18n/fault.js'
import { isZero, trim } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoiceLine } from '../../invoicing/index.js'
import { parseLiteral, type LiteralValue } from '../canonical/literal-value.js'
import { writeJson, type Writable } from '../canonical/write-literal.js'
import { etaUnit } from '../data/codes.js'
import { documentAmounts, etaAmount, lineAmounts, type LineAmounts } from '../taxes/line-amounts.js'
import { askedLine } from '../taxes/tax-computation.js'
import { checkStructure } from './check-structure.js'
import { readItemCode, type EtaItemCode } from './item-code.js'
import { etaName, receiverIdentity } from './party.js'
import { etaTime, instantOf } from './zoned-time.js'

/** What a document says beside its invoice: read in the posting transaction. */
export interface EgyptFacts {
  readonly rin: string
  readonly branch: {
    /** `0` is the head office. */
    readonly code: string
    readonly country: string
    readonly governate: string
    readonly regionCity: string
    readonly street: string
    readonly buildingNumber: string
    readonly postalCode: string | null
    readonly floor: string | null
    readonly room: string | null
    readonly landmark: string | null
    readonly additionalInformation: string | null
  }
  readonly activityCode: string
  /** 1.0 is signed; 0.9 is for the authority's trial system. */
  readonly documentVersion: '0.9' | '1.0'
  /** Of the company: the document's time is written in UTC. */
  readonly timeZone: string
  /** The authority's names of the documents a note refers to. */
  readonly references: readonly string[]
  /** Registered codes of products that are invoiced under a code of the house. */
  readonly itemCodes?: ReadonlyMap<string, EtaItemCode>
}

const types = { invoice: 'I', credit_note: 'C', debit_note: 'D' } as const

/** `I`, `C`, `D`; `EI`, `EC`, `ED` where the invoice is an export. Capitals: a peer's credit note failed in small letters. */
export function etaDocumentType(invoice: InvoiceDocument): string {
  return `${isExport(invoice) ? 'E' : ''}${types[invoice.type]}`
}

export function isExport(invoice: InvoiceDocument): boolean {
  return invoice.country?.['export'] === 'yes'
}

/**
 * The document as the authority takes it, version 1.0, without signatures: written once, in the authority's order of fields, decimals
 * exact. The same bytes are hashed, signed, stored and sent.
 * @throws Fault EG-DOCUMENT-INCOMPLETE with what is missing; EG-JSON-TEXT, EG-JSON-NUMBER
 */
export function buildEtaDocument(invoice: InvoiceDocument, facts: EgyptFacts): Buffer {
  return writeEtaDocument(invoice, facts).bytes
}

/** A document and what was found when its finished bytes were read again. */
export interface WrittenDocument {
  readonly bytes: Buffer
  readonly read: LiteralValue
}

/** As buildEtaDocument, for callers that go on with what the bytes say. */
export function writeEtaDocument(invoice: InvoiceDocument, facts: EgyptFacts): WrittenDocument {
  const lines = invoice.lines.map((line) => ({ line, amounts: lineAmounts(askedLine(line), invoice.exchangeRate) }))
  const extraDiscount = lineAmounts(discountLine(invoice), invoice.exchangeRate).salesTotal
  const totals = documentAmounts(
    lines.map(({ amounts }) => amounts),
    extraDiscount,
  )
  const document: Writable = {
    issuer: {
      address: {
        branchID: facts.branch.code,
        country: facts.branch.country,
        governate: facts.branch.governate,
        regionCity: facts.branch.regionCity,
        street: facts.branch.street,
        buildingNumber: facts.branch.buildingNumber,
        ...stated({
          postalCode: facts.branch.postalCode,
          floor: facts.branch.floor,
          room: facts.branch.room,
          landmark: facts.branch.landmark,
          additionalInformation: facts.branch.additionalInformation,
        }),
      },
      type: 'B',
      id: facts.rin,
      name: etaName(invoice.seller),
    },
    receiver: receiver(invoice),
    documentType: etaDocumentType(invoice),
    documentTypeVersion: facts.documentVersion,
    dateTimeIssued: etaTime(instantOf(invoice.issueDate, invoice.issueTime, facts.timeZone)),
    ...(isExport(invoice) && invoice.supplyDate !== null ? { serviceDeliveryDate: invoice.supplyDate } : {}),
    taxpayerActivityCode: invoice.country?.['activity'] ?? facts.activityCode,
    internalID: invoice.number,
    ...stated({
      purchaseOrderReference: invoice.purchaseOrder,
      purchaseOrderDescription: invoice.country?.['purchaseOrderDescription'],
      salesOrderReference: invoice.country?.['salesOrderReference'],
      salesOrderDescription: invoice.country?.['salesOrderDescription'],
      proformaInvoiceNumber: invoice.country?.['proformaInvoiceNumber'],
    }),
    ...(facts.references.length === 0 ? {} : { references: facts.references }),
    ...objectOf(invoice, 'payment'),
    ...objectOf(invoice, 'delivery', new Set(['grossWeight', 'netWeight'])),
    invoiceLines: lines.map(({ line, amounts }) => writeLine(line, amounts, invoice, facts)),
    totalDiscountAmount: amount(totals.totalDiscountAmount),
    totalSalesAmount: amount(totals.totalSalesAmount),
    netAmount: amount(totals.netAmount),
    taxTotals: totals.taxTotals.map((tax) => ({ taxType: tax.type, amount: amount(tax.amount) })),
    totalAmount: amount(totals.totalAmount),
    extraDiscountAmount: amount(totals.extraDiscountAmount),
    totalItemsDiscountAmount: amount(totals.totalItemsDiscountAmount),
  }
  const bytes = Buffer.from(writeJson(document), 'utf8')
  const read = parseLiteral(bytes)
  const faults = checkStructure(read)
  if (faults.length > 0) throw new Fault('EG-DOCUMENT-INCOMPLETE', { params: { path: faults[0]?.path ?? '' }, details: faults })
  return { bytes, read }
}

function receiver(invoice: InvoiceDocument): Writable {
  const { customer } = invoice
  const { type, id } = receiverIdentity(customer)
  const address = customer?.address
  const governate = address?.region ?? address?.city
  return {
    ...(address === null || address === undefined
      ? {}
      : {
          address: {
            country: address.country,
            ...stated({
              governate,
              regionCity: address.city ?? governate,
              street: address.street,
              buildingNumber: address.building,
              postalCode: address.postalCode,
              additionalInformation: address.additionalStreet,
            }),
          },
        }),
    type,
    ...stated({ id }),
    ...(customer === null ? {} : { name: etaName(customer) }),
  }
}

function writeLine(line: InvoiceLine, amounts: LineAmounts, invoice: InvoiceDocument, facts: EgyptFacts): Writable {
  const code = itemCodeOf(line, facts.itemCodes)
  const foreign = invoice.currency !== 'EGP'
  return {
    description: line.description,
    itemType: code.type,
    itemCode: code.code,
    unitType: etaUnit(line.unit) ?? line.unit,
    quantity: { decimal: trim(line.quantity) },
    ...stated({ internalCode: line.country?.['internalCode'] ?? (code.code === line.itemCode ? undefined : line.itemCode) }),
    salesTotal: amount(amounts.salesTotal),
    total: amount(amounts.total),
    valueDifference: amount(amounts.valueDifference),
    totalTaxableFees: amount(amounts.totalTaxableFees),
    netTotal: amount(amounts.netTotal),
    itemsDiscount: amount(amounts.itemsDiscount),
    unitValue: {
      currencySold: invoice.currency,
      amountEGP: amount(amounts.amountEGP),
      ...(foreign ? { amountSold: amount(line.unitPrice), currencyExchangeRate: { decimal: trim(invoice.exchangeRate) } } : {}),
    },
    ...(isZero(amounts.discount) ? {} : { discount: { rate: { decimal: '0' }, amount: amount(amounts.discount) } }),
    taxableItems: amounts.taxes.map((tax) => ({
      taxType: tax.type,
      amount: amount(tax.amount),
      subType: tax.subType,
      rate: { decimal: trim(tax.rate) },
    })),
  }
}

/** The registered code of a line's goods: the one on the line, or the one its house code is registered under. */
export function itemCodeOf(line: InvoiceLine, registered: EgyptFacts['itemCodes']): EtaItemCode {
  const given = line.itemCode ?? ''
  const known = registered?.get(given) ?? readItemCode(given)
  if (known === undefined) throw new Fault('EG-ITEM-01', { path: `lines[${String(line.position - 1)}].itemCode`, params: { code: given } })
  return line.country?.['itemType'] === 'EGS' || line.country?.['itemType'] === 'GS1'
    ? { type: line.country['itemType'], code: known.code }
    : known
}

/** The extra discount turned into pounds the way prices are. */
function discountLine(invoice: InvoiceDocument): Parameters<typeof lineAmounts>[0] {
  return { quantity: '1', amountSold: invoice.discount ?? '0', discount: '0', valueDifference: '0', itemsDiscount: '0', taxes: [] }
}

function amount(value: string): { readonly decimal: string } {
  return { decimal: etaAmount(value) }
}

/** Texts that are there; what is empty is left out, never written as null. */
function stated(texts: Readonly<Record<string, string | null | undefined>>): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of Object.keys(texts)) {
    const text = texts[name]
    if (text !== null && text !== undefined && text.trim() !== '') found[name] = text
  }
  return found
}

/** `payment.terms` and its like as the object `payment`. */
function objectOf(invoice: InvoiceDocument, name: string, decimals: ReadonlySet<string> = new Set()): Readonly<Record<string, Writable>> {
  const members = Object.entries(invoice.country ?? {}).flatMap(([fact, text]): [string, Writable][] => {
    if (!fact.startsWith(`${name}.`) || text.trim() === '') return []
    const member = fact.slice(name.length + 1)
    return [[member, decimals.has(member) ? { decimal: trim(text) } : text]]
  })
  return members.length === 0 ? {} : { [name]: Object.fromEntries(members) }
}
