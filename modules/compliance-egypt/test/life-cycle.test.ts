import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments, retryNow } from '../../compliance/index.js'
import { markSigned } from '../../compliance/models/document-rows.js'
import { loadTimeline, type Timeline } from '../../compliance/services/timeline.js'
import { cancelInvoice, postInvoices } from '../../invoicing/index.js'
import { canonicalHash, canonicalText, itemsOf, memberOf, parseLiteral, textAt } from '../index.js'
import { bytesOf, egyptianCompany, post, rowsOf, settle, withTill } from './running-company.js'

const example = (name: string): Record<string, unknown> => {
  const read: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../examples/in', `${name}.json`), 'utf8'))
  assert.ok(typeof read === 'object' && read !== null)
  const { company: _company, ...input } = read as Record<string, unknown> // an object, as was asked
  return input
}

const paper = { description: 'ورق تصوير', itemCode: 'EG-900100200-PAPER-A4', unitPrice: '185.50', tax: 'V009' }

describe('Egyptian documents through the real host and the sandbox authority', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    running = await startTestHost({ sandbox: true })
  })
  after(() => running.stop())

  it('does not post before the company is set up, and says what is missing', async () => {
    const fresh = await running.company({
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      sandbox: true,
      identifiers: [{ scheme: 'VAT', value: '900100200' }],
    })
    await running.host.modules.enable(fresh, 'compliance-egypt')
    const [outcome] = await postInvoices(running.host, fresh, [{ input: example('1-invoice') }])
    assert.ok(outcome?.status === 'invalid')
    assert.deepEqual(
      outcome.faults.filter((fault) => fault.code === 'COMPLIANCE-NOT-READY').map((fault) => fault.params?.item),
      ['EG-READY-BRANCH', 'EG-READY-ACTIVITY', 'EG-READY-CREDENTIALS', 'EG-READY-KEY'],
    )
  })

  it('signs, sends, asks and is told that an invoice and an export invoice are valid', async () => {
    context = await egyptianCompany(running)
    const posted = await post(running.host, context, example('1-invoice'), example('2-export'))
    assert.deepEqual(
      posted.map((one) => one.finish?.state),
      ['signed', 'signed'],
    )
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => [row.kind, row.state, row.faults]),
      [
        ['document', 'accepted', []],
        ['document', 'accepted', []],
      ],
    )
    for (const [index, row] of rows.entries()) {
      const bytes = await bytesOf(running.host, context, row.legalSha256)
      assert.equal(canonicalHash(canonicalText(bytes)), row.hash)
      const document = parseLiteral(bytes)
      assert.equal(textAt(document, 'documentType'), ['I', 'EI'][index])
      assert.match(row.qr ?? '', new RegExp(`/portal/documents/${row.authorityReference ?? '-'}/share/[0-9A-Z]+$`))
    }
  })

  it('refers a credit note to the name the authority gave the invoice, and not before it has one', async () => {
    const [invoice] = await post(running.host, context, example('1-invoice'))
    assert.ok(invoice !== undefined)
    const note = { ...example('4-credit-note'), refersTo: invoice.number }
    const [early] = await postInvoices(running.host, context, [{ input: note }])
    assert.ok(early?.status === 'invalid')
    assert.deepEqual(
      early.faults.map((fault) => fault.code),
      ['EG-ORIGINAL-WAITING'],
    )
    const [original] = await settle(running.host, context, [invoice])
    const posted = await post(running.host, context, note)
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'accepted')
    const document = parseLiteral(await bytesOf(running.host, context, row.legalSha256))
    assert.equal(textAt(document, 'documentType'), 'C')
    const references = memberOf(document, 'references')
    assert.deepEqual(references === undefined ? [] : itemsOf(references).map((item) => ('text' in item ? item.text : '')), [
      original?.authorityReference,
    ])
  })

  it('credits of a line what it was invoiced for, over several notes and in one posting; never other goods', async () => {
    const [invoice] = await post(running.host, context, example('1-invoice'))
    assert.ok(invoice !== undefined)
    await settle(running.host, context, [invoice])
    // 10 books at 95.00 without tax; the paper of the same invoice would cover far more.
    const credit = (quantity: string, changes: object = {}): object => {
      const line = { description: 'كتب تعليمية', itemCode: 'EG-900100200-BOOK-7', quantity, unitPrice: '95.00', tax: 'V003', ...changes }
      return { ...example('4-credit-note'), refersTo: invoice.number, lines: [line] }
    }
    const told = async (...inputs: object[]): Promise<string[][]> => {
      const requests = inputs.map((input) => ({ input }))
      const outcomes = await postInvoices(running.host, context, requests, { print: false })
      return outcomes.map(({ faults }) =>
        faults.map(({ code, path, params }) => `${code} ${path ?? ''} ${String(params?.['rest'] ?? '')}`.trim()),
      )
    }
    assert.deepEqual(await told(credit('11')), [['EG-CREDIT-MORE lines[0].unitPrice 950.00']])
    assert.deepEqual(await told(credit('1', { itemCode: 'EG-900100200-OTHER' })), [['EG-CREDIT-OTHER-GOODS lines[0].itemCode']])
    assert.deepEqual(await told(credit('6'), credit('5')), [[], ['EG-CREDIT-MORE lines[0].unitPrice 380.00']])
    assert.deepEqual(await told(credit('4'), credit('1', { unitPrice: '0.01' })), [[], ['EG-CREDIT-MORE lines[0].unitPrice 0.00']])
  })

  it('holds a debit note to the deal of its original: receiver, currency and goods', async () => {
    const posted = await post(running.host, context, example('1-invoice'))
    await settle(running.host, context, posted)
    const [invoice] = posted
    const note = {
      ...example('1-invoice'),
      type: 'debit_note',
      refersTo: invoice?.number,
      reason: 'فرق سعر',
      lines: [{ ...paper, quantity: '1' }],
    }
    const faultsOf = async (changes: object): Promise<unknown[]> => {
      const [outcome] = await postInvoices(running.host, context, [{ input: { ...note, ...changes } }], { print: false })
      assert.ok(outcome?.status === 'invalid')
      return outcome.faults.filter(({ level }) => level !== 'warning').map(({ code, path }) => [code, path])
    }
    const other = { name: 'شركة أخرى', identifiers: [{ scheme: 'VAT', value: '300400501' }] }
    const { customer } = example('1-invoice')
    assert.ok(typeof customer === 'object')
    assert.deepEqual(await faultsOf({ customer: { ...customer, ...other } }), [['EG-NOTE-OTHER-RECEIVER', 'customer']])
    assert.deepEqual(
      await faultsOf({
        lines: [
          { ...paper, quantity: '1' },
          { ...paper, quantity: '1', itemCode: 'EG-900100200-PEN-1' },
        ],
      }),
      [['EG-DEBIT-OTHER-GOODS', 'lines[1].itemCode']],
    )
    assert.deepEqual(await faultsOf({ currency: 'USD', exchangeRate: '48' }), [['INVOICE-REFERENCE-CURRENCY', 'currency']])
    const rows = await settle(running.host, context, await post(running.host, context, note))
    assert.deepEqual(
      rows.map(({ state }) => state),
      ['accepted'],
    )
  })

  const keyOf = async (limits: object): Promise<void> => {
    await running.host.db.company(context.companyId, async (transaction) => {
      for (const key of await running.host.signing.keys(transaction)) {
        if (key.purposes.includes('stamp-e-invoice')) await running.host.signing.setPolicy(transaction, context, key.id, { limits })
      }
    })
  }

  it('signs all the others when the key may not sign one', async () => {
    const small = { ...example('1-invoice'), lines: [{ ...paper, quantity: '1' }] }
    const large = { ...example('1-invoice'), lines: [{ ...paper, quantity: '100' }] }
    await keyOf({ amount: { value: '1000', currency: 'EGP' } })
    const posted = await post(running.host, context, small, small, large, small)
    assert.deepEqual(
      posted.map((one) => one.finish?.state),
      ['signed', 'signed', 'prepared', 'signed'],
    )
    const before = await rowsOf(running.host, context, posted)
    assert.deepEqual(
      before.filter(({ state }) => state === 'prepared').map(({ lastError }) => lastError?.code),
      ['SIGN-AMOUNT-LIMIT'],
    )
    await keyOf({})
    const rows = await settle(running.host, context, posted)
    assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['accepted'])
  })

  it('an invoice nobody can sign is cancelled: it is withdrawn, and neither signed nor sent any more', async () => {
    const { host } = running
    await keyOf({ amount: { value: '1000', currency: 'EGP' } })
    const posted = await post(host, context, { ...example('1-invoice'), lines: [{ ...paper, quantity: '100' }] })
    const [id] = posted.map(({ invoiceId }) => invoiceId)
    const panel = (): Promise<Timeline | null> =>
      host.db.company(context.companyId, (transaction) => loadTimeline(host, transaction, context, id ?? ''))
    const stuck = await panel()
    assert.deepEqual([stuck?.withdraw?.dialog, stuck?.anew], ['dialog-cancel', null])
    await cancelInvoice(host, context, id ?? '', 'the quantity was wrong')
    const over = await panel()
    assert.deepEqual([over?.withdraw, over?.anew?.href], [null, `/app/invoicing/invoice/${id ?? ''}/action/duplicate`])
    assert.deepEqual(
      over?.steps.map(({ name }) => name),
      ['posted', 'withdrawn'],
    )
    await keyOf({})
    await processDocuments(host, context, { invoiceIds: [id ?? ''] })
    // A signature that was under way comes too late.
    const late = { invoice_id: id ?? '', legal_sha256: '0'.repeat(64), legal_type: 'application/json', legal_extension: 'json', qr: null }
    assert.deepEqual(await host.db.company(context.companyId, (transaction) => markSigned(transaction, [late], host.now())), [])
    const [row] = await rowsOf(host, context, posted)
    assert.deepEqual([row?.state, row?.legalSha256, row?.attempts], ['withdrawn', null, 0])
    assert.equal(await retryNow(host, context, id ?? ''), false)
    const filed = await post(host, context, example('1-invoice'))
    await settle(host, context, filed)
    await assert.rejects(cancelInvoice(host, context, filed[0]?.invoiceId ?? '', 'too late'), { code: 'COMPLIANCE-CANCEL-FILED' })
  })

  it('hands out receipts that came with invoices, though the invoices have no key any more', async () => {
    const other = await egyptianCompany(running, { code: `test-eg-mixed-${String(Date.now())}` })
    await withTill(running.host, other)
    const stopKeys = (): Promise<void> =>
      running.host.db.company(other.companyId, async (transaction) => {
        const keys = await running.host.signing.keys(transaction)
        for (const key of keys.filter(({ purposes }) => purposes.includes('stamp-e-invoice'))) {
          await running.host.signing.stopKey(transaction, other, key.id, 'lost')
        }
      })
    // After what was asked before the posting, and before anything is signed.
    const finishing = running.host.hooks.collect.bind(running.host.hooks)
    Object.assign(running.host.hooks, {
      collect: async (...call: Parameters<typeof finishing>) => {
        if (call[0] === 'invoice.finishing') await stopKeys()
        return finishing(...call)
      },
    })
    const sale = { simplified: true, paymentMeans: 'cash', lines: [{ ...paper, quantity: '1' }] }
    const posted = await post(running.host, other, example('1-invoice'), sale).finally(() =>
      Reflect.deleteProperty(running.host.hooks, 'collect'),
    )
    assert.deepEqual(
      posted.map(({ finish }) => finish?.state),
      ['prepared', 'signed'],
    )
    const [invoice] = await rowsOf(running.host, other, posted)
    assert.match(invoice?.lastError?.code ?? '', /^EG-SIGN-|^SIGN-/)
  })
})
