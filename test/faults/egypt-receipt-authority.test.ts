import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import type { DocumentRow } from '../../modules/compliance/index.js'
import { egyptianCompany, post, rowsOf, settle, withTill } from '../../modules/compliance-egypt/test/running-company.js'
import type { FaultPlan } from '../../modules/sandbox/state/faults.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

/** A receipt as the authority has it; the sandbox's own shape. */
interface Filed {
  readonly uuid: string
  readonly previousUuid: string
  readonly errors: readonly unknown[]
}

/** What the submission of receipts may meet. KHATM_FULL=1: all of it; otherwise every fourth, and what loses the answer. */
const submission: readonly FaultPlan[] = [
  { kind: 'timeout-after-commit', milliseconds: 150 },
  { kind: 'other-uuid' },
  { kind: 'status-after-commit', status: 422, retryAfter: '600' },
  { kind: 'reset-mid-body' },
  { kind: 'fewer-signatures' },
  { kind: 'duplicate-answer' },
  { kind: 'unauthorized' },
  { kind: 'status-after-commit', status: 208 },
  { kind: 'status-after-commit', status: 303 },
  { kind: 'status-after-commit', status: 409 },
  { kind: 'status-after-commit', status: 504 },
  { kind: 'timeout-before-commit', milliseconds: 150 },
  { kind: 'reset-before-commit' },
  { kind: 'slow-drip', milliseconds: 300 },
  { kind: 'error-500', times: 2 },
  { kind: 'error-503', times: 2 },
  { kind: 'error-after-commit' },
  { kind: 'malformed-json' },
  { kind: 'huge-body' },
  { kind: 'redirect' },
  { kind: 'rate-limited' },
  { kind: 'status-before-commit', status: 409 },
  { kind: 'status-before-commit', status: 208 },
  { kind: 'status-before-commit', status: 303 },
  { kind: 'status-before-commit', status: 429, retryAfter: '1' },
]
const lost: FaultPlan = { kind: 'status-after-commit', status: 504, path: 'v1/receiptsubmissions' }
const details = ['other-uuid', 'malformed-json', 'error-500', 'reset-mid-body', 'huge-body', 'redirect', 'unauthorized'] as const

const cases: readonly { readonly title: string; readonly faults: readonly FaultPlan[] }[] = [
  ...submission.map((plan) => ({
    title: `submission: ${plan.kind} ${String(plan.status ?? '')}`.trim(),
    faults: [{ ...plan, path: 'v1/receiptsubmissions' }],
  })),
  ...details.map((kind) => ({ title: `receipt after a lost answer: ${kind}`, faults: [lost, { kind, path: '/eta/api/v1/receipts/' }] })),
  { title: 'token: error-503', faults: [{ kind: 'error-503', times: 2, path: 'connect/token' }] },
  { title: 'token: malformed-json', faults: [{ kind: 'malformed-json', path: 'connect/token' }] },
]
const full = process.env.KHATM_FULL === '1'
const chosen = full ? cases : cases.filter((_one, index) => index < 4 || index % 8 === 1)

describe(`the Egyptian authority misbehaves about receipts in ${String(chosen.length)} ways: each ends once, in one chain`, function () {
  this.timeout(240_000)
  let running: TestHost
  let context: CompanyContext
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

  async function control(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.ok(answer.ok, `${path} ${String(answer.status)}`)
    return answer.status === 204 ? undefined : answer.json()
  }

  for (const { title, faults } of chosen) {
    it(title, async () => {
      if (faults.some((fault) => fault.path === 'connect/token')) await control('DELETE', 'eta/tokens')
      for (const fault of faults) await control('POST', 'faults', fault)
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
