import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { ActionOutcome } from '../../../core/views/view.js'
import { contactInput, saveContact } from '../../contacts/index.js'
import { documentFileOf } from './keep-document.js'
import { readDocument } from './read-document.js'

const contactPage = (id: string): string => `/app/contacts/contact/${id}`

/** The contact that carries the issuer's number; null when there is none. */
export async function contactOfIssuer(transaction: CompanyTransaction, issuerId: string): Promise<string | null> {
  const row = await transaction
    .knex('contacts_identifier')
    .where({ company_id: transaction.companyId })
    .whereIn('scheme', ['VAT', 'NAT'])
    .whereRaw(`regexp_replace(value, '[^0-9]', '', 'g') = ?`, [issuerId])
    .first<{ contact_id: string } | undefined>('contact_id')
  return row?.contact_id ?? null
}

/** Makes a contact of who issued a received document, with the name, number and address the document gives; or opens the one there is. */
export async function makeContact(host: Host, context: CompanyContext, uuid: string): Promise<ActionOutcome> {
  host.access.require(context, 'contacts.user')
  return host.db.company(context.companyId, async (transaction): Promise<ActionOutcome> => {
    const file = await documentFileOf(transaction, uuid)
    if (file === null) throw new Fault('EG-STATE-UNKNOWN', { status: 409 })
    const { issuer } = readDocument((await host.files.get(transaction, file)).bytes, context.locale)
    const known = await contactOfIssuer(transaction, issuer.id)
    if (known !== null) return { redirect: contactPage(known) }
    const arabic = /\p{Script=Arabic}/u.test(issuer.name)
    const given = contactInput.parse({
      kind: issuer.type === 'P' ? 'person' : 'company',
      name: issuer.name,
      nameAr: arabic ? issuer.name : null,
      street: issuer.street,
      building: issuer.building.slice(0, 20),
      district: issuer.regionCity.slice(0, 127),
      city: issuer.governate.slice(0, 127),
      region: issuer.governate.slice(0, 127),
      postalCode: issuer.postalCode.slice(0, 20),
      country: issuer.country.slice(0, 2),
      identifiers: issuer.id === '' ? [] : [{ scheme: issuer.type === 'P' ? 'NAT' : 'VAT', value: issuer.id }],
    })
    const { contact } = await saveContact(host, context, transaction, undefined, given)
    return { redirect: contactPage(contact.id), notice: { key: 'compliance-egypt.notice.contact-made', level: 'success' } }
  })
}
