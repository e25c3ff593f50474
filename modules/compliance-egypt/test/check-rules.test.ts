import assert from 'node:assert/strict'
import { check } from '../checks/eta.js'
import { buildEtaDocument } from '../document/build-eta-document.js'
import { writeReceipt } from '../receipts/write-receipt.js'
import { egyptBuyer, egyptFacts, egyptInvoice, issuerRin, pricedLine, taxOf } from './egypt-invoice.js'

const now = new Date('2026-11-22T11:00:00Z')
const unsigned = 'EG-SIGNATURE-ABSENT signatures (warning)'

/** Rules with their places, warnings marked. */
function fired(bytes: Uint8Array, at = now): string[] {
  return check(bytes, at).map(({ rule, place, level }) => `${rule} ${place}${level === 'warning' ? ' (warning)' : ''}`)
}

/** A finished file with one thing changed in it. */
function changed(bytes: Buffer, from: string, to: string): Buffer {
  const text = bytes.toString()
  assert.ok(text.includes(from), from)
  return Buffer.from(text.replace(from, () => to))
}

const build = (...wishes: Parameters<typeof egyptInvoice>): Buffer => buildEtaDocument(egyptInvoice(...wishes), egyptFacts)
/** One line of 100 pounds and value added tax of 14: easy to follow. */
const plain = pricedLine({ quantity: '1', unitPrice: '100', discount: '0', taxes: [], country: {} })
const invoice = build({ lines: [plain] })
/** What fires beside the missing signature. */
const other = (from: string, to: string): string[] => {
  const found = fired(changed(invoice, from, to))
  assert.ok(found.includes(unsigned))
  return found.filter((rule) => rule !== unsigned)
}

describe('khatm check --rules eta: what fires on an invoice that somebody else wrote', () => {
  it('nothing but the signature that is still to come', () => {
    assert.deepEqual(fired(invoice), [unsigned])
    const signed = changed(
      invoice,
      '"totalItemsDiscountAmount":',
      '"signatures":[{"signatureType":"I","value":"AAAA"}],"totalItemsDiscountAmount":',
    )
    assert.deepEqual(fired(signed), [])
    // The trial version is never signed.
    assert.deepEqual(fired(changed(invoice, '"1.0"', '"0.9"')), ['EG-VERSION-TRIAL documentTypeVersion (warning)'])
  })

  it('of a broken structure only the structure is told', () => {
    assert.deepEqual(fired(changed(invoice, '"internalID"', '"internalId"')), [
      'EG-JSON-FIELD-UNKNOWN internalId',
      'EG-JSON-FIELD-MISSING internalID',
    ])
  })

  it('parties: registration numbers, addresses, names', () => {
    assert.deepEqual(other('"type":"B","id":"113317713"', '"type":"B","id":"11331771"').slice(0, 1), ['EG-PARTY-01 issuer.id'])
    assert.deepEqual(other('"id":"313717919"', '"id":"31371791"'), ['EG-PARTY-01 receiver.id'])
    assert.deepEqual(other('"id":"313717919"', '"id":"113317713"'), ['EG-PARTY-02 receiver.id'])
    assert.deepEqual(other('"id":"313717919","name":"مدارس الدلتا"', '"id":"313717919"'), ['EG-PARTY-06 receiver.name'])
    assert.deepEqual(other('"street":"شارع البحر"', '"street":""'), ['EG-ADDRESS-01 receiver.address.street'])
    assert.deepEqual(other('"address":{"country":"EG","governate":"الغربية"', '"address":{"country":"QQ","governate":"الغربية"'), [
      'EG-ADDRESS-02 receiver.address.country',
    ])
    assert.deepEqual(other('"branchID":"0","country":"EG"', '"branchID":"0","country":"QQ"'), ['EG-ADDRESS-02 issuer.address.country'])
    const nobody = changed(invoice, '"type":"B","id":"313717919","name":"مدارس الدلتا"', '"type":"B"')
    assert.deepEqual(fired(nobody), ['EG-PARTY-01 receiver.id', 'EG-PARTY-06 receiver.name', unsigned])
  })

  it('a person may be unnamed, a number that is stated must be one; a foreigner is always named', () => {
    const receiver = '"type":"B","id":"313717919"'
    assert.deepEqual(other(receiver, '"type":"P"'), [])
    assert.deepEqual(other(receiver, '"type":"P","id":"29001011234567"'), [])
    assert.deepEqual(other(receiver, '"type":"P","id":"29013011234567"'), ['EG-PARTY-03 receiver.id'])
    assert.deepEqual(other(receiver, '"type":"F"'), ['EG-PARTY-07 receiver.id'])
    assert.deepEqual(other(receiver, '"type":"F","id":"DE123456789"'), [])
    // A number is foreign or of a business as the type says: it is not held against the rule of another type.
    assert.deepEqual(other(receiver, '"type":"F","id":"113317713"'), [])
  })

  it('the time is a real one and not to come; a minute between two clocks is forgiven', () => {
    const at = (time: string): string[] => other('"2026-11-22T10:30:00Z"', `"${time}"`)
    assert.deepEqual(at('2026-11-22T11:01:00Z'), [])
    assert.deepEqual(at('2026-11-22T11:01:01Z'), ['EG-DATE-01 dateTimeIssued'])
    assert.deepEqual(at('2026-02-30T10:00:00Z'), ['EG-JSON-VALUE dateTimeIssued'])
  })

  it('kinds: an export goes to a foreigner, a note names its invoice, in either spelling of the kind', () => {
    assert.deepEqual(other('"documentType":"I"', '"documentType":"EI"'), ['EG-EXPORT-01 receiver.type'])
    assert.deepEqual(other('"documentType":"I"', '"documentType":"ei"'), ['EG-EXPORT-01 receiver.type'])
    assert.deepEqual(other('"documentType":"I"', '"documentType":"C"'), ['EG-NOTE-01 references (warning)'])
    assert.deepEqual(other('"documentType":"I"', '"documentType":"d"'), ['EG-NOTE-01 references (warning)'])
    assert.deepEqual(other('"documentType":"I"', '"documentType":"C","references":["ABCDEFGHJ0123456789"]'), [])
    const abroad = { ...egyptBuyer, identifiers: [{ scheme: 'VAT', value: 'DE123456789' }], address: { country: 'DE', city: 'Berlin' } }
    assert.deepEqual(fired(build({ customer: abroad, lines: [{ ...plain, tax: taxOf('V001') }], country: { export: 'yes' } })), [unsigned])
  })

  it('goods, units, activity and currency are of the tables', () => {
    const code = `"itemType":"EGS","itemCode":"EG-${issuerRin}-A4"`
    const goods = (type: string, item: string): string[] => other(code, `"itemType":"${type}","itemCode":"${item}"`)
    assert.deepEqual(goods('GPC', '10001774'), ['EG-ITEM-04 invoiceLines[0].itemType (warning)'])
    assert.deepEqual(goods('EGS', 'A4'), ['EG-ITEM-01 invoiceLines[0].itemCode'])
    assert.deepEqual(goods('EGS', '6221033101012'), ['EG-ITEM-01 invoiceLines[0].itemCode'])
    assert.deepEqual(goods('EGS', 'EG-313717919-A4'), ['EG-ITEM-03 invoiceLines[0].itemCode (warning)'])
    assert.deepEqual(goods('GS1', '6221033101012'), [])
    assert.deepEqual(goods('GS1', '10001774'), [])
    assert.deepEqual(goods('GS1', '6221033101013'), ['EG-ITEM-02 invoiceLines[0].itemCode'])
    assert.deepEqual(other('"unitType":"EA"', '"unitType":"PIECE"'), ['EG-UNIT-01 invoiceLines[0].unitType'])
    assert.deepEqual(other('"taxpayerActivityCode":"4620"', '"taxpayerActivityCode":"9999"'), ['EG-ACTIVITY-01 taxpayerActivityCode'])
    assert.deepEqual(other('"currencySold":"EGP"', '"currencySold":"QQQ","amountSold":100,"currencyExchangeRate":1'), [
      'EG-CURRENCY-02 invoiceLines[0].unitValue.currencySold',
    ])
    // Another currency says at which rate; half of the answer is none.
    const sold = (rest: string): string[] => other('"currencySold":"EGP"', `"currencySold":"USD"${rest}`)
    assert.deepEqual(sold(''), ['EG-CURRENCY-03 invoiceLines[0].unitValue'])
    assert.deepEqual(sold(',"currencyExchangeRate":50'), ['EG-CURRENCY-03 invoiceLines[0].unitValue'])
    assert.deepEqual(sold(',"amountSold":2,"currencyExchangeRate":50'), [])
  })

  it('taxes: known, of their own type, at their own rate, at most all of it, and one total for each', () => {
    const vat = '"subType":"V009","rate":14'
    const first = 'invoiceLines[0].taxableItems[0]'
    assert.deepEqual(other(vat, '"subType":"V999","rate":14'), [`EG-TAX-01 ${first}.subType`])
    assert.deepEqual(other(vat, '"subType":"W002","rate":14'), [`EG-TAX-05 ${first}.subType`])
    assert.deepEqual(other(vat, '"subType":"V009","rate":14.00'), [])
    assert.deepEqual(other(vat, '"subType":"V009","rate":5'), [`EG-TAX-06 ${first}.rate (warning)`, `EG-AMOUNT-DIFFERS ${first}.amount`])
    // A rate that is not stated is none: of a fixed tax nothing else is right, of value added tax it is not its own.
    assert.deepEqual(other(vat, '"subType":"V009"'), [`EG-TAX-06 ${first}.rate (warning)`])
    // The rate of V010 is the line's own.
    assert.deepEqual(other(vat, '"subType":"V010","rate":14'), [])
    assert.deepEqual(other(vat, '"subType":"V010","rate":100'), [`EG-AMOUNT-DIFFERS ${first}.amount`])
    assert.deepEqual(other(vat, '"subType":"V010","rate":100.00001'), [`EG-TAX-04 ${first}.rate`, `EG-AMOUNT-DIFFERS ${first}.amount`])
    assert.deepEqual(other('"taxTotals":[', '"taxTotals":[{"taxType":"T1","amount":0},'), [
      'EG-TAX-07 taxTotals[1].taxType',
      'EG-AMOUNT-DIFFERS taxTotals[0].amount',
      'EG-AMOUNT-DIFFERS taxTotals[1].amount',
    ])
  })

  it('an amount may be a piaster off, not more, and the rule says what it should be and why', () => {
    const total = /"totalAmount":[\d.]+/.exec(invoice.toString())?.[0] ?? ''
    assert.equal(total, '"totalAmount":114.00')
    assert.deepEqual(other(total, '"totalAmount":114.01'), [])
    assert.deepEqual(other(total, '"totalAmount":113.99'), [])
    assert.deepEqual(
      check(changed(invoice, total, '"totalAmount":114.01001'), now).find(({ place }) => place === 'totalAmount'),
      {
        rule: 'EG-AMOUNT-DIFFERS',
        level: 'error',
        place: 'totalAmount',
        params: { rule: 'totalAmount = Σ total − extraDiscountAmount', stated: '114.01001', expected: '114.00' },
      },
    )
  })
})

describe('khatm check --rules eta: what fires on a receipt', () => {
  const write = (wishes: Parameters<typeof egyptInvoice>[0] = {}): Buffer =>
    writeReceipt(egyptInvoice({ simplified: true, customer: null, paymentMeans: 'cash', lines: [plain], ...wishes }), {
      rin: issuerRin,
      branch: { ...egyptFacts.branch, id: 'b', name: 'المركز الرئيسي', isDefault: true, active: true },
      activityCode: '4620',
      deviceSerial: 'POS-0001',
      syndicateLicense: null,
      timeZone: 'Africa/Cairo',
      receiptType: 's',
      previousUuid: '',
      referenceUuid: null,
      referenceOldUuid: null,
    }).bytes
  const receipt = write()
  /** Every change breaks the name too, which is told first. */
  const differs = (from: string, to: string): string[] => {
    const [name, ...rest] = fired(changed(receipt, from, to))
    assert.equal(name, 'EG-RECEIPT-UUID header.uuid')
    return rest
  }

  it('nothing, whichever way its name is written', () => {
    assert.deepEqual(fired(receipt), [])
    const uuid = /"uuid":"([0-9a-f]{64})"/.exec(receipt.toString())?.[1] ?? ''
    assert.deepEqual(fired(changed(receipt, uuid, uuid.toUpperCase())), [])
  })

  it('seller, time, activity, place, currency, goods, unit and amounts', () => {
    assert.deepEqual(differs('"rin":"113317713"', '"rin":"11331771"'), [
      'EG-PARTY-01 seller.rin',
      'EG-ITEM-03 itemData[0].itemCode (warning)',
    ])
    assert.deepEqual(differs('"2026-11-22T10:30:00Z"', '"2026-11-22T11:01:01Z"'), ['EG-DATE-01 header.dateTimeIssued'])
    assert.deepEqual(differs('"activityCode":"4620"', '"activityCode":"9999"'), ['EG-ACTIVITY-01 seller.activityCode'])
    assert.deepEqual(differs('"country":"EG"', '"country":"QQ"'), ['EG-ADDRESS-02 seller.branchAddress.country'])
    assert.deepEqual(differs('"currency":"EGP"', '"currency":"QQQ"'), ['EG-CURRENCY-02 header.currency'])
    assert.deepEqual(differs('"itemType":"EGS"', '"itemType":"GS1"'), ['EG-ITEM-02 itemData[0].itemCode'])
    assert.deepEqual(differs('"unitType":"EA"', '"unitType":"PIECE"'), ['EG-UNIT-01 itemData[0].unitType'])
    assert.deepEqual(differs('"netAmount":100.00', '"netAmount":100.02'), ['EG-AMOUNT-DIFFERS netAmount'])
    assert.deepEqual(differs('"taxTotals":[', '"taxTotals":[{"taxType":"T2","amount":0},{"taxType":"T2","amount":0},'), [
      'EG-TAX-07 taxTotals[1].taxType',
    ])
  })

  it('a buyer is numbered as what he is', () => {
    const buyer = (type: string, id: string): string[] => differs('"buyer":{"type":"P"', `"buyer":{"type":"${type}","id":"${id}"`)
    assert.deepEqual(buyer('P', '29001011234567'), [])
    assert.deepEqual(buyer('P', '29013011234567'), ['EG-PARTY-03 buyer.id'])
    assert.deepEqual(buyer('B', '313717919'), [])
    assert.deepEqual(buyer('B', '31371791'), ['EG-PARTY-01 buyer.id'])
    assert.deepEqual(buyer('F', 'DE123456789'), [])
  })
})
