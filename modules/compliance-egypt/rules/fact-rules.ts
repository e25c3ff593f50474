import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { isCountry } from '../data/codes.js'

/** What the facts of a document look like; those not named here are free text. */
const forms: Readonly<Record<string, RegExp>> = {
  export: /^yes$/,
  withoutReceipt: /^yes$/,
  activity: /^\d{4}$/,
  reference: /^(?=[A-Z-]*\d)[A-Z\d-]{10,64}$/i,
  'delivery.grossWeight': /^\d{1,15}(?:\.\d{1,5})?$/,
  'delivery.netWeight': /^\d{1,15}(?:\.\d{1,5})?$/,
  'delivery.dateValidity': /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/,
  'delivery.countryOfOrigin': /^[A-Z]{2}$/,
}

/** Longest text of a fact, in characters, as the schema has it, where that is less than of other texts. */
const shorter: Readonly<Record<string, number>> = {
  salesOrderReference: 100,
  proformaInvoiceNumber: 50,
  'payment.bankName': 100,
  'payment.bankAccountNo': 50,
  'payment.bankAccountIBAN': 50,
  'payment.swiftCode': 50,
  'delivery.approach': 100,
  'delivery.packaging': 100,
  'delivery.exportPort': 100,
}

/** How long the text of a fact may be; its length is told with that of every other text. */
export function longestFact(field: string): number {
  return shorter[field] ?? 500
}

export function factFaults(invoice: InvoiceDocument): FaultDetail[] {
  return Object.entries(invoice.country ?? {}).flatMap(([field, value]): FaultDetail[] => {
    const path = `country.${field}`
    const unknown = (field === 'delivery.countryOfOrigin' && !isCountry(value)) || (field === 'delivery.dateValidity' && !isDay(value))
    return unknown || forms[field]?.test(value) === false ? [{ code: 'EG-FACT-01', path, params: { field, value } }] : []
  })
}

/** Thirty days of February have the form of a day and are none. */
function isDay(value: string): boolean {
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value.slice(0, 19))
}
