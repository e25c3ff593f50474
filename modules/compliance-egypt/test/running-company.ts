import { setTimeout as sleep } from 'node:timers/promises'
import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import type { NewCompany } from '../../../core/access/access.js'
import type { Host } from '../../../core/host/module.js'
import type { TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments, rowsOfInvoices, type DocumentRow } from '../../compliance/index.js'
import { postInvoices, type PostedOutcome } from '../../invoicing/index.js'
import { prepareSandboxCompany } from '../company/sandbox-company.js'
import { egyptDemonstration } from '../demonstration.js'
import { storeDevice } from '../receipts/save-device.js'

/** The demonstration's company under another code, ready to issue. */
export async function egyptianCompany(running: TestHost, values: Partial<NewCompany> = {}): Promise<CompanyContext> {
  const context = await running.company({ ...egyptDemonstration().company, code: `test-eg-${String(Date.now())}`, ...values })
  await running.host.modules.enable(context, 'compliance-egypt')
  await prepareSandboxCompany(running.host, context, await running.host.access.company(context.companyId))
  return context
}

export const till = {
  name: 'Till 1',
  serial: 'POS-0001',
  osVersion: 'Debian 12',
  model: 'KHATM',
  branchCode: '0',
  presharedKey: 'trial-key-1',
}

export async function withTill(host: Host, context: CompanyContext, values: object = {}): Promise<void> {
  await storeDevice(host, context, { ...till, ...values })
}

export async function post(host: Host, context: CompanyContext, ...inputs: object[]): Promise<PostedOutcome[]> {
  const outcomes = await postInvoices(
    host,
    context,
    inputs.map((input) => ({ input })),
    { print: false },
  )
  return outcomes.map((outcome) => {
    if (outcome.status !== 'posted') assert.fail(JSON.stringify(outcome.faults))
    return outcome
  })
}

export function rowsOf(host: Host, context: CompanyContext, posted: readonly PostedOutcome[]): Promise<DocumentRow[]> {
  return host.db.company(context.companyId, (transaction) =>
    rowsOfInvoices(
      transaction,
      posted.map((one) => one.invoiceId),
    ),
  )
}

/**
 * Does now what the queue would do at the times it has set, until every document has its answer; then the jobs that are ready. Tests of
 * the times themselves look at `nextTryAt`.
 */
export async function settle(host: Host, context: CompanyContext, posted: readonly PostedOutcome[], seconds = 60): Promise<DocumentRow[]> {
  const until = Date.now() + seconds * 1000
  let rows = await rowsOf(host, context, posted)
  while (rows.some((row) => row.answeredAt === null) && Date.now() < until) {
    await processDocuments(host, context, { invoiceIds: rows.filter((row) => row.answeredAt === null).map((row) => row.invoiceId) })
    rows = await rowsOf(host, context, posted)
    if (rows.some((row) => row.answeredAt === null)) await sleep(60)
  }
  await host.jobs.drain()
  return rowsOf(host, context, posted)
}

export function bytesOf(host: Host, context: CompanyContext, sha256: string | null): Promise<Buffer> {
  return host.db.company(context.companyId, async (transaction) => (await host.files.get(transaction, sha256 ?? '')).bytes)
}
