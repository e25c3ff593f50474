import assert from 'node:assert/strict'
import fc from 'fast-check'
import { templateField, type FieldValues, type TemplateField, type TemplateFieldInput } from '../../../models/field.js'
import { checkValues, fitsPattern, isShown, latinDigits, normalisedValue } from '../values/check-values.js'

const id = '5b1f9a8e-0000-4000-8000-000000000002'
const field = (given: Partial<TemplateFieldInput> & { id: string }): TemplateField =>
  templateField.parse({ type: 'text', role: 'buyer', areas: [{ page: 1, x: 0, y: 0, width: 0.1, height: 0.1 }], ...given })
const codes = (
  fields: readonly TemplateField[],
  values: FieldValues,
  more: { values?: FieldValues; others?: FieldValues } = {},
): string[] =>
  checkValues(fields, values, { role: 'buyer', values: {}, ...more }).map(
    ({ code, path }) => `${code.replace('SIGNATURES-VALUE-', '')} ${path ?? ''}`,
  )

describe('Values that a signer gives', () => {
  it('nothing foreign: unknown fields and those of others are refused', () => {
    const fields = [field({ id: 'a' }), field({ id: 'b', role: 'seller' })]
    assert.deepEqual(codes(fields, { a: 'x', b: 'y', c: 'z' }), ['UNKNOWN values.b', 'UNKNOWN values.c'])
    assert.deepEqual(codes([field({ id: 'a' })], { a: 'x', constructor: 'y' }), ['UNKNOWN values.constructor'])
    assert.deepEqual(codes([field({ id: 'constructor', required: false })], {}), [])
  })

  it('what is required is asked for, what is not may be left', () => {
    assert.deepEqual(codes([field({ id: 'a' }), field({ id: 'b', required: false })], { b: '' }), ['MISSING values.a'])
    assert.deepEqual(codes([field({ id: 'a', type: 'checkbox' })], { a: false }), ['MISSING values.a'])
    assert.deepEqual(codes([field({ id: 'a', type: 'signature' })], {}), ['MISSING values.a'])
    assert.deepEqual(codes([field({ id: 'a', type: 'signature' })], { a: { capture: id } }), [])
  })

  it('what the sender filled stays as it is', () => {
    const fields = [
      field({ id: 'a', readonly: true, defaultValue: '5,000' }),
      field({ id: 'b', type: 'checkbox', readonly: true, defaultValue: 'true' }),
    ]
    assert.deepEqual(codes(fields, {}), [])
    assert.deepEqual(codes(fields, { a: '5,000', b: true }), [])
    assert.deepEqual(codes(fields, { a: '50,000' }), ['READONLY values.a'])
    assert.deepEqual(codes(fields, { a: '5,000' }, { values: { a: '7,000' } }), ['READONLY values.a'])
    assert.deepEqual(codes(fields, { a: '' }), ['READONLY values.a'])
  })

  it('a hidden field carries nothing and is not asked for, also behind another hidden one', () => {
    const fields = [
      field({ id: 'has', type: 'checkbox', required: false }),
      field({ id: 'which', conditions: [{ field: 'has', operator: 'checked' }] }),
      field({ id: 'since', type: 'date', conditions: [{ field: 'which', operator: 'filled' }] }),
    ]
    assert.deepEqual(codes(fields, {}), [])
    assert.deepEqual(codes(fields, { which: 'x', since: '2026-01-01' }), ['HIDDEN values.which', 'HIDDEN values.since'])
    assert.deepEqual(codes(fields, { has: true }), ['MISSING values.which'])
    assert.deepEqual(codes(fields, { has: true, which: 'x' }), ['MISSING values.since'])
    assert.deepEqual(codes(fields, { has: true, which: 'x', since: '2026-01-01' }), [])
  })

  it('conditions ask for values of the sender and of those before, numbers by their worth', () => {
    const fields = [
      field({ id: 'salary', type: 'number', role: 'seller' }),
      field({ id: 'why', conditions: [{ field: 'salary', operator: 'greater', value: '900' }] }),
    ]
    assert.deepEqual(codes(fields, {}, { others: { salary: '1000' } }), ['MISSING values.why'])
    assert.deepEqual(codes(fields, { why: 'x' }, { others: { salary: '90' } }), ['HIDDEN values.why'])
  })

  it('conditions in a circle hide, and end', () => {
    const fields = [
      field({ id: 'a', conditions: [{ field: 'b', operator: 'empty' }] }),
      field({ id: 'b', conditions: [{ field: 'a', operator: 'empty' }] }),
    ]
    for (const one of fields) assert.equal(typeof isShown(one, fields, {}), 'boolean')
  })

  for (const [name, given, good, bad] of [
    [
      'number',
      { type: 'number', validation: { decimals: 2, minimum: '0.10', maximum: '99999999999999999999.99' } },
      ['0.1', '12500.50', '99999999999999999999.99'],
      ['1.234', '0.09', '99999999999999999999.991', '1e5', 'NaN', '1,5', '٥', 'Infinity', ''],
    ],
    [
      'date',
      { type: 'date', validation: { minimum: '2026-01-01', maximum: '2026-12-31' } },
      ['2026-02-28'],
      ['2026-02-29', '2025-12-31', '2027-01-01', '28.02.2026', '2026-13-01', '2026-2-3'],
    ],
    ['choice', { type: 'select', options: ['day', 'night'] }, ['day'], ['Day', 'evening']],
    ['radio', { type: 'radio', options: ['day', 'night'] }, ['night'], ['x']],
    ['email', { type: 'email' }, ['a@b.example', 'محمد@مثال.كوم'], ['a@b', 'a b@c.de', 'a@b@c.de', '<a@b.de>']],
    ['phone', { type: 'phone' }, ['+966 50 123 4567', '(02) 981-1234'], ['12', 'call me', '+966501234567890123456789012345678']],
    ['length', { validation: { minimumLength: 2, maximumLength: 4 } }, ['ab', 'مُحَ'], ['a', 'abcde']],
    ['text', {}, ['مرحبا, Здравейте', 'a\u200Fb'], ['two\nlines', 'bell\u0007', 'turned \u202Etxet', 'tab\t', 'half \uD800']],
    ['lines', { type: 'multiline' }, ['two\nlines'], ['bell\u0007', 'turned \u2066']],
    ['signature', { type: 'signature' }, [{ capture: id }], ['drawn', true, { attachment: id }, { capture: '../x' }]],
    ['file', { type: 'attachment' }, [{ attachment: id }], ['file', { capture: id }]],
    ['checkbox', { type: 'checkbox' }, [true], ['true']],
  ] as const) {
    it(`${name}: right ones pass, wrong ones are named`, () => {
      const one = field({ id: 'a', ...(given as Partial<TemplateFieldInput>) })
      for (const value of good) assert.deepEqual(codes([one], { a: value }), [], JSON.stringify(value))
      for (const value of bad) assert.equal(codes([one], { a: value }).length, 1, JSON.stringify(value))
    })
  }

  it('the words of the sender are said for a wrong value, not for a wrong kind', () => {
    const one = field({ id: 'a', validation: { pattern: 'digits', message: 'Only the file number' } })
    const [fault] = checkValues([one], { a: 'x' }, { role: 'buyer', values: {} })
    assert.deepEqual([fault?.code, fault?.params?.['message']], ['SIGNATURES-VALUE-SAID', 'Only the file number'])
    assert.deepEqual(codes([one], { a: true }), ['TYPE values.a'])
  })

  for (const [pattern, good, bad] of [
    ['digits', ['0123'], ['12a', '', '1 2']],
    ['letters', ['فاطمة', 'Jean-Luc d’Or', 'Иван'], ['R2', '', '-a']],
    [
      'iban',
      ['SA03 8000 0000 6080 1016 7519', 'BG80BNBG96611020345678', 'KW81CBKU0000000000001234560101', 'EG380019000500000000263180002'],
      ['SA0380000000608010167518', 'SA038000000060801016751', 'XX', 'BG80BNBG9661102034567'],
    ],
    ['national-id-sa', ['1000000008', '2000000006'], ['1000000009', '3000000004', '100000000', '10000000080']],
    [
      'national-id-eg',
      ['29001011234567', '30402291234567', '28512318812345'],
      ['19001011234567', '29013011234567', '29002300112345', '29001019912345', '2900101123456'],
    ],
    ['egn-bg', ['7523169263', '8032056031', '6101057509'], ['7523169264', '8013056031', '752316926', '6102317509']],
    ['civil-id-kw', ['288111300028'], ['288111300029', '188111300028', '288131300028', '28811130001']],
    ['url', ['https://example.com/a?b=1', 'http://مثال.كوم'], ['example.com', 'javascript:alert(1)', 'https://x y.com', 'ftp://a.b']],
  ] as const) {
    it(`pattern ${pattern}`, () => {
      for (const value of good) assert.equal(fitsPattern(pattern, value), true, value)
      for (const value of bad) assert.equal(fitsPattern(pattern, value), false, value)
    })
  }

  it('a single wrong digit of a checked number is found', () => {
    const numbers = [
      ['iban', 'SA0380000000608010167519', 2],
      ['national-id-sa', '1000000008', 1],
      ['egn-bg', '7523169263', 6],
      ['civil-id-kw', '288111300028', 7],
    ] as const
    for (const [pattern, number, from] of numbers)
      fc.assert(
        fc.property(fc.integer({ min: from, max: number.length - 1 }), fc.integer({ min: 1, max: 9 }), (at, add) => {
          const changed = number.slice(0, at) + String((Number(number[at]) + add) % 10) + number.slice(at + 1)
          // The Bulgarian remainder 10 stands as 0: two digits may fit there, in the last place of such a number alone.
          return !fitsPattern(pattern, changed)
        }),
      )
  })

  it('Arabic digits are read as Latin ones where digits are meant, and nowhere else', () => {
    assert.equal(latinDigits('١٢٣٫٤۵'), '123.45')
    assert.equal(normalisedValue(field({ id: 'a', type: 'number' }), ' ١٢٬٥٠٠٫٥٠ '), '12500.50')
    assert.equal(normalisedValue(field({ id: 'a' }), 'شقة ٧'), 'شقة ٧')
    assert.equal(normalisedValue(field({ id: 'a', validation: { pattern: 'national-id-sa' } }), '١٠٠٠٠٠٠٠٠٨'), '1000000008')
  })

  it('never throws, and what passes once passes again', () => {
    const fields = [
      field({ id: 'a', type: 'number' }),
      field({ id: 'b', type: 'date', required: false }),
      field({ id: 'c', type: 'signature' }),
      field({ id: 'd', validation: { pattern: 'iban' } }),
    ]
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.record({ capture: fc.string() }),
      fc.record({ attachment: fc.uuid() }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.string()), value), (values) => {
        const once = checkValues(fields, values, { role: 'buyer', values: {} })
        assert.ok(once.every(({ code, path }) => code.startsWith('SIGNATURES-VALUE-') && path?.startsWith('values.') === true))
        const kept = Object.fromEntries(
          Object.entries(values).map(([key, one]) => [key, normalisedValue(fields[0] ?? field({ id: 'a' }), one)]),
        )
        assert.equal(typeof checkValues(fields, kept, { role: 'buyer', values: {} }).length, 'number')
      }),
      { numRuns: process.env['KHATM_FULL'] === undefined ? 300 : 10_000 },
    )
  })
})
