import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { JobCall } from '../../../core/jobs/jobs.js'
import type { RequestInput } from '../models/request.js'
import { createRequest } from '../services/requests/create-request.js'
import { sendRequest } from '../services/requests/send-request.js'
import { bulkOf, pinsPurpose } from './bulk.js'

/** Tries of one row whose cause may pass: a worker that died, a database that was away. */
const mostTries = 3
/** Rows that are sent side by side: while one is rendered, another is written. */
const rowsAtOnce = 4
const passing = /^(?:DOC-(?:TIMEOUT|WORKER-LOST|CLOSED)|DB-|SIGN-(?:TSA-UNREACHABLE|KEY-UNREACHABLE))/

interface Row {
  readonly row: number
  readonly state: 'ready' | 'made'
  readonly input: RequestInput
  readonly pins: Buffer | null
  readonly request_id: string | null
  readonly attempts: number
}

/**
 * Job: makes the requests of a table in the order of its rows, so that their numbers follow it, and sends a few at a time. Each step is
 * committed with the mark that it was made, so that a worker killed at any point goes on where it was: no row is left out, none is sent
 * twice.
 */
export async function runBulk(host: Host, bulkId: string, call: JobCall): Promise<void> {
  for (;;) {
    if (call.signal.aborted) throw new Error('interrupted; the next try goes on from here')
    if (!(await sendSome(host, call.context, bulkId))) return
  }
}

async function sendSome(host: Host, system: CompanyContext, bulkId: string): Promise<boolean> {
  const next = await host.db.company(system.companyId, async (transaction) => {
    const bulk = await bulkOf(transaction, bulkId)
    if (bulk.state !== 'running') return undefined
    const rows: Row[] = await transaction
      .knex('signatures_bulk_row')
      .where({ company_id: transaction.companyId, bulk_id: bulkId })
      .whereIn('state', ['ready', 'made'])
      .orderBy('row')
      .limit(rowsAtOnce)
      .select('row', 'state', 'input', 'pins', 'request_id', 'attempts')
    if (rows.length > 0) return { bulk, rows }
    await transaction
      .knex('signatures_bulk')
      .where({ company_id: transaction.companyId, id: bulkId, state: 'running' })
      .update({ state: 'done', finished_at: host.now() })
    host.audit.record(transaction, system, {
      action: 'signatures.bulk-done',
      subject: { type: 'signatures.bulk', id: bulkId, label: bulk.name },
    })
    return undefined
  })
  if (next === undefined) return false
  const { bulk, rows } = next
  // In the name of who started it: his are the requests, and replies come to him.
  const context: CompanyContext = { ...system, actor: { kind: 'user', id: bulk.createdBy.id, name: bulk.createdBy.name } }
  const sending: Promise<void>[] = []
  try {
    for (const row of rows) {
      const requestId = await keepingFaults(
        host,
        system,
        bulkId,
        row,
        async () => row.request_id ?? (await make(host, context, bulkId, row)),
      )
      if (requestId === undefined) continue
      sending.push(
        keepingFaults(host, system, bulkId, row, async () => {
          await sendRequest(host, context, requestId)
          await change(host, system, bulkId, row.row, { state: 'sent', faults: '[]' })
        }),
      )
      // Awaited below; until then a failure is nobody's unhandled one.
      sending.at(-1)?.catch(() => undefined)
    }
  } finally {
    // All have ended before the job does, whatever became of one: nothing goes on behind its back.
    await Promise.allSettled(sending)
  }
  await Promise.all(sending)
  return true
}

/** A row's own fault is written down with the row; anything else ends this try of the job. */
async function keepingFaults<Result>(
  host: Host,
  system: CompanyContext,
  bulkId: string,
  row: Row,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const again = passing.test(error.code) && row.attempts + 1 < mostTries
    const details: readonly FaultDetail[] = error.details
    await change(host, system, bulkId, row.row, {
      attempts: row.attempts + 1,
      ...(again ? {} : { state: 'refused', faults: JSON.stringify(details) }),
    })
    return undefined
  }
}

/** The request and the mark that the row has it, in one transaction. @returns undefined when another worker was quicker */
function make(host: Host, context: CompanyContext, bulkId: string, row: Row): Promise<string | undefined> {
  return host.db.company(context.companyId, async (transaction) => {
    const where = { company_id: transaction.companyId, bulk_id: bulkId, row: row.row }
    const current: { state: string } | undefined = await transaction.knex('signatures_bulk_row').where(where).forUpdate().first('state')
    if (current?.state !== 'ready') return undefined
    const requestId = await createRequest(host, transaction, context, await withPins(host, context, row))
    await transaction.knex('signatures_bulk_row').where(where).update({ state: 'made', request_id: requestId, pins: null })
    return requestId
  })
}

async function withPins(host: Host, context: CompanyContext, { input, pins }: Row): Promise<RequestInput> {
  if (pins === null) return input
  // Written by `startBulk`: one for each signer.
  const told = JSON.parse((await host.signing.reveal(context, pins, pinsPurpose)).toString()) as (string | null)[]
  return {
    ...input,
    signers: input.signers.map((signer, index) => {
      const pin = told[index] ?? null
      return pin === null ? signer : { ...signer, pin }
    }),
  }
}

function change(host: Host, context: CompanyContext, bulkId: string, row: number, changes: object): Promise<unknown> {
  return host.db.company(context.companyId, (transaction) =>
    transaction.knex('signatures_bulk_row').where({ company_id: transaction.companyId, bulk_id: bulkId, row }).update(changes),
  )
}
