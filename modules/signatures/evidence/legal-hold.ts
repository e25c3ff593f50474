import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { RequestRow } from '../services/request-rows.js'
import { recordEvent } from '../services/events.js'

const longestReason = 500

/** Why files of the request are kept whatever the retention rule says; null while nothing holds them. */
export async function holdOf(transaction: CompanyTransaction, requestId: string): Promise<string | null> {
  return (await lockedRow(transaction, requestId, false)).hold_reason
}

/** Whether the files of the request were deleted after their term. */
export async function areFilesDeleted(transaction: CompanyTransaction, requestId: string): Promise<boolean> {
  return (await lockedRow(transaction, requestId, false)).files_deleted_at !== null
}

/**
 * Keeps the files of a request until the hold is released: a dispute, an inspection.
 * @throws Fault SIGNATURES-HOLD-REASON (422) without a reason, SIGNATURES-HOLD-SET (409) when it is held already, SIGNATURES-FILES-DELETED (409),
 *   SIGNATURES-REQUEST-UNKNOWN (404)
 */
export async function setHold(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  reason: string,
): Promise<void> {
  const said = saidReason(reason)
  const row = await lockedRow(transaction, requestId, true)
  if (row.files_deleted_at !== null) throw new Fault('SIGNATURES-FILES-DELETED', { status: 409, params: { number: row.number } })
  if (row.hold_reason !== null) throw new Fault('SIGNATURES-HOLD-SET', { status: 409, params: { number: row.number } })
  await change(host, transaction, requestId, said)
  await recordEvent(host, transaction, context, { requestId, type: 'hold_set', facts: { reason: said } })
}

/** @throws Fault SIGNATURES-HOLD-REASON (422), SIGNATURES-HOLD-NONE (409), SIGNATURES-REQUEST-UNKNOWN (404) */
export async function releaseHold(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  reason: string,
): Promise<void> {
  const said = saidReason(reason)
  const row = await lockedRow(transaction, requestId, true)
  if (row.hold_reason === null) throw new Fault('SIGNATURES-HOLD-NONE', { status: 409, params: { number: row.number } })
  await change(host, transaction, requestId, null)
  await recordEvent(host, transaction, context, { requestId, type: 'hold_released', facts: { reason: said, held: row.hold_reason } })
}

function saidReason(reason: string): string {
  const said = reason.trim()
  if (said === '' || said.length > longestReason)
    throw new Fault('SIGNATURES-HOLD-REASON', { status: 422, path: 'reason', params: { limit: longestReason } })
  return said
}

type HeldRow = Pick<RequestRow, 'number' | 'hold_reason'> & { readonly files_deleted_at: Date | null }

async function lockedRow(transaction: CompanyTransaction, requestId: string, lock: boolean): Promise<HeldRow> {
  const query = transaction
    .knex<HeldRow & { company_id: string; id: string }>('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId })
    .first('number', 'hold_reason', 'files_deleted_at')
  const row = await (lock ? query.forUpdate() : query)
  if (row === undefined) throw new Fault('SIGNATURES-REQUEST-UNKNOWN', { status: 404 })
  return row
}

async function change(host: Host, transaction: CompanyTransaction, requestId: string, reason: string | null): Promise<void> {
  await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId })
    .update({ hold_reason: reason, updated_at: host.now() })
}
