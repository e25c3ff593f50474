import { Decimal } from 'decimal.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { StampCertificate } from '../stamp/certificate.js'
import { decodeQr, qrTags } from '../stamp/qr.js'
import type { InvoiceFacts } from './invoice-facts.js'

export interface QrExpectation {
  readonly facts: InvoiceFacts
  readonly simplified: boolean
  /** base64 texts of the signature block. */
  readonly hash: string
  readonly signature: string
  readonly certificate: StampCertificate | undefined
}

/** Exactly the document's text, or the same number in its usual form: anything looser would let one byte change unseen. */
function sameAmount(found: string, expected: string): boolean {
  if (found === expected) return true
  return /^(?:0|[1-9]\d*)\.\d{2}$/.test(found) && /^\d+(?:\.\d+)?$/.test(expected) && new Decimal(found).eq(expected)
}

function sameTime(found: string, facts: InvoiceFacts): 'same' | 'zone' | 'other' {
  const local = `${facts.issueDate}T${facts.issueTime}`
  if (found === local) return 'same'
  // Makers that put a Z behind local time get a warning from the authority and no rejection.
  return found === `${local}Z` ? 'zone' : 'other'
}

/** Compares every field of the QR code with the document, the signature block and the certificate. */
export function checkQr(text: string, expected: QrExpectation): FaultDetail[] {
  const fields = decodeQr(text)
  if (fields === undefined) return [{ code: 'SA-QR-MALFORMED' }]
  const wanted = [1, 2, 3, 4, 5, 6, 7, 8, ...(expected.simplified ? [9] : [])]
  const tags = fields.map((field) => field.tag)
  // A standard invoice may carry the CA's signature too.
  const complete = tags.join() === wanted.join() || (!expected.simplified && tags.join() === [...wanted, 9].join())
  if (!complete) return [{ code: 'SA-QR-TAGS', params: { found: tags.join(' '), expected: wanted.join(' ') } }]
  const findings: FaultDetail[] = []
  const bytesOf = (tag: number): Buffer => fields.find((field) => field.tag === tag)?.value ?? Buffer.alloc(0)
  const textOf = (tag: number): string => bytesOf(tag).toString('utf8')
  const differs = (tag: number): void => {
    findings.push({ code: 'SA-QR-DIFFERS', params: { tag } })
  }
  const exact = (tag: number, value: string | Buffer | undefined): void => {
    if (value === undefined || !bytesOf(tag).equals(Buffer.from(value))) differs(tag)
  }
  exact(qrTags.sellerName, expected.facts.sellerName)
  exact(qrTags.vatNumber, expected.facts.vatNumber)
  const time = sameTime(textOf(qrTags.timestamp), expected.facts)
  if (time === 'other') differs(qrTags.timestamp)
  else if (time === 'zone') findings.push({ code: 'SA-QR-ZONE', level: 'warning' })
  if (!sameAmount(textOf(qrTags.total), expected.facts.total)) differs(qrTags.total)
  if (!sameAmount(textOf(qrTags.vatTotal), expected.facts.vatTotal)) differs(qrTags.vatTotal)
  exact(qrTags.hash, expected.hash)
  exact(qrTags.signature, expected.signature)
  exact(qrTags.publicKey, expected.certificate?.publicKey)
  if (tags.includes(qrTags.certificateSignature)) exact(qrTags.certificateSignature, expected.certificate?.signature)
  return findings
}
