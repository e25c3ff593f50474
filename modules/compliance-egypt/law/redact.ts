import { redacted } from './lint-certificate.js'

/** Members whose value is a name of ours and no person's number, however many digits it has. */
const ownNames = new Set(['number', 'serial', 'file', 'url', 'id', 'subjectId', 'label', 'subjectLabel', 'tokenSerial'])
/** Fingerprints and identifiers may hold any run of digits. */
const fingerprint = /^(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/**
 * A value for a report with persons' national numbers left out: certificates of some years carry one among their names. Documents and
 * certificates themselves stay as they are, or they would prove nothing.
 */
export function withoutPersonalNumbers(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return ownNames.has(name) || fingerprint.test(value) ? value : redacted(value)
  if (Array.isArray(value)) return value.map((one) => withoutPersonalNumbers(one, name))
  if (value instanceof Date || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutPersonalNumbers(one, key)]))
}
