import assert from 'node:assert/strict'
import { Fault } from '../../../core/i18n/fault.js'
import { personLimit, type PersonLimitRow } from '../data/limits.js'
import { receiptLimits, type ReceiptLimits } from '../data/receipt-limits.js'
import { rowOfDay } from '../data/row-of-day.js'
import { personFaults } from '../rules/person-rules.js'
import { egyptBuyer, egyptInvoice, pricedLine } from './egypt-invoice.js'

const ended = (table: string, day: string, last: string) => (error: unknown) => {
  assert.ok(error instanceof Fault)
  assert.deepEqual([error.code, error.params], ['EG-TABLE-ENDED', { table, day, last }])
  return true
}

describe('figures of the authority: what is said on a day that no row of their table holds for', () => {
  it('the row of the day; none is taken for a day after it, or between two', () => {
    const rows = [
      { from: '2028-03-01', name: 'third' },
      { from: '2027-01-01', to: '2028-02-28', name: 'second' },
      { from: '2020-11-15', to: '2026-12-31', name: 'first' },
    ]
    const on = (day: string): string => rowOfDay('figures', rows, day).name
    assert.deepEqual(['2019-01-01', '2020-11-15', '2026-12-31'].map(on), ['first', 'first', 'first'])
    assert.deepEqual(['2027-01-01', '2028-02-28'].map(on), ['second', 'second'])
    assert.throws(() => on('2028-02-29'), ended('figures', '2028-02-29', '2028-02-28'))
    assert.equal(on('2028-03-01'), 'third')
    assert.equal(on('2099-12-31'), 'third')
  })

  it('limits of receipts end: the oldest ones are not used again', () => {
    const rows: readonly ReceiptLimits[] = [
      { ...receiptLimits('2022-04-15'), receipts: 100, to: '2025-12-31' },
      { ...receiptLimits('2022-04-15'), from: '2026-01-01', to: '2026-12-31' },
    ]
    assert.equal(receiptLimits('2026-12-31', rows).receipts, 500)
    assert.throws(() => receiptLimits('2027-01-01', rows), ended('receipt-limits', '2027-01-01', '2026-12-31'))
  })

  it('figures for persons end: the invoice is told so on its day; with the company’s own it goes on', () => {
    const rows: readonly PersonLimitRow[] = (['person-invoice', 'person-receipt'] as const).map((name) => ({
      name,
      from: '2020-11-15',
      to: '2026-11-21',
      lowest: '25000',
      highest: '150000',
      status: 'unconfirmed',
      source: 'a test',
    }))
    const invoice = egyptInvoice({ customer: { ...egyptBuyer, identifiers: [] }, lines: [pricedLine({ quantity: '1', unitPrice: '10' })] })
    const day = invoice.issueDate
    assert.deepEqual(personFaults(invoice, undefined, rows), [
      { code: 'EG-TABLE-ENDED', params: { table: 'person-invoice', day, last: '2026-11-21' }, path: 'issueDate' },
    ])
    assert.deepEqual(personFaults(invoice, '50000', rows), [])
    assert.equal(personLimit('receipt', '2026-11-21', undefined, rows).refusesFrom, '150000')
  })

  it('the tables of this edition hold on any day to come', () => {
    for (const day of ['2026-11-22', '2030-01-01', '2099-12-31']) {
      assert.ok(receiptLimits(day).receipts > 0)
      assert.ok(Number(personLimit('invoice', day).refusesFrom) > 0)
      assert.ok(Number(personLimit('receipt', day).refusesFrom) > 0)
    }
  })
})
