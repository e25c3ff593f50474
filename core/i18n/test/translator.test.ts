import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { coreTextFolders, createCoreTranslator, createTranslator } from '../create-translator.js'
import { Fault } from '../fault.js'
import { locales } from '../locale.js'

describe('texts', () => {
  let folder: TemporaryFolder
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  async function write(texts: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [locale, entries] of Object.entries(texts)) {
      await writeFile(join(folder.path, `${locale}.json`), typeof entries === 'string' ? entries : JSON.stringify(entries))
    }
  }
  const read = () => createTranslator([{ owner: 'example', folder: folder.path }])

  it('finds texts by flat keys with dots and colons, fills in parameters and escapes nothing', async () => {
    const text = { 'example.a:b.c': '{{name}} <b> & {{count}}' }
    await write({ ar: { 'example.a:b.c': 'مرحبًا {{name}}' }, en: text, bg: text })
    const { translator, faults } = read()
    assert.deepEqual(faults, [])
    assert.equal(translator.text('en', 'example.a:b.c', { name: '"x"', count: 0 }), '"x" <b> & 0')
    assert.equal(translator.text('ar', 'example.a:b.c', { name: 'ليلى' }), 'مرحبًا ليلى')
    assert.equal(translator.text('en', 'user made label: yes.'), 'user made label: yes.')
  })

  it('never reads a text that a parameter carries', async () => {
    const texts = { 'example.a': '{{name}}', 'example.secret': 'secret' }
    await write({ ar: texts, en: texts, bg: texts })
    assert.equal(read().translator.text('en', 'example.a', { name: '$t(example.secret)' }), '$t(example.secret)')
  })

  it('shows days in the form of the reader and keeps what runs the other way together on a page, and there alone', async () => {
    const texts = (text: string): Record<string, string> => ({ 'fault.DAY': text })
    await write({
      ar: texts('بتاريخ {{date}} للعميل {{name}}'),
      en: texts('on {{date}} for {{name}}'),
      bg: texts('на {{date}} за {{name}}'),
    })
    const { translator } = read()
    const fault = { code: 'DAY', params: { date: '2026-11-23', name: 'INV/7-a' } }
    assert.equal(translator.faultOnPage('ar', fault), 'بتاريخ \u206823/11/2026\u2069 للعميل \u2068INV/7-a\u2069')
    assert.equal(translator.faultOnPage('en', fault), 'on 23/11/2026 for INV/7-a')
    assert.equal(
      translator.faultOnPage('bg', { code: 'DAY', params: { ...fault.params, name: 'نيل' } }),
      'на 23.11.2026 г. за \u2068نيل\u2069',
    )
    assert.equal(translator.fault('ar', fault), 'بتاريخ 2026-11-23 للعميل INV/7-a')
    assert.match(translator.faultOnPage('en', { code: 'DAY', params: { date: '2026-13-45', name: '' } }), /2026-13-45/)
  })

  it('shows amounts on a page with the separators of the reader and the decimals of their currency, none that a column padded', async () => {
    const text = { 'fault.SUM': '{{amount}}' }
    await write({ ar: text, en: text, bg: text })
    const { translator } = read()
    const shown = (amount: string, locale: 'ar' | 'en' | 'bg' = 'en'): string =>
      translator.faultOnPage(locale, { code: 'SUM', params: { amount } })
    assert.deepEqual(
      ['1000.0000 EGP', '-1234567.5 KWD', '0.00012 EGP', '1000 JPY', '3 PCE', '1000.0000'].map((amount) => shown(amount)),
      ['1,000.00\u00a0EGP', '-1,234,567.500\u00a0KWD', '0.00012\u00a0EGP', '1,000\u00a0JPY', '3 PCE', '1000.0000'],
    )
    assert.equal(shown('15000.0000 EGP', 'bg'), '15\u00a0000,00\u00a0EGP')
    assert.equal(shown('1000.0000 EGP', 'ar'), '\u20681,000.00\u00a0EGP\u2069')
    assert.equal(translator.fault('en', { code: 'SUM', params: { amount: '1000.00 EGP' } }), '1000.00 EGP')
  })

  it('names the key and the language that is missing, in any of the three', async () => {
    const whole = { a: '1', b: '2' }
    for (const locale of locales) {
      await write({ ar: whole, en: whole, bg: whole, [locale]: { a: '1' } })
      const { faults, translator } = read()
      assert.deepEqual(
        faults.map(({ owner, fault }) => [owner, fault.code, fault.params?.key, fault.params?.locale]),
        [['example', 'I18N-KEY-MISSING', 'b', locale]],
      )
      assert.equal(translator.text('en', 'a'), 'a')
    }
  })

  it('names a file that is missing, no JSON, or holds something else than texts', async () => {
    const whole = { a: '1' }
    for (const bg of ['{', { a: 1 }, { a: { b: 'nested' } }]) {
      await write({ ar: whole, en: whole, bg })
      assert.deepEqual(
        read().faults.map(({ fault }) => fault.code),
        ['I18N-FILE'],
      )
    }
  })

  it('gives a key to one owner', async () => {
    const whole = { a: '1' }
    await write({ ar: whole, en: whole, bg: whole })
    const { faults } = createTranslator([
      { owner: 'first', folder: folder.path },
      { owner: 'second', folder: folder.path },
    ])
    assert.deepEqual(
      faults.map(({ owner, fault }) => [owner, fault.code, fault.params?.owner]),
      [['second', 'I18N-KEY-TAKEN', 'first']],
    )
  })

  it('tells all it knows about a fault without a text', () => {
    const translator = createCoreTranslator()
    assert.equal(translator.fault('ar', { code: 'NEW-1', params: { field: 'x', limit: 3 } }), 'NEW-1 · field: x · limit: 3')
  })

  it('has every text of the host in three languages, none of them empty or left in another', () => {
    const { faults, translator } = createTranslator(coreTextFolders())
    assert.deepEqual(faults, [])
    assert.match(translator.fault('ar', { code: 'MODULE-UNKNOWN', params: { module: 'x' } }), /[\u0600-\u06ff].*x/)
    assert.match(translator.fault('bg', { code: 'MODULE-UNKNOWN', params: { module: 'x' } }), /[\u0400-\u04ff].*x/)
  })
})

describe('faults', () => {
  it('carry code, place, parameters and status, and the first of several speaks', () => {
    assert.throws(
      () => {
        Fault.throwIfAny([{ code: 'W-1', level: 'warning' }, { code: 'A-1', path: 'lines[0]', params: { n: 1 } }, { code: 'A-2' }], 400)
      },
      (error) => {
        assert.ok(error instanceof Fault && error instanceof Error)
        assert.deepEqual([error.code, error.path, error.params, error.status, error.details.length], ['A-1', 'lines[0]', { n: 1 }, 400, 2])
        return true
      },
    )
    Fault.throwIfAny([{ code: 'W-1', level: 'warning' }])
  })

  it('are told from other errors', () => {
    for (const other of [new Error('x'), { code: 'A-1' }, null, 'A-1', undefined]) assert.equal(other instanceof Fault, false)
  })
})
