import assert from 'node:assert/strict'
import { XmlC14NMode, XmlElement } from 'libxml2-wasm'
import { canonicalDocument, canonicalElement, type CanonicalMethod } from '../canonical.js'
import { readSignedTree, withXml } from '../read-xml.js'
import { readTree } from '../read-tree.js'
import { treeElements } from '../tree.js'

const modes = {
  c14n10: XmlC14NMode.XML_C14N_1_0,
  c14n11: XmlC14NMode.XML_C14N_1_1,
  exclusive: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
} as const
const methods: readonly CanonicalMethod[] = ['c14n10', 'c14n11', 'exclusive']

/** What canonical forms are about: namespaces in odd places, white space, references, order, comments. */
const documents: Readonly<Record<string, string>> = {
  'order of attributes and namespaces':
    '<r xmlns:z="urn:z" xmlns:a="urn:a" xmlns="urn:d" z:b="1" a:c="2" b="3" a="4" a:b=\'5"\'><e xmlns="" xmlns:z="urn:z"/><x xmlns="urn:d"><y xmlns=""><z/></y></x></r>',
  'white space and references':
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<r a=" x&#9;y&#10;z&#13;\r\n\t\'&quot;"\n  b = "&lt;>&amp;">\r\n a &#13; &#x20; \t<![CDATA[<&>]]]]> &lt;&gt;&apos; \u0645\u0631\u062d\u0628\u0627 \u{1f600}</r  >\n',
  'redeclared prefixes':
    '<a:r xmlns:a="urn:1" xmlns:b="urn:b"><a:s xmlns:a="urn:2"><a:t xmlns:a="urn:1" b:q="v"/></a:s><b:u xmlns:b="urn:b"><n:v xmlns:n="urn:b" xmlns:b="urn:c"><b:w/></n:v></b:u></a:r>',
  'xml attributes of ancestors':
    '<r xml:lang="ar" xml:space="preserve" xml:id="top"><s xml:lang="bg"><t xml:id="t" a="1"><u xml:space="default"/></t></s></r>',
  'an empty default namespace': '<p:r xmlns:p="urn:p"><q xmlns="urn:q"><s xmlns=""><t xmlns="urn:q"/></s></q><plain/></p:r>',
  'names above the basic plane':
    '<r xmlns:\u{10400}="urn:astral" xmlns:\uff21="urn:full" \u{10400}:x="1" \uff21:x="2" \u{10401}="3" \uff22="4"/>',
}

describe('canonical XML', () => {
  for (const [what, xml] of Object.entries(documents)) {
    for (const method of methods) {
      it(`is what libxml2 writes, whole and for every element, ${method}: ${what}`, () => {
        const tree = readTree(xml)
        const elements = [...treeElements(tree.root)]
        withXml(Buffer.from(xml), (document) => {
          assert.equal(canonicalDocument(tree, { method }), document.canonicalizeToString({ mode: modes[method], withComments: false }))
          const theirs = document.find('//*')
          assert.equal(theirs.length, elements.length)
          for (const [index, element] of elements.entries()) {
            const other = theirs[index]
            assert.ok(other instanceof XmlElement)
            assert.equal(canonicalElement(element, { method }), other.canonicalizeToString({ mode: modes[method], withComments: false }))
            const prefixes = ['a', 'z', 'b', '']
            if (method !== 'exclusive') continue
            const listed = { mode: modes[method], withComments: false, inclusiveNamespacePrefixes: ['a', 'z', 'b', '#default'] }
            assert.equal(canonicalElement(element, { method, prefixes }), other.canonicalizeToString(listed))
          }
        })
      })
    }
  }

  it('keeps comments when asked, and instructions always', () => {
    const tree = readTree('<?go now?><!-- 1 --><r><!--2--><?in  side ?>t</r><!--3-->\n<?end?>')
    assert.equal(canonicalDocument(tree, { method: 'c14n10' }), '<?go now?>\n<r><?in side ?>t</r>\n<?end?>')
    assert.equal(
      canonicalDocument(tree, { method: 'c14n10', comments: true }),
      '<?go now?>\n<!-- 1 -->\n<r><!--2--><?in side ?>t</r>\n<!--3-->\n<?end?>',
    )
  })

  it('leaves one element out', () => {
    const tree = readTree('<r>a<s xmlns="urn:s"><t/></s>b</r>')
    const signature = [...treeElements(tree.root)][1]
    assert.ok(signature !== undefined)
    assert.equal(canonicalElement(tree.root, { method: 'c14n11', without: signature }), '<r>ab</r>')
  })

  it('refuses what has no canonical form here', () => {
    assert.throws(() => canonicalElement(readTree('<r xmlns="relative"/>').root, { method: 'c14n10' }), { code: 'XML-NAMESPACE-RELATIVE' })
    const based = [...treeElements(readTree('<r xml:base="http://a/"><s/></r>').root)][1]
    assert.ok(based !== undefined)
    assert.throws(() => canonicalElement(based, { method: 'c14n11' }), { code: 'XML-CANONICAL-BASE' })
    assert.equal(canonicalElement(based, { method: 'c14n10' }), '<s xml:base="http://a/"></s>')
  })
})

describe('the tree of signed XML', () => {
  const bad: Readonly<Record<string, [string | Buffer, string]>> = {
    'a document type': ['<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>', 'XML-DOCTYPE'],
    'a document type behind a comment': ['<!-- --><!DOCTYPE r><r/>', 'XML-DOCTYPE'],
    'a document type in UTF-16': [Buffer.from('\ufeff<!DOCTYPE r><r/>', 'utf16le'), 'XML-ENCODING'],
    'UTF-16 without a mark': [Buffer.from('<r/>', 'utf16le'), 'XML-MALFORMED'],
    'another encoding declared': ['<?xml version="1.0" encoding="windows-1256"?><r/>', 'XML-ENCODING'],
    'UTF-7 declared behind a mark': ['\ufeff<?xml version="1.0" encoding="UTF-7"?><r/>', 'XML-ENCODING'],
    'bytes that are no UTF-8': [Buffer.from([0x3c, 0x72, 0x3e, 0xc0, 0xaf, 0x3c, 0x2f, 0x72, 0x3e]), 'XML-ENCODING'],
    'version 1.1': ['<?xml version="1.1"?><r/>', 'XML-MALFORMED'],
    'an unknown entity': ['<r>&nbsp;</r>', 'XML-MALFORMED'],
    'a reference to no character': ['<r>&#xFFFE;</r>', 'XML-MALFORMED'],
    'an undeclared prefix': ['<p:r/>', 'XML-MALFORMED'],
    'an attribute twice by its namespace': ['<r xmlns:a="urn:x" xmlns:b="urn:x" a:i="1" b:i="2"/>', 'XML-MALFORMED'],
    'two roots': ['<r/><r/>', 'XML-MALFORMED'],
    'text after the root': ['<r/>x', 'XML-MALFORMED'],
    'a crossed end tag': ['<r><s></r></s>', 'XML-MALFORMED'],
    'two hyphens in a comment': ['<r><!-- -- --></r>', 'XML-MALFORMED'],
    'the end of CDATA in text': ['<r>]]></r>', 'XML-MALFORMED'],
    'another prefix for xml': ['<r xmlns:x="http://www.w3.org/XML/1998/namespace"/>', 'XML-MALFORMED'],
    'an undeclared prefix by emptiness': ['<r xmlns:p=""/>', 'XML-MALFORMED'],
    depth: [`${'<r>'.repeat(200)}${'</r>'.repeat(200)}`, 'XML-TOO-DEEP'],
  }
  for (const [what, [xml, code]] of Object.entries(bad)) {
    it(`is refused: ${what}`, () => {
      assert.throws(() => readSignedTree(Buffer.from(xml)), { code })
    })
  }

  it('keeps the place of each element', () => {
    const source = '\ufeff<?xml version="1.0"?>\n<r a=">"><s>\u0645</s><t/></r>'
    const found = [...treeElements(readSignedTree(Buffer.from(source)).root)].map((one) => source.slice(one.start, one.end))
    assert.deepEqual(found, ['<r a=">"><s>\u0645</s><t/></r>', '<s>\u0645</s>', '<t/>'])
  })
})
