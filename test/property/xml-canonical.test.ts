import assert from 'node:assert/strict'
import fc from 'fast-check'
import { XmlC14NMode, XmlElement } from 'libxml2-wasm'
import { canonicalElement } from '../../core/xml/canonical.js'
import { withXml } from '../../core/xml/read-xml.js'
import { readTree } from '../../core/xml/read-tree.js'
import { treeElements } from '../../core/xml/tree.js'

const runs = process.env['KHATM_FULL'] === '1' ? 5_000 : 300
const prefixes = ['', 'a', 'b', 'c'] as const
const uris = ['urn:1', 'urn:2', 'http://x/'] as const
const modes = [
  ['c14n10', XmlC14NMode.XML_C14N_1_0],
  ['c14n11', XmlC14NMode.XML_C14N_1_1],
  ['exclusive', XmlC14NMode.XML_C14N_EXCLUSIVE_1_0],
] as const

interface Shape {
  readonly prefix: (typeof prefixes)[number]
  readonly declared: readonly (readonly [(typeof prefixes)[number], string])[]
  readonly attributes: readonly (readonly [string, string])[]
  readonly text: string
  readonly children: readonly Shape[]
}

const text = fc
  .array(
    fc.constantFrom(
      'x',
      ' ',
      '\n',
      '\t',
      '\r',
      '&amp;',
      '&lt;',
      '&gt;',
      '&#13;',
      '&#9;',
      '&#10;',
      'ش',
      '\u{1f600}',
      '<!--c-->',
      '<![CDATA[<&]]>',
      '"',
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''))
const value = text.map((one) => one.replace(/<!--c-->|<!\[CDATA\[<&\]\]>|"/g, "'"))
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    prefix: fc.constantFrom(...prefixes),
    declared: fc.uniqueArray(fc.tuple(fc.constantFrom(...prefixes), fc.constantFrom(...uris, '')), {
      selector: ([prefix]) => prefix,
      maxLength: 3,
    }),
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom('p', 'q', 'a:p', 'b:q', 'c:r', 'xml:lang', 'xml:space', 'xml:id'), value), {
      selector: ([name]) => name,
      maxLength: 4,
    }),
    text,
    children: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constant([]), fc.array(tie('shape'), { maxLength: 3 })),
  }),
}))

let count = 0

/** A prefix that is not in scope, an emptied prefix, two names for one attribute: none of them is well-formed, so none is written. */
function write(element: Shape, scope: ReadonlyMap<string, string>): string {
  const declared = element.declared.filter(([prefix, uri]) => prefix === '' || uri !== '')
  const inner = new Map([...scope, ...declared])
  const prefix = inner.has(element.prefix) ? element.prefix : ''
  const name = prefix === '' ? 'e' : `${prefix}:e`
  const seen = new Set<string>()
  const attributes = element.attributes.filter(([attribute]) => {
    const [first, local] = attribute.includes(':') ? attribute.split(':') : ['', attribute]
    if (first !== '' && first !== 'xml' && !inner.has(first ?? '')) return false
    const namespace = first === '' || first === 'xml' ? first : inner.get(first ?? '')
    const expanded = `${namespace ?? ''} ${local ?? ''}`
    if (seen.has(expanded)) return false
    seen.add(expanded)
    return true
  })
  const written = [
    ...declared.map(([one, uri]) => `xmlns${one === '' ? '' : `:${one}`}="${uri}"`),
    ...attributes.map(([attribute, is]) =>
      attribute === 'xml:id' ? `xml:id="i${++count}"` : attribute === 'xml:space' ? 'xml:space="preserve"' : `${attribute}="${is}"`,
    ),
  ]
  const children = element.children.map((child) => write(child, inner)).join(element.text)
  return `<${[name, ...written].join(' ')}>${element.text}${children}</${name}>`
}

describe('canonical XML of any document', () => {
  it(`is, for each element and method, what libxml2 writes: ${runs} documents`, function () {
    this.timeout(600_000)
    let elements = 0
    fc.assert(
      fc.property(shape, (root) => {
        const source = write(root, new Map())
        const ours = treeElements(readTree(source).root)
        withXml(Buffer.from(source), (document) => {
          const theirs = document.find('//*')
          assert.equal(theirs.length, ours.length)
          for (const [index, element] of ours.entries()) {
            const other = theirs[index]
            assert.ok(other instanceof XmlElement)
            for (const [method, mode] of modes) {
              for (const comments of [false, true]) {
                const expected = other.canonicalizeToString({ mode, withComments: comments })
                assert.equal(canonicalElement(element, { method, comments }), expected, `${method} of ${source}`)
              }
            }
            elements++
          }
        })
      }),
      { numRuns: runs, seed: 7 },
    )
    assert.ok(elements > runs)
  })
})
