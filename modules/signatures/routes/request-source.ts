import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { partiesOf } from '../../contacts/index.js'
import type { RequestInput } from '../models/request.js'
import type { DraftInput } from '../services/requests/draft-input.js'
import { readTemplate } from '../services/template-rows.js'

type Source = NonNullable<RequestInput['source']>

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Tables of records that a request may start from here: column of the label and of the contact. Other modules start requests themselves. */
const sources: Readonly<
  Record<string, { readonly table: string; readonly label: string; readonly contact: string; readonly group: string }>
> = {
  'contacts.contact': { table: 'contacts_contact', label: 'name', contact: 'id', group: 'contacts.user' },
  'invoicing.invoice': { table: 'invoicing_invoice', label: 'number', contact: 'contact_id', group: 'invoicing.reader' },
}

/** The record that a request is started from, as the company has it; undefined for none and for one that it does not have. */
export async function sourceOf(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  type: string,
  id: string,
): Promise<(Source & { readonly contactId: string | null }) | undefined> {
  const known = Object.hasOwn(sources, type) ? sources[type] : undefined
  if (known === undefined || !uuid.test(id)) return undefined
  const [module = ''] = type.split('.')
  if (!(await host.modules.isEnabled(context.companyId, module))) return undefined
  host.access.require(context, known.group)
  const row: { label: string | null; contact: string | null } | undefined = await transaction
    .knex(known.table)
    .where({ company_id: transaction.companyId, id })
    .first({ label: known.label, contact: known.contact })
  return row === undefined ? undefined : { type, id, label: row.label ?? '—', contactId: row.contact }
}

/** The contact of the record takes the first part of the template that is not the company's own. */
export async function startingPerson(
  transaction: CompanyTransaction,
  templateId: string,
  source: { readonly contactId: string | null } | undefined,
): Promise<NonNullable<DraftInput['signers']>[number] | undefined> {
  const contactId = source?.contactId ?? null
  if (contactId === null) return undefined
  const template = await readTemplate(transaction, templateId)
  const role = template.current.roles.find((one) => one.action === 'sign') ?? template.current.roles[0]
  const party = (await partiesOf(transaction, [contactId])).get(contactId)
  return role === undefined || party === undefined ? undefined : { role: role.id, name: party.name, contactId }
}
