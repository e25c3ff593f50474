import assert from 'node:assert/strict'
import { egyptCompany } from './egypt-invoice.js'
import { receiptLimits, returnTypeOf } from '../data/receipt-limits.js'
import { batchesOf, type Sending } from '../receipts/submit-receipts.js'

const limits = receiptLimits('2026-11-22')

function sendings(count: number, bytes: number): Sending[] {
  return Array.from({ length: count }, (_unused, index) => ({
    request: {
      company: egyptCompany,
      invoiceId: String(index),
      kind: 'receipt',
      uuid: String(index),
      hash: '',
      bytes: Buffer.alloc(bytes, 0x20),
      attempt: 1,
      until: Number.POSITIVE_INFINITY,
    },
    row: {
      invoiceId: String(index),
      deviceSerial: 'POS-0001',
      uuid: String(index),
      previousUuid: '',
      receiptType: 's',
      referenceUuid: null,
      referenceOldUuid: null,
      issuedAt: new Date(0),
      submissionUuid: null,
      sentAt: null,
    },
  }))
}

describe('submissions of receipts hold what the authority takes at once', () => {
  const sizes = (list: readonly Sending[], signed = false): number[] => batchesOf(list, limits, signed).map((batch) => batch.length)

  it('500 receipts, the 501st in the next, in the order of the chain', () => {
    assert.deepEqual(sizes(sendings(500, 1000)), [500])
    assert.deepEqual(sizes(sendings(501, 1000)), [500, 1])
    assert.deepEqual(
      batchesOf(sendings(1201, 10), limits, false)
        .flat()
        .map(({ row }) => Number(row.uuid)),
      Array.from({ length: 1201 }, (_unused, index) => index),
    )
  })

  it('1.5 MB with brackets and commas, and room for a signature where one is made', () => {
    const frame = Buffer.byteLength('{"receipts":[]}')
    for (const each of [3000, 3001, 14_998, 14_999, 15_000, 150_000]) {
      for (const batch of batchesOf(sendings(120, each), limits, false)) {
        assert.ok(batch.length * each + batch.length - 1 + frame <= limits.bytes, `${String(batch.length)} × ${String(each)}`)
      }
    }
    assert.deepEqual(sizes(sendings(101, 14_998)), [100, 1])
    assert.deepEqual(sizes(sendings(101, 15_000)), [99, 2])
    assert.ok((sizes(sendings(100, 14_998), true)[0] ?? 100) < 100)
  })

  it('one alone that is too great goes alone: the authority says what is wrong with it', () => {
    assert.deepEqual(sizes([...sendings(2, 100), ...sendings(1, 2_000_000), ...sendings(2, 100)]), [2, 1, 2])
  })

  it('the limits are those of the day: 24 hours, 300 lines, 540 days for a return', () => {
    assert.deepEqual([limits.hours, limits.lines, limits.returnDays, limits.receipts, limits.bytes], [24, 300, 540, 500, 1_500_000])
    assert.deepEqual([returnTypeOf('s', true), returnTypeOf('SU', true), returnTypeOf('SR', false)], ['r', 'RU', 'RWR'])
  })
})
