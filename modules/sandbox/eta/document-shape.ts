import { Decimal } from 'decimal.js'
import { itemsOf, memberOf, plainAt, type Written } from './written-json.js'

/** A place of a document that does not hold, in the authority's words. */
export interface Finding {
  readonly path: string
  readonly message: string
}

/** `!` behind a name: it must be there. */
export type Shape = 'text' | 'number' | { readonly [name: string]: Shape } | readonly [Shape]

export const address = {
  'country!': 'text',
  'governate!': 'text',
  'regionCity!': 'text',
  'street!': 'text',
  'buildingNumber!': 'text',
  postalCode: 'text',
  floor: 'text',
  room: 'text',
  landmark: 'text',
  additionalInformation: 'text',
} as const
const line = {
  'description!': 'text',
  'itemType!': 'text',
  'itemCode!': 'text',
  'unitType!': 'text',
  'quantity!': 'number',
  internalCode: 'text',
  'salesTotal!': 'number',
  'total!': 'number',
  'valueDifference!': 'number',
  'totalTaxableFees!': 'number',
  'netTotal!': 'number',
  'itemsDiscount!': 'number',
  weightUnitType: 'text',
  weightQuantity: 'number',
  'unitValue!': { 'currencySold!': 'text', 'amountEGP!': 'number', amountSold: 'number', currencyExchangeRate: 'number' },
  discount: { rate: 'number', amount: 'number' },
  taxableItems: [{ 'taxType!': 'text', 'amount!': 'number', 'subType!': 'text', rate: 'number' }],
} as const
const invoice = {
  'issuer!': { 'type!': 'text', 'id!': 'text', 'name!': 'text', 'address!': { ...address, 'branchID!': 'text' } },
  'receiver!': { 'type!': 'text', id: 'text', name: 'text', address: { ...relaxed({ ...address, branchID: 'text' }) } },
  'documentType!': 'text',
  'documentTypeVersion!': 'text',
  'dateTimeIssued!': 'text',
  serviceDeliveryDate: 'text',
  'taxpayerActivityCode!': 'text',
  'internalID!': 'text',
  purchaseOrderReference: 'text',
  purchaseOrderDescription: 'text',
  salesOrderReference: 'text',
  salesOrderDescription: 'text',
  proformaInvoiceNumber: 'text',
  references: ['text'],
  payment: {
    bankName: 'text',
    bankAddress: 'text',
    bankAccountNo: 'text',
    bankAccountIBAN: 'text',
    swiftCode: 'text',
    terms: 'text',
  },
  delivery: {
    approach: 'text',
    packaging: 'text',
    dateValidity: 'text',
    exportPort: 'text',
    countryOfOrigin: 'text',
    grossWeight: 'number',
    netWeight: 'number',
    terms: 'text',
  },
  'invoiceLines!': [line],
  'totalDiscountAmount!': 'number',
  'totalSalesAmount!': 'number',
  'netAmount!': 'number',
  'taxTotals!': [{ 'taxType!': 'text', 'amount!': 'number' }],
  'totalAmount!': 'number',
  'extraDiscountAmount!': 'number',
  'totalItemsDiscountAmount!': 'number',
  signatures: [{ 'signatureType!': 'text', 'value!': 'text' }],
} as const

/** A receiver below the threshold need not be named in full. */
function relaxed(shape: Readonly<Record<string, Shape>>): Record<string, Shape> {
  return Object.fromEntries(Object.entries(shape).map(([name, one]) => [name.replace('!', ''), one]))
}

const documentTypes = ['I', 'C', 'D', 'EI', 'EC', 'ED', 'II']

/** Structure Validator and Core Fields Validator: names, kinds, and the fields everything else stands on. */
export function checkShape(document: Written, now: Date): Finding[] {
  const findings: Finding[] = []
  compare(document, invoice, '', findings)
  if (findings.length > 0) return findings
  const find = (path: string, message: string): void => void findings.push({ path, message })
  const type = plainAt(document, 'documentType') ?? ''
  const version = plainAt(document, 'documentTypeVersion')
  const issued = plainAt(document, 'dateTimeIssued') ?? ''
  if (!documentTypes.includes(type.toUpperCase())) find('documentType', 'Unknown document type')
  if (version !== '1.0' && version !== '0.9') find('documentTypeVersion', 'Unknown document type version')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(issued) || Number.isNaN(Date.parse(issued)))
    find('dateTimeIssued', 'Date and time must be UTC in the form yyyy-MM-ddTHH:mm:ssZ')
  // A minute for clocks that differ.
  else if (Date.parse(issued) > now.getTime() + 60_000) find('dateTimeIssued', 'Issuance date and time cannot be in the future')
  if (!/^\d{9}$/.test(plainAt(document, 'issuer', 'id') ?? '')) find('issuer.id', 'Registration number must have 9 digits')
  if (plainAt(document, 'issuer', 'type') !== 'B') find('issuer.type', 'The issuer must be a business')
  checkReceiver(document, find)
  if (!/^\d{4}$/.test(plainAt(document, 'taxpayerActivityCode') ?? '')) find('taxpayerActivityCode', 'Unknown activity code')
  if ((plainAt(document, 'internalID') ?? '') === '') find('internalID', 'The internal number is empty')
  if (itemsOf(memberOf(document, 'invoiceLines')).length === 0) find('invoiceLines', 'A document has at least one line')
  if (version === '1.0' && itemsOf(memberOf(document, 'signatures')).length === 0) find('signatures', 'The document is not signed')
  if (/^E?C$/i.test(type) && itemsOf(memberOf(document, 'references')).length === 0)
    find('references', 'A credit note names the documents it reduces')
  return findings
}

function checkReceiver(document: Written, find: (path: string, message: string) => void): void {
  const type = plainAt(document, 'receiver', 'type')
  const id = plainAt(document, 'receiver', 'id')
  if (type === 'B' && !/^\d{9}$/.test(id ?? '')) find('receiver.id', 'Registration number must have 9 digits')
  else if (type === 'P' && id !== undefined && !/^\d{14}$/.test(id)) find('receiver.id', 'National ID must have 14 digits')
  else if (type !== 'B' && type !== 'P' && type !== 'F') find('receiver.type', 'The type must be B, P or F')
  if (type === 'B' && id === plainAt(document, 'issuer', 'id')) find('receiver.id', 'The issuer cannot be the receiver')
}

/** Structure Validator: names, kinds and required fields; findings are added in the order of the document. */
export function compare(value: Written, shape: Shape, path: string, findings: Finding[]): void {
  if (shape === 'text' || shape === 'number') {
    if (value.kind !== shape) findings.push({ path, message: `A ${shape} is expected` })
    else if (shape === 'number' && !/^-?\d{1,18}(?:\.\d{1,5})?$/.test(value.source))
      findings.push({ path, message: 'A decimal number with at most 5 decimals is expected' })
  } else if (isList(shape)) {
    if (value.kind !== 'array') findings.push({ path, message: 'A list is expected' })
    else for (const [index, one] of value.items.entries()) compare(one, shape[0], `${path}[${index}]`, findings)
  } else if (value.kind !== 'object') findings.push({ path, message: 'An object is expected' })
  else compareMembers(value, shape, path, findings)
}

function compareMembers(
  value: Extract<Written, { kind: 'object' }>,
  shape: Readonly<Record<string, Shape>>,
  path: string,
  findings: Finding[],
): void {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  for (const [name, one] of value.members) {
    const known = shape[name] ?? shape[`${name}!`]
    if (known === undefined) findings.push({ path: below(name), message: 'Unknown field' })
    else compare(one, known, below(name), findings)
  }
  for (const name of Object.keys(shape)) {
    if (name.endsWith('!') && memberOf(value, name.slice(0, -1)) === undefined)
      findings.push({ path: below(name.slice(0, -1)), message: 'Required field is missing' })
  }
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape)
}

/** Simple Fields Validator: the sums a document shows must be the sums of its lines (5 decimals, exact). */
export function checkSums(document: Written): Finding[] {
  const findings: Finding[] = []
  const lines = itemsOf(memberOf(document, 'invoiceLines'))
  const sum = (name: string, under?: string): Decimal =>
    lines.reduce((total, one) => total.plus(plainAt(one, ...(under === undefined ? [] : [under]), name) ?? 0), new Decimal(0))
  const expect = (path: string, expected: Decimal): void => {
    const written = plainAt(document, path)
    if (written !== undefined && !expected.toDecimalPlaces(5, Decimal.ROUND_HALF_UP).equals(written))
      findings.push({ path, message: `The value must be ${expected.toFixed()}` })
  }
  expect('totalSalesAmount', sum('salesTotal'))
  expect('totalDiscountAmount', sum('amount', 'discount'))
  expect('netAmount', sum('netTotal'))
  expect('totalItemsDiscountAmount', sum('itemsDiscount'))
  expect('totalAmount', sum('total').minus(plainAt(document, 'extraDiscountAmount') ?? 0))
  const byType = new Map<string, Decimal>()
  for (const tax of lines.flatMap((one) => itemsOf(memberOf(one, 'taxableItems')))) {
    const type = plainAt(tax, 'taxType') ?? ''
    byType.set(type, (byType.get(type) ?? new Decimal(0)).plus(plainAt(tax, 'amount') ?? 0))
  }
  for (const [index, total] of itemsOf(memberOf(document, 'taxTotals')).entries()) {
    const type = plainAt(total, 'taxType') ?? ''
    const expected = byType.get(type)
    if (expected?.equals(plainAt(total, 'amount') ?? 'NaN') !== true)
      findings.push({ path: `taxTotals[${index}].amount`, message: `The lines have ${expected?.toFixed() ?? 'nothing'} of ${type}` })
    byType.delete(type)
  }
  for (const type of byType.keys()) findings.push({ path: 'taxTotals', message: `${type} is missing` })
  for (const [index, one] of lines.entries()) {
    const number = (name: string, under?: string): Decimal => new Decimal(plainAt(one, ...(under === undefined ? [] : [under]), name) ?? 0)
    const sales = number('quantity').times(number('amountEGP', 'unitValue')).toDecimalPlaces(5, Decimal.ROUND_HALF_UP)
    if (!sales.equals(number('salesTotal')))
      findings.push({ path: `invoiceLines[${index}].salesTotal`, message: `The value must be ${sales.toFixed()}` })
    const net = number('salesTotal').minus(number('amount', 'discount'))
    if (!net.equals(number('netTotal')))
      findings.push({ path: `invoiceLines[${index}].netTotal`, message: `The value must be ${net.toFixed()}` })
  }
  return findings
}

/** National ID Validator: fourteen digits that begin with a century and a date of birth. */
export function checkNationalId(document: Written): Finding[] {
  const id = plainAt(document, 'receiver', 'id')
  if (plainAt(document, 'receiver', 'type') !== 'P' || id === undefined || id === '') return []
  const parts = /^([23])(\d\d)(\d\d)(\d\d)\d{7}$/.exec(id)
  const born = parts === null ? '' : `${parts[1] === '2' ? '19' : '20'}${parts[2] ?? ''}-${parts[3] ?? ''}-${parts[4] ?? ''}`
  const known = !Number.isNaN(Date.parse(born)) && new Date(born).toISOString().startsWith(born)
  return known ? [] : [{ path: 'receiver.id', message: 'The national ID is not valid' }]
}

/** Code Validator: EGS codes are those of their issuer, GS1 codes have their check digit. */
export function checkCodes(document: Written, issuer: string): Finding[] {
  return itemsOf(memberOf(document, 'invoiceLines')).flatMap((line, index) => {
    const code = plainAt(line, 'itemCode') ?? ''
    const type = (plainAt(line, 'itemType') ?? '').toUpperCase()
    const good = type === 'EGS' ? /^EG-\d{9}-.+$/.test(code) && code.startsWith(`EG-${issuer}-`) : type !== 'GS1' || isTradeNumber(code)
    return good ? [] : [{ path: `invoiceLines[${String(index)}].itemCode`, message: `The code ${code} is not known for this issuer` }]
  })
}

/** GS1 General Specifications, check digit: weights 3 and 1 from the right. Eight-digit codes are GPC bricks as well. */
function isTradeNumber(code: string): boolean {
  if (/^\d{8}$/.test(code)) return true
  if (!/^\d{12,14}$/.test(code)) return false
  const sum = Array.from(code)
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3), 0)
  return sum % 10 === 0
}
