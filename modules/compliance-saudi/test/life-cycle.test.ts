import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../test/helpers/until.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import type { CompanyContext } from '../../../core/access/context.js'
import { claimForSending } from '../../compliance/models/document-rows.js'
import { processDocuments, rowsOfInvoices, type DocumentRow } from '../../compliance/index.js'
import { postInvoices, type PostedOutcome } from '../../invoicing/index.js'
import { firstPreviousHash } from '../ubl/names.js'
import { onboard, readStamped, verifyZatca } from '../index.js'

const customer = {
  name: 'Namaa Contracting',
  nameAr: 'شركة نماء للمقاولات',
  identifiers: [{ scheme: 'VAT', value: '311111111111113' }],
  address: { street: 'شارع التحلية', building: '1111', district: 'المروج', city: 'الرياض', postalCode: '12222', country: 'SA' },
}
const standard = {
  customer,
  paymentMeans: 'cash',
  lines: [{ description: 'قلم حبر', quantity: '2', unitPrice: '100.00', tax: 'S15' }],
}
const simplified = {
  simplified: true,
  paymentMeans: 'card',
  lines: [{ description: 'قلم حبر', quantity: '3', unitPrice: '9.99', tax: 'S15' }],
}

describe('Saudi e-documents through the real host and the sandbox authority', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await running.company({ sandbox: true })
    await running.host.modules.enable(context, 'compliance-saudi')
  })
  after(() => running.stop())

  const post = async (...inputs: object[]): Promise<PostedOutcome[]> => {
    const outcomes = await postInvoices(
      running.host,
      context,
      inputs.map((input) => ({ input })),
      { print: false },
    )
    return outcomes.map((outcome) => {
      if (outcome.status !== 'posted') assert.fail(JSON.stringify(outcome.faults))
      return outcome
    })
  }
  const rowsOf = (posted: readonly PostedOutcome[]): Promise<DocumentRow[]> =>
    running.host.db.company(context.companyId, (transaction) =>
      rowsOfInvoices(
        transaction,
        posted.map((one) => one.invoiceId),
      ),
    )
  const bytesOf = (sha256: string | null): Promise<Buffer> =>
    running.host.db.company(context.companyId, async (transaction) => (await running.host.files.get(transaction, sha256 ?? '')).bytes)
  const inject = async (kind: string, path: string, extra: object = {}): Promise<void> => {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind, path, times: 1, ...extra }),
    })
    assert.ok(answer.ok, `${answer.status} ${await answer.text()}`)
  }
  /** Runs jobs, those of later times too, until every document has its answer. */
  const settle = async (posted: readonly PostedOutcome[], seconds = 60): Promise<DocumentRow[]> => {
    const until = Date.now() + seconds * 1000
    for (;;) {
      await running.host.jobs.drain()
      const rows = await rowsOf(posted)
      if (rows.every((row) => row.answeredAt !== null) || Date.now() > until) return rows
      await sleep(250)
    }
  }

  it('does not post before the unit is onboarded, and says what is missing', async () => {
    const [outcome] = await postInvoices(running.host, context, [{ input: standard }])
    assert.ok(outcome?.status === 'invalid')
    assert.deepEqual(
      outcome.faults.map((fault) => [fault.code, fault.params?.item]),
      [['COMPLIANCE-NOT-READY', 'SA-READY-UNIT']],
    )
  })

  it('onboards a unit: request, compliance certificate, six trial documents, production certificate', async () => {
    const unit = await onboard(running.host, context, { otp: '123345', environment: 'sandbox' })
    assert.match(unit.serial, /^1-Khatm\|2-1\.0\|3-/)
    await assert.rejects(onboard(running.host, context, { otp: '000000', environment: 'sandbox' }), { code: 'SA-ONBOARD-REFUSED' })
  })

  it('chains, stamps, clears and reports; keeps the authority’s copy of a tax invoice', async () => {
    const posted = await post(standard, simplified, { ...standard, notes: 'سطر\nثانٍ <&>' })
    assert.deepEqual(
      posted.map((one) => one.finish?.state),
      ['signed', 'signed', 'signed'],
    )
    const rows = await settle(posted)
    assert.deepEqual(
      rows.map((row) => [row.state, row.counter, row.kind]),
      [
        ['accepted', 1, 'standard'],
        ['accepted', 2, 'simplified'],
        ['accepted', 3, 'standard'],
      ],
    )
    assert.equal(rows[0]?.previousHash, firstPreviousHash)
    assert.equal(rows[1]?.previousHash, rows[0].hash)
    assert.equal(rows[2]?.previousHash, rows[1].hash)
    for (const row of rows) {
      const ours = await bytesOf(row.legalSha256)
      assert.equal(verifyZatca(ours, { trust: [] }).integrity, 'intact')
      assert.equal(readStamped(ours).computedHash.toString('base64'), row.hash)
      assert.equal(row.copySha256 === null, row.kind === 'simplified')
    }
    const copy = await bytesOf(rows[0].copySha256)
    assert.equal(readStamped(copy).computedHash.toString('base64'), rows[0].hash)
    assert.equal(readStamped(copy).claimed.get('qr'), rows[0].qr)
  })

  it('issues a credit note on its invoice in the same chain', async () => {
    const [original] = await post(standard)
    const posted = await post({ ...standard, type: 'credit_note', refersTo: original?.number, reason: 'إرجاع' })
    const [row] = await settle(posted)
    assert.equal(row?.state, 'accepted')
    const xml = (await bytesOf(row.legalSha256)).toString('utf8')
    assert.match(xml, />381</)
    assert.match(xml, /<cbc:InstructionNote>إرجاع</)
  })

  it('refuses what the rules forbid, with places in the terms of the input, and takes no number of the chain', async () => {
    const [before] = await settle(await post(simplified))
    const [outcome] = await postInvoices(running.host, context, [
      {
        input: {
          ...standard,
          customer: { ...customer, identifiers: [{ scheme: 'VAT', value: '123' }] },
          lines: [{ description: 'x', quantity: '-1', unitPrice: '5', tax: 'S15' }],
        },
      },
    ])
    assert.ok(outcome?.status === 'invalid')
    const codes = outcome.faults.map((fault) => `${fault.code} ${fault.path ?? ''}`)
    assert.ok(codes.includes('BR-KSA-44 customer.identifiers[0].value'), codes.join(', '))
    const [after] = await settle(await post(simplified))
    assert.equal(after?.counter, (before?.counter ?? 0) + 1)
  })

  for (const [kind, path, input] of [
    ['error-503', 'reporting', simplified],
    ['rate-limited', 'reporting', simplified],
    ['reset-before-commit', 'reporting', simplified],
    ['reset-mid-body', 'reporting', simplified],
    ['error-after-commit', 'reporting', simplified],
    ['malformed-json', 'clearance', standard],
    ['other-uuid', 'clearance', standard],
    ['huge-body', 'clearance', standard],
    ['error-after-commit', 'clearance', standard],
    ['duplicate-answer', 'reporting', simplified],
    ['clearance-off', 'clearance', standard],
  ] as const) {
    it(`ends accepted exactly once when the authority misbehaves: ${kind} (${path})`, async () => {
      await inject(kind, `invoices/${path}/single`)
      const posted = await post(input)
      const [before] = await rowsOf(posted)
      const [row] = await settle(posted)
      assert.equal(row?.state, 'accepted', JSON.stringify(row?.lastError))
      assert.equal(row.counter, before?.counter)
      assert.equal(row.legalSha256, before?.legalSha256)
    })
  }

  describe('the database’s clock is set ahead while a document is on its way', () => {
    const ids = (posted: readonly PostedOutcome[]): string[] => posted.map((one) => one.invoiceId)
    const process = (posted: readonly PostedOutcome[]): Promise<void> =>
      processDocuments(running.host, context, { invoiceIds: ids(posted) })
    /** The claim looks as if its time were over. */
    const clockStep = (): Promise<number> =>
      running.host.db.company(context.companyId, ({ knex }) =>
        knex('compliance_document').whereNotNull('claimed_until').update({ claimed_until: '2020-01-01' }),
      )
    const sending = async (): Promise<{ posted: PostedOutcome[]; slow: Promise<void> }> => {
      // The answer is lost after seconds: meanwhile it is under way.
      await inject('timeout-after-commit', 'invoices/reporting/single', { milliseconds: 2500 })
      const posted = await post(simplified)
      const slow = process(posted)
      await until('it is under way', async () => (await rowsOf(posted))[0]?.attempts === 1)
      assert.equal(await clockStep(), 1)
      return { posted, slow }
    }

    it('the process that sends it does not send it a second time beside', async () => {
      const { posted, slow } = await sending()
      await process(posted)
      assert.equal((await rowsOf(posted))[0]?.attempts, 1)
      await slow
      assert.equal((await settle(posted))[0]?.state, 'accepted')
    })

    it('what another took meanwhile is his: the late end of the first try does not give it to a third', async () => {
      const { posted, slow } = await sending()
      const claim = (): Promise<DocumentRow[]> =>
        running.host.db.company(context.companyId, (transaction) => claimForSending(transaction, ids(posted), new Date(), 180))
      assert.deepEqual(
        (await claim()).map((row) => row.attempts),
        [2],
      )
      await slow
      assert.deepEqual(await claim(), [])
      // He died: his claim ends by itself.
      await clockStep()
      await process(posted)
      const [row] = await settle(posted)
      assert.deepEqual([row?.state, row?.attempts], ['accepted', 3])
    })
  })

  it('leaves an intact event log, and chains without gap', async () => {
    const [log] = await running.host.audit.verify(context.companyId)
    assert.equal(log?.intact, true)
    await running.host.db.company(context.companyId, async (transaction) => {
      const { rows } = await transaction.knex.raw<{ rows: { counter: string; previous_hash: string; hash: string }[] }>(
        'select counter, previous_hash, hash from compliance_document order by counter',
      )
      let previous: string = firstPreviousHash
      for (const [index, row] of rows.entries()) {
        assert.equal(Number(row.counter), index + 1)
        assert.equal(row.previous_hash, previous)
        previous = row.hash
      }
    })
  })
})
