import type { Knex } from 'knex'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { signaturesSettings } from '../models/settings.js'
import { recordEvent } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { isHeldElsewhere } from './held-elsewhere.js'
import { dutiesOf, keptUntil, readDuties, type RetentionDuty } from './retention-duties.js'

/** A finished request whose files are still there, and when they go. */
export interface PlannedDeletion {
  readonly id: string
  readonly number: string
  readonly name: string
  readonly completedAt: Date
  /** Its files may be deleted from then on; under a legal hold not before that is released. */
  readonly from: Date
  /** Asks for keeping so long; without one it is the company's own term. */
  readonly duty?: RetentionDuty
  readonly held: boolean
}

const finishedStates = ['sealed', 'declined', 'expired', 'cancelled'] as const
const atOnce = 200
const longestReason = 500
/** The archive renews what ends soon. */
const neverDue = new Date('9999-12-31T00:00:00Z')

interface CandidateRow {
  company_id: string
  id: string
  number: string
  name: string
  state: string
  hold_reason: string | null
  files_deleted_at: Date | null
  completed_at: Date | null
  updated_at: Date
}

/**
 * What a term would delete and when, oldest first: shown before it is decided. Requests under a legal hold stand in it as held.
 * @param years the company's own term; at 0 the dates are the earliest that duties allow
 */
export async function retentionPlan(host: Host, transaction: CompanyTransaction, years: number): Promise<readonly PlannedDeletion[]> {
  const rows = await finished(transaction).orderBy('updated_at')
  const duties = await dutiesNow(host, transaction)
  const plan: PlannedDeletion[] = []
  for (const row of rows) plan.push(await planned(transaction, row, years, duties))
  return plan.sort((one, other) => one.from.getTime() - other.from.getTime())
}

/** The same of one request; undefined when it has not ended or its files are gone. */
export async function deletionOf(
  host: Host,
  transaction: CompanyTransaction,
  requestId: string,
  years: number,
): Promise<PlannedDeletion | undefined> {
  const row = await finished(transaction).where({ id: requestId }).first()
  return row === undefined ? undefined : planned(transaction, row, years, await dutiesNow(host, transaction))
}

function finished(transaction: CompanyTransaction): Knex.QueryBuilder<CandidateRow, CandidateRow[]> {
  return transaction
    .knex<CandidateRow>('signatures_request')
    .where({ company_id: transaction.companyId })
    .whereIn('state', [...finishedStates])
    .whereNull('files_deleted_at')
    .select('*')
}

async function dutiesNow(host: Host, transaction: CompanyTransaction): Promise<readonly RetentionDuty[]> {
  const company = await host.access.company(transaction.companyId)
  return dutiesOf(readDuties(), company.country, localDay(host.now(), company.timeZone))
}

async function planned(
  transaction: CompanyTransaction,
  row: CandidateRow,
  years: number,
  duties: readonly RetentionDuty[],
): Promise<PlannedDeletion> {
  const completedAt = row.completed_at ?? row.updated_at
  const end = duties.some((duty) => duty.counted === 'certificate-end') ? await certificatesEnd(transaction, row.id) : undefined
  const { id, number, name } = row
  return { id, number, name, completedAt, held: row.hold_reason !== null, ...keptUntil(completedAt, years, duties, end) }
}

/**
 * What the retention rule would delete now, oldest first. Requests under a legal hold are never in it. Nothing is ever in it while the
 * company keeps its files for ever (0 years).
 */
export async function deletableRequests(host: Host, transaction: CompanyTransaction): Promise<readonly PlannedDeletion[]> {
  const years = await retentionYearsOf(host, transaction)
  if (years === 0) return []
  const now = host.now()
  return (await retentionPlan(host, transaction, years)).filter(({ from, held }) => !held && from <= now)
}

/** Years that the company keeps files of finished requests; 0: for ever. */
export async function retentionYearsOf(host: Host, transaction: CompanyTransaction): Promise<number> {
  return signaturesSettings.parse(await host.settings.get(transaction, 'signatures')).retentionYears
}

async function certificatesEnd(transaction: CompanyTransaction, requestId: string): Promise<Date | undefined> {
  const rows = await transaction
    .knex<{ company_id: string; request_id: string; certificate: Buffer | null }>('signatures_signing')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .select('certificate')
  const ends = rows.flatMap(({ certificate }) => (certificate === null ? [] : [readCertificate(certificate).notAfter.getTime()]))
  return ends.length === 0 ? undefined : new Date(Math.max(...ends))
}

/** What a run deleted. */
export interface DeletedRequest {
  readonly number: string
  readonly files: number
  /** Of the files that are gone; of those that another record holds too nothing is. */
  readonly bytes: number
}

/** The job: deletes what is due, each request in a transaction of its own. */
export async function runRetention(host: Host, context: CompanyContext): Promise<readonly DeletedRequest[]> {
  const due = await host.db.company(context.companyId, (transaction) => deletableRequests(host, transaction))
  const deleted: DeletedRequest[] = []
  for (const { id } of due.slice(0, atOnce)) {
    const done = await host.db.company(context.companyId, (transaction) => deleteFiles(host, transaction, context, id, {}))
    if (done !== undefined) deleted.push(done)
  }
  return deleted
}

/**
 * Deletes the files of one finished request now, because somebody asked for it: before the company's own term, never before a duty of its
 * country, never under a hold.
 * @throws Fault SIGNATURES-DELETE-REASON (422), SIGNATURES-DELETE-OPEN (409) while it runs or when they are gone, SIGNATURES-DELETE-HELD,
 *   SIGNATURES-DELETE-DUTY (409)
 */
export async function deleteOnRequest(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  reason: string,
): Promise<DeletedRequest> {
  const said = reason.trim()
  if (said === '' || said.length > longestReason)
    throw new Fault('SIGNATURES-DELETE-REASON', { status: 422, path: 'reason', params: { limit: longestReason } })
  const deletion = await deletionOf(host, transaction, requestId, 0)
  const number = deletion?.number ?? (await readRequest(transaction, requestId)).number
  if (deletion === undefined) throw new Fault('SIGNATURES-DELETE-OPEN', { status: 409, params: { number } })
  if (deletion.held) throw new Fault('SIGNATURES-DELETE-HELD', { status: 409, params: { number } })
  if (deletion.from > host.now())
    throw new Fault('SIGNATURES-DELETE-DUTY', { status: 409, params: { number, until: deletion.from.toISOString().slice(0, 10) } })
  const done = await deleteFiles(host, transaction, context, requestId, { reason: said })
  if (done === undefined) throw new Fault('SIGNATURES-DELETE-OPEN', { status: 409, params: { number } })
  return done
}

/**
 * Deletes the files of a request, what was entered and what was drawn. What stays: the request with its number, name and people, digests
 * of every file, and the whole event log, so that its chain and a copy in somebody's hands can still be checked. A hold that was set in
 * the meantime keeps everything.
 */
async function deleteFiles(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  why: { readonly reason?: string },
): Promise<DeletedRequest | undefined> {
  const { companyId, knex } = transaction
  const row = await knex<CandidateRow>('signatures_request').where({ company_id: companyId, id: requestId }).forUpdate().first()
  if (row === undefined || row.hold_reason !== null || row.files_deleted_at !== null) return undefined
  const request = await readRequest(transaction, requestId)
  const signers = request.signers.map((signer) => signer.id)
  const files = await filesOf(transaction, requestId, signers)
  const now = host.now()
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'files_deleted',
    facts: { ...why, files: files.map(({ kind, sha256 }) => ({ kind, sha256 })) },
  })
  await knex('signatures_request')
    .where({ company_id: companyId, id: requestId })
    .update({ files_deleted_at: now, values: '{}', variables: '{}', updated_at: now })
  await knex('signatures_signer').where({ company_id: companyId, request_id: requestId }).update({ values: '{}' })
  // Nothing is renewed that is no longer there; the versions that were, stay written down.
  await knex('core_archived_document')
    .where({ company_id: companyId, subject_type: 'signatures.request', subject_id: requestId })
    .update({ valid_until: neverDue })
  let bytes = 0
  for (const { kind, sha256, size } of files) {
    const shared = await isHeldElsewhere(transaction, sha256, requestId, signers)
    await knex('signatures_deleted_file').insert({
      company_id: companyId,
      request_id: requestId,
      sha256,
      kind,
      size,
      shared,
      deleted_at: now,
    })
    if (shared) continue
    await knex.raw('select signatures_delete_file(?)', [sha256])
    bytes += size
  }
  // After the files: a file is deleted only while the request's own rows name it.
  for (const table of ['signatures_capture', 'signatures_attachment', 'signatures_progress'])
    await knex(table).where({ company_id: companyId }).whereIn('signer_id', signers).delete()
  return { number: request.number, files: files.length, bytes }
}

export interface RequestFile {
  readonly kind: string
  readonly sha256: string
  readonly size: number
}

/** Every file that was made for the request and is still stored, each once. */
export async function filesOf(
  transaction: CompanyTransaction,
  requestId: string,
  signers: readonly string[],
): Promise<readonly RequestFile[]> {
  const { rows } = await transaction.knex.raw<{ rows: { kind: string; sha256: string; size: string }[] }>(
    `with named (kind, sha256) as (
       select file.kind, file.sha256 from signatures_request,
         lateral (values ('original', original_sha256), ('frozen', frozen_sha256), ('head', head_sha256), ('sealed', sealed_sha256),
                         ('certificate', certificate_sha256), ('event-log', event_log_sha256), ('evidence', evidence_sha256)) as file (kind, sha256)
        where company_id = :companyId and id = :requestId
       union all select 'signed', signed_sha256 from signatures_signing where company_id = :companyId and request_id = :requestId
       union all select 'base', base_sha256 from signatures_signing where company_id = :companyId and request_id = :requestId
       union all select 'sealed', sealed_sha256 from signatures_sealing where company_id = :companyId and request_id = :requestId
       union all select 'archived', version.sha256 from core_archived_version version
         join core_archived_document document on document.company_id = version.company_id and document.id = version.document_id
        where document.company_id = :companyId and document.subject_type = 'signatures.request' and document.subject_id = :requestId::text
       union all select 'picture', picture_sha256 from signatures_capture where company_id = :companyId and signer_id = any(:signers)
       union all select 'attachment', sha256 from signatures_attachment where company_id = :companyId and signer_id = any(:signers)
     )
     select distinct on (named.sha256) named.kind, named.sha256, blob.size
       from named join core_blob blob on blob.company_id = :companyId and blob.sha256 = named.sha256
      order by named.sha256`,
    { companyId: transaction.companyId, requestId, signers: [...signers] },
  )
  return rows.map((row) => ({ ...row, size: Number(row.size) }))
}
