import type { CompanyContext } from '../../../core/access/context.js'
import { storableText } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { DocumentSummary } from './eta-shapes.js'
import { timeOf } from './record-status.js'

/** A row of compliance_egypt_received: what somebody else issued to this company. */
export interface ReceivedDocument {
  readonly uuid: string
  readonly longId: string | null
  readonly internalId: string
  readonly type: string
  readonly issuerId: string
  readonly issuerName: string
  readonly total: string
  readonly status: string
  readonly statusReason: string | null
  readonly issuedAt: Date
  readonly receivedAt: Date
  readonly cancelAskedAt: Date | null
  readonly rejectAskedAt: Date | null
  readonly declinedAt: Date | null
}

const columns = `uuid, long_id as "longId", internal_id as "internalId", type, issuer_id as "issuerId", issuer_name as "issuerName", total,
  status, status_reason as "statusReason", issued_at as "issuedAt", received_at as "receivedAt", cancel_asked_at as "cancelAskedAt",
  reject_asked_at as "rejectAskedAt", declined_at as "declinedAt"`

export async function receivedByUuid(transaction: CompanyTransaction, uuid: string): Promise<ReceivedDocument | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: ReceivedDocument[] }>(
    `select ${columns} from compliance_egypt_received where company_id = ? and uuid = ?`,
    [transaction.companyId, uuid],
  )
  return rows[0]
}

/** Newest first. */
export async function receivedDocuments(transaction: CompanyTransaction, limit: number, offset = 0): Promise<ReceivedDocument[]> {
  const { rows } = await transaction.knex.raw<{ rows: ReceivedDocument[] }>(
    `select ${columns} from compliance_egypt_received where company_id = ? order by received_at desc, uuid limit ? offset ?`,
    [transaction.companyId, limit, offset],
  )
  return rows
}

/** Longer than any name or reason that the authority takes (SDK, Document Structure). */
const longestText = 1_000

/** Words of others as a row can hold them: one that it cannot would keep all documents of its page from coming in, for ever. */
function asKept(said: DocumentSummary): DocumentSummary {
  const kept = (text: string | null | undefined): string | null => (text === null || text === undefined ? null : words(text))
  return {
    ...said,
    uuid: words(said.uuid),
    internalId: words(said.internalId),
    submissionUUID: kept(said.submissionUUID),
    longId: kept(said.longId),
    typeName: kept(said.typeName),
    issuerId: kept(said.issuerId),
    issuerName: kept(said.issuerName),
    total: typeof said.total === 'string' ? words(said.total) : said.total,
    status: kept(said.status),
    documentStatusReason: kept(said.documentStatusReason),
  }
}

function words(text: string): string {
  // Half a character left by the cut becomes a sign of replacement.
  return storableText(text.length <= longestText ? text : text.slice(0, longestText))
}

/** Adds, or brings up to date; a change of state is an event. */
export async function recordReceived(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  said: readonly DocumentSummary[],
): Promise<void> {
  for (const told of said) {
    const one = asKept(told)
    const issuedAt = timeOf(one.dateTimeIssued)
    const receivedAt = timeOf(one.dateTimeReceived)
    if (issuedAt === null || receivedAt === null) continue
    const before = await receivedByUuid(transaction, one.uuid)
    const row = {
      submission_uuid: one.submissionUUID ?? null,
      long_id: one.longId ?? null,
      internal_id: one.internalId,
      type: (one.typeName ?? '').toLowerCase(),
      issuer_id: one.issuerId ?? '',
      issuer_name: one.issuerName ?? '',
      total: String(one.total ?? ''),
      status: one.status ?? '',
      status_reason: one.documentStatusReason ?? null,
      issued_at: issuedAt,
      received_at: receivedAt,
      cancel_asked_at: timeOf(one.cancelRequestDate) ?? before?.cancelAskedAt ?? null,
      reject_asked_at: timeOf(one.rejectRequestDate) ?? before?.rejectAskedAt ?? null,
      // What the receiver declines is a cancellation; a rejection of his that the issuer declined is another matter.
      declined_at: timeOf(one.declineCancelRequestDate) ?? before?.declinedAt ?? null,
      checked_at: host.now(),
    }
    await transaction
      .knex('compliance_egypt_received')
      .insert({ company_id: transaction.companyId, uuid: one.uuid, ...row })
      .onConflict(['company_id', 'uuid'])
      .merge(row)
    if (before?.status === row.status) continue
    host.audit.record(transaction, context, {
      action: before === undefined ? 'compliance-egypt.received' : 'compliance-egypt.received-changed',
      subject: { type: 'compliance-egypt.document', id: one.uuid, label: one.internalId },
      facts: { number: one.internalId, issuer: row.issuer_id, state: row.status },
    })
  }
}
