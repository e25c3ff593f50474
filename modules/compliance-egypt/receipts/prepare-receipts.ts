import type { Company } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { PreparedDocument } from '../../compliance/index.js'
import type { InvoiceDocument, InvoiceInput, Replacement } from '../../invoicing/index.js'
import { receiptLimits, returnTypeOf, type ReceiptLimits } from '../data/receipt-limits.js'
import { activityOf, branchOf, issuerFacts } from '../document/prepare-documents.js'
import { registeredCodes } from '../document/registered-codes.js'
import { instantOf } from '../document/zoned-time.js'
import { advanceDevice, devicesOf, holdDevices, type ReceiptDevice } from './device-rows.js'
import { filedReceipts, insertReceipts, type FiledReceipt, type NewReceipt } from './receipt-rows.js'
import { checkReturned } from './returned-goods.js'
import { writeReceipt } from './write-receipt.js'

/**
 * Receipts in their order, each chained to the one before it on its point of sale: the device's row is held until the posting
 * transaction ends, so that two tills of one program, or two hosts, never take the same place. A correction keeps the place of the invalid
 * receipt it stands for and moves nothing.
 * @throws Fault EG-DEVICE-UNKNOWN, EG-RECEIPT-…
 */
export async function prepareReceipts(
  transaction: CompanyTransaction,
  company: Company,
  invoices: readonly InvoiceDocument[],
): Promise<PreparedDocument[]> {
  if (invoices.length === 0) return []
  const issuer = await issuerFacts(transaction, company)
  const listed = await devicesOf(transaction)
  const serials = invoices.map((invoice) => deviceOf(invoice, listed).serial)
  const held = await holdDevices(transaction, serials)
  const originals = await filedReceipts(transaction, invoices.flatMap(namedBy))
  const codes = await registeredCodes(transaction, issuer.rin, invoices)
  const ends = new Map([...held].map(([serial, device]) => [serial, { counter: device.lastCounter, uuid: device.lastUuid }]))
  const prepared: PreparedDocument[] = []
  const rows: NewReceipt[] = []
  for (const [index, invoice] of invoices.entries()) {
    const serial = serials[index] ?? ''
    const device = held.get(serial)
    const end = ends.get(serial)
    if (device === undefined || end === undefined) throw new Fault('EG-DEVICE-UNKNOWN', { path: 'country.device', params: { serial } })
    const corrected = correctedBy(invoice, originals, serial)
    const previousUuid = corrected?.previousUuid ?? end.uuid
    const referenceUuid = saleUuidOf(invoice, originals)
    const sale = originals.get(invoice.refersTo?.number ?? '')
    if (sale !== undefined && invoice.type === 'credit_note') {
      const earlier = invoices.slice(0, index).filter((one) => one.refersTo?.number === sale.number)
      Fault.throwIfAny(await checkReturned(transaction, sale, invoice, earlier))
    }
    const trade = sale?.receiptType ?? device.receiptType
    const receiptType = invoice.type === 'credit_note' ? returnTypeOf(trade, referenceUuid !== null) : device.receiptType
    const written = writeReceipt(invoice, {
      rin: issuer.rin,
      branch: branchOf(invoice.country?.['branch'] === undefined ? withBranch(invoice, device.branchCode) : invoice, issuer.branches),
      activityCode: activityOf(invoice, issuer.activities),
      deviceSerial: serial,
      syndicateLicense: device.syndicateLicense,
      timeZone: company.timeZone,
      previousUuid,
      receiptType,
      referenceUuid,
      referenceOldUuid: corrected?.uuid ?? null,
      itemCodes: codes.get(invoice.id),
    })
    if (corrected === undefined) {
      end.counter += 1
      end.uuid = written.uuid
    }
    const issuedAt = instantOf(invoice.issueDate, invoice.issueTime, company.timeZone)
    rows.push({
      invoiceId: invoice.id,
      deviceSerial: serial,
      uuid: written.uuid,
      previousUuid,
      receiptType,
      referenceUuid,
      referenceOldUuid: corrected?.uuid ?? null,
      issuedAt,
    })
    prepared.push({
      invoiceId: invoice.id,
      kind: 'receipt',
      uuid: invoice.id,
      chain: corrected === undefined ? { name: `eta-pos:${serial}`, counter: end.counter, previousHash: previousUuid } : null,
      payload: written.bytes,
      payloadMediaType: 'application/json',
      hash: written.uuid,
      // The authority counts from the sale, whenever it was written down here.
      deadline: new Date(issuedAt.getTime() + receiptLimits(invoice.issueDate).hours * 3_600_000),
    })
  }
  for (const [serial, end] of ends) await advanceDevice(transaction, serial, end.counter, end.uuid)
  await insertReceipts(transaction, rows)
  return prepared
}

function withBranch(invoice: InvoiceDocument, branch: string): InvoiceDocument {
  return { ...invoice, country: { ...invoice.country, branch } }
}

/** Uuid of the sale a return gives back: of the receipt filed here, else the one a person read off the paper; null without either. */
function saleUuidOf(invoice: InvoiceDocument, originals: ReadonlyMap<string, FiledReceipt>): string | null {
  if (invoice.type !== 'credit_note') return null
  return originals.get(invoice.refersTo?.number ?? '')?.uuid ?? invoice.country?.['reference']?.toLowerCase() ?? null
}

function namedBy(invoice: InvoiceDocument): string[] {
  const correction = invoice.country?.['correctionOf']
  return [...(invoice.refersTo === null ? [] : [invoice.refersTo.number]), ...(correction === undefined ? [] : [correction])]
}

/** The device a receipt names by its serial number, else the default one. @throws Fault EG-DEVICE-UNKNOWN */
function deviceOf(invoice: InvoiceDocument, devices: readonly ReceiptDevice[]): ReceiptDevice {
  const serial = invoice.country?.['device']
  const found = devices.find((device) => device.active && (serial === undefined ? device.isDefault : device.serial === serial))
  if (found === undefined) throw new Fault('EG-DEVICE-UNKNOWN', { path: 'country.device', params: { serial: serial ?? '' } })
  return found
}

/** Part of `invoice.replaces`: a correction stands in the place of the receipt the authority refused, which then counts no more. */
export function replacedReceipts(inputs: readonly InvoiceInput[]): Replacement[] {
  return inputs.flatMap(({ simplified, country }, index) => {
    const number = country?.['correctionOf']
    return simplified && number !== undefined ? [{ index, number }] : []
  })
}

/** @throws Fault EG-RECEIPT-CORRECTION unless the authority refused that receipt, on the same device; EG-RECEIPT-CORRECTED */
function correctedBy(invoice: InvoiceDocument, receipts: ReadonlyMap<string, FiledReceipt>, serial: string): FiledReceipt | undefined {
  const number = invoice.country?.['correctionOf']
  if (number === undefined) return undefined
  const old = receipts.get(number)
  if (old?.state !== 'rejected' || old.deviceSerial !== serial) {
    throw new Fault('EG-RECEIPT-CORRECTION', { path: 'country.correctionOf', params: { number } })
  }
  if (old.correctedBy !== null) {
    throw new Fault('EG-RECEIPT-CORRECTED', { path: 'country.correctionOf', params: { number, by: old.correctedBy } })
  }
  return old
}

/** Part of `invoice.validate` for receipts: what the chain will need, and the limits of the authority. */
export async function checkReceipt(
  transaction: CompanyTransaction,
  company: Company,
  invoice: InvoiceDocument,
  now: Date,
): Promise<FaultDetail[]> {
  const faults: FaultDetail[] = []
  let limits: ReceiptLimits
  try {
    limits = receiptLimits(invoice.issueDate)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // Nothing can be said of it: it waits for the new figures, and is not measured by the old ones.
    return [{ code: error.code, params: error.params, path: 'issueDate' }]
  }
  if (invoice.type === 'debit_note') faults.push({ code: 'EG-RECEIPT-DEBIT', path: 'type' })
  // The format names one currency and one rate for the whole receipt; whether amounts are then in it is not confirmed.
  if (invoice.currency !== 'EGP') {
    faults.push({ code: 'EG-RECEIPT-CURRENCY', path: 'currency', params: { currency: invoice.currency }, level: 'warning' })
  }
  if (invoice.lines.length > limits.lines) {
    faults.push({ code: 'EG-RECEIPT-LINES', path: 'lines', params: { count: invoice.lines.length, limit: limits.lines } })
  }
  const hours = (now.getTime() - instantOf(invoice.issueDate, invoice.issueTime, company.timeZone).getTime()) / 3_600_000
  if (hours > limits.hours) faults.push({ code: 'EG-RECEIPT-LATE', path: 'issueDate', params: { hours: limits.hours } })
  const receipts = await filedReceipts(transaction, namedBy(invoice))
  try {
    const device = deviceOf(invoice, await devicesOf(transaction))
    correctedBy(invoice, receipts, device.serial)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    faults.push({ code: error.code, params: error.params, ...(error.path === undefined ? {} : { path: error.path }) })
  }
  if (invoice.type === 'credit_note') faults.push(...(await checkReturn(transaction, invoice, receipts, now)))
  return faults
}

async function checkReturn(
  transaction: CompanyTransaction,
  invoice: InvoiceDocument,
  receipts: ReadonlyMap<string, FiledReceipt>,
  now: Date,
): Promise<FaultDetail[]> {
  const sale = receipts.get(invoice.refersTo?.number ?? '')
  const reference = invoice.country?.['reference']
  if (sale === undefined) {
    if (reference === undefined || /^[0-9a-f]{64}$/i.test(reference)) return []
    return [{ code: 'EG-FACT-01', path: 'country.reference', params: { field: 'reference', value: reference } }]
  }
  const faults = await checkReturned(transaction, sale, invoice)
  const { returnDays } = receiptLimits(invoice.issueDate)
  if ((now.getTime() - sale.issuedAt.getTime()) / 86_400_000 > returnDays) {
    faults.push({ code: 'EG-RECEIPT-RETURN-LATE', path: 'refersTo', params: { number: sale.number, days: returnDays } })
  }
  return faults
}
