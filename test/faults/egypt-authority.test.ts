import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import { processDocuments, type DocumentRow } from '../../modules/compliance/index.js'
import { egyptDemonstration } from '../../modules/compliance-egypt/demonstration.js'
import { egyptianCompany, post, rowsOf, settle } from '../../modules/compliance-egypt/test/running-company.js'
import type { PostedOutcome } from '../../modules/invoicing/index.js'
import type { FaultPlan } from '../../modules/sandbox/state/faults.js'
import { authorityControl } from '../helpers/authority-control.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { aboutSubmitted, anywhere, askedToWait, casesOf, full, lostAnswer, ready, token, type FaultCase } from './egypt-fault-plans.js'

/** A document as the authority has it; the sandbox's own shape. */
interface Filed {
  readonly uuid: string
  readonly internalId: string
  readonly issuer: string
  readonly sha256: string
  readonly status: string
}

/** Documents of a batch. */
const size = 3

const submission = 'documentsubmissions'
const inquiry = 'documentsubmissions/'
const search = 'documents/search'
const raw = '/raw'
/** Without an answer that never came nobody would search. */
const lost = lostAnswer(submission)
const contradicted: readonly FaultPlan[] = [...anywhere, { kind: 'other-uuid' }, { kind: 'unauthorized' }]

const everyCase: readonly FaultCase[] = [
  ...casesOf('submission', submission, aboutSubmitted),
  ...casesOf('submission', submission, anywhere),
  ...casesOf('inquiry', inquiry, contradicted),
  ...casesOf('search after a lost answer', search, contradicted, lost),
  ...casesOf('original after a lost answer', raw, contradicted, lost),
  ...casesOf('token', token, [...anywhere, askedToWait]),
]

/** One after the other in CI: what changes an answer about documents, and some of the rest. */
const chosen = full ? everyCase : everyCase.filter((_one, index) => index < aboutSubmitted.length || index % 9 === 0)

describe(`the Egyptian authority misbehaves in ${String(chosen.length)} ways: every document ends once, with the bytes that were signed`, function () {
  this.timeout(240_000)
  let running: TestHost
  let context: CompanyContext
  const control = authorityControl(() => running)
  const everyNumber: string[] = []
  const invoice = egyptDemonstration().invoices[0] ?? assert.fail('no example')

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })
  after(() => running.stop())
  afterEach(async () => {
    await control('DELETE', 'faults')
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })

  const filed = async (): Promise<Filed[]> => (await control('GET', 'eta/documents')) as Filed[] // the sandbox's own shape
  const batch = async (count = size): Promise<PostedOutcome[]> => {
    const { company: _company, ...input } = invoice
    const posted = await post(running.host, context, ...Array.from({ length: count }, () => input))
    everyNumber.push(...posted.map((one) => one.number))
    return posted
  }
  const tryAll = (posted: readonly PostedOutcome[]): Promise<void> =>
    processDocuments(running.host, context, { invoiceIds: posted.map((one) => one.invoiceId) })

  /** Each number once at the authority, under the name we know, with the very bytes that were signed. */
  async function assertOnce(rows: readonly DocumentRow[], signed: readonly DocumentRow[], issuer = '900100200'): Promise<void> {
    const known = (await filed()).filter((one) => one.issuer === issuer)
    for (const [index, row] of rows.entries()) {
      assert.equal(row.legalSha256, signed[index]?.legalSha256)
      assert.deepEqual(
        known.filter((one) => one.internalId === row.number).map((one) => [one.uuid, one.sha256]),
        [[row.authorityReference, row.legalSha256]],
        row.number,
      )
    }
  }

  for (const { title, faults } of chosen) {
    it(title, async () => {
      if (faults.some((fault) => fault.path === token)) await control('DELETE', 'eta/tokens')
      for (const fault of faults) await control('POST', 'faults', ready(fault))
      const posted = await batch()
      const signed = await rowsOf(running.host, context, posted)
      const rows = await settle(running.host, context, posted)
      const state = (await control('GET', 'state')) as { faults: unknown[] } // the sandbox's own shape
      assert.deepEqual(state.faults, [], 'the authority was not called where it misbehaves')
      for (const row of rows) assert.equal(row.state, 'accepted', JSON.stringify([row.lastError, row.faults]))
      await assertOnce(rows, signed)
    })
  }

  it('a document stays submitted for hours: it is asked for, never sent again, and ends with the verdict', async () => {
    await control('PUT', 'eta/settings', { decisionMs: 5 * 3_600_000 })
    const posted = await batch()
    const signed = await rowsOf(running.host, context, posted)
    for (let look = 0; look < 8; look += 1) await tryAll(posted)
    const waiting = await rowsOf(running.host, context, posted)
    for (const row of waiting) {
      assert.deepEqual([row.state, row.lastError?.code, row.answeredAt], ['submitted', 'COMPLIANCE-PENDING', null])
      const seconds = ((row.nextTryAt?.getTime() ?? 0) - (row.lastSentAt?.getTime() ?? 0)) / 1000
      assert.ok(seconds > 55 && seconds < 70, String(seconds))
    }
    const known = await filed()
    const uuidOf = (row: DocumentRow): string => known.find((one) => one.internalId === row.number)?.uuid ?? ''
    const verdicts = ['Valid', 'Invalid', 'Valid'] as const
    for (const [index, row] of waiting.entries())
      await control('POST', `eta/documents/${uuidOf(row)}`, { state: verdicts[index], reason: 'Wrong branch' })
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => [row.state, row.faults.map((fault) => fault.params?.message)]),
      [
        ['accepted', []],
        ['rejected', ['Wrong branch']],
        ['accepted', []],
      ],
    )
    await assertOnce(rows, signed)
  })

  it('accepted and refused in one answer: each has its own end', async () => {
    await control('POST', 'faults', { kind: 'refuse-last', path: submission })
    const posted = await batch()
    const rows = await settle(running.host, context, posted)
    const refused = rows.filter((row) => row.state === 'rejected')
    assert.deepEqual(
      refused.map((row) => [row.faults[0]?.code, row.faults[0]?.params?.code, row.faults[0]?.params?.place]),
      [['EG-ETA-OTHER', 'CF301', 'internalID']],
    )
    const accepted = rows.filter((row) => row.state === 'accepted')
    assert.equal(accepted.length, size - 1)
    await assertOnce(accepted, accepted)
    const known = await filed()
    assert.equal(known.filter((one) => one.internalId === refused[0]?.number).length, 0)
  })

  for (const plan of full ? anywhere : anywhere.slice(3, 5)) {
    it(`details of an invalid document: ${plan.kind} ${String(plan.status ?? '')}`, async () => {
      await control('PUT', 'eta/settings', { decisionMs: 5 * 3_600_000 })
      const posted = await batch(1)
      await tryAll(posted)
      const number = posted[0]?.number
      const uuid = (await filed()).find((one) => one.internalId === number)?.uuid ?? ''
      await control('POST', `eta/documents/${uuid}`, { state: 'Invalid', reason: 'Wrong activity' })
      await control('POST', 'faults', { ...plan, path: '/details' })
      const [row] = await settle(running.host, context, posted)
      assert.deepEqual([row?.state, row?.faults[0]?.params?.message], ['rejected', 'Wrong activity'])
    })
  }

  it('a day without the authority: what was posted waits, and is filed within five minutes of its return', async () => {
    // A company of its own: its limits and tokens are its own as well.
    const own = await egyptianCompany(running, { code: 'eg-outage', identifiers: [{ scheme: 'VAT', value: '900100777' }] })
    const { company: _company, ...input } = invoice
    const lines = input.lines
    assert.ok(Array.isArray(lines))
    const withOwnCodes = { ...input, lines: lines.map((line: object) => ({ ...line, itemCode: 'EG-900100777-1' })) }
    const count = full ? 300 : 40
    const posted = await post(running.host, own, ...Array.from({ length: count }, () => withOwnCodes))
    const ids = posted.map((one) => one.invoiceId)
    await control('DELETE', 'eta/tokens')
    await control('POST', 'faults', { kind: 'error-503', times: 0 })
    // More tries than a day's waits of two minutes are not needed to see where the waits end.
    let longest = 0
    for (let round = 0; round < 9; round += 1) {
      await processDocuments(running.host, own, { invoiceIds: ids })
      for (const row of await rowsOf(running.host, own, posted)) {
        assert.ok(['signed', 'submitted'].includes(row.state), row.state)
        longest = Math.max(longest, (row.nextTryAt?.getTime() ?? Infinity) - (row.lastSentAt?.getTime() ?? 0))
      }
    }
    await control('DELETE', 'faults')
    const began = Date.now()
    const rows = await settle(running.host, own, posted)
    const drained = Date.now() - began
    assert.ok(rows.every((row) => row.state === 'accepted'))
    // The last wait may have begun just before the return.
    assert.ok(longest <= 120_000 * 1.11, `${String(longest)} ms until the next try`)
    assert.ok(longest + drained < 300_000, `${String(longest)} + ${String(drained)} ms`)
    await assertOnce(rows, rows, '900100777')
  })

  it('no number was skipped or given twice in all of it', async () => {
    const numbers = everyNumber.map((number) => Number(/(\d+)$/.exec(number)?.[1])).sort((one, other) => one - other)
    assert.deepEqual(
      numbers,
      numbers.map((_number, index) => (numbers[0] ?? 0) + index),
    )
    const [report] = await running.host.audit.verify(context.companyId)
    assert.equal(report?.intact, true)
  })
})
