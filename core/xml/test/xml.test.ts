import assert from 'node:assert/strict'
import fc from 'fast-check'
import { attributes, CanonicalWriter, escapeAttribute, escapeText, isXmlText } from '../canonical-writer.js'
import { canonical11, toNode, withXml } from '../read-xml.js'
import { contentOf, scanElements } from '../scan.js'

const read = (text: string): unknown => withXml(Buffer.from(text, 'utf8'), (document) => toNode(document.root))

describe('canonical writer', () => {
  it('escapes as C14N 1.1 does, for any text and attribute (libxml2 as the judge)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (text, value) => {
        fc.pre(isXmlText(text) && isXmlText(value))
        const written = `<a b="${escapeAttribute(value)}">${escapeText(text)}</a>`
        assert.equal(
          withXml(Buffer.from(written), (document) => canonical11(document).toString('utf8')),
          written,
        )
      }),
      { numRuns: 500 },
    )
  })

  it('refuses what XML cannot carry, attributes out of order, and elements left open', () => {
    for (const text of ['\u0000', '\u000b', '\ufffe', '\ud800', 'a\udc00']) assert.throws(() => escapeText(text), { code: 'XML-CHARACTER' })
    assert.throws(() => attributes(['b', '1'], ['a', '2']), RangeError)
    assert.throws(() => new CanonicalWriter().root('a', '').finish(), RangeError)
  })
})

describe('safe reader', () => {
  it('refuses document types, other encodings, depth, size, double ids and broken XML, each by its code', () => {
    const refused: readonly (readonly [string | Buffer, string])[] = [
      ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'XML-DOCTYPE'],
      ['<?xml version="1.0" encoding="UTF-16"?><a/>', 'XML-ENCODING'],
      [Buffer.from('fffe3c0061002f003e00', 'hex'), 'XML-ENCODING'],
      [Buffer.from('3c613ec3283c2f613e', 'hex'), 'XML-ENCODING'],
      [`${'<a>'.repeat(65)}${'</a>'.repeat(65)}`, 'XML-TOO-DEEP'],
      [`<a>${'x'.repeat(11 * 1024 * 1024)}</a>`, 'XML-TOO-LARGE'],
      ['<a Id="x"><b ID="x"/></a>', 'XML-DUPLICATE-ID'],
      ['<a>&nbsp;</a>', 'XML-MALFORMED'],
      ['<a><b></a></b>', 'XML-MALFORMED'],
      ['', 'XML-MALFORMED'],
      ['<a', 'XML-MALFORMED'],
      ['<a/><b/>', 'XML-MALFORMED'],
      ['<a><?b c?></a>', 'XML-INSTRUCTION'],
    ]
    for (const [bytes, code] of refused) assert.throws(() => withXml(Buffer.from(bytes), () => null), { code }, String(bytes).slice(0, 60))
  })

  it('gives texts and attributes with their meaning', () => {
    assert.deepEqual(read('<n:a xmlns:n="urn:n" x="&lt;">1<!-- c --><![CDATA[<2>]]>&amp;<n:b/></n:a>'), {
      namespace: 'urn:n',
      local: 'a',
      attributes: [{ namespace: '', name: 'x', value: '<' }],
      children: [{ namespace: 'urn:n', local: 'b', attributes: [], children: [], text: '' }],
      text: '1<2>&',
    })
  })

  it('never hangs or crashes on damaged bytes', () => {
    const good = Buffer.from('<?xml version="1.0"?><a b="c"><!-- x --><d><![CDATA[e]]></d>f</a>')
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(good)
        bytes[at] = value
        try {
          withXml(bytes, () => null)
        } catch (error) {
          assert.ok(error instanceof Error && 'code' in error && String(error.code).startsWith('XML-'), String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('scanner', () => {
  it('knows the exact bytes of every element', () => {
    const text = '<?xml version="1.0"?>\n<é:a x=">"><b>ق</b><!-- <z> --><c/></é:a>'
    const bytes = Buffer.from(text, 'utf8')
    const found = scanElements(bytes)
    assert.deepEqual(
      found.map((one) => [one.name, one.depth, one.parent, bytes.toString('utf8', one.start, one.end)]),
      [
        ['é:a', 0, -1, text.slice(text.indexOf('<é'))],
        ['b', 1, 0, '<b>ق</b>'],
        ['c', 1, 0, '<c/>'],
      ],
    )
    assert.equal(found[1] === undefined ? '' : contentOf(bytes, found[1]), 'ق')
  })
})
