import { Decimal } from 'decimal.js'
import type { Findings } from './answers.js'
import { all, find, textAt, type Element } from './canonical-tree.js'
import type { Stamp } from './stamp-check.js'

const category = 'QR_CODE'

/** Text of the QR reference, undefined when there is none. */
export function qrOf(root: Element): string | undefined {
  const reference = all(root, 'AdditionalDocumentReference').find((one) => textAt(one, 'ID') === 'QR')
  return textAt(reference, 'Attachment/EmbeddedDocumentBinaryObject')
}

/** Tag-length-value with BER lengths; null when it does not end where its lengths say or a tag stands twice. */
export function readTags(bytes: Buffer): Map<number, Buffer> | null {
  const tags = new Map<number, Buffer>()
  let position = 0
  while (position < bytes.length) {
    const tag = bytes[position]
    let length = bytes[position + 1]
    position += 2
    if (tag === undefined || length === undefined || tags.has(tag)) return null
    if (length > 0x80) {
      const octets = length & 0x7f
      if (octets > 3 || position + octets > bytes.length) return null
      length = bytes.readUIntBE(position, octets)
      position += octets
    } else if (length === 0x80) return null
    if (position + length > bytes.length) return null
    tags.set(tag, bytes.subarray(position, position + length))
    position += length
  }
  return tags
}

/** Compares every tag with the document and its stamp. */
export function checkQr(root: Element, hash: string, stamp: Stamp | null, simplified: boolean, findings: Findings): void {
  const text = qrOf(root)
  if (text === undefined) {
    if (simplified) findings.error('QRCODE_INVALID', category, 'A simplified document must carry its QR code')
    else
      findings.warning('BR-KSA-27', 'KSA', '[BR-KSA-27]-The document must contain a QR code (KSA-14), and this code must be base64Binary.')
    return
  }
  if (text.length > 1000) findings.error('BR-CL-KSA-14', 'KSA', '[BR-CL-KSA-14] the QR code is longer than 1000 characters')
  const tags = /^[A-Z0-9+/]+={0,2}$/i.test(text) && text.length % 4 === 0 ? readTags(Buffer.from(text, 'base64')) : null
  if (tags === null) {
    findings.error('QRCODE_INVALID', category, 'The QR code is not base64 of tag-length-value fields')
    return
  }
  const field = (tag: number): string => tags.get(tag)?.toString('utf8') ?? ''
  const expect = (name: string, holds: boolean): void => {
    if (!holds) findings.error(`${name}_QRCODE_INVALID`, category, `The ${name} of the QR code does not match the document`)
  }
  const seller = find(root, 'AccountingSupplierParty/Party')
  expect('sellerName', field(1) === (textAt(seller, 'PartyLegalEntity/RegistrationName') ?? ''))
  expect('vatRegistrationNumber', field(2) === (textAt(seller, 'PartyTaxScheme/CompanyID') ?? ''))
  const issued = `${textAt(root, 'IssueDate') ?? ''}T${textAt(root, 'IssueTime') ?? ''}`
  if (field(3) !== issued)
    findings.warning(
      'invoiceTimeStamp_QRCODE_INVALID',
      category,
      'Time stamp of the QR code does not match issue date and time of the document',
    )
  checkAmounts(root, field(4), field(5), expect, findings)
  expect('invoiceHash', field(6) === hash)
  if (stamp !== null) {
    expect('digitalSignature', field(7).replace(/\s+/g, '') === stamp.signatureValue)
    expect('publicKey', tags.get(8)?.equals(stamp.spki) === true)
    if (simplified || tags.has(9)) expect('certificateSignature', tags.get(9)?.equals(stamp.certificateSignature) === true)
  }
}

function checkAmounts(root: Element, total: string, vat: string, expect: (name: string, holds: boolean) => void, findings: Findings): void {
  const payable = textAt(root, 'LegalMonetaryTotal/PayableAmount')
  if (!sameAmount(total, payable)) {
    if (sameAmount(total, textAt(root, 'LegalMonetaryTotal/TaxInclusiveAmount')))
      findings.warning('invoiceTotal_QRCODE_INVALID', category, 'The total of the QR code is the total with VAT, not the amount due')
    else expect('invoiceTotal', false)
  }
  expect('vatTotal', sameAmount(vat, textAt(root, 'TaxTotal/TaxAmount')))
}

function sameAmount(one: string, other: string | undefined): boolean {
  const amount = /^-?\d+(?:\.\d+)?$/
  return other !== undefined && amount.test(one) && amount.test(other) && new Decimal(one).equals(other)
}
