import type { Findings } from './answers.js'
import type { CheckedDocument } from './document-check.js'
import type { Units } from './units.js'

/** Base64 of the hexadecimal SHA-256 of "0": what the first document of a unit names as its predecessor. */
export const firstPreviousHash = 'NWZlY2ViNjZmZmM4NmYzOGQ5NTI3ODZjNmQ2OTZjNzljMmRiYzIzOWRkNGU5MWI0NjcyOWQ3M2EyN2ZiNTdlOQ=='

const category = 'PREVIOUS_INVOICE_HASH'

/**
 * Chain of one unit: every counter once, every document naming the hash of its predecessor, rejected ones included.
 * Documents may arrive out of order, so a link is judged as soon as both its ends are known, whichever came last.
 * @returns whether the document may take its place
 */
export function checkChain(units: Units, unit: string, checked: CheckedDocument, findings: Findings): boolean {
  if (!/^\d{1,30}$/.test(checked.counter)) return false
  const counter = BigInt(checked.counter)
  const same = units.atCounter(unit, counter)
  if (same !== undefined && same.hash !== checked.hash) {
    findings.error(
      'KSA-16',
      'INVOICE_COUNTER',
      `Invoice counter value ${counter} was used by another document of this unit (UUID ${same.uuid})`,
    )
    return false
  }
  const before = units.atCounter(unit, counter - 1n)
  const after = units.atCounter(unit, counter + 1n)
  const expected = counter === 1n ? firstPreviousHash : before?.hash
  if (expected !== undefined && checked.previousHash !== expected)
    findings.error(
      'KSA-13',
      category,
      'Previous invoice hash does not match the hash of the document before this one in the chain of the unit',
    )
  if (after !== undefined && after.previousHash !== checked.hash)
    findings.error('KSA-13', category, 'The next document of the unit, already received, names another previous invoice hash')
  return true
}
