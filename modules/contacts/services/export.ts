import Papa from 'papaparse'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { contactFields, type Contact } from '../models/contact.js'
import { findContact, findContacts } from './find-contacts.js'

/**
 * A cell that a spreadsheet would compute is written as text: `=`, `+`, `-`, `@`, tab and line breaks at its start get an apostrophe
 * (OWASP: CSV injection). Phone numbers in international form are left, they are digits after the plus.
 */
export function escapeFormula(value: string): string {
  if (/^\+\d[\d\s().-]*$/.test(value)) return value
  return /^[=+\-@\t\r\n]/.test(value.trimStart()) || /^[\t\r\n]/.test(value) ? `'${value}` : value
}

const mostRows = 50_000
const page = 500

/** Contacts as rows: the fields under their technical names (the import reads them again), one column per scheme of identifiers. */
export async function exportRows(transaction: CompanyTransaction, ids: readonly string[]): Promise<{ heads: string[]; rows: string[][] }> {
  const contacts: Contact[] = []
  if (ids.length > 0) {
    for (const id of ids) {
      const contact = await findContact(transaction, id)
      if (contact !== undefined) contacts.push(contact)
    }
  } else {
    for (let offset = 0; offset < mostRows; offset += page) {
      const found = await findContacts(transaction, { active: true, offset, limit: page })
      contacts.push(...found.contacts)
      if (found.contacts.length < page) break
    }
  }
  const schemes = [...new Set(contacts.flatMap(({ identifiers }) => identifiers.map(({ scheme }) => scheme)))].sort()
  const fields = contactFields.filter((field) => field !== 'parentId')
  const rows = contacts.map((contact) => [
    ...fields.map((field) => escapeFormula(contact[field] ?? '')),
    ...schemes.map((scheme) => escapeFormula(contact.identifiers.find((identifier) => identifier.scheme === scheme)?.value ?? '')),
  ])
  return { heads: [...fields, ...schemes.map((scheme) => `identifier.${scheme}`)], rows }
}

/** The export as a file: CSV with a byte order mark (spreadsheets need it for Arabic), or a workbook whose cells are all text. */
export async function exportContacts(transaction: CompanyTransaction, format: 'csv' | 'xlsx', ids: readonly string[]): Promise<Buffer> {
  const { heads, rows } = await exportRows(transaction, ids)
  if (format === 'csv') return Buffer.from(`\ufeff${Papa.unparse({ fields: heads, data: rows })}\r\n`)
  // Read when it is wanted: hundreds of files that no start of the host should wait for.
  const { default: exceljs } = await import('exceljs')
  const workbook = new exceljs.Workbook()
  const sheet = workbook.addWorksheet('contacts', { views: [{ state: 'frozen', ySplit: 1 }] })
  sheet.addRow(heads).font = { bold: true }
  for (const row of rows) {
    const added = sheet.addRow(row)
    added.eachCell((cell) => {
      cell.numFmt = '@'
    })
  }
  return Buffer.from(await workbook.xlsx.writeBuffer())
}
