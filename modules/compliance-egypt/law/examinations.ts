import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { signatureRows } from '../signing/signature-rows.js'
import { endRow } from './ended-rows.js'

/** ITIDA's certificate that it examined this signature (Art. 7), the ground of Art. 9(b). */
export interface Examination {
  readonly number: string
  readonly issuedOn: string
  readonly registeredBy: string
}

export async function examinationOf(transaction: CompanyTransaction, invoiceId: string): Promise<Examination | undefined> {
  const { knex, companyId } = transaction
  const row = await knex('compliance_egypt_examination')
    .where({ company_id: companyId, invoice_id: invoiceId })
    .whereNull('withdrawn_at')
    .first<{ number: string; issued_on: string; created_by: string } | undefined>('number', 'created_by', knex.raw('issued_on::text'))
  return row === undefined ? undefined : { number: row.number, issuedOn: row.issued_on, registeredBy: row.created_by }
}

const input = z.object({ number: z.string().trim().min(1).max(100), issuedOn: z.iso.date() })

/**
 * Registers the number of an examination. It may not be older than the signature it examined, nor of tomorrow.
 * @throws Fault EG-EXAMINATION-FORM with the field, EG-EXAMINATION-DATE, EG-EXAMINATION-THERE, EG-DOSSIER-NOT-SIGNED
 */
export async function registerExamination(host: Host, context: CompanyContext, invoiceId: string, given: unknown): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const read = input.safeParse(given)
  if (!read.success) throw new Fault('EG-EXAMINATION-FORM', { path: String(read.error.issues[0]?.path[0] ?? '') })
  const { number, issuedOn } = read.data
  await host.db.company(context.companyId, async (transaction) => {
    const signature = (await signatureRows(transaction, [invoiceId])).get(invoiceId)
    if (signature?.state !== 'signed') throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 409 })
    // A day's grace on both sides: the day of the signature and today depend on the zone.
    const [earliest, latest] = [signature.signedAt.getTime() - 86_400_000, host.now().getTime() + 86_400_000].map((time) =>
      new Date(time).toISOString().slice(0, 10),
    )
    if (issuedOn < (earliest ?? '') || issuedOn > (latest ?? '')) throw new Fault('EG-EXAMINATION-DATE', { path: 'issuedOn' })
    const written = await transaction
      .knex('compliance_egypt_examination')
      .insert({
        company_id: transaction.companyId,
        invoice_id: invoiceId,
        number,
        issued_on: issuedOn,
        created_at: host.now(),
        created_by: context.actor.name,
        withdrawn_at: null,
        withdrawn_reason: null,
      })
      .onConflict(['company_id', 'invoice_id'])
      .merge()
      .whereNotNull('compliance_egypt_examination.withdrawn_at')
      .returning('number')
    if (written.length === 0) throw new Fault('EG-EXAMINATION-THERE', { status: 409 })
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.examined',
      subject: { type: 'invoicing.invoice', id: invoiceId },
      facts: { number, issuedOn },
    })
  })
}

const register = {
  table: 'compliance_egypt_examination',
  endedAt: 'withdrawn_at',
  endedReason: 'withdrawn_reason',
  told: ['number'],
} as const

/** A number entered by mistake, or one that ITIDA took back. The event log keeps both. @throws Fault EG-LAW-REASON, EG-LAW-UNKNOWN */
export async function withdrawExamination(host: Host, context: CompanyContext, invoiceId: string, reason: string): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  await host.db.company(context.companyId, async (transaction) => {
    const { number } = await endRow(transaction, register, { invoice_id: invoiceId }, host.now(), reason)
    host.audit.record(transaction, context, {
      action: 'compliance-egypt.examination-withdrawn',
      subject: { type: 'invoicing.invoice', id: invoiceId },
      facts: { number, reason: reason.trim() },
    })
  })
}
