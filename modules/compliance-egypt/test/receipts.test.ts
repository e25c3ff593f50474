import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments, type DocumentRow } from '../../compliance/index.js'
import {
  cancelInvoice,
  finalPdf,
  makePrint,
  postInvoices,
  registerPayment,
  settlementsOf,
  summaryOf,
  type PostedOutcome,
  type PostOutcome,
} from '../../invoicing/index.js'
import { parseLiteral, receiptUuid, textAt } from '../index.js'
import { devicesOf } from '../receipts/device-rows.js'
import { lastReceipts, receiptsToday } from '../receipts/receipt-overview.js'
import { receiptsOf, type ReceiptRow } from '../receipts/receipt-rows.js'
import { bytesOf, egyptianCompany, post, rowsOf, settle, till, withTill } from './running-company.js'

const pen = { description: 'قلم حبر أزرق', itemCode: 'EG-900100200-PEN-1', quantity: '3', unitPrice: '12.50', tax: 'V009' }
const book = { description: 'دفتر', itemCode: 'EG-900100200-NOTE-100', quantity: '2', unitPrice: '45.00', discount: '5.00', tax: 'V009' }
const sale = { simplified: true, paymentMeans: 'cash', lines: [pen, book] }

interface Filed {
  readonly uuid: string
  readonly previousUuid: string
  readonly corrects: string
  readonly type: string
  readonly errors: readonly { readonly code: string }[]
}

describe('Egyptian receipts: chained by point of sale', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })
  after(() => running.stop())

  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.ok(answer.ok, `${path}: ${String(answer.status)}`)
    return answer.status === 204 ? undefined : answer.json()
  }
  const filed = async (): Promise<Filed[]> => (await control('GET', 'eta/receipts')) as Filed[] // the sandbox's own list
  const receipts = async (posted: readonly PostedOutcome[]): Promise<ReceiptRow[]> => {
    const ids = posted.map((row) => row.invoiceId)
    const found = await running.host.db.company(context.companyId, (transaction) => receiptsOf(transaction, ids))
    return ids.flatMap((id) => found.get(id) ?? [])
  }
  const faultsOf = async (input: object): Promise<string[]> => {
    const [outcome] = await postInvoices(running.host, context, [{ input }])
    assert.ok(outcome?.status === 'invalid', JSON.stringify(outcome))
    return outcome.faults.filter((fault) => fault.level !== 'warning').map((fault) => fault.code)
  }
  const back = (of: PostedOutcome | undefined, lines: object[], more: object = {}): object => ({
    ...sale,
    type: 'credit_note',
    refersTo: of?.number,
    reason: 'مرتجع',
    lines,
    ...more,
  })
  const states = (rows: readonly DocumentRow[]): unknown[] =>
    rows.map((row) => (row.state === 'accepted' ? row.state : [row.lastError, row.faults]))
  let sold: PostedOutcome | undefined
  let soldAbroad: PostedOutcome | undefined

  it('needs a point of sale, and says so', async () => {
    assert.deepEqual(await faultsOf(sale), ['EG-DEVICE-UNKNOWN'])
    await withTill(running.host, context)
    await withTill(running.host, context, { name: 'Till 2', serial: 'POS-0002', receiptType: 'SR' })
  })

  it('names each receipt by its hash, chains them by point of sale, and is told that they are valid', async () => {
    const dollars = { ...sale, currency: 'USD', exchangeRate: '48.25', paymentMeans: 'card' }
    const named = { ...sale, customer: { name: 'Ahmed', identifiers: [{ scheme: 'NAT', value: '29001011234567' }] } }
    const posted = await post(running.host, context, sale, dollars, named, { ...sale, country: { device: 'POS-0002' } })
    ;[sold, , , soldAbroad] = posted
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(states(rows), Array(4).fill('accepted'))
    assert.deepEqual(
      rows.map((row) => [row.chain, row.counter]),
      [
        [`eta-pos:${till.serial}`, 1],
        [`eta-pos:${till.serial}`, 2],
        [`eta-pos:${till.serial}`, 3],
        ['eta-pos:POS-0002', 1],
      ],
    )
    const chain = await receipts(posted)
    assert.deepEqual(
      chain.map((one) => one.previousUuid),
      ['', chain[0]?.uuid, chain[1]?.uuid, ''],
    )
    for (const [index, row] of rows.entries()) {
      const receipt = parseLiteral(await bytesOf(running.host, context, row.legalSha256))
      assert.equal(receiptUuid(receipt), row.hash)
      assert.equal(textAt(receipt, 'documentType', 'typeVersion'), '1.2')
      assert.equal(textAt(receipt, 'documentType', 'receiptType'), index === 3 ? 'SR' : 's')
      const issued = textAt(receipt, 'header', 'dateTimeIssued') ?? ''
      // 3 × 12.50 + 2 × 45.00 − 5.00, with 14 percent.
      assert.match(row.qr ?? '', new RegExp(`/receipts/search/${row.hash}/share/${issued}#Total:139\\.65,IssuerRIN:900100200$`))
    }
  })

  it('takes goods back: a part, the rest, never more than was sold; without the receipt under a type of its own', async () => {
    assert.deepEqual(await faultsOf(back(sold, [{ ...pen, quantity: '4' }])), ['EG-RECEIPT-RETURN-MORE'])
    assert.deepEqual(await faultsOf(back(sold, [{ ...pen, itemCode: 'EG-900100200-OTHER' }])), ['EG-RECEIPT-RETURN-MORE'])
    const posted = await post(
      running.host,
      context,
      back(sold, [{ ...pen, quantity: '1' }]),
      back(sold, [{ ...pen, quantity: '2' }, book]),
      back(soldAbroad, [pen], { country: { device: 'POS-0002' } }),
      { ...back(undefined, [pen]), refersTo: 'PAPER-77', country: { withoutReceipt: 'yes' } },
    )
    assert.ok((await faultsOf(back(sold, [{ ...pen, quantity: '1' }]))).includes('EG-RECEIPT-RETURN-MORE'))
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(states(rows), Array(4).fill('accepted'))
    const [sale1] = await receipts(sold === undefined ? [] : [sold])
    const shown = await Promise.all(
      rows.map(async (row) => {
        const receipt = parseLiteral(await bytesOf(running.host, context, row.legalSha256))
        return [textAt(receipt, 'documentType', 'receiptType'), textAt(receipt, 'header', 'referenceUUID')]
      }),
    )
    const [abroad] = await receipts(soldAbroad === undefined ? [] : [soldAbroad])
    assert.deepEqual(shown, [
      ['r', sale1?.uuid],
      ['r', sale1?.uuid],
      ['RR', abroad?.uuid],
      ['RWR', undefined],
    ])
  })

  it('corrects an invalid receipt in its place: the chain is not moved', async () => {
    await control('POST', 'eta/receipts/refuse', { count: '1' })
    const bad = await post(running.host, context, sale)
    const [refused] = await settle(running.host, context, bad)
    assert.equal(refused?.state, 'rejected')
    assert.deepEqual(refused.faults[0]?.params?.['code'], 'Trial')
    const after = await post(running.host, context, sale)
    const end = await running.host.db.company(context.companyId, (transaction) => devicesOf(transaction))
    const good = await post(running.host, context, { ...sale, country: { correctionOf: bad[0]?.number ?? '' } })
    assert.deepEqual(await running.host.db.company(context.companyId, (transaction) => devicesOf(transaction)), end)
    const rows = await settle(running.host, context, [...after, ...good])
    assert.deepEqual(states(rows), ['accepted', 'accepted'])
    const [old, next, correction] = await receipts([...bad, ...after, ...good])
    assert.deepEqual(
      [next?.previousUuid, correction?.previousUuid, correction?.referenceOldUuid],
      [old?.uuid, old?.previousUuid, old?.uuid],
    )
    assert.ok((await faultsOf({ ...sale, country: { correctionOf: good[0]?.number ?? '' } })).includes('EG-RECEIPT-CORRECTION'))
  })

  it('counts a corrected sale once: the refused receipt is cancelled and its payment stands on the correction', async () => {
    const { host } = running
    const inCompany = <Result>(work: (transaction: CompanyTransaction) => Promise<Result>) => host.db.company(context.companyId, work)
    const today = () => inCompany((transaction) => receiptsToday(transaction, 'Africa/Cairo', host.now()))
    const summary = (one: PostedOutcome | undefined) => inCompany((transaction) => summaryOf(transaction, one?.invoiceId ?? ''))
    const paid = (one: PostedOutcome | undefined) => inCompany((transaction) => settlementsOf(transaction, one?.invoiceId ?? ''))
    const events = async (one: PostedOutcome | undefined) =>
      (await inCompany((transaction) => host.audit.of(transaction, { type: 'invoicing.invoice', id: one?.invoiceId ?? '' }))).map(
        ({ action }) => action,
      )
    await control('POST', 'eta/receipts/refuse', { count: '1' })
    const [bad] = await post(host, context, sale)
    await inCompany((transaction) => registerPayment(host, context, transaction, bad?.invoiceId ?? '', { method: 'cash' }))
    const [refused] = await settle(host, context, bad === undefined ? [] : [bad])
    assert.equal(refused?.state, 'rejected')
    const before = await today()
    const correction = { input: { ...sale, country: { correctionOf: bad?.number ?? '' } }, idempotencyKey: 'mended' }
    const [good] = await postInvoices(host, context, [correction], { print: false })
    assert.ok(good?.status === 'posted', JSON.stringify(good))
    assert.deepEqual(await today(), { ...before, refused: before.refused - 1, unsent: (await today()).unsent }, 'the day has the sale once')
    const [old, own] = [await summary(bad), await summary(good)]
    assert.deepEqual([old.state, old.settled, old.paymentState], ['cancelled', '0.00', null])
    assert.deepEqual([own.state, own.open, own.paymentState], ['posted', '0.00', 'paid'])
    assert.deepEqual(await paid(bad), [])
    assert.deepEqual(
      (await paid(good)).map(({ amount, method }) => [amount, method]),
      [['139.65', 'cash']],
    )
    for (const action of ['invoice.cancelled', 'payment.moved']) assert.ok((await events(bad)).includes(action), action)
    for (const action of ['invoice.replaced', 'payment.moved']) assert.ok((await events(good)).includes(action), action)

    const [again] = await postInvoices(host, context, [correction], { print: false })
    assert.ok(again?.status === 'posted' && again.replayed && again.invoiceId === good.invoiceId)
    assert.equal((await paid(good)).length, 1)
    assert.ok((await faultsOf(correction.input)).includes('EG-RECEIPT-CORRECTED'))
    assert.deepEqual(states(await settle(host, context, [good])), ['accepted'])
  })

  it('shows what needs a person first, then the newest; few are the first of many', async () => {
    const shown = (most: number) => running.host.db.company(context.companyId, (transaction) => lastReceipts(transaction, most))
    const all = await shown(1000)
    const keys = all.map((one) => [one.refused ? 0 : 1, -one.issuedAt.getTime()] as const)
    assert.deepEqual(
      keys,
      keys.toSorted((one, other) => one[0] - other[0] || one[1] - other[1]),
    )
    const numbers = (rows: typeof all): string[] => rows.map((one) => one.number)
    for (const most of [1, 2, 5]) assert.deepEqual(numbers(await shown(most)), numbers(all.slice(0, most)))
  })

  it('corrects a refused return of a whole sale: the refused one no longer uses up what may be credited', async () => {
    const { host } = running
    const [bought] = await post(host, context, { ...sale, lines: [book] })
    assert.deepEqual(states(await settle(host, context, bought === undefined ? [] : [bought])), ['accepted'])
    await control('POST', 'eta/receipts/refuse', { count: '1' })
    const [bad] = await post(host, context, back(bought, [book]))
    assert.equal((await settle(host, context, bad === undefined ? [] : [bad]))[0]?.state, 'rejected')
    const mended = back(bought, [book], { country: { correctionOf: bad?.number ?? '' } })
    const twice = await postInvoices(host, context, [{ input: mended }, { input: mended }], { print: false })
    assert.deepEqual(
      twice.map((one) => (one.status === 'posted' ? 'posted' : one.faults.map(({ code }) => code))),
      ['posted', ['INVOICE-CREDIT-ABOVE', 'INVOICE-REPLACE-TWICE']],
    )
    const read = (one: PostOutcome | undefined) =>
      host.db.company(context.companyId, (transaction) => summaryOf(transaction, one?.status === 'posted' ? one.invoiceId : ''))
    const [sold, old, own] = [await read(bought), await read(bad), await read(twice[0])]
    // The sale was not paid: the return sets it off, once.
    assert.deepEqual([sold.open, sold.paymentState], ['0.00', 'paid'])
    assert.deepEqual([old.state, old.settled], ['cancelled', '0.00'])
    assert.deepEqual([own.open, own.paymentState], ['0.00', 'paid'])
  })

  it('corrects a refused sale once its refused return is cancelled: goods and money stand once', async () => {
    const { host } = running
    const read = (one: PostedOutcome | undefined) =>
      host.db.company(context.companyId, (transaction) => summaryOf(transaction, one?.invoiceId ?? ''))
    await control('POST', 'eta/receipts/refuse', { count: '1' })
    const bad = await post(running.host, context, sale)
    // Goods come back before the authority has answered.
    const returned = await post(running.host, context, back(bad[0], [pen]))
    assert.deepEqual(
      (await settle(host, context, [...bad, ...returned])).map(({ state }) => state),
      ['rejected', 'rejected'],
    )
    const correction = { ...sale, country: { correctionOf: bad[0]?.number ?? '' } }
    assert.deepEqual(await faultsOf(correction), ['INVOICE-REPLACE-NOTES'])
    // Nothing was paid: the return is set off against the sale, 3 × 12.50 with 14 percent.
    assert.equal((await read(bad[0])).open, '96.90')
    await cancelInvoice(host, context, returned[0]?.invoiceId ?? '', 'refused with the sale')
    assert.deepEqual([(await read(bad[0])).open, (await read(returned[0])).settled], ['139.65', '0.00'])
    await assert.rejects(cancelInvoice(host, context, returned[0]?.invoiceId ?? '', 'again'), /INVOICE-NOT-POSTED/)

    const [good] = await post(host, context, correction)
    const [back3] = await post(host, context, back(good, [pen]))
    assert.deepEqual(
      states(
        await settle(
          host,
          context,
          [good, back3].flatMap((one) => one ?? []),
        ),
      ),
      ['accepted', 'accepted'],
    )
    const [old, own, note] = [await read(bad[0]), await read(good), await read(back3)]
    assert.deepEqual([old.state, old.settled], ['cancelled', '0.00'])
    assert.deepEqual([own.open, own.settled, note.open], ['96.90', '42.75', '0.00'])
    assert.deepEqual(await faultsOf(back(good, [{ ...pen, quantity: '1' }])), ['EG-RECEIPT-RETURN-MORE'])
  })

  it('stores a receipt as an 80 mm slip with its legal file, or on A4 where the company wants sheets', async () => {
    const { host } = running
    const widthOf = async (pdf: Buffer): Promise<string> => {
      const folder = await temporaryFolder()
      try {
        const file = join(folder.path, 'print.pdf')
        await writeFile(file, pdf)
        assert.match(execFileSync('pdfdetach', ['-list', file], { encoding: 'utf8' }), /\.json/)
        return /Page size: +([\d.]+) x/.exec(execFileSync('pdfinfo', [file], { encoding: 'utf8' }))?.[1] ?? ''
      } finally {
        await folder.remove()
      }
    }
    const printed = async (): Promise<number> => {
      const [one] = await post(host, context, sale)
      const id = one?.invoiceId ?? ''
      assert.equal((await makePrint(host, context, id)).state, 'ready')
      await settle(host, context, one === undefined ? [] : [one])
      return Math.round(Number(await widthOf(await host.db.company(context.companyId, (transaction) => finalPdf(transaction, host, id)))))
    }
    assert.equal(await printed(), 227)
    await host.db.company(context.companyId, (transaction) =>
      host.settings.set(transaction, context, 'invoicing', { simplifiedPaper: 'a4' }),
    )
    assert.equal(await printed(), 595)
  })

  it('does not file a receipt twice when the answer is lost, and those behind it wait', async () => {
    await control('POST', 'faults', { kind: 'error-after-commit', path: '/eta/api/v1/receiptsubmissions', times: 1 })
    const first = await post(running.host, context, sale)
    await running.host.jobs.drain()
    const rows = await settle(running.host, context, [...first, ...(await post(running.host, context, sale))])
    assert.deepEqual(states(rows), ['accepted', 'accepted'])
    const all = await filed()
    for (const row of rows) assert.equal(all.filter((one) => one.uuid === row.hash).length, 1)
    const refusals = all.flatMap((one) => one.errors.map((error) => error.code))
    // Refused for trial above, and the return of a sale that was refused.
    assert.deepEqual(new Set(refusals), new Set(['Trial', 'ReferenceUUID']))
  })

  for (const [status, code] of [
    [413, 'EG-ETA-MAXIMUM-SIZE-EXCEEDED'],
    [403, 'EG-ETA-INCORRECT-SUBMITTER'],
  ] as const) {
    it(`says what it means that a submission is refused with ${String(status)}, and does not go on in silence`, async () => {
      await control('POST', 'faults', { kind: 'status-before-commit', status, path: 'receiptsubmissions', times: 1 })
      const posted = await post(running.host, context, sale)
      await processDocuments(running.host, context, { invoiceIds: posted.map(({ invoiceId }) => invoiceId) })
      const [row] = await rowsOf(running.host, context, posted)
      assert.deepEqual([row?.state, row?.lastError?.code], ['signed', code])
      const rows = await settle(running.host, context, [...posted, ...(await post(running.host, context, sale))])
      assert.deepEqual(states(rows), ['accepted', 'accepted'])
    })
  }

  it('signs submissions where the point of sale is set to it, and the authority checks the signature that is there', async () => {
    await withTill(running.host, context, { name: 'Till 3', serial: 'POS-0003', signBatches: true })
    const rows = await settle(running.host, context, await post(running.host, context, { ...sale, country: { device: 'POS-0003' } }))
    assert.deepEqual(states(rows), ['accepted'])
  })

  it('is not let in with another preshared key', async () => {
    await control('POST', 'eta/points-of-sale', { rin: '900100200', serial: 'POS-0002', model: till.model, presharedKey: 'another' })
    await control('DELETE', 'eta/tokens')
    const posted = await post(running.host, context, { ...sale, country: { device: 'POS-0002' } })
    await running.host.jobs.drain()
    const [row] = await settle(running.host, context, posted, 0)
    assert.equal(row?.answeredAt, null)
    assert.equal(row.lastError?.code, 'EG-CREDENTIALS-REFUSED', JSON.stringify(row.lastError))
  })

  it('refuses what no receipt can be', async () => {
    assert.deepEqual(await faultsOf({ ...sale, country: { device: 'POS-9999' } }), ['EG-DEVICE-UNKNOWN'])
    assert.deepEqual(await faultsOf({ ...sale, country: { correctionOf: 'INV/none' } }), ['EG-RECEIPT-CORRECTION'])
    assert.ok((await faultsOf({ ...sale, issueDate: '2026-01-02' })).includes('EG-RECEIPT-LATE'))
    const lines = (count: number): object => ({ ...sale, lines: Array.from({ length: count }, () => pen) })
    assert.ok((await faultsOf(lines(301))).includes('EG-RECEIPT-LINES'))
    await post(running.host, context, lines(300))
    assert.ok((await faultsOf({ ...sale, lines: [{ ...pen, quantity: '20000' }] })).includes('EG-PARTY-04'))
  })
})
