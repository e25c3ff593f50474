import assert from 'node:assert/strict'
import type { Company } from '../../../core/access/context.js'
import type { Tax } from '../document.js'
import { invoiceInput, type InvoiceInput } from '../input.js'
import { invoicingSettings } from '../models/settings.js'
import { buildDocument, type BuiltDocument } from '../services/build-document.js'
import { noteInput } from '../services/make-note.js'
import { computeTotals } from '../services/totals.js'
import type { TaxComputation } from '../tax-computation.js'
import { readFurtherTaxes, writeFurtherTaxes } from '../views/further-taxes-text.js'

const tax = (code: string, rate: string, category: string): Tax => ({
  code,
  name: { ar: code, en: code, bg: code },
  rate,
  category,
  from: '2000-01-01',
  source: 'test',
})
const taxes = [tax('MAIN', '10', 'S'), tax('OPEN', '0', 'X1'), tax('FIXED', '0', 'X2'), tax('SET', '3', 'X3')]

/** A country whose lines have further taxes; amounts stay those of everybody, but for the further taxes it hands on. */
const computation: TaxComputation = {
  country: 'QA',
  isFurther: ({ category }) => category.startsWith('X'),
  states: ({ code }) => (code === 'OPEN' ? 'rate' : code === 'FIXED' ? 'amount' : null),
  lineFacts: ['colour'],
  documentFacts: ['season'],
  documentDiscount: true,
  compute: (priced, options) => {
    const computed = computeTotals(priced, options)
    const lines = computed.lines.map((line, index) => ({
      ...line,
      ...(priced[index]?.taxes === undefined
        ? {}
        : {
            taxes: priced[index].taxes.map((one) => ({
              tax: { ...one.tax, rate: one.rate ?? one.tax.rate },
              amount: one.amount ?? '0',
              fixed: one.amount !== undefined,
            })),
          }),
      ...(priced[index]?.country === undefined ? {} : { country: priced[index].country }),
    }))
    return { ...computed, lines }
  },
}

/** Members of the line; `document` has those of the whole. */
type Wishes = Readonly<Record<string, unknown>> & { readonly document?: object }

function build(changes: Wishes, own: TaxComputation | undefined): BuiltDocument {
  const input: InvoiceInput = invoiceInput.parse({
    customer: { name: 'x' },
    lines: [{ description: 'x', quantity: '1', unitPrice: '100', tax: 'MAIN', ...changes }],
    ...changes.document,
  })
  return buildDocument('id', input, {
    // What is read of a company here.
    company: { id: 'c', code: 'c', currency: 'QAR', timeZone: 'Asia/Qatar', name: 'x', identifiers: [] } as unknown as Company,
    settings: invoicingSettings.parse({}),
    catalogue: {
      taxes: (code) => taxes.find((one) => one.code === code),
      taxesOn: () => taxes,
      term: () => undefined,
      terms: [],
      rate: () => undefined,
      currencies: [],
    },
    now: new Date('2026-11-22T10:00:00Z'),
    parties: new Map(),
    computation: own,
  })
}

const faults = (changes: Wishes, own: TaxComputation | null = computation): string[] =>
  build(changes, own ?? undefined).faults.map(({ code, path }) => `${code} ${path ?? ''}`)

describe('taxes beside the main tax of a line', () => {
  it('are refused, not left out, where the country knows none', () => {
    assert.deepEqual(faults({ taxes: [{ tax: 'SET' }] }, null), ['INVOICE-FURTHER-NONE lines[0].taxes[0]'])
    assert.deepEqual(faults({ country: { colour: 'red' } }, null), ['INVOICE-COUNTRY-FACT lines[0].country.colour'])
    assert.deepEqual(faults({ document: { discount: '5', country: { season: 'dry' } } }, null), [
      'INVOICE-FURTHER-DISCOUNT discount',
      'INVOICE-COUNTRY-FACT country.season',
    ])
  })

  it('without a computation a document has none of the new fields', () => {
    const { document } = build({}, undefined)
    assert.ok(document)
    assert.deepEqual(
      Object.keys(document).filter((name) => ['discount', 'country'].includes(name)),
      [],
    )
    assert.deepEqual(
      Object.keys(document.lines[0] ?? {}).filter((name) => ['taxes', 'country'].includes(name)),
      [],
    )
  })

  it('state what the law leaves open, and nothing else', () => {
    assert.deepEqual(faults({ taxes: [{ tax: 'OPEN' }] }), ['INVOICE-FURTHER-RATE lines[0].taxes[0]'])
    assert.deepEqual(faults({ taxes: [{ tax: 'OPEN', amount: '5' }] }), ['INVOICE-FURTHER-RATE lines[0].taxes[0]'])
    assert.deepEqual(faults({ taxes: [{ tax: 'FIXED', rate: '5' }] }), ['INVOICE-FURTHER-AMOUNT lines[0].taxes[0]'])
    assert.deepEqual(faults({ taxes: [{ tax: 'SET', rate: '1', amount: '1' }] }), ['INVOICE-FURTHER-BOTH lines[0].taxes[0]'])
    assert.deepEqual(faults({ taxes: [{ tax: 'OPEN', rate: '-1' }] }), ['INVOICE-FURTHER-NEGATIVE lines[0].taxes[0]'])
    assert.deepEqual(faults({ taxes: [{ tax: 'SET' }, { tax: 'SET' }] }), ['INVOICE-FURTHER-TWICE lines[0].taxes[1].tax'])
    assert.deepEqual(faults({ taxes: [{ tax: 'MAIN' }] }), ['INVOICE-FURTHER-MAIN lines[0].taxes[0].tax'])
    assert.deepEqual(faults({ taxes: [{ tax: 'NONE' }] }), ['INVOICE-TAX-UNKNOWN lines[0].taxes[0].tax'])
    assert.deepEqual(faults({ tax: 'SET' }), ['INVOICE-FURTHER-AS-MAIN lines[0].tax'])
    assert.deepEqual(faults({ country: { weight: '1' } }), ['INVOICE-COUNTRY-FACT lines[0].country.weight'])
  })

  it('go into the document with what was stated, and into a note on it', () => {
    const { document, faults: none } = build(
      {
        taxes: [
          { tax: 'OPEN', rate: '7' },
          { tax: 'FIXED', amount: '60' },
        ],
        country: { colour: 'red' },
        document: { discount: '2', country: { season: 'dry' } },
      },
      computation,
    )
    assert.deepEqual(none, [])
    assert.ok(document)
    assert.deepEqual([document.discount, document.country, document.lines[0]?.country], ['2', { season: 'dry' }, { colour: 'red' }])
    const note = noteInput(document, null, { type: 'credit_note' })
    assert.deepEqual(note.lines[0]?.taxes, [
      { tax: 'OPEN', rate: '7' },
      { tax: 'FIXED', amount: '60' },
    ])
    assert.deepEqual([note.discount, note.lines[0].country], ['2', { colour: 'red' }])
  })

  it('stand in the form as one text', () => {
    const entries = [{ tax: 'W002' }, { tax: 'Tbl01', rate: '5' }, { tax: 'ST02', amount: '60' }]
    assert.equal(writeFurtherTaxes(entries), 'W002; Tbl01 5%; ST02 60')
    assert.deepEqual(readFurtherTaxes('W002; Tbl01 5%; ST02 60'), entries)
    assert.deepEqual(readFurtherTaxes(' W002 1.5 ٪ ؛ ST02=60,'), [
      { tax: 'W002', rate: '1.5' },
      { tax: 'ST02', amount: '60' },
    ])
    assert.deepEqual(readFurtherTaxes(''), [])
  })
})
