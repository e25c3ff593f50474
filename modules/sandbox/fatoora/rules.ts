import { Decimal } from 'decimal.js'
import type { Findings } from './answers.js'
import { all, descendants, find, textAt, type Element } from './canonical-tree.js'

const amountForm = /^-?\d+(?:\.\d+)?$/
const zero = new Decimal(0)

function decimalAt(element: Element | undefined, path: string): Decimal | undefined {
  const text = textAt(element, path)
  return text !== undefined && amountForm.test(text) ? new Decimal(text) : undefined
}

function sum(values: readonly (Decimal | undefined)[]): Decimal {
  return values.reduce<Decimal>((total, value) => total.plus(value ?? zero), zero)
}

/** One violated rule is reported once, however often it is violated. */
type Report = (holds: boolean, code: string, text: string) => void

/**
 * The authority's business rules that decide about acceptance (levels as in its rule set of 2025-12), written from the rule
 * texts and independently of what issues the documents.
 */
export function checkRules(root: Element, now: Date, findings: Findings): void {
  const report =
    (category: string, level: 'error' | 'warning'): Report =>
    (holds, code, text) => {
      if (holds || findings.has(code)) return
      findings[level](code, category, `[${code}]-${text}`)
    }
  checkHead(root, now, report('KSA', 'error'), report('KSA', 'warning'))
  checkParties(root, report('KSA', 'error'), report('KSA', 'warning'))
  checkReferences(root, report('KSA', 'error'), report('KSA', 'warning'))
  checkAmountForms(root, report('KSA', 'error'), report('EN_16931', 'warning'))
  checkTotals(root, report('EN_16931', 'error'), report('EN_16931', 'warning'))
  checkTaxes(root, report('KSA', 'error'), report('KSA', 'warning'), report('EN_16931', 'error'))
  checkLines(root, report('KSA', 'error'), report('KSA', 'warning'), report('EN_16931', 'error'))
}

export interface DocumentKind {
  readonly simplified: boolean
  /** 388 invoice, 383 debit note, 381 credit note. */
  readonly type: string
}

export function kindOf(root: Element): DocumentKind {
  const code = find(root, 'InvoiceTypeCode')
  return { simplified: (code?.attributes.get('name') ?? '').startsWith('02'), type: code?.text.trim() ?? '' }
}

function checkHead(root: Element, now: Date, error: Report, warning: Report): void {
  const code = find(root, 'InvoiceTypeCode')?.attributes.get('name') ?? ''
  const { simplified, type } = kindOf(root)
  const flag = (position: number): boolean => code[position - 1] === '1'
  error(textAt(root, 'ProfileID') === 'reporting:1.0', 'BR-KSA-EN16931-01', 'Business process (BT-23) must be "reporting:1.0".')
  error(/^[A-Z0-9-]+$/i.test(textAt(root, 'UUID') ?? ''), 'BR-KSA-03', 'The invoice must contain a unique identifier ("UUID") (KSA-1).')
  error(isDate(textAt(root, 'IssueDate')), 'BR-KSA-F-01', 'A date MUST be formatted YYYY-MM-DD.')
  error(textAt(root, 'IssueDate') !== undefined, 'BR-03', 'An Invoice shall have an Invoice issue date (BT-2).')
  error(
    (textAt(root, 'IssueDate') ?? '') <= riyadhDate(now),
    'BR-KSA-04',
    'The document issue date (BT-2) must be less or equal to the current date.',
  )
  error(
    /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ?$/.test(textAt(root, 'IssueTime') ?? ''),
    'BR-KSA-70',
    'The invoice must contain Invoice Issue Time (KSA-25) in the format hh:mm:ss or hh:mm:ssZ.',
  )
  error(['388', '383', '381', '386'].includes(type), 'BR-KSA-05', 'The invoice type code (BT-3) must be 388, 383, 381 or 386.')
  error(
    /^0[12][01]{5}(?:[01]{2})?$/.test(code),
    'BR-KSA-06',
    'The invoice transaction code (KSA-2) must exist and respect the structure NNPNESBCG.',
  )
  error(!(flag(7) && flag(5)), 'BR-KSA-07', 'Self billing is not allowed for export invoices.')
  error(!(simplified && flag(7)), 'BR-KSA-31', 'Self-billing is not allowed for simplified tax invoices.')
  error(
    !(flag(9) && !simplified && textAt(root, 'ContractDocumentReference/ID') === undefined),
    'BR-KSA-92',
    'The Contract ID (BT-12) must be present in a B2G transaction.',
  )
  error(/^[A-Z]{3}$/.test(textAt(root, 'DocumentCurrencyCode') ?? ''), 'BR-05', 'An Invoice shall have an Invoice currency code (BT-5).')
  error(find(root, 'TaxCurrencyCode') !== undefined, 'BR-KSA-68', 'Tax currency code (BT-6) must exist in an invoice.')
  error(textAt(root, 'TaxCurrencyCode') === 'SAR', 'BR-KSA-EN16931-02', 'VAT accounting currency code (BT-6) must be "SAR".')
  const supply = textAt(root, 'Delivery/ActualDeliveryDate')
  const supplyEnd = textAt(root, 'Delivery/LatestDeliveryDate')
  warning(type !== '388' || simplified || supply !== undefined, 'BR-KSA-15', 'The tax invoice must contain the supply date (KSA-5).')
  warning(supplyEnd === undefined || supply !== undefined, 'BR-KSA-35', 'A supply end date needs a supply date.')
  warning(
    supplyEnd === undefined || supply === undefined || supplyEnd >= supply,
    'BR-KSA-36',
    'The supply end date must not be before the supply date.',
  )
  error(
    !(simplified && flag(6)) || (supply !== undefined && supplyEnd !== undefined),
    'BR-KSA-72',
    'A simplified summary invoice must hold supply date and supply end date.',
  )
  if (type === '381' || type === '383') {
    error(
      all(root, 'PaymentMeans').some((means) => textAt(means, 'InstructionNote') !== undefined),
      'BR-KSA-17',
      'Debit and credit note must contain the reason (KSA-10).',
    )
    warning(
      textAt(root, 'BillingReference/InvoiceDocumentReference/ID') !== undefined,
      'BR-KSA-56',
      'For credit and debit notes the billing reference ID (BT-25) is mandatory.',
    )
  }
  if (simplified) warning(withinADay(root, now), 'BR-KSA-98', 'Simplified documents must be reported within 24 hours of issue.')
}

function checkParties(root: Element, error: Report, warning: Report): void {
  const { simplified } = kindOf(root)
  const seller = find(root, 'AccountingSupplierParty/Party')
  const buyer = find(root, 'AccountingCustomerParty/Party')
  const sellerVat = textAt(seller, 'PartyTaxScheme/CompanyID')
  const buyerVat = textAt(buyer, 'PartyTaxScheme/CompanyID')
  const vat = /^3\d{13}3$/
  error(sellerVat !== undefined, 'BR-KSA-39', 'The invoice must contain the seller VAT registration number (BT-31).')
  error(
    sellerVat === undefined || vat.test(sellerVat),
    'BR-KSA-40',
    'The seller VAT registration number must contain 15 digits. The first and the last digits are "3".',
  )
  error(
    buyerVat === undefined || vat.test(buyerVat),
    'BR-KSA-44',
    'The buyer VAT registration number must contain 15 digits. The first digit and the last digit is "3".',
  )
  error(
    sellerVat === undefined || sellerVat !== buyerVat,
    'BR-CUSTOM-VALIDATION-01',
    'The Seller VAT registration number must not match the buyer VAT registration number.',
  )
  error(textAt(seller, 'PartyLegalEntity/RegistrationName') !== undefined, 'BR-06', 'An Invoice shall contain the Seller name (BT-27).')
  const sellerId = find(seller, 'PartyIdentification/ID')
  warning(
    ['CRN', 'MOM', 'MLS', '700', 'SAG', 'OTH'].includes(sellerId?.attributes.get('schemeID') ?? '') &&
      /^[A-Z0-9]+$/i.test(sellerId?.text.trim() ?? ''),
    'BR-KSA-08',
    'The seller identification (BT-29) must exist with one of the scheme IDs.',
  )
  const address = find(seller, 'PostalAddress')
  warning(
    ['StreetName', 'BuildingNumber', 'PostalZone', 'CityName', 'CitySubdivisionName', 'Country/IdentificationCode'].every(
      (path) => textAt(address, path) !== undefined,
    ),
    'BR-KSA-09',
    'Seller address must contain street, building number, postal code, city, district and country code.',
  )
  warning(/^\d{4}$/.test(textAt(address, 'BuildingNumber') ?? ''), 'BR-KSA-37', 'The seller address building number must contain 4 digits.')
  warning(/^\d{5}$/.test(textAt(address, 'PostalZone') ?? ''), 'BR-KSA-66', 'Seller postal code (BT-38) must be 5 digits.')
  const schemes = ['TIN', 'CRN', 'MOM', 'MLS', '700', 'SAG', 'NAT', 'GCC', 'IQA', 'PAS', 'OTH']
  for (const id of all(buyer, 'PartyIdentification').map((one) => find(one, 'ID')))
    error(
      schemes.includes(id?.attributes.get('schemeID') ?? '') && /^[\p{L}\p{N}]+$/u.test(id?.text.trim() ?? ''),
      'BR-KSA-14',
      'The buyer identification (BT-46) must be provided with one of the scheme IDs and contain only alphanumeric characters.',
    )
  if (simplified) return
  warning(
    textAt(buyer, 'PartyLegalEntity/RegistrationName') !== undefined,
    'BR-KSA-42',
    'The buyer name (BT-44) must be present in the tax invoice.',
  )
  const buyerAddress = find(buyer, 'PostalAddress')
  const country = textAt(buyerAddress, 'Country/IdentificationCode')
  const needed =
    country === 'SA' ? ['StreetName', 'BuildingNumber', 'PostalZone', 'CityName', 'CitySubdivisionName'] : ['StreetName', 'CityName']
  const complete = needed.every((path) => textAt(buyerAddress, path) !== undefined)
  if (country === 'SA')
    warning(complete, 'BR-KSA-63', 'Street, building number, postal code, city and district of a buyer in SA are mandatory.')
  else warning(complete && country !== undefined, 'BR-KSA-10', 'Buyer address must contain street, city and country code.')
}

function checkReferences(root: Element, error: Report, warning: Report): void {
  const references = all(root, 'AdditionalDocumentReference')
  const of = (id: string): Element[] => references.filter((one) => textAt(one, 'ID') === id)
  const counter = textAt(of('ICV')[0], 'UUID')
  const previous = textAt(of('PIH')[0], 'Attachment/EmbeddedDocumentBinaryObject')
  error(counter !== undefined && of('ICV').length === 1, 'BR-KSA-33', 'Each invoice must have an invoice counter value (KSA-16).')
  error(counter === undefined || /^\d+$/.test(counter), 'BR-KSA-34', 'The invoice counter value (KSA-16) contains only digits.')
  error(previous !== undefined && of('PIH').length === 1, 'BR-KSA-61', 'Previous invoice hash (KSA-13) must exist in an invoice.')
  const decoded = previous !== undefined && /^[A-Z0-9+/]+={0,2}$/i.test(previous) ? Buffer.from(previous, 'base64').length : 0
  // 32 octets, or 64 characters for the hash of "0" that opens a chain
  warning(decoded === 32 || decoded === 64, 'BR-KSA-26', 'The previous invoice hash (KSA-13) must be base64 encoded SHA256.')
  for (const id of ['PIH', 'QR'])
    for (const reference of of(id))
      error(
        find(reference, 'Attachment/EmbeddedDocumentBinaryObject')?.attributes.get('mimeCode') === 'text/plain',
        'BR-KSA-CL-03',
        'Mime code must be text/plain.',
      )
}

function checkAmountForms(root: Element, error: Report, warning: Report): void {
  const currency = textAt(root, 'DocumentCurrencyCode')
  const accounting = all(root, 'TaxTotal').map((total) => find(total, 'TaxAmount'))
  for (const amount of everyAmount(root)) {
    const text = amount.text.trim()
    error(
      /^\d+(?:\.\d+)?$/.test(text) || amount.name === 'PayableRoundingAmount',
      'BR-KSA-F-04',
      'All the document amounts and quantities must be positive, unless specified otherwise.',
    )
    if (!amount.name.endsWith('Amount')) continue
    const code = amount.attributes.get('currencyID')
    error(
      code === currency || (accounting.includes(amount) && code === 'SAR'),
      'BR-KSA-CL-02',
      'All currencyID attributes must have the same value as the invoice currency code (BT-5).',
    )
    if (amount.name !== 'PriceAmount' && amount.name !== 'BaseAmount')
      warning(!/\.\d{3,}$/.test(text), 'BR-DEC', 'Amounts have at most two decimals.')
  }
}

function everyAmount(element: Element): Element[] {
  return element.children.flatMap((child) =>
    child.name === 'UBLExtensions'
      ? []
      : [
          ...(/(?:Amount|InvoicedQuantity|BaseQuantity)$/.test(child.name) && child.children.length === 0 ? [child] : []),
          ...everyAmount(child),
        ],
  )
}

function checkTotals(root: Element, error: Report, warning: Report): void {
  const totals = find(root, 'LegalMonetaryTotal')
  const lines = all(root, 'InvoiceLine')
  const net = decimalAt(totals, 'LineExtensionAmount')
  const exclusive = decimalAt(totals, 'TaxExclusiveAmount')
  const inclusive = decimalAt(totals, 'TaxInclusiveAmount')
  const payable = decimalAt(totals, 'PayableAmount')
  const allowances = decimalAt(totals, 'AllowanceTotalAmount') ?? zero
  const charges = decimalAt(totals, 'ChargeTotalAmount') ?? zero
  error(lines.length > 0, 'BR-16', 'An Invoice shall have at least one Invoice line (BG-25)')
  error(inclusive !== undefined, 'BR-14', 'An Invoice shall have the Invoice total amount with VAT (BT-112).')
  error(payable !== undefined, 'BR-15', 'An Invoice shall have the Amount due for payment (BT-115).')
  warning(exclusive !== undefined, 'BR-13', 'An Invoice shall have the Invoice total amount without VAT (BT-109).')
  warning(
    net?.equals(sum(lines.map((line) => decimalAt(line, 'LineExtensionAmount')))) === true,
    'BR-CO-10',
    'Sum of Invoice line net amount (BT-106) = sum of line net amounts.',
  )
  const adjustments = (charge: string): Decimal =>
    sum(
      all(root, 'AllowanceCharge')
        .filter((one) => textAt(one, 'ChargeIndicator') === charge)
        .map((one) => decimalAt(one, 'Amount')),
    )
  error(
    allowances.equals(adjustments('false')),
    'BR-CO-11',
    'Sum of allowances on document level (BT-107) = sum of document level allowance amounts.',
  )
  error(
    charges.equals(adjustments('true')),
    'BR-CO-12',
    'Sum of charges on document level (BT-108) = sum of document level charge amounts.',
  )
  warning(
    net !== undefined && exclusive?.equals(net.minus(allowances).plus(charges)) === true,
    'BR-CO-13',
    'Total without VAT = sum of lines - allowances + charges.',
  )
  const taxTotals = all(root, 'TaxTotal')
  const withSubtotals = taxTotals.filter((total) => all(total, 'TaxSubtotal').length > 0)
  const detailed = withSubtotals[0]
  const vat = decimalAt(detailed, 'TaxAmount')
  error(withSubtotals.length === 1, 'BR-CO-18', 'An Invoice shall at least have one VAT breakdown group (BG-23), in one tax total.')
  warning(
    taxTotals.some((total) => find(total, 'TaxAmount')?.attributes.get('currencyID') === 'SAR'),
    'BR-53',
    'The total VAT amount in accounting currency (BT-111) shall be provided.',
  )
  error(
    vat?.equals(sum(all(detailed, 'TaxSubtotal').map((one) => decimalAt(one, 'TaxAmount')))) === true,
    'BR-CO-14',
    'Invoice total VAT amount (BT-110) = sum of VAT category tax amounts (BT-117).',
  )
  error(
    exclusive !== undefined && vat !== undefined && inclusive?.equals(exclusive.plus(vat)) === true,
    'BR-CO-15',
    'Total with VAT (BT-112) = total without VAT (BT-109) + total VAT (BT-110).',
  )
  const due = inclusive?.minus(decimalAt(totals, 'PrepaidAmount') ?? zero).plus(decimalAt(totals, 'PayableRoundingAmount') ?? zero)
  warning(due !== undefined && payable?.equals(due) === true, 'BR-CO-16', 'Amount due (BT-115) = total with VAT - prepaid + rounding.')
}

function checkTaxes(root: Element, error: Report, warning: Report, european: Report): void {
  for (const category of [...descendants(root, 'TaxCategory'), ...descendants(root, 'ClassifiedTaxCategory')]) {
    const code = textAt(category, 'ID') ?? ''
    const rate = textAt(category, 'Percent')
    error(['S', 'Z', 'E', 'O'].includes(code), 'BR-KSA-18', 'VAT category code must contain one of the values (S, Z, E, O).')
    error(
      rate === undefined || (/^\d{1,3}(?:\.\d{1,2})?$/.test(rate) && Number(rate) <= 100),
      'BR-KSA-DEC-02',
      'The VAT rates must be from 0.00 to 100.00, with maximum two decimals.',
    )
    if (code === 'S')
      error(Number(rate) === 5 || Number(rate) === 15, 'BR-KSA-84', 'The VAT rate must be 5 or 15 where the category is "Standard rated".')
    else european(rate === undefined || Number(rate) === 0, `BR-${code}-05`, 'The VAT rate shall be 0 (zero) for this category.')
  }
  for (const subtotal of all(root, 'TaxTotal').flatMap((total) => all(total, 'TaxSubtotal'))) {
    const code = textAt(subtotal, 'TaxCategory/ID') ?? ''
    const taxable = decimalAt(subtotal, 'TaxableAmount')
    const tax = decimalAt(subtotal, 'TaxAmount')
    const rate = decimalAt(subtotal, 'TaxCategory/Percent')
    european(taxable !== undefined, 'BR-45', 'Each VAT breakdown (BG-23) shall have a VAT category taxable amount (BT-116).')
    european(tax !== undefined, 'BR-46', 'Each VAT breakdown (BG-23) shall have a VAT category tax amount (BT-117).')
    european(rate !== undefined || code === 'O', 'BR-48', 'Each VAT breakdown (BG-23) shall have a VAT category rate (BT-119).')
    if (code !== 'S') european(tax?.isZero() === true, `BR-${code}-09`, 'The VAT category tax amount (BT-117) shall be 0 (zero).')
    const expected = taxable
      ?.times(rate ?? zero)
      .dividedBy(100)
      .toDecimalPlaces(2, Decimal.ROUND_HALF_UP)
    warning(
      expected !== undefined && tax?.equals(expected) === true,
      'BR-CO-17',
      'VAT category tax amount = taxable amount x rate / 100, rounded to two decimals.',
    )
    if (code === 'S') continue
    const rule = { E: 'BR-KSA-23', O: 'BR-KSA-24', Z: 'BR-KSA-69' }[code] ?? 'BR-KSA-24'
    const exemption = textAt(subtotal, 'TaxCategory/TaxExemptionReasonCode')
    warning(exemption !== undefined, rule, 'A VAT exemption reason code (BT-121) is needed.')
    if (exemption === 'VATEX-SA-EDU' || exemption === 'VATEX-SA-HEA')
      error(
        all(find(root, 'AccountingCustomerParty/Party'), 'PartyIdentification').some(
          (one) => find(one, 'ID')?.attributes.get('schemeID') === 'NAT',
        ),
        'BR-KSA-49',
        'The other buyer ID (BT-46) is mandatory and must be a national ID.',
      )
  }
}

function checkLines(root: Element, error: Report, warning: Report, european: Report): void {
  const { simplified } = kindOf(root)
  for (const line of all(root, 'InvoiceLine')) {
    const prepayment = textAt(line, 'DocumentReference/DocumentTypeCode')
    const net = decimalAt(line, 'LineExtensionAmount')
    const tax = decimalAt(line, 'TaxTotal/TaxAmount')
    const total = decimalAt(line, 'TaxTotal/RoundingAmount')
    european(textAt(line, 'InvoicedQuantity') !== undefined, 'BR-22', 'Each Invoice line (BG-25) shall have an Invoiced quantity (BT-129).')
    european(net !== undefined, 'BR-24', 'Each Invoice line (BG-25) shall have an Invoice line net amount (BT-131).')
    european(textAt(line, 'Item/Name') !== undefined, 'BR-25', 'Each Invoice line (BG-25) shall contain the Item name (BT-153).')
    european(
      textAt(line, 'Price/PriceAmount') !== undefined,
      'BR-26',
      'Each Invoice line (BG-25) shall contain the Item net price (BT-146).',
    )
    european(
      textAt(line, 'Item/ClassifiedTaxCategory/ID') !== undefined,
      'BR-CO-04',
      'Each Invoice line shall be categorized with a VAT category code (BT-151).',
    )
    error((textAt(line, 'ID') ?? '').length <= 6, 'BR-KSA-F-06-C17', 'The line identifier has at most 6 characters.')
    if (!simplified) {
      error(tax !== undefined, 'BR-KSA-52', 'The line VAT amount (KSA-11) is mandatory for tax invoices.')
      error(total !== undefined, 'BR-KSA-53', 'The line amount with VAT (KSA-12) is mandatory for tax invoices.')
    }
    if (net !== undefined && tax !== undefined && total !== undefined)
      warning(total.equals(net.plus(tax)), 'BR-KSA-51', 'Line amount with VAT = net amount + VAT amount.')
    if (prepayment !== undefined) {
      error(prepayment === '386', 'BR-KSA-74', "Prepayment Document Type Code (KSA-30) must be '386'.")
      error(
        [net, tax, total, decimalAt(line, 'Price/PriceAmount')].every((one) => one === undefined || one.isZero()),
        'BR-KSA-82',
        'Amounts of a prepayment line shall be 0.',
      )
      continue
    }
    const base = decimalAt(line, 'Price/BaseQuantity') ?? new Decimal(1)
    error(base.greaterThan(0), 'BR-KSA-EN16931-12', 'Base quantity (BT-149) must be a positive number above zero.')
    const adjustment = sum(
      all(line, 'AllowanceCharge').map((one) => {
        const amount = decimalAt(one, 'Amount') ?? zero
        return textAt(one, 'ChargeIndicator') === 'true' ? amount : amount.negated()
      }),
    )
    const quantity = decimalAt(line, 'InvoicedQuantity') ?? zero
    const price = decimalAt(line, 'Price/PriceAmount') ?? zero
    if (base.greaterThan(0)) {
      const expected = quantity.times(price).dividedBy(base).plus(adjustment)
      warning(
        net?.minus(expected).abs().lessThanOrEqualTo('0.01') === true,
        'BR-KSA-EN16931-11',
        'Line net amount = quantity x (price / base quantity) + charges - allowances.',
      )
    }
  }
}

function isDate(text: string | undefined): boolean {
  return text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))
}

/** The Kingdom keeps UTC+3 all year. */
const riyadhOffset = 3 * 3_600_000

function riyadhDate(now: Date): string {
  return new Date(now.getTime() + riyadhOffset).toISOString().slice(0, 10)
}

function withinADay(root: Element, now: Date): boolean {
  const time = textAt(root, 'IssueTime') ?? ''
  const issued = Date.parse(`${textAt(root, 'IssueDate') ?? ''}T${time.replace('Z', '')}Z`) - (time.endsWith('Z') ? 0 : riyadhOffset)
  return now.getTime() - issued <= 86_400_000
}
