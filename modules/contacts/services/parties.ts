import type { PostalAddress } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'

/** A contact as it is copied onto a document. */
export interface ContactParty {
  readonly name: string
  readonly nameAr: string | null
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
  readonly address: PostalAddress | null
  readonly phone: string | null
  readonly email: string | null
  readonly locale: 'ar' | 'en' | 'bg' | null
}

interface PartyRow {
  readonly id: string
  readonly name: string
  readonly name_ar: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly locale: 'ar' | 'en' | 'bg' | null
  readonly address: Record<string, string | null>
  readonly identifiers: { scheme: string; value: string }[] | null
}

/**
 * Parties by contact id, in one statement. A billing address below a company takes the company's name and identifiers and its own
 * address; a person below a company without an address takes the company's.
 */
export async function partiesOf(transaction: CompanyTransaction, contactIds: readonly string[]): Promise<Map<string, ContactParty>> {
  const parties = new Map<string, ContactParty>()
  if (contactIds.length === 0) return parties
  const { rows } = await transaction.knex.raw<{ rows: PartyRow[] }>(
    `select c.id,
        case when c.role = 'billing' and p.id is not null then p.name else c.name end as name,
        case when c.role = 'billing' and p.id is not null then p.name_ar else c.name_ar end as name_ar,
        coalesce(c.email, p.email) as email, coalesce(c.phone, c.mobile, p.phone) as phone, coalesce(c.locale, p.locale) as locale,
        jsonb_build_object('street', a.street, 'additionalStreet', a.additional_street, 'building', a.building,
          'additionalNumber', a.additional_number, 'district', a.district, 'city', a.city, 'region', a.region,
          'postalCode', a.postal_code, 'country', a.country) as address,
        (select jsonb_agg(jsonb_build_object('scheme', i.scheme, 'value', i.value) order by i.scheme, i.value)
           from contacts_identifier i
          where i.company_id = c.company_id
            and i.contact_id = case when c.role = 'billing' and p.id is not null then p.id else c.id end) as identifiers
       from contacts_contact c
       left join contacts_contact p on p.company_id = c.company_id and p.id = c.parent_id
       join contacts_contact a on a.company_id = c.company_id
        and a.id = case when c.street is null and c.city is null and p.id is not null then p.id else c.id end
      where c.company_id = ? and c.id = any(?)`,
    [transaction.companyId, contactIds as string[]],
  )
  for (const row of rows) {
    const { country, ...rest } = row.address
    const lines = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
    parties.set(row.id, {
      name: row.name,
      nameAr: row.name_ar,
      identifiers: row.identifiers ?? [],
      address: country === null || country === undefined ? null : { ...lines, country },
      phone: row.phone,
      email: row.email,
      locale: row.locale,
    })
  }
  return parties
}
