import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import type { DocumentRow } from '../../compliance/index.js'
import { postInvoices } from '../../invoicing/index.js'
import { parseLiteral, receiptUuid, textAt } from '../index.js'
import { devicesOf } from '../receipts/device-rows.js'
import { receiptsOf, type ReceiptRow } from '../receipts/receipt-rows.js'
import { uuidOfReceipt } from '../receipts/write-receipt.js'
import { bytesOf, egyptianCompany, post, settle, till, withTill } from './running-company.js'

const sale = {
  simplified: true,
  paymentMeans: 'cash',
  lines: [
    { description: 'قلم حبر أزرق', itemCode: 'EG-900100200-PEN-1', quantity: '3', unitPrice: '12.50', tax: 'V009' },
    { description: 'دفتر', itemCode: 'EG-900100200-NOTE-100', quantity: '2', unitPrice: '45.00', discount: '5.00', tax: 'V009' },
  ],
}

describe('Egyptian receipts: chained by point of sale', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
  })
  after(() => running.stop())

  const receipts = async (rows: readonly DocumentRow[]): Promise<ReceiptRow[]> => {
    const ids = rows.map((row) => row.invoiceId)
    const found = await running.host.db.company(context.companyId, (transaction) => receiptsOf(transaction, ids))
    return ids.flatMap((id) => found.get(id) ?? [])
  }
  const faultsOf = async (input: object): Promise<string[]> => {
    const [outcome] = await postInvoices(running.host, context, [{ input }])
    assert.ok(outcome?.status === 'invalid')
    return outcome.faults.map((fault) => fault.code)
  }

  it('needs a point of sale, and says so', async () => {
    assert.deepEqual(await faultsOf(sale), ['EG-DEVICE-UNKNOWN'])
    await withTill(running.host, context)
  })

  it('names each receipt by its hash, chains them, and is told that they are valid', async () => {
    const posted = await post(running.host, context, sale, { ...sale, paymentMeans: 'card' }, sale)
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => [row.kind, row.state, row.counter, row.faults]),
      [1, 2, 3].map((counter) => ['receipt', 'accepted', counter, []]),
    )
    const chain = await receipts(rows)
    assert.deepEqual(
      chain.map((one) => one.previousUuid),
      ['', chain[0]?.uuid, chain[1]?.uuid],
    )
    for (const row of rows) {
      const receipt = parseLiteral(await bytesOf(running.host, context, row.legalSha256))
      assert.equal(receiptUuid(receipt), row.hash)
      assert.equal(textAt(receipt, 'documentType', 'typeVersion'), '1.2')
      const issued = textAt(receipt, 'header', 'dateTimeIssued') ?? ''
      // 3 × 12.50 + 2 × 45.00 − 5.00, with 14 percent.
      assert.match(row.qr ?? '', new RegExp(`/receipts/search/${row.hash}/share/${issued}#Total:139\\.65,IssuerRIN:900100200$`))
    }
  })

  it('gives two that post at the same moment two places', async () => {
    const before = await running.host.db.company(context.companyId, (transaction) => devicesOf(transaction))
    const posted = (await Promise.all(Array.from({ length: 8 }, () => post(running.host, context, sale)))).flat()
    const rows = await settle(running.host, context, posted)
    assert.ok(
      rows.every((row) => row.state === 'accepted'),
      JSON.stringify(rows.map((row) => row.faults)),
    )
    const chain = await receipts(rows)
    assert.equal(new Set(chain.map((one) => one.previousUuid)).size, 8)
    const [device] = await running.host.db.company(context.companyId, (transaction) => devicesOf(transaction))
    assert.equal(device?.lastCounter, (before[0]?.lastCounter ?? 0) + 8)
    // Walked from its end, the chain reaches its beginning.
    const all = new Map(chain.map((one) => [one.uuid, one.previousUuid]))
    let at = device.lastUuid
    for (let step = 0; step < 8; step++) at = all.get(at) ?? 'lost'
    assert.equal(at, before[0]?.lastUuid)
  })

  it('keeps a chain of its own for each point of sale', async () => {
    await withTill(running.host, context, { name: 'Till 2', serial: 'POS-0002' })
    const posted = await post(running.host, context, { ...sale, country: { device: 'POS-0002' } }, sale)
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => [row.state, row.chain, row.previousHash === '']),
      [
        ['accepted', 'eta-pos:POS-0002', true],
        ['accepted', `eta-pos:${till.serial}`, false],
      ],
    )
  })

  it('takes goods back by a return that names the sale', async () => {
    const sold = await post(running.host, context, sale)
    const [row] = await settle(running.host, context, sold)
    const back = { ...sale, type: 'credit_note', refersTo: sold[0]?.number, reason: 'مرتجع' }
    const rows = await settle(running.host, context, await post(running.host, context, back))
    assert.equal(rows[0]?.state, 'accepted')
    const receipt = parseLiteral(await bytesOf(running.host, context, rows[0].legalSha256))
    assert.equal(textAt(receipt, 'documentType', 'receiptType'), 'r')
    assert.equal(textAt(receipt, 'header', 'referenceUUID'), row?.hash)
  })

  it('refuses what no receipt can be', async () => {
    assert.deepEqual(await faultsOf({ ...sale, currency: 'USD', exchangeRate: '48.25' }), ['EG-RECEIPT-CURRENCY'])
    assert.deepEqual(await faultsOf({ ...sale, country: { device: 'POS-9999' } }), ['EG-DEVICE-UNKNOWN'])
    assert.deepEqual(await faultsOf({ ...sale, country: { correctionOf: 'INV/none' } }), ['EG-RECEIPT-CORRECTION'])
    assert.ok((await faultsOf({ ...sale, issueDate: '2026-01-02' })).includes('EG-RECEIPT-LATE'))
    const many = Array.from({ length: 301 }, () => ({ ...sale.lines[0] }))
    assert.ok((await faultsOf({ ...sale, lines: many })).includes('EG-RECEIPT-LINES'))
  })

  it('does not file a receipt twice when the answer is lost', async () => {
    await fetch(`${running.authorities?.url ?? ''}/control/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'error-after-commit', path: '/eta/api/v1/receiptsubmissions', times: 1 }),
    })
    const rows = await settle(running.host, context, await post(running.host, context, sale))
    assert.equal(rows[0]?.state, 'accepted')
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/eta/receipts`)
    const filed = (await answer.json()) as { uuid: string }[] // the sandbox's own list
    assert.equal(filed.filter((one) => one.uuid === rows[0]?.hash).length, 1)
  })

  it('knows a receipt of which one digit was changed', async () => {
    const rows = await settle(running.host, context, await post(running.host, context, sale))
    const bytes = await bytesOf(running.host, context, rows[0]?.legalSha256 ?? null)
    assert.equal(uuidOfReceipt(bytes), rows[0]?.hash)
    const changed = Buffer.from(bytes.toString('utf8').replace('"totalAmount":139.65', '"totalAmount":139.66'), 'utf8')
    assert.throws(() => uuidOfReceipt(changed), { code: 'EG-RECEIPT-UUID' })
  })
})
