import type { Knex } from 'knex'
import { z } from 'zod'
import type { CompanyContext } from '../../access/context.js'
import type { Audit } from '../../audit/audit.js'
import type { CompanyTransaction, Database } from '../../db/database.js'
import type { Files } from '../../files/files.js'
import { Fault } from '../../i18n/fault.js'
import type { JobCall, Jobs } from '../../jobs/jobs.js'
import { algorithmProblem } from '../../validation/algorithm-policy.js'
import { renewArchive } from '../formats/pades/renew-archive.js'
import type { EvidenceFor } from '../revocation/collect-evidence.js'
import type { TimeStampClient } from '../tsp/time-stamp.js'
import { insertVersion, stampColumns, type ArchivedRow } from './archived-document.js'
import { newestTimeStamp, useOf } from './newest-time-stamp.js'

/** What the renewal rests on. */
export interface ArchiveParts {
  readonly db: Database
  readonly files: Files
  readonly audit: Audit
  readonly jobs: Jobs
  readonly now: () => Date
  /** Renewed when fewer days than this are left: `config.signing.archiveRenewalDays`. */
  readonly days: number
  /** The configured authority. @throws Fault SIGN-TSA-NOT-CONFIGURED */
  readonly timeStamp: () => TimeStampClient
  readonly evidence: () => EvidenceFor
}

/** Daily, for each company: what is due gets a job of its own. */
export const watchJob = 'core.watch-archive'
/** The job that renews one document. */
export const renewJob = 'core.renew-archived-document'

const dayMs = 24 * 3_600_000
/** With the queue's growing pauses about two days; the next daily watch starts anew. */
const attemptsADay = 12
/** A stamp that ends hardly later than the one before is no renewal: the authority needs a new certificate first. */
const leastGainMs = dayMs

const renewPayload = z.object({ documentId: z.uuid() })

/**
 * Keeps archived documents provable: each is stamped anew before its newest time stamp loses its worth (ETSI EN 319 142-1, clause
 * 6.3, level LTA).
 */
export interface ArchiveRenewal {
  /** Handler of `core.watch-archive`. @returns documents that are due */
  watch(context: CompanyContext): Promise<readonly string[]>
  /** Handler of `core.renew-archived-document`. */
  renew(payload: object, call: Pick<JobCall, 'context' | 'attempt' | 'maxAttempts'>): Promise<void>
}

/**
 * Keeps archived PDFs provable (ETSI EN 319 142-1 level LTA): before the newest time stamp of one ends, by its certificates or
 * because an algorithm is no longer accepted, its evidence and a new time stamp are added. The new bytes are a new version in
 * the file store, the old ones stay. What fails is written on the document, with code and parameters, logged and tried again.
 */
export function createArchiveRenewal(parts: ArchiveParts): ArchiveRenewal {
  const { db, files, audit, now } = parts

  async function due(transaction: CompanyTransaction): Promise<string[]> {
    const limit = new Date(now().getTime() + parts.days * dayMs)
    // What was accepted when the stamp was made may have got an earlier end since.
    const kinds = await rowsOf(transaction).distinct('algorithm')
    const ending = kinds.filter(({ algorithm }) => algorithmProblem(useOf(algorithm), limit) !== undefined)
    const rows = await rowsOf(transaction)
      .where((either) => {
        void either.where('valid_until', '<', limit)
        for (const { algorithm } of ending) void either.orWhereRaw('algorithm = ?::jsonb', [JSON.stringify(algorithm)])
      })
      .orderBy('valid_until')
      .select('id')
    return rows.map((row) => row.id)
  }

  async function fail(context: CompanyContext, row: ArchivedRow, fault: Fault, isLogged: boolean): Promise<void> {
    await db.company(context.companyId, async (transaction) => {
      await table(transaction)
        .where({ id: row.id })
        .update({
          error_code: fault.code,
          error_params: JSON.stringify(fault.params),
          attempts: transaction.knex.raw('attempts + 1'),
          tried_at: now(),
        })
      if (!isLogged) return
      const subject = { type: row.subject_type, id: row.subject_id, label: row.subject_label }
      const facts = { documentId: row.id, code: fault.code, validUntil: row.valid_until.toISOString() }
      audit.record(transaction, context, { action: 'archive.renewal-failed', subject, facts })
    })
  }

  async function renewed(context: CompanyContext, row: ArchivedRow): Promise<void> {
    const { companyId } = context
    if (row.valid_until <= now()) throw new Fault('SIGN-ARCHIVE-TOO-LATE', { params: { until: row.valid_until.toISOString() } })
    const timeStamp = parts.timeStamp()
    const { bytes } = await db.company(companyId, (transaction) => files.get(transaction, row.sha256))
    const { pdf } = await renewArchive(bytes, { timeStamp, evidence: parts.evidence(), at: now() })
    const stamp = newestTimeStamp(pdf)
    if (stamp.validUntil.getTime() < row.valid_until.getTime() + leastGainMs)
      throw new Fault('SIGN-ARCHIVE-NO-LONGER-LIFE', { params: { authority: stamp.authority, until: stamp.validUntil.toISOString() } })
    await db.company(companyId, async (transaction) => {
      const current = await rowsOf(transaction).where({ id: row.id }).forUpdate().first()
      // Another worker was quicker: its version stands, and these bytes are not kept.
      if (current?.sha256 !== row.sha256) return
      const file = await files.put(transaction, pdf, 'application/pdf')
      const version = current.version + 1
      await table(transaction)
        .where({ id: row.id })
        .update({
          sha256: file.sha256,
          version,
          ...stampColumns(stamp),
          error_code: null,
          error_params: '{}',
          attempts: 0,
          tried_at: now(),
        })
      await insertVersion(transaction, { documentId: row.id, version, sha256: file.sha256, stamp, at: now() })
      audit.record(transaction, context, {
        action: 'archive.renewed',
        subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
        facts: { documentId: row.id, version, sha256: file.sha256, before: row.sha256, validUntil: stamp.validUntil.toISOString() },
      })
    })
  }

  return {
    watch: (context) =>
      db.company(context.companyId, async (transaction) => {
        const found = await due(transaction)
        for (const documentId of found)
          await parts.jobs.add(transaction, renewJob, { documentId }, { key: `archive:${documentId}`, maxAttempts: attemptsADay })
        return found
      }),

    async renew(payload, { context, attempt, maxAttempts }) {
      const { documentId } = renewPayload.parse(payload)
      const row = await db.company(context.companyId, async (transaction) => {
        const isDue = (await due(transaction)).includes(documentId)
        // A second run of the same job finds the work done.
        return isDue ? rowsOf(transaction).where({ id: documentId }).first() : undefined
      })
      if (row === undefined) return
      try {
        await renewed(context, row)
      } catch (error) {
        const fault = error instanceof Fault ? error : new Fault('SIGN-ARCHIVE-UNEXPECTED', { status: 500, cause: error })
        await fail(context, row, fault, attempt === 1 || attempt === maxAttempts)
        // No second try mends these today; the daily watch tries again when somebody has acted.
        if (fault.code === 'SIGN-ARCHIVE-TOO-LATE' || fault.code === 'SIGN-ARCHIVE-NO-LONGER-LIFE') return
        throw error
      }
    },
  }
}

const tableName = 'core_archived_document'

function rowsOf(transaction: CompanyTransaction): Knex.QueryBuilder<ArchivedRow, ArchivedRow[]> {
  return transaction.knex<ArchivedRow, ArchivedRow[]>(tableName).where({ company_id: transaction.companyId })
}

/** For writing: JSON columns are given as text. */
function table(transaction: CompanyTransaction): Knex.QueryBuilder {
  return transaction.knex(tableName).where({ company_id: transaction.companyId })
}
