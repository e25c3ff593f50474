import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { rememberArchive } from '../../../core/signing/archive/archived-document.js'
import { applySeal, type SealBox, type SealOrder } from './apply.js'

export interface SealApplication {
  readonly id: string
  readonly subject: { readonly type: string; readonly id: string; readonly label: string }
  readonly state: 'pending' | 'sealed' | 'failed'
  readonly level: string | null
  readonly sealedAt: Date | null
  /** Proven time at level T. */
  readonly stampedAt: Date | null
  readonly error: { readonly code: string; readonly params: Readonly<Record<string, string | number>> } | null
  readonly attempts: number
  readonly sha256In: string
  /** The sealed file in the store. */
  readonly sha256Out: string | null
  readonly createdAt: Date
}

interface ApplicationRow {
  company_id: string
  id: string
  subject_type: string
  subject_id: string
  subject_label: string
  design_id: string | null
  state: SealApplication['state']
  level: string | null
  sealed_at: Date | null
  stamped_at: Date | null
  error_code: string | null
  error_params: Record<string, string | number>
  attempts: number
  box: SealBox | null
  amount_value: string | null
  amount_currency: string | null
  reason: string | null
  sha256_in: string
  sha256_out: string | null
  created_at: Date
}

function applicationOf(row: ApplicationRow): SealApplication {
  return {
    id: row.id,
    subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
    state: row.state,
    level: row.level,
    sealedAt: row.sealed_at,
    stampedAt: row.stamped_at,
    error: row.error_code === null ? null : { code: row.error_code, params: row.error_params },
    attempts: row.attempts,
    sha256In: row.sha256_in,
    sha256Out: row.sha256_out,
    createdAt: row.created_at,
  }
}

export type SealRequest = Omit<SealOrder, 'pdf' | 'documentHash'> & {
  /** The unsealed file, stored already: its content address. */
  readonly sha256: string
}

/**
 * Asks for a seal in the document's own transaction. The row and its job exist if and only if the document does; a job
 * applies it, unless `sealNow` did so before.
 */
export async function requestSeal(host: Host, transaction: CompanyTransaction, request: SealRequest): Promise<string> {
  const id = randomUUID()
  await transaction.knex('seal_application').insert({
    company_id: transaction.companyId,
    id,
    subject_type: request.subject.type,
    subject_id: request.subject.id,
    subject_label: request.subject.label,
    design_id: request.designId ?? null,
    box: request.box === undefined ? null : JSON.stringify(request.box),
    amount_value: request.amount?.value ?? null,
    amount_currency: request.amount?.currency ?? null,
    reason: request.reason ?? null,
    sha256_in: request.sha256,
    created_at: host.now(),
  })
  await host.jobs.add(transaction, 'seal.apply', { applicationId: id }, { key: `seal:${id}` })
  return id
}

/**
 * Applies a requested seal and stores the outcome. A failure becomes the state of the row, with code and parameters, and is
 * returned: the document stays as it is and the seal can be asked for again.
 * @throws Fault SEAL-APPLICATION-UNKNOWN
 */
export async function sealNow(host: Host, context: CompanyContext, id: string): Promise<SealApplication> {
  const { companyId } = context
  const { row, pdf } = await host.db.company(companyId, async (transaction) => {
    const found = await readRow(transaction, id)
    const stored = found.state === 'sealed' ? undefined : await host.files.get(transaction, found.sha256_in)
    return { row: found, pdf: stored?.bytes }
  })
  if (pdf === undefined) return applicationOf(row)
  try {
    const sealed = await applySeal(host, context, {
      pdf,
      documentHash: row.sha256_in,
      subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
      ...(row.box === null ? {} : { box: row.box }),
      ...(row.design_id === null ? {} : { designId: row.design_id }),
      ...(row.amount_value === null || row.amount_currency === null
        ? {}
        : { amount: { value: row.amount_value, currency: row.amount_currency } }),
      ...(row.reason === null ? {} : { reason: row.reason }),
    })
    return await host.db.company(companyId, async (transaction) => {
      // Two may have sealed at once (the job and a person): the first one stands, the bytes of the other are not kept.
      const current = await transaction.knex<ApplicationRow>('seal_application').where({ company_id: companyId, id }).forUpdate().first()
      if (current === undefined) throw new Fault('SEAL-APPLICATION-UNKNOWN', { status: 404 })
      if (current.state === 'sealed') return applicationOf(current)
      const file = await host.files.put(transaction, sealed.pdf, 'application/pdf')
      await transaction
        .knex('seal_application')
        .where({ company_id: companyId, id })
        .update({
          state: 'sealed',
          level: sealed.level,
          design_id: sealed.designId,
          sealed_at: host.now(),
          stamped_at: sealed.stampedAt,
          sha256_out: file.sha256,
          error_code: null,
          error_params: '{}',
          attempts: transaction.knex.raw('attempts + 1'),
        })
      const subject = { type: row.subject_type, id: row.subject_id }
      if (sealed.level === 'PAdES-BASELINE-LTA')
        await rememberArchive(host, transaction, context, {
          pdf: sealed.pdf,
          sha256: file.sha256,
          subject: { ...subject, label: row.subject_label },
        })
      host.audit.record(transaction, context, {
        action: 'seal.applied',
        subject: { ...subject, label: row.subject_label },
        facts: { applicationId: id, level: sealed.level, sha256: file.sha256 },
      })
      await host.hooks.notify(
        'seal.applied',
        { applicationId: id, subject, sha256In: row.sha256_in, sha256Out: file.sha256, level: sealed.level },
        { context, transaction },
      )
      return applicationOf(await readRow(transaction, id))
    })
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault('SEAL-UNEXPECTED', { status: 500, cause: error })
    return host.db.company(companyId, (transaction) => storeFailure(host, context, transaction, row, fault))
  }
}

async function storeFailure(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  row: ApplicationRow,
  fault: Fault,
): Promise<SealApplication> {
  await transaction
    .knex('seal_application')
    .where({ company_id: transaction.companyId, id: row.id })
    .whereNot('state', 'sealed')
    .update({
      state: 'failed',
      error_code: fault.code,
      error_params: JSON.stringify(fault.params),
      attempts: transaction.knex.raw('attempts + 1'),
    })
  // The log tells of a failure once per cause, not once per retry.
  if (row.error_code !== fault.code) {
    host.audit.record(transaction, context, {
      action: 'seal.failed',
      subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
      facts: { applicationId: row.id, code: fault.code, params: fault.params },
    })
  }
  return applicationOf(await readRow(transaction, row.id))
}

/** A person asks again: the job runs at once, with its own count of attempts. @throws Fault SEAL-APPLICATION-UNKNOWN */
export async function retrySeal(host: Host, transaction: CompanyTransaction, id: string): Promise<SealApplication> {
  const row = await readRow(transaction, id)
  if (row.state === 'failed') {
    await transaction
      .knex('seal_application')
      .where({ company_id: transaction.companyId, id })
      .update({ state: 'pending', error_code: null, error_params: '{}' })
    await host.jobs.add(transaction, 'seal.apply', { applicationId: id }, { key: `seal:${id}` })
  }
  return applicationOf(await readRow(transaction, id))
}

/** The latest seal of a document, whatever its state; undefined when none was asked for. */
export async function sealOf(transaction: CompanyTransaction, subject: { type: string; id: string }): Promise<SealApplication | undefined> {
  const row = await transaction
    .knex<ApplicationRow>('seal_application')
    .where({ company_id: transaction.companyId, subject_type: subject.type, subject_id: subject.id })
    .orderBy('created_at', 'desc')
    .first()
  return row === undefined ? undefined : applicationOf(row)
}

/** Newest first. */
export async function listApplications(
  transaction: CompanyTransaction,
  filter: { state?: SealApplication['state'] } = {},
): Promise<SealApplication[]> {
  const rows = await transaction
    .knex<ApplicationRow>('seal_application')
    .where({ company_id: transaction.companyId, ...filter })
    .orderBy('created_at', 'desc')
    .limit(200)
  return rows.map(applicationOf)
}

async function readRow(transaction: CompanyTransaction, id: string): Promise<ApplicationRow> {
  const row = await transaction.knex<ApplicationRow>('seal_application').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SEAL-APPLICATION-UNKNOWN', { status: 404 })
  return row
}
