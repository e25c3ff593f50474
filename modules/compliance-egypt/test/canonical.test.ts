import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { canonicalHash, canonicalText, insertSignatures, parseLiteral, writeJson, writeLiteral, type Writable } from '../index.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const data = join(import.meta.dirname, '../../../../shared/data/egypt')
const of = (json: string): string => canonicalText(Buffer.from(json)).toString()

describe('canonical text of the Egyptian authority', () => {
  it('is, for the official sample, the official text: 5,752 bytes', function () {
    if (!existsSync(data)) this.skip()
    const text = canonicalText(readFileSync(join(data, 'one-doc.json')))
    assert.equal(text.length, 5752)
    assert.equal(canonicalHash(text), 'd43fae25b02b7e466fa5aa39e5fa45c7d92661e5b0a0e7964e04783bff3c2651')
    assert.ok(text.equals(readFileSync(join(data, 'one-doc-serialized.json.txt'))))
  })

  it('writes names in capitals, scalars as they stand, arrays with their name before each object', () => {
    assert.equal(of('{"a": 10.50, "b":{"c":"أ\\"ب"}}'), '"A""10.50""B""C""أ\\"ب"')
    assert.equal(of('{"lines":[{"x":1},{"x":2}],"references":["U1","U2"]}'), '"LINES""LINES""X""1""LINES""X""2""REFERENCES""U1""U2"')
  })

  it('leaves out the signatures of the root and no others', () => {
    assert.equal(of('{"a":"1","signatures":[{"value":"x"}]}'), '"A""1"')
    assert.equal(of('{"a":{"signatures":"x"}}'), '"A""SIGNATURES""x"')
  })

  it('refuses what implementations read differently', () => {
    for (const value of ['null', 'true', 'false', '1e5', '1E-2', '0.123456', '"\\u0627"', '"a\\/b"', '[[1]]']) {
      assert.throws(() => of(`{"a":${value}}`), { code: 'EG-CANONICAL-UNSAFE' }, value)
    }
    assert.throws(() => of('{"ä":1}'), { code: 'EG-CANONICAL-UNSAFE' })
    assert.throws(() => of('[]'), { code: 'EG-CANONICAL-UNSAFE' })
  })

  it('refuses what is no JSON, names twice in any case, depth and broken UTF-8', () => {
    for (const text of [
      '',
      '{',
      '{"a":1,}',
      '{"a":01}',
      '{"a":.5}',
      '{"a":+1}',
      "{'a':1}",
      '{"a":"\n"}',
      '{"a":1}x',
      '{"a":NaN}',
      '\ufeff{}',
      '{"a":"\\x"}',
    ]) {
      assert.throws(() => parseLiteral(Buffer.from(text)), { code: 'EG-JSON-SYNTAX' }, JSON.stringify(text))
    }
    assert.throws(() => parseLiteral(Buffer.from('{"a":1,"A":2}')), { code: 'EG-JSON-NAME-TWICE' })
    assert.throws(() => parseLiteral(Buffer.from('['.repeat(100_000))), { code: 'EG-JSON-DEPTH' })
    assert.throws(() => parseLiteral(Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x7d])), { code: 'EG-JSON-ENCODING' })
  })

  it('puts signatures in without touching another byte', () => {
    const json = Buffer.from(' {"name": "ختم" , "amount":10.50 }\n')
    const signed = insertSignatures(json, [{ type: 'I', value: Buffer.from('abc') }])
    assert.equal(signed.toString(), ' {"name": "ختم" , "amount":10.50 ,"signatures":[{"signatureType":"I","value":"YWJj"}]}\n')
    assert.ok(canonicalText(signed).equals(canonicalText(json)))
    assert.throws(() => insertSignatures(signed, [{ type: 'I', value: Buffer.from('abc') }]), { code: 'EG-SIGNATURES-PRESENT' })
  })
})

const name = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/).filter((text) => text !== 'signatures')
const amount = fc.tuple(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 5 })).map(([units, places]) => {
  const digits = String(units).padStart(places + 1, '0')
  return { decimal: places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}` }
})
const words = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => {
  return !/[\u0000-\u0007\v\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text)
})
const { document } = fc.letrec<{ document: Writable; value: Writable }>((tie) => ({
  document: fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }).map(distinct),
  value: fc.oneof(
    { maxDepth: 4 },
    amount,
    words,
    fc.array(words, { maxLength: 3 }),
    fc.array(tie('document'), { maxLength: 3 }),
    tie('document'),
  ),
}))

/** Names that differ in case alone are one name. */
function distinct(members: Readonly<Record<string, Writable>>): Writable {
  const seen = new Map(Object.entries(members).map(([key, value]) => [key.toUpperCase(), [key, value] as const]))
  return Object.fromEntries(seen.values())
}

describe('literal JSON, any document', () => {
  it('reads what it wrote to the same value, and writes what it read to the same text', () => {
    fc.assert(
      fc.property(document, (value) => {
        const json = writeJson(value)
        const read = parseLiteral(Buffer.from(json))
        assert.equal(writeLiteral(read), json)
        assert.ok(canonicalText(Buffer.from(json)).equals(canonicalText(Buffer.from(writeLiteral(read)))))
      }),
      { numRuns: process.env['KHATM_FULL'] === '1' ? 10_000 : 300 },
    )
  })

  it('means what JSON.parse means', () => {
    fc.assert(
      fc.property(document, (value) => {
        assert.deepEqual(
          JSON.parse(writeJson(value)),
          JSON.parse(writeJson(value), (_key, member: unknown) => member),
        )
        const read = parseLiteral(Buffer.from(JSON.stringify(JSON.parse(writeJson(value)))))
        assert.deepEqual(JSON.parse(writeLiteral(read)), JSON.parse(writeJson(value)))
      }),
      { numRuns: 200 },
    )
  })

  it('accepts exactly the texts JSON.parse accepts, but for names twice, and never hangs', () => {
    const soup = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'u', '0', '1', '.', 'e', '-', ' ', 'true', 'null', '"a"', '"b":', '\n'),
      {
        maxLength: 14,
      },
    )
    fc.assert(
      fc.property(soup, (parts) => {
        const text = parts.join('')
        let expected = true
        try {
          JSON.parse(text)
        } catch {
          expected = false
        }
        let accepted = true
        try {
          parseLiteral(Buffer.from(text))
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'EG-JSON-NAME-TWICE') return
          accepted = false
        }
        assert.equal(accepted, expected, text)
      }),
      { numRuns: process.env['KHATM_FULL'] === '1' ? 100_000 : 3000 },
    )
  })

  it('answers ten megabytes of anything with a value or a coded fault', () => {
    const bytes = 10 * 1024 * 1024
    const filled = (head: string, part: string, tail = ''): Buffer => Buffer.from(head + part.repeat(bytes / part.length) + tail)
    for (const [json, code] of [
      [filled('', '['), 'EG-JSON-DEPTH'],
      [filled('', '{"a":'), 'EG-JSON-DEPTH'],
      [filled('{"a":"', '\\"'), 'EG-JSON-SYNTAX'],
      [filled('{"a":"', '\\n', '"}'), undefined],
      [filled('{"a":', '9', '}'), undefined],
      [filled('{', ' ', '}'), undefined],
      [filled('{"a":[', '1,', '1]}'), 'EG-JSON-VALUES'],
      [filled('{"a":[', '{},', '1]}'), 'EG-JSON-VALUES'],
      [Buffer.alloc(51 * 1024 * 1024, 0x20), 'EG-JSON-SIZE'],
    ] as const) {
      if (code === undefined) parseLiteral(json)
      else assert.throws(() => parseLiteral(json), { code })
    }
  })

  it('reads a long text in the time of a long text', () => {
    const json = Buffer.from(`{"a":"${'ا"'.replaceAll('"', '\\"').repeat(500_000)}","b":[${'1,'.repeat(200_000)}1]}`)
    const spent = timeSpent()
    parseLiteral(json)
    assert.ok(spent() < 3000)
  })
})
