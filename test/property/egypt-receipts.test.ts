import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseLiteral, receiptUuid, verifyEta } from '../../modules/compliance-egypt/index.js'
import { writeReceipt } from '../../modules/compliance-egypt/receipts/write-receipt.js'
import { egyptFacts, egyptInvoice, issuerRin } from '../../modules/compliance-egypt/test/egypt-invoice.js'

const full = process.env['KHATM_FULL'] === '1'

/** A receipt's uuid is the SHA-256 of its canonical text with an empty uuid: nothing in it can change unseen. */
describe('the uuid of a receipt answers for every byte of it', function () {
  this.timeout(full ? 600_000 : 180_000)
  const { bytes, uuid } = writeReceipt(egyptInvoice({ simplified: true, customer: null, paymentMeans: 'cash' }), {
    rin: issuerRin,
    branch: { ...egyptFacts.branch, id: 'b', name: 'المركز الرئيسي', isDefault: true, active: true },
    activityCode: '4620',
    deviceSerial: 'POS-0001',
    syndicateLicense: null,
    timeZone: 'Africa/Cairo',
    receiptType: 's',
    previousUuid: 'a'.repeat(64),
    referenceUuid: null,
    referenceOldUuid: null,
  })
  const judge = async (file: Uint8Array): Promise<readonly unknown[]> => {
    const { verdict, integrity } = await verifyEta(file, { trust: [] })
    return [verdict, integrity]
  }
  const uuidOf = (file: Uint8Array): string | undefined => {
    try {
      return receiptUuid(parseLiteral(file))
    } catch {
      return undefined
    }
  }

  it('says of an untouched one that it is whole, and that nobody signed it', async () => {
    assert.equal(uuidOf(bytes), uuid)
    assert.deepEqual(await judge(bytes), ['indeterminate', 'intact'])
  })

  it('finds every other byte, at every place', async () => {
    const at = bytes.indexOf(uuid)
    // The name itself is a hexadecimal number: its letters mean the same in either case.
    const sameName = (place: number, value: number): boolean =>
      place >= at && place < at + uuid.length && String.fromCharCode(value).toLowerCase() === String.fromCharCode(bytes[place] ?? 0)
    const change = fc.record({ place: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(change, async ({ place, value }) => {
        fc.pre(bytes[place] !== value && !sameName(place, value))
        const other = Buffer.from(bytes)
        other[place] = value
        assert.deepEqual(await judge(other), ['failed', 'broken'], other.subarray(Math.max(0, place - 30), place + 30).toString())
        // Names of members are hashed in capitals: their own spelling is held by the structure.
        const spelling = other.toString('latin1').toLowerCase() === bytes.toString('latin1').toLowerCase()
        if (!spelling && (place < at || place >= at + uuid.length)) assert.notEqual(uuidOf(other), uuid)
      }),
      { numRuns: full ? 100_000 : 3000 },
    )
  })

  it('finds one digit more, less or other in every number and every text', async () => {
    const text = bytes.toString()
    for (const [index, found] of [...text.matchAll(/\d(?=[\d.,"}])/g)].entries()) {
      if (!full && index % 3 !== 0) continue
      const before = text.slice(0, found.index)
      const rest = text.slice(found.index + 1)
      for (const digit of [String((Number(found[0]) + 1) % 10), `${found[0]}1`, '']) {
        assert.equal((await judge(Buffer.from(before + digit + rest)))[1], 'broken', `${before.slice(-20)}[${digit}]${rest.slice(0, 20)}`)
      }
    }
  })
})
