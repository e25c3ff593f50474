import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { cairoDay } from '../data/cairo-day.js'
import { endRow, restoreRow } from './ended-rows.js'

/** For whose keys a mandate is asked: nobody's, those of persons, every key. */
export const mandateRules = ['off', 'persons', 'all'] as const
export type MandateRule = (typeof mandateRules)[number]

/** Art. 1(5): who signs for somebody else, in what capacity and by which paper, as it goes into the evidence of a signature. */
export interface MandateFacts {
  readonly id: string
  readonly signer: string
  readonly principal: string
  readonly capacity: string
  /** The paper it rests on: power of attorney, board's decision, entry of the commercial register. */
  readonly document: string
  readonly from: string
  readonly until: string | null
}

export interface Mandate extends MandateFacts {
  readonly keyId: string
  readonly endedAt: Date | null
  readonly endedReason: string | null
  readonly createdAt: Date
  readonly createdBy: string
}

/** What choosing a key asks of mandates: the company's rule, and the mandate of each key that stands now. */
export interface MandatesNow {
  readonly rule: MandateRule
  readonly standing: ReadonlyMap<string, MandateFacts>
}

interface Row {
  readonly id: string
  readonly key_id: string
  readonly signer_name: string
  readonly principal: string
  readonly capacity: string
  readonly document: string
  readonly valid_from: string
  readonly valid_until: string | null
  readonly ended_at: Date | null
  readonly ended_reason: string | null
  readonly created_at: Date
  readonly created_by: string
}

const columns = [
  'id',
  'key_id',
  'signer_name',
  'principal',
  'capacity',
  'document',
  'ended_at',
  'ended_reason',
  'created_at',
  'created_by',
] as const

/** Every mandate, the newest first, ended ones too. */
export async function mandates(transaction: CompanyTransaction): Promise<Mandate[]> {
  const { knex, companyId } = transaction
  const rows = await knex('compliance_egypt_mandate')
    .where({ company_id: companyId })
    .orderBy('created_at', 'desc')
    .select<Row[]>(...columns, knex.raw('valid_from::text'), knex.raw('valid_until::text'))
  return rows.map((row) => ({
    id: row.id,
    keyId: row.key_id,
    signer: row.signer_name,
    principal: row.principal,
    capacity: row.capacity,
    document: row.document,
    from: row.valid_from,
    until: row.valid_until,
    endedAt: row.ended_at,
    endedReason: row.ended_reason,
    createdAt: row.created_at,
    createdBy: row.created_by,
  }))
}

/** Does it stand at that moment? Days are Cairo's, both included; an end counts from its moment on. */
export function stands(mandate: Pick<Mandate, 'from' | 'until' | 'endedAt'>, at: Date): boolean {
  const today = cairoDay(at)
  return mandate.from <= today && (mandate.until === null || mandate.until >= today) && (mandate.endedAt === null || mandate.endedAt > at)
}

export async function mandatesAt(transaction: CompanyTransaction, at: Date): Promise<MandatesNow> {
  const row = await transaction
    .knex('compliance_egypt_company')
    .where({ company_id: transaction.companyId })
    .first<{ mandates: MandateRule } | undefined>('mandates')
  const standing = new Map<string, MandateFacts>()
  for (const one of await mandates(transaction)) {
    if (standing.has(one.keyId) || !stands(one, at)) continue
    const { id, signer, principal, capacity, document, from, until } = one
    standing.set(one.keyId, { id, signer, principal, capacity, document, from, until })
  }
  return { rule: row?.mandates ?? 'off', standing }
}

/**
 * Whom a certificate names. A company's says so by the same name as organisation and as holder; a person's by given name, surname,
 * alias or a national number. What says neither is not taken for a company's.
 */
export function holderKind(certificate: Certificate): 'person' | 'company' | 'unclear' {
  const values = (oid: string): string[] =>
    certificate.subjectAttributes.filter((one) => one.oid === oid).map(({ value }) => value.trim().replace(/\s+/g, ' ').toLowerCase())
  // givenName, surname, pseudonym
  const personal = ['2.5.4.42', '2.5.4.4', '2.5.4.65'].some((oid) => values(oid).length > 0)
  const national = certificate.subjectAttributes.some(({ value }) => /(?<!\d)[23]\d{13}(?!\d)/.test(value))
  if (personal || national) return 'person'
  const organisations = values('2.5.4.10')
  return values('2.5.4.3').some((name) => organisations.includes(name)) ? 'company' : 'unclear'
}

/** Does the rule ask a mandate for this certificate? */
export function asksMandate(rule: MandateRule, certificate: Certificate): boolean {
  return rule === 'all' || (rule === 'persons' && holderKind(certificate) !== 'company')
}

const text = z.string().trim().min(1).max(300)
const day = z.iso.date()
const input = z
  .object({ keyId: z.uuid(), signer: text, principal: text, capacity: text, document: text, from: day, until: day.or(z.literal('')) })
  .refine(({ from, until }) => until === '' || until >= from, { path: ['until'] })

/** @throws Fault EG-MANDATE-FORM with the field, SIGN-KEY-UNKNOWN */
export async function addMandate(host: Host, context: CompanyContext, given: unknown): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = input.safeParse(given)
  if (!read.success) throw new Fault('EG-MANDATE-FORM', { path: String(read.error.issues[0]?.path[0] ?? '') })
  const { keyId, signer, principal, capacity, document, from, until } = read.data
  await host.db.company(context.companyId, async (transaction) => {
    const key = await host.signing.key(transaction, keyId)
    await transaction.knex('compliance_egypt_mandate').insert({
      company_id: transaction.companyId,
      key_id: keyId,
      signer_name: signer,
      principal,
      capacity,
      document,
      valid_from: from,
      valid_until: until === '' ? null : until,
      created_at: host.now(),
      created_by: context.actor.name,
    })
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.mandate-added',
      subject: { type: 'key', id: keyId, label: key.name },
      facts: { signer, principal, capacity, document, from, until: until === '' ? null : until },
    })
  })
}

const register = {
  table: 'compliance_egypt_mandate',
  endedAt: 'ended_at',
  endedReason: 'ended_reason',
  told: ['key_id', 'signer_name'],
} as const

/** Ends it now, with a reason; or takes an end back that was a mistake (null). @throws Fault EG-LAW-REASON, EG-LAW-UNKNOWN */
export async function endMandate(host: Host, context: CompanyContext, id: string, reason: string | null): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  await host.db.company(context.companyId, async (transaction) => {
    const row = reason === null ? await restoreRow(transaction, register, id) : await endRow(transaction, register, id, host.now(), reason)
    host.audit.record(transaction, context, {
      action: reason === null ? 'compliance-egypt.mandate-restored' : 'compliance-egypt.mandate-ended',
      subject: { type: 'key', id: row.key_id, label: row.signer_name },
      facts: reason === null ? { mandate: id } : { mandate: id, reason: reason.trim() },
    })
  })
}

export async function setMandateRule(host: Host, context: CompanyContext, given: unknown): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = z.enum(mandateRules).safeParse(given)
  if (!read.success) throw new Fault('EG-MANDATE-FORM', { path: 'rule' })
  await host.db.company(context.companyId, async (transaction) => {
    const where = { company_id: transaction.companyId }
    const before = await transaction.knex('compliance_egypt_company').where(where).first<{ mandates: MandateRule } | undefined>('mandates')
    await transaction.knex('compliance_egypt_company').where(where).update({ mandates: read.data })
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.mandate-rule',
      subject: { type: 'compliance-egypt.company', id: context.companyId },
      facts: { before: before?.mandates ?? null, after: read.data },
    })
  })
}
