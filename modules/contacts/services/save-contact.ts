import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { contactColumns, contactFields, type Contact, type ContactInput } from '../models/contact.js'
import { findContact } from './find-contacts.js'
import { duplicateFaults } from './duplicates.js'
import { identifierFaults, identifierSchemes } from './identifiers.js'
import { isMailAddress } from './mail-address.js'
import { normalisePhone } from './phone.js'
import { searchText } from './search-text.js'

export interface SavedContact {
  readonly contact: Contact
  /** Possible duplicates and the like; nothing that stopped the saving. */
  readonly warnings: readonly FaultDetail[]
}

/** The contact as it would be stored, and everything wrong with it. Phones are normalised, country and scheme codes upper-cased. */
export async function checkContact(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  given: ContactInput,
  id?: string,
): Promise<{ contact: ContactInput; faults: FaultDetail[] }> {
  const faults: FaultDetail[] = []
  const company = await host.access.company(context.companyId)
  const country = given.country?.toUpperCase() ?? null
  if (country !== null && !isCountry(country)) faults.push({ code: 'CONTACT-COUNTRY', path: 'country', params: { country } })
  const phoneOf = (field: 'phone' | 'mobile'): string | null => {
    const value = given[field]
    if (value === null) return null
    const normal = normalisePhone(value, country ?? company.country)
    if (normal === undefined) faults.push({ code: 'CONTACT-PHONE', path: field, params: { value } })
    return normal ?? value
  }
  if (given.email !== null && !isMailAddress(given.email)) {
    faults.push({ code: 'CONTACT-EMAIL', path: 'email', params: { value: given.email } })
  }
  const contact: ContactInput = {
    ...given,
    country,
    phone: phoneOf('phone'),
    mobile: phoneOf('mobile'),
    identifiers: given.identifiers.map(({ scheme, value }) => ({ scheme: scheme.toUpperCase(), value: value.replace(/\s+/g, ' ') })),
  }
  faults.push(...(await parentFaults(transaction, contact, id)))
  faults.push(...identifierFaults({ ...contact, country: country ?? company.country }, await identifierSchemes(host, context, transaction)))
  const { name, nameAr, kind, identifiers } = contact
  faults.push(...(await host.hooks.veto('contact.validate', { name, nameAr, kind, country, identifiers }, { context, transaction })))
  faults.push(...(await duplicateFaults(transaction, contact, id)))
  return { contact, faults }
}

/** Creates or changes a contact. @throws Fault CONTACT-UNKNOWN (404), or the faults found, with paths of the input */
export async function saveContact(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string | undefined,
  given: ContactInput,
): Promise<SavedContact> {
  const before = id === undefined ? undefined : await findContact(transaction, id)
  if (id !== undefined && before === undefined) throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id } })
  const { contact, faults } = await checkContact(host, context, transaction, given, id)
  Fault.throwIfAny(faults)
  const contactId = id ?? randomUUID()
  const row: Record<string, unknown> = { search_text: searchText(contact), updated_at: host.now() }
  for (const field of contactFields) row[contactColumns[field]] = contact[field]
  const key = { company_id: transaction.companyId, id: contactId }
  if (before === undefined) await transaction.knex('contacts_contact').insert({ ...row, ...key })
  else await transaction.knex('contacts_contact').where(key).update(row)
  await storeIdentifiers(transaction, contactId, contact.identifiers, before !== undefined)
  const saved: Contact = { ...contact, id: contactId, active: before?.active ?? true }
  host.audit.record(transaction, context, {
    action: before === undefined ? 'contact.created' : 'contact.changed',
    subject: { type: 'contacts.contact', id: contactId, label: contact.name },
    facts: before === undefined ? {} : changesOf(before, saved),
  })
  return { contact: saved, warnings: faults }
}

async function storeIdentifiers(
  transaction: CompanyTransaction,
  contactId: string,
  identifiers: ContactInput['identifiers'],
  replace: boolean,
): Promise<void> {
  const table = () => transaction.knex('contacts_identifier')
  if (replace) await table().where({ company_id: transaction.companyId, contact_id: contactId }).delete()
  if (identifiers.length === 0) return
  await table().insert(
    identifiers.map(({ scheme, value }) => ({ company_id: transaction.companyId, contact_id: contactId, scheme, value })),
  )
}

/** Archives or brings back: archived contacts keep their documents and are no longer offered. */
export async function setActive(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  ids: readonly string[],
  active: boolean,
): Promise<void> {
  const changed: { id: string; name: string }[] = await transaction
    .knex('contacts_contact')
    .where('company_id', transaction.companyId)
    .whereIn('id', [...ids])
    .where('active', !active)
    .update({ active, updated_at: host.now() })
    .returning(['id', 'name'])
  for (const { id, name } of changed) {
    host.audit.record(transaction, context, {
      action: active ? 'contact.restored' : 'contact.archived',
      subject: { type: 'contacts.contact', id, label: name },
    })
  }
}

/** Deletes contacts that nothing refers to. @throws Fault CONTACT-USED: archive it instead */
export async function deleteContacts(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) {
    const contact = await findContact(transaction, id)
    if (contact === undefined) throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id } })
    try {
      await transaction.knex.transaction((point) => point('contacts_contact').where({ company_id: transaction.companyId, id }).delete())
    } catch (error) {
      // 23001 and 23503: a document or an address refers to it.
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === '23503' || code === '23001') throw new Fault('CONTACT-USED', { status: 409, params: { name: contact.name } })
      throw error
    }
    host.audit.record(transaction, context, { action: 'contact.deleted', subject: { type: 'contacts.contact', id, label: contact.name } })
  }
}

async function parentFaults(transaction: CompanyTransaction, contact: ContactInput, id: string | undefined): Promise<FaultDetail[]> {
  if (contact.parentId === null) return []
  if (contact.parentId === id) return [{ code: 'CONTACT-PARENT-SELF', path: 'parentId' }]
  const parent = await findContact(transaction, contact.parentId)
  if (parent === undefined) return [{ code: 'CONTACT-UNKNOWN', path: 'parentId', params: { id: contact.parentId } }]
  // Two levels: a company and its people and addresses. Deeper trees hide whose address a document takes.
  if (parent.parentId !== null) return [{ code: 'CONTACT-PARENT-DEEP', path: 'parentId', params: { name: parent.name } }]
  if (id === undefined) return []
  const children: unknown[] = await transaction
    .knex('contacts_contact')
    .where({ company_id: transaction.companyId, parent_id: id })
    .limit(1)
    .pluck('id')
  return children.length === 0 ? [] : [{ code: 'CONTACT-PARENT-DEEP', path: 'parentId', params: { name: contact.name } }]
}

function changesOf(before: Contact, after: Contact): Record<string, unknown> {
  const fields = contactFields.filter((field) => before[field] !== after[field])
  return Object.fromEntries(fields.map((field) => [field, { from: before[field], to: after[field] }]))
}

const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** ISO 3166-1 alpha-2, as the runtime's own table knows it. */
export function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && code !== 'ZZ' && regions.of(code) !== undefined
}
