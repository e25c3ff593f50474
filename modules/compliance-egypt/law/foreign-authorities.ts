import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { isEndEntity } from '../../../core/validation/certificate/extensions.js'
import type { ForeignGround } from './accepted-authorities.js'
import { endRow, restoreRow } from './ended-rows.js'
import { oneCertificate } from './time-authorities.js'

export const foreignGrounds = ['a', 'b', 'c', 'd'] as const satisfies readonly ForeignGround[]

export interface ForeignAuthority {
  readonly id: string
  readonly holder: string
  readonly sha256: string
  readonly ground: ForeignGround
  readonly decision: string
  readonly from: string
  readonly until: string | null
  readonly equivalentClass: string | null
  readonly withdrawnAt: Date | null
  readonly withdrawnReason: string | null
  readonly createdBy: string
}

/** The register, the newest first, withdrawn ones too: what was signed while a decision stood keeps its ground. */
export async function foreignAuthorities(transaction: CompanyTransaction): Promise<ForeignAuthority[]> {
  const { knex, companyId } = transaction
  const rows = await knex('compliance_egypt_foreign_authority').where({ company_id: companyId }).orderBy('created_at', 'desc').select<
    {
      id: string
      holder: string
      certificate_sha256: string
      ground: ForeignGround
      decision: string
      valid_from: string
      valid_until: string | null
      equivalent_class: string | null
      withdrawn_at: Date | null
      withdrawn_reason: string | null
      created_by: string
    }[]
  >('id', 'holder', 'certificate_sha256', 'ground', 'decision', 'equivalent_class', 'withdrawn_at', 'withdrawn_reason', 'created_by', knex.raw('valid_from::text'), knex.raw('valid_until::text'))
  return rows.map((row) => ({
    id: row.id,
    holder: row.holder,
    sha256: row.certificate_sha256,
    ground: row.ground,
    decision: row.decision,
    from: row.valid_from,
    until: row.valid_until,
    equivalentClass: row.equivalent_class,
    withdrawnAt: row.withdrawn_at,
    withdrawnReason: row.withdrawn_reason,
    createdBy: row.created_by,
  }))
}

const day = z.iso.date()
const input = z
  .object({
    ground: z.enum(foreignGrounds),
    decision: z.string().trim().min(1).max(200),
    from: day,
    until: day.or(z.literal('')),
    equivalentClass: z.string().trim().max(100),
  })
  .refine(({ from, until }) => until === '' || until >= from, { path: ['until'] })

/**
 * Enters an authority abroad that ITIDA accepted (Art. 21, 22), with the ground and the number of the decision. A place in a trusted
 * list of another country enters nothing by itself.
 * @throws Fault EG-FOREIGN-FORM with the field, EG-LAW-CERTIFICATE, EG-FOREIGN-NOT-AUTHORITY
 */
export async function addForeignAuthority(
  host: Host,
  context: CompanyContext,
  given: unknown,
  file: Uint8Array | undefined,
): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = input.safeParse(given)
  if (!read.success) throw new Fault('EG-FOREIGN-FORM', { path: String(read.error.issues[0]?.path[0] ?? '') })
  if (file === undefined) throw new Fault('EG-LAW-CERTIFICATE', { path: 'certificate' })
  const certificate = oneCertificate(file)
  // A signer's own certificate would accept one signer, and no authority by decision.
  if (isEndEntity(certificate)) throw new Fault('EG-FOREIGN-NOT-AUTHORITY', { path: 'certificate', params: { holder: certificate.holder } })
  const { ground, decision, from, until, equivalentClass } = read.data
  await host.db.company(context.companyId, async (transaction) => {
    await transaction.knex('compliance_egypt_foreign_authority').insert({
      company_id: transaction.companyId,
      certificate: certificate.der,
      certificate_sha256: certificate.sha256,
      holder: certificate.holder,
      ground,
      decision,
      valid_from: from,
      valid_until: until === '' ? null : until,
      equivalent_class: equivalentClass === '' ? null : equivalentClass,
      created_at: host.now(),
      created_by: context.actor.name,
    })
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.foreign-authority-added',
      subject: { type: 'compliance-egypt.company', id: context.companyId, label: certificate.holder },
      facts: { certificate: certificate.sha256, ground, decision, from, until: until === '' ? null : until, equivalentClass },
    })
  })
}

const register = {
  table: 'compliance_egypt_foreign_authority',
  endedAt: 'withdrawn_at',
  endedReason: 'withdrawn_reason',
  told: ['holder', 'decision'],
} as const

/** The decision is withdrawn from now on; or a withdrawal that was a mistake is taken back (null). @throws Fault EG-LAW-REASON, EG-LAW-UNKNOWN */
export async function withdrawForeignAuthority(host: Host, context: CompanyContext, id: string, reason: string | null): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  await host.db.company(context.companyId, async (transaction) => {
    const row = reason === null ? await restoreRow(transaction, register, id) : await endRow(transaction, register, id, host.now(), reason)
    host.audit.record(transaction, context, {
      action: reason === null ? 'compliance-egypt.foreign-authority-restored' : 'compliance-egypt.foreign-authority-withdrawn',
      subject: { type: 'compliance-egypt.company', id: context.companyId, label: row.holder },
      facts: { decision: row.decision, ...(reason === null ? {} : { reason: reason.trim() }) },
    })
  })
}
