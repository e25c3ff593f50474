import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { ecdsaFromRaw } from '../../ecdsa.js'
import { signXades, type SignXadesOptions } from '../../../signing/formats/xades/sign-xades.js'
import { certify, issueCertificate, signerOf } from '../../../signing/test/test-authority.js'
import { contract, ublInvoice, XmlSec } from '../../../signing/test/xades-fixtures.js'
import { createVerifiers } from '../../create-verifiers.js'
import type { DocumentVerdict, SignatureVerdict } from '../../verdict.js'
import { protectedParts, resign } from './forgery.js'

const root = issueCertificate({ commonName: 'Root', ca: true })
const person = issueCertificate({ commonName: 'Signer', issuer: root })
const signer = signerOf(person)
const signedAt = new Date('2026-11-22T10:00:00Z')
const ds = 'http://www.w3.org/2000/09/xmldsig#'

async function judge(xml: string | Buffer, content?: Uint8Array): Promise<DocumentVerdict> {
  const options = { trust: [root.der], at: signedAt, ...(content === undefined ? {} : { content }) }
  return createVerifiers().verify('file.xml', Buffer.from(xml), options)
}

/** The one signature of a file, with its codes. */
async function only(xml: string | Buffer): Promise<{ verdict: DocumentVerdict; signature: SignatureVerdict; codes: string[] }> {
  const verdict = await judge(xml)
  const [signature] = verdict.signatures
  assert.ok(signature !== undefined, JSON.stringify(verdict))
  return { verdict, signature, codes: signature.findings.map((finding) => finding.code) }
}

async function signed(content: Buffer | string, more: Partial<SignXadesOptions> = {}): Promise<string> {
  const { xml } = await signXades(Buffer.from(content), { signer, signedAt, id: 'sig', ...more })
  return xml.toString()
}

/** Text replaced, and certainly there. */
function edit(xml: string, from: string | RegExp, to: string): string {
  const edited = typeof from === 'string' ? xml.replace(from, () => to) : xml.replace(from, to)
  assert.notEqual(edited, xml, `nothing to replace: ${String(from)}`)
  return edited
}

const order = '<Order><Amount Id="a">100</Amount></Order>'
const beside = { placement: { kind: 'sibling', id: 'a' } } as const
const canonicalInfo = `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">`

describe('attacks on XML signatures', () => {
  const xmlsec = new XmlSec(root)
  after(() => {
    xmlsec.remove()
  })

  it('wrapping: the signed element lives on elsewhere while another stands in its place', async () => {
    const xml = await signed(order, beside)
    const evil = '<Amount>999</Amount>'
    const moved: Record<string, string> = {
      'beside it': edit(xml, '<Amount Id="a">', `${evil}<Amount Id="a">`),
      'in another element': edit(xml, '<Amount Id="a">100</Amount>', `${evil}<Old><Amount Id="a">100</Amount></Old>`),
      'in an Object of the signature': edit(
        edit(xml, '<Amount Id="a">100</Amount>', evil),
        '</ds:Signature>',
        '<ds:Object><Amount Id="a">100</Amount></ds:Object></ds:Signature>',
      ),
      'as a text': edit(xml, '<Order>', '<Order>Amount: 999'),
      'as an attribute': edit(xml, '<Order>', '<Order amount="999">'),
      'with the signature deeper': edit(edit(xml, '<Order>', '<Order><Amount>999</Amount><Order>'), '</Order>', '</Order></Order>'),
    }
    assert.equal((await judge(xml)).verdict, 'passed')
    for (const [how, wrapped] of Object.entries(moved)) {
      const { verdict, signature, codes } = await only(wrapped)
      assert.deepEqual(
        [verdict.verdict, signature.covers, signature.subIndication],
        ['indeterminate', 'partial', 'SIG_CONSTRAINTS_FAILURE'],
        how,
      )
      assert.ok(codes.includes('VERIFY-XML-PARTIAL'), how)
      // The mathematics holds, and so says xmlsec1: telling what is signed is up to the verifier.
      if (how === 'beside it') assert.equal(xmlsec.verify(Buffer.from(wrapped), ['--id-attr:Id', 'Amount']), undefined)
    }
  })

  it('an Object that nobody signed hides in an enveloped or enveloping signature', async () => {
    for (const more of [{}, { placement: { kind: 'enveloping' } }] as const) {
      const hidden = edit(await signed(order, more), '</ds:Signature>', '<ds:Object><Order>999</Order></ds:Object></ds:Signature>')
      const { verdict, codes } = await only(hidden)
      assert.equal(verdict.verdict, 'indeterminate')
      assert.ok(codes.includes('VERIFY-XML-PARTIAL'))
    }
    const inProperties = edit(await signed(order), '</xades:QualifyingProperties>', '<Order>999</Order></xades:QualifyingProperties>')
    assert.equal((await judge(inProperties)).verdict, 'failed')
  })

  for (const attribute of ['Id="a"', 'ID="a"', 'id="a"', 'xml:id="a"', 'w:Id="a" xmlns:w="urn:w"']) {
    it(`an id stands twice: ${attribute}`, async () => {
      const verdict = await judge(edit(await signed(order, beside), '</Order>', `<Amount ${attribute}>999</Amount></Order>`))
      assert.deepEqual([verdict.verdict, verdict.findings[0]?.code], ['failed', 'XML-DUPLICATE-ID'])
    })
  }

  it('document types and encodings are refused before anything is looked at', async () => {
    const xml = await signed(order)
    const withType = `<!DOCTYPE Order [<!ENTITY e "999"><!ATTLIST Amount Id ID #IMPLIED>]>${xml}`
    for (const [bytes, code] of [
      [Buffer.from(withType), 'XML-DOCTYPE'],
      [Buffer.from(`\ufeff<?xml version="1.0"?><!-- -->${withType}`), 'XML-DOCTYPE'],
      [Buffer.from(`\ufeff${withType}`, 'utf16le'), 'XML-ENCODING'],
      [Buffer.from(`\ufeff${xml}`, 'utf16le').swap16(), 'XML-ENCODING'],
      [Buffer.from(`<?xml version="1.0" encoding="EBCDIC-CP-US"?>${xml}`), 'XML-ENCODING'],
      [Buffer.from(edit(xml, '100', '&e;')), 'XML-MALFORMED'],
      [Buffer.from('<a>'.repeat(5000)), 'XML-TOO-DEEP'],
    ] as const) {
      const verdict = await judge(bytes)
      assert.deepEqual([verdict.verdict, verdict.findings[0]?.code], ['failed', code])
    }
  })

  for (const algorithm of [
    'http://www.w3.org/TR/1999/REC-xpath-19991116',
    'http://www.w3.org/2002/06/xmldsig-filter2',
    'http://www.w3.org/TR/1999/REC-xslt-19991116',
    `${ds}base64`,
    'http://www.w3.org/2002/07/decrypt#XML',
    'constructor',
    '__proto__',
  ]) {
    it(`a transform is refused: ${algorithm}`, async () => {
      const xml = edit(
        await signed(order),
        `<ds:Transform Algorithm="${ds}enveloped-signature">`,
        `<ds:Transform Algorithm="${algorithm}">`,
      )
      const { signature, codes } = await only(xml)
      assert.deepEqual([signature.indication, signature.subIndication], ['TOTAL-FAILED', 'FORMAT_FAILURE'])
      assert.equal(codes[0], 'VERIFY-XML-TRANSFORM')
    })
  }

  it('transforms in another order, twice, or with parameters that are not theirs', async () => {
    const xml = await signed(order)
    const enveloped = `<ds:Transform Algorithm="${ds}enveloped-signature"></ds:Transform>`
    const exclusive = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
    const parameter = '<XPath xmlns="http://www.w3.org/2000/09/xmldsig#">false()</XPath></ds:Transform>'
    for (const changed of [
      edit(xml, enveloped + exclusive, exclusive + enveloped),
      edit(xml, enveloped, enveloped + enveloped),
      edit(xml, exclusive, exclusive + exclusive),
      edit(xml, enveloped, enveloped.replace('</ds:Transform>', parameter)),
      edit(await signed(order, beside), exclusive, enveloped),
    ]) {
      assert.equal((await only(changed)).codes[0], 'VERIFY-XML-TRANSFORM')
    }
  })

  it('keyed hashes, no algorithm, and SHA-1 are no signatures', async () => {
    const xml = await signed(order)
    const method = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'
    for (const other of [
      `${ds}hmac-sha1`,
      'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
      'none',
      '',
      'http://www.w3.org/2001/04/xmldsig-more#rsa-md5',
    ]) {
      const { verdict, codes } = await only(edit(xml, method, other))
      assert.notEqual(verdict.verdict, 'passed')
      assert.equal(codes[0], other === '' ? 'VERIFY-XML-STRUCTURE' : 'VERIFY-ALGORITHM')
    }
    const truncated = edit(xml, `"${method}">`, `"${method}"><ds:HMACOutputLength>8</ds:HMACOutputLength>`)
    assert.equal((await only(truncated)).codes[0], 'VERIFY-ALGORITHM')
    for (const other of [`${ds}rsa-sha1`, 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1'])
      assert.equal((await only(edit(xml, method, other))).signature.indication, 'TOTAL-FAILED')
    // By somebody who may sign, and did so with an old digest: nothing changed, and yet not to be relied on.
    const info = /<ds:SignedInfo>.*?<\/ds:SignedInfo>/s.exec(xml)?.[0] ?? ''
    const old = resign(edit(xml, info, info.replaceAll('http://www.w3.org/2001/04/xmlenc#sha256', `${ds}sha1`)), person)
    const { signature } = await only(old)
    assert.deepEqual([signature.indication, signature.subIndication], ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'])
    assert.equal((await only(edit(old, '100', '999'))).signature.subIndication, 'HASH_FAILURE')
  })

  it('parts that stand twice, out of order, or in pieces (CVE-2025-29774, CVE-2025-29775)', async () => {
    const xml = await signed(order)
    const info = /<ds:SignedInfo>.*?<\/ds:SignedInfo>/.exec(xml)?.[0] ?? ''
    const digest = /<ds:DigestValue>[^<]*<\/ds:DigestValue>/.exec(info)?.[0] ?? ''
    const evil = info.replace(digest, '<ds:DigestValue>AAAA</ds:DigestValue>').replace(' Id="sig-data"', '')
    const broken: Record<string, string> = {
      'a second SignedInfo after': edit(xml, info, info + evil),
      'a second SignedInfo before': edit(xml, info, evil + info),
      'a second SignatureValue': edit(xml, '<ds:KeyInfo>', '<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>'),
      'a second KeyInfo': edit(xml, '<ds:KeyInfo>', '<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo>'),
      'a comment in DigestValue': edit(xml, digest, digest.replace('</', '<!--AAAA--></')),
      'a comment before the digest': edit(xml, '<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->'),
      'an element in DigestValue': edit(xml, '<ds:DigestValue>', '<ds:DigestValue><x/>'),
      'an instruction in DigestValue': edit(xml, '<ds:DigestValue>', '<ds:DigestValue><?x?>'),
      'CDATA beside text in SignatureValue': edit(xml, /(<ds:SignatureValue[^>]*>)/, '$1<![CDATA[]]>'),
      'a comment in SignatureValue': edit(xml, /(<ds:SignatureValue[^>]*>....)/, '$1<!---->'),
      'a comment in the certificate': edit(xml, '<ds:X509Certificate>', '<ds:X509Certificate><!---->'),
      'text in SignedInfo': edit(xml, '<ds:SignedInfo>', '<ds:SignedInfo>text'),
      'two DigestValues': edit(xml, digest, digest + digest),
      'no reference': edit(xml, /<ds:Reference.*<\/ds:Reference>/, ''),
      'KeyInfo behind Object': edit(xml, '</ds:Signature>', '<ds:KeyInfo></ds:KeyInfo></ds:Signature>'),
      'base64 without padding': edit(xml, /=*<\/ds:SignatureValue>/, '</ds:SignatureValue>'),
      'a foreign letter in base64': edit(xml, /(<ds:SignatureValue[^>]*>)/, '$1!'),
    }
    for (const [how, changed] of Object.entries(broken)) {
      const { signature, codes } = await only(changed)
      assert.deepEqual(
        [signature.indication, signature.subIndication, codes[0]],
        ['TOTAL-FAILED', 'FORMAT_FAILURE', 'VERIFY-XML-STRUCTURE'],
        how,
      )
    }
  })

  it('white space in base64 is no matter, be it a line feed or a carriage return of Java', async () => {
    const xml = await signed(order)
    for (const space of ['\n', '&#13;\r\n', ' \t']) {
      assert.equal((await judge(edit(xml, /(<ds:SignatureValue[^>]*>.{20})/, `$1${space}`))).verdict, 'passed')
    }
  })

  it('keys come from certificates alone, and no link is followed', async () => {
    const xml = await signed(order)
    const data = /<ds:X509Data>.*<\/ds:X509Data>/.exec(xml)?.[0] ?? ''
    const link = '<ds:RetrievalMethod URI="http://127.0.0.1:9/key" Type="http://www.w3.org/2000/09/xmldsig#rawX509Certificate"/>'
    assert.equal((await only(edit(xml, data, link))).codes[0], 'VERIFY-XML-KEY-INFO')
    assert.equal((await only(edit(xml, data, data + link))).codes[0], 'VERIFY-XML-KEY-INFO')
    const jwk = createPublicKey(person.privateKey).export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')])
    const bare = `<ds:KeyValue><ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#"><PublicKey>${point.toString('base64')}</PublicKey></ECKeyValue></ds:KeyValue>`
    const { signature, codes } = await only(edit(xml, data, bare))
    assert.deepEqual([signature.indication, codes[0]], ['INDETERMINATE', 'VERIFY-SIGNER-CERT-MISSING'])
  })

  it('another certificate of the same key is not the one that was signed', async () => {
    const again = certify({ commonName: 'Somebody else', issuer: root }, 'ec-p256', person.publicKey, person.privateKey)
    const { signature, codes } = await only(edit(await signed(order), person.der.toString('base64'), again.der.toString('base64')))
    assert.deepEqual(
      [signature.indication, signature.subIndication, codes[0]],
      ['TOTAL-FAILED', 'SIG_CRYPTO_FAILURE', 'VERIFY-SIGNING-CERT-REFERENCE'],
    )
  })

  it('an ECDSA value has one form: r and s, each as long as the curve', async () => {
    const xml = await signed(order)
    const text = /<ds:SignatureValue[^>]*>([^<]*)</.exec(xml)?.[1] ?? ''
    const raw = Buffer.from(text, 'base64')
    const zero = Buffer.from([0])
    const forms = [
      ecdsaFromRaw(raw),
      Buffer.concat([zero, raw.subarray(0, 32), zero, raw.subarray(32)]),
      raw.subarray(0, 63),
      Buffer.alloc(64),
    ]
    for (const form of forms) {
      const { signature } = await only(edit(xml, text, form.toString('base64')))
      assert.deepEqual([signature.indication, signature.subIndication], ['TOTAL-FAILED', 'SIG_CRYPTO_FAILURE'])
    }
  })

  it('properties must be those of the signature, and signed', async () => {
    const xml = await signed(order)
    assert.equal((await only(edit(xml, 'Target="#sig"', 'Target="#other"'))).signature.subIndication, 'FORMAT_FAILURE')
    const qualifying = /<xades:QualifyingProperties.*<\/xades:QualifyingProperties>/.exec(xml)?.[0] ?? ''
    const twice = edit(xml, '</ds:Signature>', `<ds:Object>${qualifying.replace('sig-properties', 'x')}</ds:Object></ds:Signature>`)
    assert.equal((await only(twice)).signature.subIndication, 'FORMAT_FAILURE')
    // A reference that only claims to be the one to the properties.
    const elsewhere = resign(edit(edit(xml, '#sig-properties', '#decoy'), '<ds:KeyInfo>', '<ds:KeyInfo Id="decoy">'), person)
    assert.equal((await only(elsewhere)).codes[0], 'VERIFY-XML-STRUCTURE')
    // Without a reference the stated time is anybody's.
    const reference = /<ds:Reference Type=.*?<\/ds:Reference>/.exec(xml)?.[0] ?? ''
    const loose = await only(resign(edit(xml, reference, ''), person))
    assert.deepEqual([loose.signature.level, loose.signature.claimedAt, loose.signature.timeSource], ['XMLDSig', null, 'none'])
    assert.ok(loose.codes.includes('VERIFY-XML-PROPERTIES-UNSIGNED'))
    // Without the type it is a reference to something of the signature's own, not to its properties.
    const untyped = await only(resign(edit(xml, 'Type="http://uri.etsi.org/01903#SignedProperties" ', ''), person))
    assert.equal(untyped.signature.level, 'XMLDSig')
    // Signed, and of the data nothing.
    const data = /<ds:Reference Id="sig-data".*?<\/ds:Reference>/.exec(xml)?.[0] ?? ''
    const empty = await only(resign(edit(xml, data, ''), person))
    assert.deepEqual([empty.signature.indication, empty.codes[0]], ['INDETERMINATE', 'VERIFY-XML-NOTHING-SIGNED'])
  })

  it('what the baseline misses is told, and no baseline level is given', async () => {
    const xml = await signed(order)
    const cases: readonly (readonly [string, RegExp])[] = [
      ['SigningTime', /<xades:SigningTime>.*?<\/xades:SigningTime>/],
      ['SigningCertificateV2', /<xades:SigningCertificateV2>.*?<\/xades:SigningCertificateV2>/],
      ['DataObjectFormat', /<xades:DataObjectFormat .*?<\/xades:DataObjectFormat>/],
    ]
    for (const [what, part] of cases) {
      const { verdict, signature } = await only(resign(edit(xml, part, ''), person))
      assert.deepEqual([verdict.verdict, signature.level], ['passed', 'XAdES'])
      assert.ok(signature.findings.some((finding) => finding.code === 'VERIFY-NOT-BASELINE' && finding.params?.['what'] === what))
    }
  })

  it('manifests are not taken for the data they list', async () => {
    const xml = await signed(order)
    const manifest = `<ds:Object><ds:Manifest Id="m"><ds:Reference URI=""/></ds:Manifest></ds:Object></ds:Signature>`
    const withManifest = edit(edit(xml, '</ds:Signature>', manifest), 'URI=""', `Type="${ds}Manifest" URI="#m"`)
    assert.equal((await only(withManifest)).codes[0], 'VERIFY-XML-MANIFEST')
    const untyped = edit(xml, '</ds:Signature>', manifest).replace(
      /URI=""><ds:Transforms><ds:Transform [^>]*><\/ds:Transform>/,
      'URI="#m"><ds:Transforms>',
    )
    assert.equal((await only(resign(untyped, person))).codes[0], 'VERIFY-XML-MANIFEST')
  })

  it('a counter-signature and other unsigned properties are named, and change nothing', async () => {
    const xml = await signed(order)
    const counter = /<ds:Signature .*<\/ds:Signature>/.exec(xml)?.[0].replaceAll('"sig', '"c').replaceAll('#sig', '#c') ?? ''
    const unsigned = `<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:CounterSignature>${counter}</xades:CounterSignature></xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>`
    const { verdict, signature } = await only(edit(xml, '</xades:QualifyingProperties>', unsigned))
    assert.deepEqual([verdict.verdict, verdict.signatures.length], ['passed', 1])
    assert.ok(signature.findings.some((finding) => finding.params?.['property'] === 'CounterSignature'))
  })

  it('references lead to exactly one thing in the file', async () => {
    const xml = await signed(order, beside)
    assert.equal((await only(edit(xml, 'URI="#a"', 'URI="#b"'))).codes[0], 'VERIFY-XML-REFERENCE')
    assert.equal((await only(edit(xml, 'URI="#a"', ''))).codes[0], 'VERIFY-XML-REFERENCE')
    assert.equal((await only(edit(xml, 'URI="#a"', 'URI="#xpointer(//Amount)"'))).codes[0], 'VERIFY-XML-REFERENCE')
    assert.equal((await only(edit(xml, 'URI="#a"', 'URI="http://127.0.0.1:9/a"'))).codes[0], 'VERIFY-DETACHED-CONTENT')
    assert.equal((await judge(resign(edit(xml, 'URI="#a"', 'URI="#xpointer(id(\'a\'))"'), person))).verdict, 'passed')
  })

  it('a detached signature passes over its content alone', async () => {
    const content = Buffer.from('content')
    const xml = await signed(content, { placement: { kind: 'detached', uri: 'a.bin' } })
    assert.equal((await judge(xml, content)).verdict, 'passed')
    assert.equal((await judge(xml, Buffer.from('other'))).verdict, 'failed')
    const without = await only(xml)
    assert.deepEqual([without.signature.subIndication, without.codes[0]], ['SIGNED_DATA_NOT_FOUND', 'VERIFY-DETACHED-CONTENT'])
  })

  it('attributes and namespaces of ancestors count where the canonical form says so', async () => {
    for (const [method, name] of [
      ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315', 'c14n10'],
      ['http://www.w3.org/2006/12/xml-c14n11', 'c14n11'],
    ] as const) {
      const exclusive = await signed(order, beside)
      const xml = resign(exclusive.replaceAll('http://www.w3.org/2001/10/xml-exc-c14n#', method), person)
      assert.equal((await judge(xml)).verdict, 'passed')
      assert.equal(xmlsec.verify(Buffer.from(xml), ['--id-attr:Id', 'Amount']), undefined)
      assert.equal((await only(edit(xml, '<Order>', '<Order xml:lang="ar">'))).signature.subIndication, 'HASH_FAILURE')
      assert.equal((await only(edit(xml, '<Order>', '<Order xmlns:p="urn:p">'))).signature.subIndication, 'HASH_FAILURE')
      // xml:id of an ancestor is inherited by Canonical XML 1.0 and not by 1.1.
      const identified = (await only(edit(xml, '<Order>', '<Order xml:id="o">'))).signature.subIndication
      assert.equal(identified, name === 'c14n10' ? 'HASH_FAILURE' : null)
      const withoutNamespace = edit(xml, '<Amount Id="a">', '<Amount xmlns="urn:n" Id="a">')
      assert.equal((await only(withoutNamespace)).signature.subIndication, 'HASH_FAILURE')
    }
    const relative = edit(await signed(order), '<Order>', '<Order xmlns:p="relative" p:a="1">')
    assert.equal((await only(relative)).codes[0], 'XML-NAMESPACE-RELATIVE')
  })

  it('an instruction beside the root that nobody signed is no part of a signed file', async () => {
    const styled = '<?xml-stylesheet href="other.xsl"?>'
    const xml = await signed(order, beside)
    assert.equal((await only(xml)).signature.indication, 'TOTAL-PASSED')
    for (const file of [styled + xml, xml + styled]) assert.equal((await only(file)).codes[0], 'VERIFY-XML-PARTIAL')
    const enveloping = await signed(order, { placement: { kind: 'enveloping' } })
    assert.equal((await only(enveloping + styled)).codes[0], 'VERIFY-XML-PARTIAL')
    // A reference to the document signs what stands beside its root.
    const whole = await signed(styled + order)
    assert.equal((await only(whole)).signature.indication, 'TOTAL-PASSED')
    assert.equal((await only(edit(whole, 'other', 'evil'))).codes[0], 'VERIFY-HASH')
  })

  it('signed data that was moved into the KeyInfo of the signature is nowhere', async () => {
    const xml = edit(await signed(order, beside), '<Amount Id="a">100</Amount>', '')
    assert.equal((await only(edit(xml, '</ds:KeyInfo>', '<Amount Id="a">100</Amount></ds:KeyInfo>'))).codes[0], 'VERIFY-XML-PARTIAL')
  })

  it('a small file asks for little work, whatever it lists', async () => {
    const xml = edit(await signed(order), '100', '<q/>'.repeat(50_000))
    const transform = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
    const prefixes = Array.from({ length: 50_000 }, (_, index) => `p${index}`).join(' ')
    const list = `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${prefixes}"></ec:InclusiveNamespaces>`
    const sound = resign(xml, person)
    const reference = /<ds:Reference Id="sig-data".*?<\/ds:Reference>/s.exec(sound)?.[0] ?? ''
    const many = Array.from({ length: 60 }, (_, index) => reference.replace('sig-data', `r${index}`)).join('')
    const before = process.cpuUsage()
    assert.equal((await only(edit(xml, transform, transform.replace('></', `>${list}</`)))).codes[0], 'VERIFY-HASH')
    await only(edit(sound, reference, many))
    const { user } = process.cpuUsage(before)
    assert.ok(user < 4_000_000, `${user} µs`)
  })

  it('says that comments are not signed', async () => {
    const xml = await signed('<Order><Amount>100<!-- -->0</Amount></Order>')
    const { verdict, codes } = await only(xml)
    assert.equal(verdict.verdict, 'passed')
    assert.ok(codes.includes('VERIFY-XML-COMMENTS'))
    assert.ok(!(await only(await signed(order))).codes.includes('VERIFY-XML-COMMENTS'))
  })

  it('every changed byte of what is signed breaks it, or leaves the very same canonical form', async () => {
    for (const [content, step] of [
      [contract, 1],
      [ublInvoice(), 5],
    ] as const) {
      const xml = await signed(content)
      const bytes = Buffer.from(xml)
      const before = protectedParts(bytes)
      const verifiers = createVerifiers()
      const end = bytes.indexOf('<ds:X509Data>')
      let passed = 0
      for (let at = 0; at < bytes.length; at += at < end ? step : 97) {
        const changed = Buffer.from(bytes)
        changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 7))
        const verdict = await verifiers.verify('file.xml', changed, { trust: [root.der], at: signedAt })
        if (verdict.verdict !== 'passed') continue
        passed++
        assert.equal(protectedParts(changed), before, `byte ${at}`)
      }
      assert.ok(passed < bytes.length / 10, `${passed} passed`)
    }
  })

  it('the canonicalisation of SignedInfo is of the list', async () => {
    const xml = await signed(order)
    const other = edit(xml, canonicalInfo, canonicalInfo.replace('http://www.w3.org/2001/10/xml-exc-c14n#', 'urn:own'))
    assert.equal((await only(other)).codes[0], 'VERIFY-XML-TRANSFORM')
  })
})
