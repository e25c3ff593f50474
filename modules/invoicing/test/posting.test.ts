import assert from 'node:assert/strict'
import { Fault } from '../../../core/i18n/fault.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { cancelInvoice } from '../services/cancel.js'
import { deleteDrafts, saveDraft } from '../services/drafts.js'
import { parseInvoiceInput } from '../services/input-faults.js'
import { makeNote } from '../services/make-note.js'
import { registerPayment, settlementsOf, undoPayment } from '../services/payments.js'
import { postInvoices } from '../services/post.js'
import type { PostOutcome, PostRequest } from '../services/read-requests.js'
import { summaryOf } from '../services/read-invoices.js'
import exampleIn from '../examples/in/invoice.json' with { type: 'json' }
import exampleOut from '../examples/out/invoice.json' with { type: 'json' }
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

let test: TestHost
let now = new Date('2026-11-22T08:00:00Z')

const post = (requests: readonly PostRequest[], options = {}): Promise<PostOutcome[]> =>
  postInvoices(test.host, test.context, requests, { print: false, ...options })
const inCompany = <Result>(work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
  test.host.db.company(test.company.id, work)
const faultCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code)
  return true
}
async function posted(changes: Record<string, unknown> = {}): Promise<{ id: string; number: string }> {
  const [outcome] = await post([{ input: sampleInput(changes) }])
  assert.equal(outcome?.status, 'posted', JSON.stringify(outcome))
  return { id: outcome.invoiceId, number: outcome.number }
}
const codes = (outcome: PostOutcome | undefined): string[] => outcome?.faults.map((fault) => `${fault.code}@${fault.path ?? ''}`) ?? []
async function counts(): Promise<Record<string, number>> {
  return inCompany(async (transaction) => {
    const { rows } = await transaction.knex.raw<{ rows: Record<string, number>[] }>(
      `select (select count(*)::int from invoicing_invoice) as invoices, (select count(*)::int from invoicing_line) as lines,
        (select count(*)::int from invoicing_request) as requests, (select count(*)::int from core_audit_event) as events`,
    )
    return rows[0] ?? {}
  })
}

describe('posting invoices on a real database', function () {
  this.timeout(180_000)
  before(async () => {
    test = await startTestHost({ now: () => now })
  })
  after(() => test.stop())

  it('gives numbers without gap, in the order of the requests, per type and year', async () => {
    const outcomes = await post([
      { input: sampleInput() },
      { input: sampleInput({ lines: [] }) },
      { input: sampleInput({ issueDate: '2025-12-31' }) },
      { input: sampleInput() },
    ])
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'posted' ? outcome.number : outcome.status)),
      ['INV/2026/00001', 'invalid', 'INV/2025/00001', 'INV/2026/00002'],
    )
    const parallel = await Promise.all(Array.from({ length: 20 }, () => posted()))
    assert.deepEqual(
      parallel.map(({ number }) => number).sort(),
      Array.from({ length: 20 }, (_, index) => `INV/2026/${String(index + 3).padStart(5, '0')}`),
    )
  })

  it('names every fault with code and path, and a refused invoice changes nothing', async () => {
    const before = await counts()
    const outcomes = await post([
      { input: sampleInput({ lines: [{ description: 'x', quantity: 'two', unitPrice: '1', tax: 'S15' }] }), idempotencyKey: 'bad-1' },
      { input: sampleInput({ surprise: 1, currency: 'sar' }) },
      { input: { lines: [{ description: 'x', quantity: '1', unitPrice: '1', tax: 'S99' }] } },
      { input: sampleInput({ issueDate: '2026-11-23', dueDate: '2026-11-01', company: 'other' }) },
      { input: sampleInput({ lines: [{ description: 'x', quantity: '1', unitPrice: '-5', discount: '9', tax: 'S15' }] }) },
      { input: sampleInput({ currency: 'USD' }) },
      { input: sampleInput({ currency: 'BGN' }) },
      { input: sampleInput({ type: 'credit_note' }) },
      { input: sampleInput({ notes: 'refuse' }) },
      { input: sampleInput({ prepaid: '500' }) },
      // No clock shows it, and no key's limit is compared with an amount of sixteen digits.
      { input: sampleInput({ issueTime: '25:99:99' }) },
      { input: sampleInput({ lines: [{ description: 'x', quantity: '999999999999999', unitPrice: '5', tax: 'S15' }] }) },
      { input: 'nonsense' },
    ])
    assert.deepEqual(outcomes.map(codes), [
      ['INVOICE-DECIMAL-TEXT@lines[0].quantity'],
      ['INVOICE-FIELD-FORMAT@currency', 'INVOICE-FIELD-UNKNOWN@surprise'],
      ['INVOICE-TAX-UNKNOWN@lines[0].tax', 'INVOICE-CUSTOMER-MISSING@customer'],
      ['INVOICE-DATE-FUTURE@issueDate', 'INVOICE-COMPANY-OTHER@company', 'INVOICE-DUE-BEFORE-ISSUE@dueDate'],
      [
        'INVOICE-PRICE-NEGATIVE@lines[0].unitPrice',
        'INVOICE-DISCOUNT-ABOVE@lines[0].discount',
        'INVOICE-TOTAL-NEGATIVE@lines',
        'INVOICE-PREPAID-ABOVE@prepaid',
      ],
      ['INVOICE-RATE-MISSING@exchangeRate'],
      ['MONEY-CURRENCY-CLOSED@currency'],
      ['INVOICE-REFERENCE-MISSING@refersTo'],
      ['INVOICE-FIELD-EMPTY@notes'],
      ['INVOICE-PREPAID-ABOVE@prepaid'],
      ['INVOICE-FIELD-FORMAT@issueTime'],
      ['INVOICE-AMOUNT-ABOVE@lines[0].unitPrice', 'INVOICE-AMOUNT-ABOVE@lines'],
      ['INVOICE-FIELD-TYPE@'],
    ])
    assert.deepEqual(await counts(), before)
  })

  it('the example comes out as its file says', async () => {
    const [outcome] = await post([{ input: exampleIn }])
    assert.deepEqual(outcome?.status === 'posted' ? outcome.document.totals : outcome, exampleOut.totals)
  })

  it('all or nothing when asked', async () => {
    const before = await counts()
    const outcomes = await post([{ input: sampleInput() }, { input: sampleInput({ lines: [] }) }], { atomic: true })
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['invalid', 'invalid'],
    )
    assert.deepEqual(await counts(), before)
  })

  it('takes the tax that was law on the day of the invoice', async () => {
    const [old] = await post([{ input: sampleInput({ issueDate: '2020-06-30' }) }])
    assert.equal(old?.status === 'posted' ? old.document.totals.tax : '', '10.00')
  })

  it('one key, a hundred requests at once: one invoice, one answer; another body is refused', async () => {
    const before = await counts()
    const input = sampleInput({ purchaseOrder: 'PO-7' })
    const answers = (await Promise.all(Array.from({ length: 100 }, () => post([{ input, idempotencyKey: 'key-1' }])))).flat()
    const numbers = new Set(answers.map((answer) => (answer.status === 'posted' ? answer.number : answer.status)))
    assert.equal(numbers.size, 1)
    assert.equal(answers.filter((answer) => answer.status === 'posted' && !answer.replayed).length, 1)
    const after = await counts()
    assert.equal(after['invoices'], (before['invoices'] ?? 0) + 1)
    const [other] = await post([{ input: sampleInput({ purchaseOrder: 'PO-8' }), idempotencyKey: 'key-1' }])
    assert.deepEqual(codes(other), ['INVOICE-IDEMPOTENCY-MISMATCH@'])
    // The order of the keys in the body is no other body.
    const [same] = await post([{ input: Object.fromEntries(Object.entries(input).reverse()), idempotencyKey: 'key-1' }])
    assert.equal(same?.status === 'posted' && same.replayed, true)
    const twins = await post([
      { input, idempotencyKey: 'key-2' },
      { input, idempotencyKey: 'key-2' },
    ])
    assert.deepEqual(
      twins.map((twin) => twin.status === 'posted' && twin.replayed),
      [false, true],
    )
  })

  it('a key of a refused invoice is free again', async () => {
    const [refused] = await post([{ input: sampleInput({ notes: 'refuse' }), idempotencyKey: 'mend' }])
    assert.equal(refused?.status, 'invalid')
    const [mended] = await post([{ input: sampleInput(), idempotencyKey: 'mend' }])
    assert.equal(mended?.status, 'posted')
  })

  it('what is posted cannot be changed or deleted, by anybody who comes through the application role', async () => {
    const { id } = await posted()
    const refused: [string, RegExp][] = [
      [`update invoicing_invoice set total = 1 where id = '${id}'`, /INVOICE-IMMUTABLE/],
      [`update invoicing_invoice set document = '{}' where id = '${id}'`, /INVOICE-IMMUTABLE/],
      [`update invoicing_invoice set state = 'draft' where id = '${id}'`, /INVOICE-IMMUTABLE/],
      [`delete from invoicing_invoice where id = '${id}'`, /INVOICE-IMMUTABLE/],
      [`update invoicing_line set net = 1 where invoice_id = '${id}'`, /permission denied/],
      [`delete from invoicing_line where invoice_id = '${id}'`, /permission denied/],
      [`update invoicing_invoice_tax set amount = 1 where invoice_id = '${id}'`, /permission denied/],
    ]
    for (const [statement, reason] of refused) {
      await assert.rejects(
        inCompany((transaction) => transaction.knex.raw(statement)),
        (error: unknown) =>
          reason.test(String(error instanceof Error && error.cause !== undefined ? error.cause : error)) || reason.test(String(error)),
        statement,
      )
    }
    await assert.rejects(
      inCompany((transaction) => deleteDrafts(test.host, test.context, transaction, [id])),
      faultCode('INVOICE-NOT-DRAFT'),
    )
  })

  it('a draft becomes the invoice it was, under the same id, once', async () => {
    const { input } = parseInvoiceInput(sampleInput())
    assert.ok(input)
    const draft = await inCompany((transaction) => saveDraft(test.host, test.context, transaction, undefined, input))
    const outcomes = (
      await Promise.all([1, 2, 3].map(() => postInvoices(test.host, test.context, [{ draftId: draft.id }], { print: false })))
    ).flat()
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['invalid', 'invalid', 'posted'])
    const summary = await inCompany((transaction) => summaryOf(transaction, draft.id))
    assert.equal(summary.state, 'posted')
    assert.equal(summary.total, '230.00')
  })

  it('payments: partial, the rest, above, undone; overdue from the day after the due date', async () => {
    const { id } = await posted({ dueDate: '2026-11-22' })
    const state = async (): Promise<unknown> => (await inCompany((transaction) => summaryOf(transaction, id))).paymentState
    const pay = (amount?: string): ReturnType<typeof registerPayment> =>
      inCompany((transaction) =>
        registerPayment(test.host, test.context, transaction, id, { method: 'transfer', ...(amount === undefined ? {} : { amount }) }),
      )
    await assert.rejects(pay('230.01'), faultCode('INVOICE-PAYMENT-ABOVE'))
    await assert.rejects(pay('0'), faultCode('INVOICE-PAYMENT-AMOUNT'))
    const first = await pay('30.00')
    const second = await pay()
    assert.equal(second.amount, '200.00')
    assert.equal(await state(), 'paid')
    await assert.rejects(pay('1'), faultCode('INVOICE-PAYMENT-NOTHING'))
    await inCompany((transaction) => undoPayment(test.host, test.context, transaction, second.id))
    await assert.rejects(
      inCompany((transaction) => undoPayment(test.host, test.context, transaction, second.id)),
      faultCode('INVOICE-PAYMENT-UNKNOWN'),
    )
    assert.deepEqual(
      (await inCompany((transaction) => settlementsOf(transaction, id))).map(({ number, amount }) => [number, amount]),
      [[first.number, '30.00']],
    )
    const stateOn = async (day: string): Promise<string | undefined> =>
      inCompany(async (transaction) => {
        const { rows } = await transaction.knex.raw<{ rows: { state: string }[] }>(
          'select invoicing_payment_state(state, payable, settled, due_date, cast(? as date)) as state from invoicing_invoice where id = ?',
          [day, id],
        )
        return rows[0]?.state
      })
    assert.equal(await stateOn('2026-11-22'), 'partial')
    assert.equal(await stateOn('2026-11-23'), 'overdue')
  })

  it('two payments at once never settle more than is open', async () => {
    const { id } = await posted()
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () =>
        inCompany((transaction) => registerPayment(test.host, test.context, transaction, id, { method: 'cash', amount: '100' })),
      ),
    )
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
    assert.equal((await inCompany((transaction) => summaryOf(transaction, id))).settled, '200.00')
  })

  it('keeps what is paid above as credit when the company wants it', async () => {
    await inCompany((transaction) => test.host.settings.set(transaction, test.context, 'invoicing', { overpayment: 'credit' }))
    const { id } = await posted()
    const payment = await inCompany((transaction) =>
      registerPayment(test.host, test.context, transaction, id, { method: 'cash', amount: '250' }),
    )
    assert.deepEqual([payment.allocated, payment.unallocated], ['230.00', '20.00'])
    await inCompany((transaction) => test.host.settings.set(transaction, test.context, 'invoicing', { overpayment: 'refuse' }))
  })

  it('credit notes: never more than the rest, also at once; they settle the original', async () => {
    const { id, number } = await posted()
    const half = sampleInput({
      type: 'credit_note',
      refersTo: number,
      reason: 'r',
      lines: [{ description: 'x', quantity: '1', unitPrice: '100.00', tax: 'S15' }],
    })
    const outcomes = (await Promise.all([1, 2, 3].map(() => post([{ input: half }])))).flat()
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['invalid', 'posted', 'posted'])
    assert.deepEqual(codes(outcomes.find(({ status }) => status === 'invalid')), ['INVOICE-CREDIT-ABOVE@lines'])
    const summary = await inCompany((transaction) => summaryOf(transaction, id))
    assert.deepEqual([summary.settled, summary.paymentState], ['230.00', 'paid'])
    await assert.rejects(
      inCompany((transaction) => makeNote(test.host, test.context, transaction, id, { type: 'credit_note' })),
      faultCode('INVOICE-CREDITED-WHOLLY'),
    )
    await assert.rejects(cancelInvoice(test.host, test.context, id, 'r'), faultCode('INVOICE-CANCEL-PAID'))
    // A note that is cancelled gives back what it had set off, and what may be credited.
    const [note] = outcomes.flatMap((outcome) => (outcome.status === 'posted' ? [outcome.invoiceId] : []))
    await cancelInvoice(test.host, test.context, note ?? '', 'typed twice')
    const [opened, cancelled] = await inCompany(async (transaction) => [
      await summaryOf(transaction, id),
      await summaryOf(transaction, note ?? ''),
    ])
    assert.deepEqual([opened.open, cancelled.settled, cancelled.state], ['115.00', '0.00', 'cancelled'])
    const [again] = await post([{ input: half }])
    assert.equal(again?.status, 'posted')
  })

  it('never rounds what was paid: more decimals than the currency has are refused beside the field', async () => {
    const [outcome] = await post([{ input: sampleInput({ prepaid: '10.005' }) }])
    assert.deepEqual(codes(outcome), ['INVOICE-PREPAID-DECIMALS@prepaid'])
    const [good] = await post([{ input: sampleInput({ prepaid: '10.500' }) }])
    assert.ok(good?.status === 'posted')
    assert.equal(good.document.totals.prepaid, '10.50')
    const pay = (amount: string) =>
      inCompany((transaction) => registerPayment(test.host, test.context, transaction, good.invoiceId, { amount, method: 'cash' }))
    await assert.rejects(pay('10.005'), faultCode('INVOICE-PAYMENT-DECIMALS'))
    assert.equal((await pay('10.010')).amount, '10.01')
  })

  it('a note made from an invoice is prefilled and posts; a note of an unknown invoice warns', async () => {
    const { id, number } = await posted()
    const note = await inCompany((transaction) =>
      makeNote(test.host, test.context, transaction, id, { type: 'credit_note', reason: 'مرتجع' }),
    )
    const [outcome] = await postInvoices(test.host, test.context, [{ draftId: note.id }], { print: false })
    assert.equal(outcome?.status, 'posted', JSON.stringify(outcome))
    assert.match(outcome.number, /^RINV\/2026\/\d{5}$/)
    assert.deepEqual([outcome.document.refersTo?.number, outcome.document.totals.taxInclusive], [number, '230.00'])
    const [external] = await post([{ input: sampleInput({ type: 'debit_note', refersTo: 'OLD-17', reason: 'x' }) }])
    assert.equal(external?.status, 'posted')
    assert.deepEqual(codes(external), ['INVOICE-REFERENCE-EXTERNAL@refersTo'])
  })

  it('cancels once, with a reason, when nobody objects; the number stays taken', async () => {
    const { id, number } = await posted()
    await assert.rejects(cancelInvoice(test.host, test.context, id, ' '), faultCode('INVOICE-CANCEL-REASON'))
    await cancelInvoice(test.host, test.context, id, 'typed twice')
    await assert.rejects(cancelInvoice(test.host, test.context, id, 'again'), faultCode('INVOICE-NOT-POSTED'))
    const held = await posted({ notes: 'accepted' })
    await assert.rejects(cancelInvoice(test.host, test.context, held.id, 'no'), faultCode('INVOICE-CANCEL-PAID'))
    assert.notEqual(held.number, number)
  })

  it('the day of an invoice is the day where the company is', async () => {
    now = new Date('2026-11-22T22:30:00Z')
    const [outcome] = await post([{ input: sampleInput() }])
    now = new Date('2026-11-22T08:00:00Z')
    assert.equal(outcome?.status === 'posted' ? `${outcome.document.issueDate} ${outcome.document.issueTime}` : '', '2026-11-23 01:30:00')
  })

  it('a company sees nothing of another', async () => {
    const { id } = await posted()
    const other = await test.host.access.createCompany({ ...test.company, code: 'other-sa' })
    await assert.rejects(
      test.host.db.company(other.id, (transaction) => summaryOf(transaction, id)),
      faultCode('INVOICE-UNKNOWN'),
    )
  })

  it('numbers have no gap at the end of all this', async () => {
    const { rows } = await inCompany((transaction) =>
      transaction.knex.raw<{ rows: { series: string; count: number; most: number }[] }>(
        `select regexp_replace(number, '\\d+$', '') as series, count(*)::int as count, max(cast(substring(number from '\\d+$') as integer)) as most
           from invoicing_invoice where number is not null group by 1`,
      ),
    )
    assert.ok(rows.length >= 3)
    for (const row of rows) assert.equal(row.count, row.most, row.series)
  })
})
