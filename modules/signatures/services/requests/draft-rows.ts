import { randomUUID } from 'node:crypto'
import type { Company } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { normalisePhone, partiesOf, type ContactParty } from '../../../contacts/index.js'
import { hashPin } from '../../authentication/pin.js'
import { isDayOfSigning, type FieldValues, type TemplateField } from '../../models/field.js'
import type { RequestSigner } from '../../models/request.js'
import type { TemplateRole } from '../../models/role.js'
import type { Template } from '../../models/template.js'
import type { SignerRow } from '../request-rows.js'
import type { DraftRequest, DraftSigner } from './draft-input.js'
import { groupsOf } from './order.js'
import { stored } from './states.js'

/**
 * Rows of the people of a draft, in the order of the list. Who keeps role, place and PIN keeps his id; the PIN of a person is kept
 * while no other is given.
 */
export async function signerRows(
  host: Host,
  transaction: CompanyTransaction,
  company: Company,
  requestId: string,
  template: Template,
  draft: DraftRequest,
  before: readonly RequestSigner[],
): Promise<Record<string, unknown>[]> {
  const roles = new Map(template.current.roles.map((role) => [role.id, role]))
  const contacts = await partiesOf(
    transaction,
    draft.signers.flatMap((signer) => (signer.contactId === undefined ? [] : [signer.contactId])),
  )
  const people = draft.signers.map((signer) => {
    const role = roles.get(signer.role)
    return { signer, role, action: role?.action ?? ('sign' as const), group: signer.group ?? role?.group ?? 1 }
  })
  const groups = groupsOf(draft.order, people)
  const pins = await pinsOf(transaction, requestId)
  return Promise.all(
    people.map(async ({ signer, role, action }, position) => {
      const contact = signer.contactId === undefined ? undefined : contacts.get(signer.contactId)
      const old = before.find((one) => one.role === signer.role)
      const row: Omit<
        SignerRow,
        | 'sent_at'
        | 'viewed_at'
        | 'verified_at'
        | 'submitted_at'
        | 'completed_at'
        | 'decline_reason'
        | 'reminders'
        | 'next_reminder_at'
        | 'fault'
      > = {
        company_id: transaction.companyId,
        id: old?.id ?? randomUUID(),
        request_id: requestId,
        role: signer.role,
        action,
        signing_group: groups[position] ?? 1,
        position,
        name: signer.name,
        email: emptyToNull(signer.email) ?? contact?.email ?? null,
        phone: phoneOf(emptyToNull(signer.phone) ?? contact?.phone ?? null, contact?.address?.country ?? company.country),
        locale: signer.locale ?? contact?.locale ?? template.locale,
        contact_id: signer.contactId ?? null,
        key_id: signer.keyId ?? null,
        level: signer.level ?? role?.level ?? 'simple',
        authentication: action === 'copy' ? [] : [...(signer.authentication ?? role?.authentication ?? [])],
        pin_hash: signer.pin === undefined ? (old === undefined ? null : (pins.get(old.id) ?? null)) : await hashPin(signer.pin),
        in_person: signer.inPerson ?? role?.inPerson ?? false,
        can_delegate: role?.canDelegate ?? false,
        state: 'waiting',
        version: old?.version ?? 1,
        values: proposedValues(template.current.fields, signer, role, contact),
        external_id: signer.externalId ?? null,
        metadata: signer.metadata ?? {},
      }
      return stored(row)
    }),
  )
}

/** What stands in a person's fields before he sees them: what the sender gave, else what is known of his contact, else the default. */
function proposedValues(
  fields: readonly TemplateField[],
  signer: DraftSigner,
  role: TemplateRole | undefined,
  contact: ContactParty | undefined,
): FieldValues {
  if (role === undefined) return {}
  const values: Record<string, string | boolean> = {}
  for (const field of fields.filter((one) => one.role === role.id)) {
    const linked = field.contactLink === undefined || contact === undefined ? undefined : contactFact(contact, field.contactLink)
    const given = signer.values?.[field.id] ?? linked ?? (isDayOfSigning(field) ? undefined : field.defaultValue)
    if (given !== undefined && given !== '') values[field.id] = field.type === 'checkbox' ? given === true || given === 'true' : given
  }
  // What names no field of the person is kept as it came: sending tells of it.
  return { ...signer.values, ...values }
}

function contactFact(contact: ContactParty, link: NonNullable<TemplateField['contactLink']>): string | undefined {
  const { address } = contact
  const identifier = (...schemes: string[]): string | undefined => contact.identifiers.find((one) => schemes.includes(one.scheme))?.value
  const fact = {
    name: contact.name,
    nameAr: contact.nameAr,
    email: contact.email,
    phone: contact.phone,
    company: contact.name,
    address: address === null ? null : [address.building, address.street, address.district].filter((part) => part !== undefined).join(' '),
    city: address?.city,
    country: address?.country,
    nationalId: identifier('NAT', 'IQA', 'PAS', 'EGN', 'CIVIL'),
    vat: identifier('VAT'),
  }[link]
  return fact === null || fact === '' ? undefined : fact
}

async function pinsOf(transaction: CompanyTransaction, requestId: string): Promise<Map<string, string | null>> {
  const rows: { id: string; pin_hash: string | null }[] = await transaction
    .knex('signatures_signer')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .select('id', 'pin_hash')
  return new Map(rows.map((row) => [row.id, row.pin_hash]))
}

/** As it came where it is no number: sending tells of it. */
export function phoneOf(value: string | null, country: string | null): string | null {
  return value === null ? null : (normalisePhone(value, country) ?? value)
}

export function emptyToNull(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value
}
