import { type Findings } from './answers.js'
import { all, NotXml, readDocument, textAt, type Element, type ReadDocument } from './canonical-tree.js'
import { checkElementOrder } from './element-order.js'
import { checkQr } from './qr-check.js'
import { checkRules, kindOf, type DocumentKind } from './rules.js'
import { checkStamp, hasStamp, invoiceHash, type Stamp } from './stamp-check.js'

/** A document as far as it could be read. */
export interface CheckedDocument extends DocumentKind {
  readonly document: ReadDocument
  readonly hash: string
  readonly uuid: string
  readonly number: string
  readonly seller: string
  readonly counter: string
  readonly previousHash: string
  readonly stamp: Stamp | null
}

/**
 * Everything the authority looks at inside one document, whoever sent it: well-formed, UBL order, hash, stamp, QR, rules.
 * @returns null when it is no invoice at all (findings say why)
 */
export function checkDocument(bytes: Buffer, now: Date, findings: Findings): CheckedDocument | null {
  let document: ReadDocument
  try {
    document = readDocument(bytes)
  } catch (error) {
    if (!(error instanceof NotXml)) throw error
    findings.error('SAXParseException', 'XSD validation', `The document cannot be read: ${error.message}`)
    return null
  }
  const root = document.root
  if (!checkElementOrder(root, findings)) return null
  const kind = kindOf(root)
  const hash = invoiceHash(document)
  checkRules(root, now, findings)
  let stamp: Stamp | null = null
  if (hasStamp(root)) stamp = checkStamp(document, hash, findings)
  else if (kind.simplified)
    findings.error('BR-KSA-60', 'KSA', '[BR-KSA-60]-Cryptographic stamp (KSA-15) must exist in simplified tax invoices.')
  if (stamp !== null) checkValidity(stamp, now, findings)
  checkQr(root, hash, stamp, kind.simplified, findings)
  return {
    ...kind,
    document,
    hash,
    stamp,
    uuid: textAt(root, 'UUID') ?? '',
    number: textAt(root, 'ID') ?? '',
    seller: textAt(root, 'AccountingSupplierParty/Party/PartyTaxScheme/CompanyID') ?? '',
    counter: textAt(reference(root, 'ICV'), 'UUID') ?? '',
    previousHash: textAt(reference(root, 'PIH'), 'Attachment/EmbeddedDocumentBinaryObject') ?? '',
  }
}

function reference(root: Element, id: string): Element | undefined {
  return all(root, 'AdditionalDocumentReference').find((one) => textAt(one, 'ID') === id)
}

function checkValidity(stamp: Stamp, now: Date, findings: Findings): void {
  const { validFrom: from, validTo: to } = stamp
  const utc = stamp.signingTime.endsWith('Z')
  const signed = Date.parse(`${stamp.signingTime}${utc ? '' : 'Z'}`) - (utc ? 0 : 3 * 3_600_000)
  if (now.getTime() < from || now.getTime() > to)
    findings.error('certificate-expired', 'CERTIFICATE_ERRORS', 'The certificate is not valid now')
  // A day of grace: units write local time without a zone and their clocks differ.
  if (signed < from - 86_400_000 || signed > Math.min(to, now.getTime() + 86_400_000))
    findings.error('SigningTime', 'CERTIFICATE_ERRORS', 'The signing time lies outside the validity of the certificate or in the future')
}
