import { Fault } from '../../../core/i18n/fault.js'
import { isZero } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoiceLine } from '../../invoicing/index.js'
import { canonicalHash, canonicalText } from '../canonical/canonical-text.js'
import { memberOf, parseLiteral, textAt } from '../canonical/literal-value.js'
import { writeJson, type Writable } from '../canonical/write-literal.js'
import type { EgyptBranch } from '../company/company-rows.js'
import { etaUnit } from '../data/codes.js'
import { itemCodeOf, type EgyptFacts } from '../document/build-eta-document.js'
import { checkStructure } from '../document/check-structure.js'
import { etaName, receiverIdentity } from '../document/party.js'
import { etaTime, instantOf } from '../document/zoned-time.js'
import { documentAmounts, etaAmount, lineAmounts, type LineAmounts } from '../taxes/line-amounts.js'
import { askedLine } from '../taxes/tax-computation.js'
import { receiptUuid } from '../verify/verify-receipt.js'

/** What a receipt says beside its invoice: read in the posting transaction, the device held. */
export interface ReceiptFacts {
  readonly rin: string
  readonly branch: EgyptBranch
  readonly activityCode: string
  readonly deviceSerial: string
  readonly syndicateLicense: string | null
  readonly timeZone: string
  /** `s`, `r`, `RWR`, or of a trade's pair. */
  readonly receiptType: string
  /** Uuid of the receipt before it on this device; empty for the first. */
  readonly previousUuid: string
  /** Of a return: uuid of the sale. */
  readonly referenceUuid: string | null
  /** Of a correction: uuid of the receipt the authority found invalid. */
  readonly referenceOldUuid: string | null
  /** Registered codes by the code of the house. */
  readonly itemCodes?: EgyptFacts['itemCodes']
}

export interface WrittenReceipt {
  readonly bytes: Buffer
  /** SHA-256 of the canonical text in which the uuid is empty, lower-case hex. */
  readonly uuid: string
}

const paymentMethods = { cash: 'C', card: 'V', transfer: 'O', credit: 'O' } as const

/**
 * A receipt of version 1.2 (sdk.invoicing.eta.gov.eg, receipt types): written with an empty uuid, which is then put in place; no other byte
 * changes.
 * @throws Fault EG-DOCUMENT-INCOMPLETE, EG-ITEM-01, EG-JSON-…
 */
export function writeReceipt(invoice: InvoiceDocument, facts: ReceiptFacts): WrittenReceipt {
  const unnamed = Buffer.from(writeJson(receiptOf(invoice, facts)), 'utf8')
  const faults = checkStructure(parseLiteral(unnamed))
  if (faults.length > 0) throw new Fault('EG-DOCUMENT-INCOMPLETE', { params: { path: faults[0]?.path ?? '' }, details: faults })
  const uuid = canonicalHash(canonicalText(unnamed))
  return { bytes: putUuid(unnamed, uuid), uuid }
}

/** The uuid a receipt's own bytes lead to. @throws Fault EG-RECEIPT-UUID when they hold another */
export function uuidOfReceipt(bytes: Uint8Array): string {
  const receipt = parseLiteral(bytes)
  const stated = textAt(receipt, 'header', 'uuid') ?? ''
  const computed = receiptUuid(receipt)
  if (computed !== stated) throw new Fault('EG-RECEIPT-UUID', { params: { stated, computed } })
  return computed
}

function putUuid(unnamed: Buffer, uuid: string): Buffer {
  const at = uuidPlace(unnamed)
  return Buffer.concat([unnamed.subarray(0, at), Buffer.from(uuid, 'ascii'), unnamed.subarray(at)])
}

/** The byte behind the first quote of `header.uuid`, which is empty. */
function uuidPlace(unnamed: Uint8Array): number {
  const header = memberOf(parseLiteral(unnamed), 'header')
  const uuid = header === undefined ? undefined : memberOf(header, 'uuid')
  if (uuid?.kind !== 'string' || uuid.text !== '') throw new Error('a receipt is written with an empty uuid')
  return uuid.start + 1
}

function receiptOf(invoice: InvoiceDocument, facts: ReceiptFacts): Writable {
  const lines = invoice.lines.map((line) => ({ line, amounts: lineAmounts(askedLine(line), '1') }))
  const totals = documentAmounts(
    lines.map(({ amounts }) => amounts),
    invoice.discount ?? '0',
  )
  const { branch } = facts
  return {
    header: {
      dateTimeIssued: etaTime(instantOf(invoice.issueDate, invoice.issueTime, facts.timeZone)),
      receiptNumber: invoice.number,
      uuid: '',
      previousUUID: facts.previousUuid,
      referenceOldUUID: facts.referenceOldUuid ?? undefined,
      referenceUUID: facts.referenceUuid ?? undefined,
      currency: invoice.currency,
      exchangeRate: invoice.currency === 'EGP' ? undefined : amount(invoice.exchangeRate),
    },
    documentType: { receiptType: facts.receiptType, typeVersion: '1.2' },
    seller: {
      rin: facts.rin,
      companyTradeName: etaName(invoice.seller),
      branchCode: branch.code,
      branchAddress: {
        country: branch.country,
        governate: branch.governate,
        regionCity: branch.regionCity,
        street: branch.street,
        buildingNumber: branch.buildingNumber,
        postalCode: branch.postalCode ?? undefined,
        floor: branch.floor ?? undefined,
        room: branch.room ?? undefined,
        landmark: branch.landmark ?? undefined,
        additionalInformation: branch.additionalInformation ?? undefined,
      },
      deviceSerialNumber: facts.deviceSerial,
      syndicateLicenseNumber: facts.syndicateLicense ?? undefined,
      activityCode: facts.activityCode,
    },
    buyer: buyerOf(invoice),
    itemData: lines.map(({ line, amounts }) => itemOf(line, amounts, facts.itemCodes)),
    totalSales: amount(totals.totalSalesAmount),
    totalCommercialDiscount: amount(totals.totalDiscountAmount),
    totalItemsDiscount: amount(totals.totalItemsDiscountAmount),
    extraReceiptDiscountData: isZero(totals.extraDiscountAmount) ? undefined : [discountOf(totals.extraDiscountAmount)],
    netAmount: amount(totals.netAmount),
    totalAmount: amount(totals.totalAmount),
    taxTotals: totals.taxTotals.map((tax) => ({ taxType: tax.type, amount: amount(tax.amount) })),
    paymentMethod: invoice.paymentMeans === null ? 'C' : paymentMethods[invoice.paymentMeans],
  }
}

function buyerOf(invoice: InvoiceDocument): Writable {
  const { type, id } = receiverIdentity(invoice.customer)
  const name = invoice.customer === null ? '' : etaName(invoice.customer).trim()
  return { type, id, name: name === '' ? undefined : name, mobileNumber: invoice.customer?.phone?.replace(/\s/g, '') ?? undefined }
}

function itemOf(line: InvoiceLine, amounts: LineAmounts, registered: EgyptFacts['itemCodes']): Writable {
  const code = itemCodeOf(line, registered)
  return {
    internalCode: line.country?.['internalCode'] ?? line.itemCode ?? String(line.position),
    description: line.description,
    itemType: code.type,
    itemCode: code.code,
    unitType: etaUnit(line.unit) ?? line.unit,
    quantity: amount(line.quantity),
    unitPrice: amount(amounts.amountEGP),
    netSale: amount(amounts.netTotal),
    totalSale: amount(amounts.salesTotal),
    total: amount(amounts.total),
    commercialDiscountData: isZero(amounts.discount) ? undefined : [discountOf(amounts.discount)],
    itemDiscountData: isZero(amounts.itemsDiscount) ? undefined : [discountOf(amounts.itemsDiscount)],
    valueDifference: isZero(amounts.valueDifference) ? undefined : amount(amounts.valueDifference),
    taxableItems: amounts.taxes.map((tax) => ({
      taxType: tax.type,
      amount: amount(tax.amount),
      subType: tax.subType,
      rate: amount(tax.rate),
    })),
  }
}

function discountOf(value: string): Writable {
  return { amount: amount(value), description: 'خصم' }
}

function amount(value: string): { readonly decimal: string } {
  return { decimal: etaAmount(value) }
}
