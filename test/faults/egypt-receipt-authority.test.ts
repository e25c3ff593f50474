import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import type { DocumentRow } from '../../modules/compliance/index.js'
import { egyptianCompany, post, rowsOf, settle, withTill } from '../../modules/compliance-egypt/test/running-company.js'
import type { FaultPlan } from '../../modules/sandbox/state/faults.js'
import { authorityControl } from '../helpers/authority-control.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { aboutSubmitted, anywhere, askedToWait, casesOf, full, lostAnswer, ready, token, type FaultCase } from './egypt-fault-plans.js'

/** A receipt as the authority has it; the sandbox's own shape. */
interface Filed {
  readonly uuid: string
  readonly previousUuid: string
  readonly errors: readonly unknown[]
}

const submission = 'v1/receiptsubmissions'
const receipt = '/eta/api/v1/receipts/'
const details: readonly FaultPlan[] = [
  { kind: 'other-uuid' },
  { kind: 'malformed-json' },
  { kind: 'error-500' },
  { kind: 'reset-mid-body' },
  { kind: 'huge-body' },
  { kind: 'redirect' },
  { kind: 'unauthorized' },
]

const everyCase: readonly FaultCase[] = [
  ...casesOf('submission', submission, [...aboutSubmitted, ...anywhere, askedToWait]),
  ...casesOf('receipt after a lost answer', receipt, details, lostAnswer(submission)),
  ...casesOf('token', token, [{ kind: 'error-503', times: 2 }, { kind: 'malformed-json' }]),
]

/** In CI: what loses the answer or puts another in its place, and one of each other call. */
const inShort = [
  'submission: other-uuid',
  'submission: status-after-commit 409',
  'submission: status-after-commit 422 Retry-After',
  'submission: timeout-after-commit',
  'submission: reset-mid-body',
  'submission: malformed-json',
  'receipt after a lost answer: other-uuid',
  'token: malformed-json',
]
const chosen = full ? everyCase : everyCase.filter(({ title }) => inShort.includes(title))
assert.ok(chosen.length >= inShort.length, 'a case of the short run has another name now')

describe(`the Egyptian authority misbehaves about receipts in ${String(chosen.length)} ways: each ends once, in one chain`, function () {
  this.timeout(240_000)
  let running: TestHost
  let context: CompanyContext
  const control = authorityControl(() => running)
  let last = ''
  const sale = {
    simplified: true,
    paymentMeans: 'cash',
    lines: [{ description: 'قلم حبر', itemCode: 'EG-900100200-PEN-1', quantity: '1', unitPrice: '12.50', tax: 'V009' }],
  }

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
    await withTill(running.host, context)
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })
  after(() => running.stop())

  for (const { title, faults } of chosen) {
    it(title, async () => {
      if (faults.some((fault) => fault.path === token)) await control('DELETE', 'eta/tokens')
      for (const fault of faults) await control('POST', 'faults', ready(fault))
      const posted = await post(running.host, context, sale, sale, sale)
      const signed = await rowsOf(running.host, context, posted)
      const rows: DocumentRow[] = await settle(running.host, context, posted)
      const state = (await control('GET', 'state')) as { faults: unknown[] } // the sandbox's own shape
      assert.deepEqual(state.faults, [], 'the authority was not called where it misbehaves')
      const filed = (await control('GET', 'eta/receipts')) as Filed[] // the sandbox's own shape
      for (const [index, row] of rows.entries()) {
        assert.deepEqual(
          [row.state, row.legalSha256],
          ['accepted', signed[index]?.legalSha256],
          JSON.stringify([row.lastError, row.faults]),
        )
        assert.deepEqual(
          filed.filter((one) => one.uuid === row.hash).map((one) => [one.previousUuid, one.errors]),
          [[last, []]],
          'once, behind the one before it',
        )
        last = row.hash
      }
    })
  }
})
