import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { SignRequest } from '../../models/request.js'
import { mayPass, pauseAfter } from './fault-kinds.js'

export interface SealingRow {
  company_id: string
  request_id: string
  attempts: number
  base_sha256: string | null
  sealed_sha256: string | null
  level: string | null
  code: string | null
  tried_at: Date | null
  sealed_at: Date | null
}

export async function readSealing(transaction: CompanyTransaction, requestId: string): Promise<SealingRow | undefined> {
  return transaction.knex<SealingRow>('signatures_sealing').where({ company_id: transaction.companyId, request_id: requestId }).first()
}

export async function writeSealing(transaction: CompanyTransaction, requestId: string, changes: Partial<SealingRow>): Promise<void> {
  await transaction
    .knex('signatures_sealing')
    .insert({ company_id: transaction.companyId, request_id: requestId, ...changes })
    .onConflict(['company_id', 'request_id'])
    .merge(changes)
}

/** When a failed sealing is worth trying again by itself. */
export async function sealingAgain(
  host: Host,
  context: CompanyContext,
  request: SignRequest,
): Promise<{ at: Date; code: string } | undefined> {
  const { fault } = request
  if (request.state !== 'sealing_failed' || fault === null || !mayPass(fault.code)) return undefined
  const row = await host.db.company(context.companyId, (transaction) => readSealing(transaction, request.id))
  return { at: new Date(host.now().getTime() + pauseAfter(fault.code, row?.attempts ?? 1)), code: fault.code }
}
