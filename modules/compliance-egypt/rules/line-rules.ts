import type { FaultDetail } from '../../../core/i18n/fault.js'
import { compare, isNegative, isZero } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoiceLine } from '../../invoicing/index.js'
import { etaUnit } from '../data/codes.js'
import { subtypeOf } from '../data/taxes.js'
import { isBrick, isGtin, ownerOf, readItemCode } from '../document/item-code.js'
import { rinOf } from '../document/party.js'
import { lineAmounts } from '../taxes/line-amounts.js'
import { askedLine } from '../taxes/tax-computation.js'
import { fiveDecimals } from './decimals.js'

const plainFact = /^\d{1,15}(?:\.\d{1,5})?$/
/** A difference of value "accepts +/- numbers" (SDK, invoice line). */
const signedFact = /^-?\d{1,15}(?:\.\d{1,5})?$/

/** Goods, units, taxes and amounts of the lines. */
export function lineFaults(invoice: InvoiceDocument): FaultDetail[] {
  return invoice.lines.flatMap((line, index) => {
    const at = `lines[${String(index)}]`
    return [...codeFaults(line, at, rinOf(invoice.seller)), ...taxFaults(line, at), ...amountFaults(line, at)]
  })
}

/** A code that is neither form is one of the house: whether it is registered is asked when the document is built. */
function codeFaults(line: InvoiceLine, at: string, rin: string | undefined): FaultDetail[] {
  const faults: FaultDetail[] = []
  const given = line.itemCode ?? ''
  const path = `${at}.itemCode`
  const code = readItemCode(given)
  if (given.trim() === '') faults.push({ code: 'EG-ITEM-01', path, params: { code: '' } })
  else if (code?.type === 'GS1' && !isGtin(code.code) && !isBrick(code.code))
    faults.push({ code: 'EG-ITEM-02', path, params: { code: given } })
  else if (code?.type === 'EGS' && ownerOf(code.code) !== rin) faults.push({ code: 'EG-ITEM-03', path, params: { code: given } })
  if (etaUnit(line.unit) === undefined) faults.push({ code: 'EG-UNIT-01', path: `${at}.unit`, params: { unit: line.unit } })
  return faults
}

function taxFaults(line: InvoiceLine, at: string): FaultDetail[] {
  const faults: FaultDetail[] = []
  const main = subtypeOf(line.tax.code)
  if (main?.type !== 'T1') faults.push({ code: 'EG-TAX-01', path: `${at}.tax`, params: { tax: line.tax.code } })
  const stated = line.country?.['taxRate']
  if (main?.rate === null && stated === undefined)
    faults.push({ code: 'EG-TAX-02', path: `${at}.country.taxRate`, params: { tax: line.tax.code } })
  if (main !== undefined && main.rate !== null && stated !== undefined) {
    faults.push({ code: 'EG-TAX-03', path: `${at}.country.taxRate`, params: { tax: line.tax.code } })
  }
  const rates: [string, string][] = [[`${at}.tax`, line.tax.rate]]
  for (const [index, further] of (line.taxes ?? []).entries()) {
    const path = `${at}.taxes[${String(index)}]`
    if (subtypeOf(further.tax.code) === undefined)
      faults.push({ code: 'EG-TAX-01', path: `${path}.tax`, params: { tax: further.tax.code } })
    rates.push([`${path}.rate`, further.tax.rate])
    if (further.fixed && !fiveDecimals(further.amount))
      faults.push({ code: 'EG-DECIMALS-01', path: `${path}.amount`, params: { field: 'amount' } })
  }
  for (const [path, rate] of rates) {
    if (compare(rate, '100') > 0) faults.push({ code: 'EG-TAX-04', path, params: { rate } })
    else if (!fiveDecimals(rate)) faults.push({ code: 'EG-DECIMALS-01', path, params: { field: 'rate' } })
  }
  return faults
}

function amountFaults(line: InvoiceLine, at: string): FaultDetail[] {
  const faults: FaultDetail[] = []
  for (const field of ['quantity', 'unitPrice', 'discount'] as const) {
    if (isNegative(line[field])) faults.push({ code: 'EG-AMOUNT-01', path: `${at}.${field}`, params: { field } })
    else if (!fiveDecimals(line[field])) faults.push({ code: 'EG-DECIMALS-01', path: `${at}.${field}`, params: { field } })
  }
  // "Number should be larger than 0" (SDK, invoice line).
  if (isZero(line.quantity)) faults.push({ code: 'EG-AMOUNT-03', path: `${at}.quantity` })
  for (const field of ['valueDifference', 'itemsDiscount', 'taxRate'] as const) {
    const fact = line.country?.[field]
    if (fact !== undefined && !(field === 'valueDifference' ? signedFact : plainFact).test(fact))
      faults.push({ code: 'EG-FACT-01', path: `${at}.country.${field}`, params: { field, value: fact } })
  }
  const itemType = line.country?.['itemType']
  if (itemType !== undefined && itemType !== 'GS1' && itemType !== 'EGS') {
    faults.push({ code: 'EG-FACT-01', path: `${at}.country.itemType`, params: { field: 'itemType', value: itemType } })
  }
  if (faults.length > 0) return faults
  const { total, netTotal, itemsDiscount, taxes } = lineAmounts(askedLine(line), '1')
  // A difference of value may be below zero, but never so far that a tax is given back.
  if (taxes.some(({ type, amount }) => type !== 'T4' && isNegative(amount)))
    faults.push({ code: 'EG-AMOUNT-04', path: `${at}.country.valueDifference` })
  else if (isNegative(total) || compare(itemsDiscount, netTotal) > 0)
    faults.push({ code: 'EG-AMOUNT-02', path: `${at}.country.itemsDiscount` })
  return faults
}
