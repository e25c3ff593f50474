import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import { canonicalHash, canonicalTextOf } from '../canonical/canonical-text.js'
import { textAt, type LiteralObject, type LiteralValue } from '../canonical/literal-value.js'

/** The name a receipt must have: SHA-256 of its canonical text with an empty name, in hexadecimal (e-receipt 1.2). */
export function receiptUuid(receipt: LiteralValue): string {
  return canonicalHash(canonicalTextOf(withoutUuid(receipt)))
}

function withoutUuid(receipt: LiteralValue): LiteralValue {
  if (receipt.kind !== 'object') return receipt
  const members = receipt.members.map((member) => {
    if (member.name !== 'header' || member.value.kind !== 'object') return member
    const header: LiteralObject = {
      ...member.value,
      members: member.value.members.map((one) =>
        one.name === 'uuid' ? { ...one, value: { kind: 'string', text: '', start: one.value.start, end: one.value.end } } : one,
      ),
    }
    return { ...member, value: header }
  })
  return { ...receipt, members }
}

/**
 * A receipt carries no signature of its own; its name is its fingerprint. That the name fits says the receipt is whole, not who wrote
 * it: the authority's copy under that name does.
 */
export function verifyReceipt(receipt: LiteralValue): Omit<DocumentVerdict, 'file'> {
  const stated = textAt(receipt, 'header', 'uuid') ?? ''
  const computed = receiptUuid(receipt)
  if (stated.toLowerCase() !== computed) {
    return {
      verdict: 'failed',
      integrity: 'broken',
      signatures: [],
      findings: [{ code: 'EG-RECEIPT-UUID', path: 'header.uuid', params: { stated, computed } }],
    }
  }
  return { verdict: 'indeterminate', integrity: 'intact', signatures: [], findings: [{ code: 'EG-RECEIPT-UNSIGNED', level: 'warning' }] }
}
