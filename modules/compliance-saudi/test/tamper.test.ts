import assert from 'node:assert/strict'
import fc from 'fast-check'
import { verifyZatca, zatcaVerifier } from '../verify/zatca-verifier.js'
import { officialSamples, type Sample } from './samples.js'

interface Region {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** Byte ranges of the text between two marks, every occurrence. */
function regionsOf(sample: Sample): Region[] {
  const regions: Region[] = []
  const between = (name: string, pattern: RegExp): void => {
    for (const match of sample.bytes.toString('latin1').matchAll(pattern)) {
      const from = match.index + match[0].indexOf('>') + 1
      const to = match.index + match[0].lastIndexOf('<')
      if (to > from) regions.push({ name, from, to })
    }
  }
  between('amount', /<cbc:(?:\w*Amount|InvoicedQuantity|Percent)[^>]*>[^<]*</g)
  between('date', /<(?:cbc:(?:IssueDate|IssueTime|ActualDeliveryDate)|xades:SigningTime)>[^<]*</g)
  between('name', /<cbc:(?:RegistrationName|Name|CompanyID|StreetName)>[^<]*</g)
  between('signature', /<ds:SignatureValue>[^<]*</g)
  between('digest', /<ds:DigestValue>[^<]*</g)
  between('issuer', /<ds:X509(?:IssuerName|SerialNumber)>[^<]*</g)
  between('certificate', /<ds:X509Certificate>[^<]*</g)
  between('QR and PIH', /<cbc:EmbeddedDocumentBinaryObject[^>]*>[^<]*</g)
  between('algorithm', /<ds:XPath>[^<]*</g)
  return regions
}

describe('official samples and what one changed byte does to them', function () {
  const samples = officialSamples()
  before(function () {
    if (samples.length === 0) this.skip()
  })

  it('finds all ten intact, their issuer not being a trust anchor', () => {
    assert.equal(samples.length, 10)
    for (const sample of samples) {
      assert.ok(zatcaVerifier.recognises(sample.bytes), sample.name)
      const verdict = verifyZatca(sample.bytes, { trust: [] })
      assert.deepEqual([verdict.verdict, verdict.integrity], ['indeterminate', 'intact'], sample.name)
      assert.equal(verdict.signatures[0]?.level, 'ZATCA-STAMP')
    }
  })

  const changed = (sample: Sample, at: number, value: number): Buffer => {
    const bytes = Buffer.from(sample.bytes)
    bytes[at] = value
    return bytes
  }
  const assertBroken = (sample: Sample, at: number, value: number, region: string): void => {
    const verdict = verifyZatca(changed(sample, at, value), { trust: [] })
    assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], `${sample.name} ${region} byte ${at} -> ${value}`)
  }

  it('finds each of them broken after any one changed byte of amount, date, name, signature, certificate or QR', function () {
    this.timeout(180_000)
    for (const sample of samples) {
      const byName = regionsOf(sample)
      const names = new Set(byName.map((region) => region.name))
      assert.equal(names.size, 9, sample.name)
      for (const name of names) {
        const offsets = byName
          .filter((region) => region.name === name)
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))
        fc.assert(
          fc.property(fc.constantFrom(...offsets), fc.integer({ min: 1, max: 255 }), (at, difference) => {
            assertBroken(sample, at, ((sample.bytes[at] ?? 0) + difference) % 256, name)
          }),
          { numRuns: 40 },
        )
      }
    }
  })

  it('notices every bit of signature, digests and QR code of one sample', function () {
    this.timeout(180_000)
    const sample = samples.find((one) => one.name === 'Simplified_Invoice.xml')
    assert.ok(sample)
    for (const region of regionsOf(sample)) {
      if (!['signature', 'digest', 'QR and PIH', 'issuer'].includes(region.name)) continue
      for (let at = region.from; at < region.to; at++) assertBroken(sample, at, (sample.bytes[at] ?? 0) ^ 1, region.name)
    }
  })

  it('notices a swap to another letter of base64 in padding and last places', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='
    for (const sample of samples.slice(5, 6)) {
      for (const region of regionsOf(sample).filter((one) => ['signature', 'certificate', 'QR and PIH', 'digest'].includes(one.name))) {
        for (const letter of alphabet) {
          for (const at of [region.to - 1, region.to - 2, region.to - 3]) {
            if (sample.bytes[at] !== letter.charCodeAt(0)) assertBroken(sample, at, letter.charCodeAt(0), region.name)
          }
        }
      }
    }
  })

  /** Bytes whose change may leave the meaning as it was; everything else must break. */
  function isSilent(bytes: Buffer, at: number, value: number): boolean {
    const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
    const before = bytes[at]
    // White space for white space, and the declaration (`version="1.1"`, `encoding="UTF_8"` fails or says nothing about content).
    return (isSpace(before) && isSpace(value)) || at < bytes.indexOf('?>') + 3
  }

  it('notices a change anywhere else, but for white space turned into other white space', function () {
    this.timeout(180_000)
    for (const sample of samples) {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: sample.bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, difference) => {
          const value = ((sample.bytes[at] ?? 0) + difference) % 256
          if (isSilent(sample.bytes, at, value)) return
          assertBroken(sample, at, value, 'anywhere')
        }),
        { numRuns: 200 },
      )
    }
  })

  it('notices a byte taken out or put in, but for white space, and never stumbles', function () {
    this.timeout(180_000)
    const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
    for (const sample of samples) {
      const place = fc.integer({ min: sample.bytes.indexOf('?>') + 3, max: sample.bytes.length - 1 })
      fc.assert(
        fc.property(place, fc.option(fc.integer({ min: 0, max: 255 })), (at, added) => {
          if (isSpace(added ?? sample.bytes[at])) return
          const middle = added === null ? [] : [added]
          const bytes = Buffer.concat([
            sample.bytes.subarray(0, at),
            Buffer.from(middle),
            sample.bytes.subarray(added === null ? at + 1 : at),
          ])
          assert.equal(verifyZatca(bytes, { trust: [] }).integrity, 'broken', `${sample.name} byte ${at} ${String(added)}`)
        }),
        { numRuns: 60 },
      )
    }
  })

  it('calls a file without canonical form broken', () => {
    const [sample] = samples
    assert.ok(sample)
    const text = sample.bytes.toString('utf8').replace('xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"', 'xmlns:xades="http:// uri"')
    assert.equal(verifyZatca(Buffer.from(text), { trust: [] }).integrity, 'broken')
  })

  it('leaves an invoice inside CMS or PDF to the verifiers of those', () => {
    const [sample] = samples
    assert.ok(sample)
    for (const lead of [Buffer.from([0x30, 0x82, 0x10, 0x00]), Buffer.from('%PDF-1.7\n')])
      assert.equal(zatcaVerifier.recognises(Buffer.concat([lead, sample.bytes])), false)
  })
})
