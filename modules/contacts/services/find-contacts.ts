import { isUuid } from '../../../core/access/companies.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { contactColumns, contactFields, type Contact } from '../models/contact.js'
import { searchWords } from './search-text.js'

const columns = ['c.id', 'c.active', ...contactFields.map((field) => `c.${contactColumns[field]} as ${field}`)] as const

export interface ContactSearch {
  readonly search?: string | undefined
  readonly kind?: 'person' | 'company' | undefined
  readonly active?: boolean | undefined
  readonly parentId?: string | undefined
  readonly identifier?: { readonly scheme: string; readonly value: string } | undefined
  readonly offset: number
  readonly limit: number
}

/** Contacts by id or search, newest names first in the alphabet, with the number of all that match. */
export async function findContacts(
  transaction: CompanyTransaction,
  wanted: ContactSearch,
): Promise<{ contacts: Contact[]; total: number }> {
  const query = transaction.knex('contacts_contact as c').where('c.company_id', transaction.companyId)
  if (wanted.active !== undefined) query.where('c.active', wanted.active)
  if (wanted.kind !== undefined) query.where('c.kind', wanted.kind)
  if (wanted.parentId !== undefined) query.where('c.parent_id', wanted.parentId)
  for (const word of searchWords(wanted.search ?? '')) query.whereRaw(`strpos(c.search_text, ?) > 0`, [word])
  if (wanted.identifier !== undefined) {
    const { scheme, value } = wanted.identifier
    query.whereIn('c.id', (inner) => {
      void inner.select('contact_id').from('contacts_identifier').where({ company_id: transaction.companyId, scheme, value })
    })
  }
  const counted: { count: string | number }[] = await query.clone().count({ count: '*' })
  const rows = await query.orderBy('c.name').orderBy('c.id').offset(wanted.offset).limit(wanted.limit).select<ContactRow[]>(columns)
  return { contacts: await withIdentifiers(transaction, rows), total: Number(counted[0]?.count ?? 0) }
}

export async function findContact(transaction: CompanyTransaction, id: string): Promise<Contact | undefined> {
  if (!isUuid(id)) return undefined
  const rows = await transaction
    .knex('contacts_contact as c')
    .where({ 'c.company_id': transaction.companyId, 'c.id': id })
    .select<ContactRow[]>(columns)
  return (await withIdentifiers(transaction, rows))[0]
}

// What the columns above select: every field of a contact but its identifiers, which have their own table.
type ContactRow = Omit<Contact, 'identifiers'>

async function withIdentifiers(transaction: CompanyTransaction, rows: readonly ContactRow[]): Promise<Contact[]> {
  if (rows.length === 0) return []
  const identifiers: { contact_id: string; scheme: string; value: string }[] = await transaction
    .knex('contacts_identifier')
    .where('company_id', transaction.companyId)
    .whereIn(
      'contact_id',
      rows.map((row) => row.id),
    )
    .orderBy(['scheme', 'value'])
    .select(['contact_id', 'scheme', 'value'])
  const byContact = new Map<string, { scheme: string; value: string }[]>(rows.map((row) => [row.id, []]))
  for (const { contact_id: contactId, scheme, value } of identifiers) byContact.get(contactId)?.push({ scheme, value })
  return rows.map((row) => ({ ...row, identifiers: byContact.get(row.id) ?? [] }))
}
