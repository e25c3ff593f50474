import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { ContactInput } from '../models/contact.js'

/** Warnings for contacts that look like this one: the same identifier, e-mail, phone, or name. Addresses of one company may share all. */
export async function duplicateFaults(
  transaction: CompanyTransaction,
  contact: ContactInput,
  id: string | undefined,
): Promise<FaultDetail[]> {
  const { rows } = await transaction.knex.raw<{ rows: { name: string; reason: 'identifier' | 'email' | 'phone' | 'name' }[] }>(
    `select c.name,
        case when exists (select from contacts_identifier i, jsonb_to_recordset(cast(:identifiers as jsonb)) as given(scheme text, value text)
                          where i.company_id = c.company_id and i.contact_id = c.id and i.scheme = given.scheme and i.value = given.value) then 'identifier'
             when lower(c.email) = lower(:email) then 'email'
             when c.phone = :phone or c.mobile = :phone then 'phone'
             else 'name' end as reason
       from contacts_contact c
      where c.company_id = :companyId and c.active and c.id is distinct from cast(:id as uuid)
        and c.id is distinct from cast(:parentId as uuid)
        and (cast(:parentId as uuid) is null or c.parent_id is distinct from cast(:parentId as uuid))
        and (cast(:id as uuid) is null or c.parent_id is distinct from cast(:id as uuid))
        and (lower(c.email) = lower(:email) or c.phone = :phone or c.mobile = :phone or lower(c.name) = lower(:name)
          or c.id in (select i.contact_id from contacts_identifier i, jsonb_to_recordset(cast(:identifiers as jsonb)) as given(scheme text, value text)
                       where i.company_id = :companyId and i.scheme = given.scheme and i.value = given.value))
      order by c.created_at limit 3`,
    {
      companyId: transaction.companyId,
      id: id ?? null,
      parentId: contact.parentId,
      name: contact.name,
      email: contact.email,
      phone: contact.phone ?? contact.mobile,
      identifiers: JSON.stringify(contact.identifiers),
    },
  )
  return rows.map(({ name, reason }) => ({
    code: `CONTACT-DUPLICATE-${reason.toUpperCase()}`,
    path: 'name',
    params: { name },
    level: 'warning',
  }))
}
