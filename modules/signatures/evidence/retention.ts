import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { signaturesSettings } from '../models/settings.js'
import { recordEvent } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { isHeldElsewhere } from './held-elsewhere.js'
import { deletableFrom, dutiesOf, readDuties } from './retention-duties.js'

/** A finished request whose term is over. */
export interface DeletableRequest {
  readonly id: string
  readonly number: string
  readonly name: string
  readonly completedAt: Date
  /** Its files may be deleted from then on. */
  readonly from: Date
}

const finishedStates = ['sealed', 'declined', 'expired', 'cancelled'] as const
const atOnce = 200
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
 * What the retention rule would delete now, oldest first: shown before anything is deleted. Requests under a legal hold are never in it.
 * Nothing is ever in it while the company keeps its files for ever (0 years).
 */
export async function deletableRequests(host: Host, transaction: CompanyTransaction): Promise<readonly DeletableRequest[]> {
  const { companyId } = transaction
  const { retentionYears } = signaturesSettings.parse(await host.settings.get(transaction, 'signatures'))
  if (retentionYears === 0) return []
  const company = await host.access.company(companyId)
  const now = host.now()
  const duties = dutiesOf(readDuties(), company.country, localDay(now, company.timeZone))
  const rows = await transaction
    .knex<CandidateRow>('signatures_request')
    .where({ company_id: companyId })
    .whereIn('state', [...finishedStates])
    .whereNull('hold_reason')
    .whereNull('files_deleted_at')
    .orderBy('updated_at')
    .select('id', 'number', 'name', 'completed_at', 'updated_at')
  const found: DeletableRequest[] = []
  for (const row of rows) {
    const completedAt = row.completed_at ?? row.updated_at
    const from = deletableFrom(completedAt, retentionYears, duties, await certificatesEnd(transaction, row.id))
    if (from !== undefined && from <= now) found.push({ id: row.id, number: row.number, name: row.name, completedAt, from })
  }
  return found
}

async function certificatesEnd(transaction: CompanyTransaction, requestId: string): Promise<Date | undefined> {
  const rows = await transaction
    .knex<{ company_id: string; request_id: string; certificate: Buffer | null }>('signatures_signing')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .select('certificate')
  const ends = rows.flatMap(({ certificate }) => (certificate === null ? [] : [readCertificate(certificate).notAfter.getTime()]))
  return ends.length === 0 ? undefined : new Date(Math.max(...ends))
}

/** The job: deletes what is due, each request in a transaction of its own. @returns how many */
export async function runRetention(host: Host, context: CompanyContext): Promise<number> {
  const due = await host.db.company(context.companyId, (transaction) => deletableRequests(host, transaction))
  let deleted = 0
  for (const { id } of due.slice(0, atOnce)) {
    const done = await host.db.company(context.companyId, (transaction) => deleteFiles(host, transaction, context, id))
    if (done) deleted += 1
  }
  return deleted
}

/**
 * Deletes the files of a request, what was entered and what was drawn. What stays: the request with its number, name and people, digests
 * of every file, and the whole event log, so that its chain and a copy in somebody's hands can still be checked. A hold that was set in
 * the meantime keeps everything.
 */
async function deleteFiles(host: Host, transaction: CompanyTransaction, context: CompanyContext, requestId: string): Promise<boolean> {
  const { companyId, knex } = transaction
  const row = await knex<CandidateRow>('signatures_request').where({ company_id: companyId, id: requestId }).forUpdate().first()
  if (row === undefined || row.hold_reason !== null || row.files_deleted_at !== null) return false
  const request = await readRequest(transaction, requestId)
  const signers = request.signers.map((signer) => signer.id)
  const files = await filesOf(transaction, requestId, signers)
  const now = host.now()
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'files_deleted',
    facts: { files: files.map(({ kind, sha256 }) => ({ kind, sha256 })) },
  })
  await knex('signatures_request')
    .where({ company_id: companyId, id: requestId })
    .update({ files_deleted_at: now, values: '{}', variables: '{}', updated_at: now })
  await knex('signatures_signer').where({ company_id: companyId, request_id: requestId }).update({ values: '{}' })
  // Nothing is renewed that is no longer there; the versions that were, stay written down.
  await knex('core_archived_document')
    .where({ company_id: companyId, subject_type: 'signatures.request', subject_id: requestId })
    .update({ valid_until: neverDue })
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
    if (!shared) await knex.raw('select signatures_delete_file(?)', [sha256])
  }
  // After the files: a file is deleted only while the request's own rows name it.
  for (const table of ['signatures_capture', 'signatures_attachment', 'signatures_progress'])
    await knex(table).where({ company_id: companyId }).whereIn('signer_id', signers).delete()
  return true
}

interface RequestFile {
  readonly kind: string
  readonly sha256: string
  readonly size: number
}

/** Every file that was made for the request and is still stored, each once. */
async function filesOf(transaction: CompanyTransaction, requestId: string, signers: readonly string[]): Promise<readonly RequestFile[]> {
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
