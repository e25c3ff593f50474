import Papa from 'papaparse'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { escapeFormula } from '../../contacts/index.js'
import { receivedDocuments, type ReceivedDocument } from '../authority/received-rows.js'

const page = 1000
const mostRows = 50_000

const columns: readonly { readonly label: string; readonly value: (one: ReceivedDocument) => string }[] = [
  { label: 'field.number', value: (one) => one.internalId },
  { label: 'field.type', value: (one) => one.type.toUpperCase() },
  { label: 'field.issuer', value: (one) => one.issuerName },
  { label: 'field.issuer-id', value: (one) => one.issuerId },
  { label: 'field.issued', value: (one) => one.issuedAt.toISOString() },
  { label: 'field.received', value: (one) => one.receivedAt.toISOString() },
  { label: 'field.state', value: (one) => one.status },
  { label: 'field.reason', value: (one) => one.statusReason ?? '' },
  { label: 'field.total', value: (one) => one.total },
  { label: 'field.document', value: (one) => one.uuid },
]

/**
 * Received documents as CSV with a byte order mark (spreadsheets need it for Arabic). No cell can become a formula: names and numbers in it
 * are other people's.
 * @param only uuids to write; empty writes all, at most 50,000
 */
export async function exportReceived(
  host: Host,
  transaction: CompanyTransaction,
  locale: Locale,
  only: ReadonlySet<string>,
): Promise<Buffer> {
  const rows: string[][] = []
  for (let offset = 0; offset < mostRows; offset += page) {
    const found = await receivedDocuments(transaction, page, offset)
    for (const one of found) if (only.size === 0 || only.has(one.uuid)) rows.push(columns.map(({ value }) => escapeFormula(value(one))))
    if (found.length < page) break
  }
  const fields = columns.map(({ label }) => host.i18n.text(locale, `compliance-egypt.${label}`))
  return Buffer.from(`\ufeff${Papa.unparse({ fields, data: rows })}\r\n`)
}
