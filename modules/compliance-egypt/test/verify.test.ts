import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, randomInt, sign as signMessage } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../../core/signing/formats/cades/sign-cades.js'
import type { Signer } from '../../../core/signing/signing-service.js'
import { DerElement } from '../../../core/validation/der-reader.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import { buildEtaDocument, canonicalText, insertSignatures, parseLiteral, verifyEta, etaVerifier, writeLiteral } from '../index.js'
import { checkStructure } from '../document/check-structure.js'
import { invoiceShape } from '../document/invoice-shape.js'
import { receiptShape } from '../document/receipt-shape.js'
import type { ObjectShape, Shape } from '../document/shape.js'
import { egyptFacts, egyptInvoice, issuerRin } from './egypt-invoice.js'

/** KHATM_FULL=1: each byte of a signature with each other value, and as many mutants of a file as the promise names. */
const full = process.env['KHATM_FULL'] === '1'
const folder = mkdtempSync(join(tmpdir(), 'khatm-egypt-verify-'))
const file = (name: string): string => join(folder, name)
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
const pemBody = (name: string): Buffer => Buffer.from(readFileSync(file(name), 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64')

/** A root, and certificates of two taxpayers made by OpenSSL. */
function makeCertificates(): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('root.key'),
    '-out',
    file('root.pem'),
    '-days',
    '30',
    '-subj',
    '/C=EG/O=ITIDA/CN=Root',
  )
  writeFileSync(file('leaf.cnf'), 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n')
  for (const rin of [issuerRin, '999999999']) {
    const subject = `/C=EG/organizationIdentifier=VATEG-${rin}/CN=Taxpayer ${rin}`
    openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${rin}.key`), '-out', file('leaf.csr'), '-subj', subject)
    openssl(
      'x509',
      '-req',
      '-in',
      file('leaf.csr'),
      '-CA',
      file('root.pem'),
      '-CAkey',
      file('root.key'),
      '-CAcreateserial',
      '-days',
      '20',
      '-extfile',
      file('leaf.cnf'),
      '-out',
      file(`${rin}.pem`),
    )
  }
}

function signerOf(rin: string): Signer {
  const key = createPrivateKey(readFileSync(file(`${rin}.key`)))
  return {
    algorithm: 'rsa-2048',
    scheme: 'rsa-pkcs1',
    digestAlgorithm: 'sha256',
    certificates: [pemBody(`${rin}.pem`)],
    signDigest: () => Promise.reject(new Error('messages are signed here')),
    signMessage: (message) => Promise.resolve(signMessage('sha256', message, key)),
  }
}

async function signed(json: Buffer, rin = issuerRin, signedAt = new Date()): Promise<Buffer> {
  const { cms } = await signCades(canonicalText(json), {
    signer: signerOf(rin),
    signedAt,
    detached: true,
    profile: egyptProfile,
  })
  return insertSignatures(json, [{ type: 'I', value: cms }])
}

describe('verifying a document of the Egyptian authority', function () {
  this.timeout(full ? 1_800_000 : 180_000)
  let json: Buffer
  let document: Buffer
  let trust: readonly Buffer[]
  before(async () => {
    makeCertificates()
    trust = [pemBody('root.pem')]
    json = buildEtaDocument(egyptInvoice(), egyptFacts)
    document = await signed(json)
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const verify = (bytes: Buffer, anchors = trust): Promise<Omit<DocumentVerdict, 'file'>> => verifyEta(bytes, { trust: anchors })
  const changed = async (from: string, to: string): Promise<Omit<DocumentVerdict, 'file'>> => {
    const text = document.toString()
    assert.ok(text.includes(from), from)
    return verify(Buffer.from(text.replace(from, to)))
  }
  const codes = ({ findings, signatures }: Omit<DocumentVerdict, 'file'>): string[] =>
    [...findings, ...signatures.flatMap((one) => one.findings)].map(({ code }) => code)

  it('passes what was signed, and OpenSSL agrees about our canonical text', async () => {
    assert.ok(etaVerifier.recognises(document))
    const verdict = await verify(document)
    assert.deepEqual([verdict.verdict, verdict.integrity, verdict.findings], ['passed', 'intact', []])
    assert.equal(verdict.signatures[0]?.level, 'ITIDA-CAdES-BASELINE-B')
    const [, value = ''] = /"value":"([^"]+)"/.exec(document.toString()) ?? []
    writeFileSync(file('cms'), Buffer.from(value, 'base64'))
    writeFileSync(file('text'), canonicalText(document))
    const run = spawnSync('openssl', [
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      file('cms'),
      '-content',
      file('text'),
      '-CAfile',
      file('root.pem'),
      '-purpose',
      'any',
      '-out',
      file('out'),
    ])
    assert.equal(run.status, 0, run.stderr.toString())
    assert.ok(readFileSync(file('out')).equals(canonicalText(json)))
  })

  it('doubts a signer nobody trusts, and refuses one of another taxpayer', async () => {
    const untrusted = await verify(document, [])
    assert.deepEqual([untrusted.verdict, untrusted.integrity], ['indeterminate', 'intact'])
    const other = await verify(await signed(json, '999999999'))
    assert.equal(other.verdict, 'failed')
    assert.ok(codes(other).includes('EG-SIGNER-OTHER'))
  })

  it('refuses another amount, an idle zero, a letter, a field in another place', async () => {
    for (const [from, to] of [
      ['"salesTotal":947.00', '"salesTotal":948.00'],
      ['"salesTotal":947.00', '"salesTotal":947.0'],
      ['"salesTotal":947.00', '"salesTotal":947.000'],
      ['ورق', 'وزق'],
      ['"documentType":"I","documentTypeVersion":"1.0"', '"documentTypeVersion":"1.0","documentType":"I"'],
      ['"documentType":"I"', '"documentType":"i"'],
    ] as const) {
      const verdict = await changed(from, to)
      assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], to)
    }
  })

  describe('documents that share a canonical text with the signed one', () => {
    const shared = async (from: string, to: string, code: string): Promise<void> => {
      const text = document.toString()
      assert.ok(text.includes(from), from)
      const twin = Buffer.from(text.replace(from, to))
      assert.ok(canonicalText(twin, { strict: false }).equals(canonicalText(document)), 'the text is the same')
      const verdict = await verify(twin)
      assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'])
      assert.ok(codes(verdict).includes(code), codes(verdict).join())
    }
    it('(a) a brace moved: the amount leaves its object', () =>
      shared(
        '"unitValue":{"currencySold":"EGP","amountEGP":189.40}',
        '"unitValue":{"currencySold":"EGP"},"amountEGP":189.40',
        'EG-JSON-FIELD-UNKNOWN',
      ))
    it('(b) a list of one as an object that holds itself', () => {
      const from = /"taxTotals":\[\{"taxType":"T1","amount":([\d.]+)\},\{"taxType":"T4","amount":([\d.]+)\}\]/.exec(document.toString())
      assert.ok(from)
      const [whole, one = '', two = ''] = from
      const to = `"taxTotals":[{"taxType":"T1","amount":${one},"taxTotals":{"taxType":"T4","amount":${two}}}]`
      return shared(whole, to, 'EG-JSON-FIELD-UNKNOWN')
    })
    it('(c) a number as text', () => shared('"quantity":5,', '"quantity":"5",', 'EG-JSON-KIND'))
    it('(d) another case of a name', () => shared('"internalID"', '"InternalId"', 'EG-JSON-FIELD-UNKNOWN'))
    it('(e) an empty list and an empty object', async () => {
      const list = Buffer.from(json.toString().replace('"invoiceLines"', '"references":[],"invoiceLines"'))
      assert.equal((await verify(await signed(list))).verdict, 'passed')
      const object = Buffer.from((await signed(list)).toString().replace('"references":[]', '"references":{}'))
      assert.ok(canonicalText(object).equals(canonicalText(list)))
      assert.deepEqual(codes(await verify(object)), ['EG-JSON-KIND'])
    })
    it('(f) a list of texts as a nested object', async () => {
      const noted = Buffer.from(
        json.toString().replace('"invoiceLines"', '"references":["X3M6GWBPSYBH2C4FB2A1GXXE10","7QK"],"invoiceLines"'),
      )
      assert.deepEqual(
        checkStructure(parseLiteral(noted)).map(({ code }) => code),
        ['EG-JSON-VALUE'],
      )
      const twin = Buffer.from(
        json.toString().replace('"invoiceLines"', '"references":{"X3M6GWBPSYBH2C4FB2A1GXXE10":"7QK"},"invoiceLines"'),
      )
      assert.ok(canonicalText(twin).equals(canonicalText(noted)))
      assert.deepEqual(
        checkStructure(parseLiteral(twin)).map(({ code }) => code),
        ['EG-JSON-KIND'],
      )
    })
  })

  it('refuses what is not signed: more in a signature, a signature twice, none', async () => {
    assert.ok(codes(await changed('"signatureType":"I"', '"signatureType":"I","note":"paid"')).includes('EG-JSON-FIELD-UNKNOWN'))
    assert.equal((await changed('"signatureType":"I"', '"signatureType":"S"')).verdict, 'failed')
    const none = await verify(json)
    assert.deepEqual([none.verdict, none.integrity, codes(none)], ['failed', 'none', ['EG-SIGNATURE-ABSENT']])
  })

  it('accepts, with a word about it, that the issuing authority lies beside the signer, as in live documents', async () => {
    const signer = { ...signerOf(issuerRin), certificates: [pemBody(`${issuerRin}.pem`), pemBody('root.pem')] }
    const profile = { ...egyptProfile, signerCertificateOnly: false }
    const { cms } = await signCades(canonicalText(json), { signer, signedAt: new Date(), detached: true, profile })
    const verdict = await verify(insertSignatures(json, [{ type: 'I', value: cms }]))
    assert.equal(verdict.verdict, 'passed')
    assert.ok(codes(verdict).includes('VERIFY-PROFILE-DEVIATION'))
  })

  it('refuses plain CAdES: its content type is not the one of ITIDA', async () => {
    const { cms } = await signCades(canonicalText(json), { signer: signerOf(issuerRin), signedAt: new Date(), detached: true })
    assert.ok(codes(await verify(insertSignatures(json, [{ type: 'I', value: cms }]))).includes('EG-SIGNATURE-TYPE'))
  })

  it('a service provider signs beside the issuer', async () => {
    const sign = async (rin: string): Promise<Buffer> =>
      (await signCades(canonicalText(json), { signer: signerOf(rin), signedAt: new Date(), detached: true, profile: egyptProfile })).cms
    const both = insertSignatures(json, [
      { type: 'I', value: await sign(issuerRin) },
      { type: 'S', value: await sign('999999999') },
    ])
    const verdict = await verify(both)
    assert.deepEqual([verdict.verdict, verdict.signatures.length], ['passed', 2])
  })

  it('does not pass a time of signing that cannot be true', async () => {
    const years = (count: number): Date => new Date(Date.now() + count * 365 * 86_400_000)
    for (const [at, code] of [
      [years(3), 'EG-SIGNED-LATER'],
      [years(-3), 'EG-SIGNED-OUTSIDE'],
    ] as const) {
      const verdict = await verify(await signed(json, issuerRin, at))
      assert.deepEqual([verdict.verdict, codes(verdict).includes(code)], ['indeterminate', true], code)
    }
  })

  it('says so where the signatures do not stand last: nobody signed their place', async () => {
    const text = document.toString()
    const list = /,("signatures":\[.*\])/.exec(text)?.[1] ?? assert.fail('no signatures')
    const moved = await verify(Buffer.from(text.replace(`,${list}`, '').replace('{', `{${list},`)))
    assert.equal(moved.verdict, 'passed')
    assert.ok(codes(moved).includes('EG-SIGNATURES-PLACE'))
  })

  it('refuses readings another program may have: two lists, a mark of byte order, UTF-16, bytes behind, escaped and look-alike names', async () => {
    const text = document.toString()
    const list = /,"signatures":\[.*\]/.exec(text)?.[0] ?? assert.fail('no signatures')
    const total = /"totalAmount":[\d.]+/
    const variants: Readonly<Record<string, Buffer>> = {
      'two lists': Buffer.from(text.replace(list, list + list)),
      'a second list in capitals': Buffer.from(text.replace(list, list + list.replace('signatures', 'Signatures'))),
      'a nested list': Buffer.from(text.replace('"address":{', '"address":{"signatures":[],')),
      BOM: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), document]),
      'UTF-16': Buffer.from(`\ufeff${text}`, 'utf16le'),
      'another value behind': Buffer.concat([document, Buffer.from('{}')]),
      'a zero byte behind': Buffer.concat([document, Buffer.alloc(1)]),
      'an escaped name': Buffer.from(text.replace('"issuer"', '"issu\\u0065r"')),
      'a dotless i': Buffer.from(text.replace('"internalID"', '"\u0131nternalID"')),
      'a long s': Buffer.from(text.replace('"issuer"', '"is\u017fuer"')),
      prototype: Buffer.from(text.replace('{"issuer"', '{"__proto__":{"a":"b"},"issuer"')),
      'a huge number': Buffer.from(text.replace(total, `"totalAmount":${'9'.repeat(5000)}`)),
      'a huge exponent': Buffer.from(text.replace(total, '"totalAmount":1e999999999')),
      'a list around it': Buffer.from(`[${text}]`),
    }
    for (const [name, bytes] of Object.entries(variants)) assert.equal((await verify(bytes)).verdict, 'failed', name)
  })

  it('takes a text with an escaped backslash before a letter u', async () => {
    const named = Buffer.from(json.toString().replace('"description":"', '"description":"a\\\\u0041 '))
    assert.deepEqual(
      codes(await verify(await signed(named))).filter((code) => code.startsWith('EG-')),
      [],
    )
  })

  it('tells amounts that contradict each other, though they are signed so', async () => {
    const odd = Buffer.from(json.toString().replace('"salesTotal":947.00', '"salesTotal":957.00'))
    const verdict = await verify(await signed(odd))
    assert.equal(verdict.verdict, 'passed')
    assert.ok(
      verdict.findings.length > 0 && verdict.findings.every(({ code, level }) => code === 'EG-AMOUNT-DIFFERS' && level === 'warning'),
    )
  })

  /** Tells the mutants that are not refused; none may be. */
  const survivorsOf = async (mutants: Iterable<readonly [string, Buffer]>): Promise<string[]> => {
    const survivors: string[] = []
    for (const [name, mutant] of mutants) {
      const verdict = await verify(mutant)
      if (verdict.verdict !== 'failed') survivors.push(`${name}: ${verdict.verdict} ${codes(verdict).join()}`)
    }
    return survivors
  }

  it('refuses every mutant: a byte changed, left out or put in anywhere', async () => {
    const count = full ? 20_000 : 300
    function* mutants(): Generator<readonly [string, Buffer]> {
      for (let made = 0; made < count; made += 1) {
        const at = randomInt(document.length)
        const kind = randomInt(3)
        const byte = Buffer.from([randomInt(256)])
        const mutant = Buffer.concat([document.subarray(0, at), ...(kind === 0 ? [] : [byte]), document.subarray(kind === 2 ? at : at + 1)])
        // White space between tokens is signed by nobody and means nothing; an equal file is no mutant.
        if (tokensOf(mutant) === tokensOf(document) || isOtherName(mutant)) continue
        yield [`${String(kind)} at ${String(at)} byte ${byte.toString('hex')}`, mutant]
      }
    }
    assert.deepEqual(await survivorsOf(mutants()), [])
  })

  it('refuses another byte anywhere in the signature, certificate and fields that nobody signed included', async () => {
    const cms = cmsOf(document)
    function* mutants(): Generator<readonly [string, Buffer]> {
      for (let at = full ? 0 : randomInt(4); at < cms.length; at += full ? 1 : 4) {
        for (const change of full ? Array.from({ length: 255 }, (_, index) => index + 1) : [randomInt(1, 256)]) {
          const mutant = Buffer.from(cms)
          mutant[at] = (mutant[at] ?? 0) ^ change
          const file = insertSignatures(json, [{ type: 'I', value: mutant }])
          if (!isOtherName(file)) yield [`byte ${String(at)} ^ ${change.toString(16)}`, file]
        }
      }
    }
    assert.deepEqual(await survivorsOf(mutants()), [])
    if (full) console.log(`      ${String(cms.length)} bytes, 255 other values each`)
  })

  it('refuses another tag of any element, which tells a reader what it reads', async () => {
    const cms = cmsOf(document)
    function* tagsOf(element: DerElement, depth: number): Generator<DerElement> {
      yield element
      if (element.constructed && depth < 6) for (const child of element.children) yield* tagsOf(child, depth + 1)
    }
    function* mutants(): Generator<readonly [string, Buffer]> {
      for (const { start, tag } of tagsOf(DerElement.read(cms), 0)) {
        for (let change = 1; change < 256; change = full ? change + 1 : change * 2) {
          const other = tag ^ change
          const mutant = Buffer.from(cms)
          mutant[start] = other
          yield [
            `tag ${tag.toString(16)} at ${String(start)} as ${other.toString(16)}`,
            insertSignatures(json, [{ type: 'I', value: mutant }]),
          ]
        }
      }
    }
    assert.deepEqual(await survivorsOf(mutants()), [])
  })

  it('refuses idle tags beside the algorithm, which no signature covers', async () => {
    const cms = cmsOf(document)
    const at = cms.lastIndexOf(rsaEncryption) + rsaEncryption.length
    assert.equal(cms[at], 5, 'NULL')
    function* mutants(): Generator<readonly [string, Buffer]> {
      for (let tag = 0; tag < 256; tag += 1) {
        if (tag === 5) continue
        const mutant = Buffer.from(cms)
        mutant[at] = tag
        yield [`tag ${tag.toString(16)}`, insertSignatures(json, [{ type: 'I', value: mutant }])]
      }
    }
    assert.deepEqual(await survivorsOf(mutants()), [])
  })

  it('says so where RSA with SHA-256 stands under its other name, as a widespread signer writes it', async () => {
    const cms = cmsOf(document)
    const other = Buffer.from(cms)
    other[other.lastIndexOf(rsaEncryption) + rsaEncryption.length - 1] = 0x0b
    const verdict = await verify(insertSignatures(json, [{ type: 'I', value: other }]))
    assert.equal(verdict.verdict, 'passed')
    assert.ok(codes(verdict).includes('VERIFY-PROFILE-DEVIATION'))
    assert.ok(!codes(await verify(document)).includes('VERIFY-PROFILE-DEVIATION'))
  })

  /** The one change of a byte that gives a document others write so and that is signed all the same. */
  function isOtherName(file: Buffer): boolean {
    const own = cmsOf(document)
    const found = cmsOf(file)
    const at = own.lastIndexOf(rsaEncryption) + rsaEncryption.length - 1
    const other = Buffer.from(own)
    other[at] = 0x0b
    return found.equals(other)
  }
})

/** 1.2.840.113549.1.1.1; the signature's own stands last. */
const rsaEncryption = Buffer.from('06092a864886f70d010101', 'hex')

function cmsOf(file: Buffer): Buffer {
  return Buffer.from(/"value":"([^"]+)"/.exec(file.toString('latin1'))?.[1] ?? '', 'base64')
}

/** The file without its white space; what cannot be read stands for itself. */
function tokensOf(bytes: Buffer): string {
  try {
    return writeLiteral(parseLiteral(bytes))
  } catch {
    return bytes.toString('latin1')
  }
}

describe('the structure of documents', () => {
  /** Objects with the names of everything around them. */
  function* objects(shape: Shape, around: readonly ObjectShape[]): Generator<readonly [ObjectShape, readonly ObjectShape[]]> {
    if (shape.kind === 'list') yield* objects(shape.item, around)
    if (shape.kind !== 'object') return
    yield [shape, around]
    for (const { shape: inner } of Object.values(shape.fields)) yield* objects(inner, [...around, shape])
  }

  it('leaves no text to two documents: a name says where it stands', () => {
    for (const root of [invoiceShape, receiptShape]) {
      for (const [object, around] of objects(root, [])) {
        for (const [name, field] of Object.entries(object.fields)) {
          for (const outer of around) {
            const same = outer.fields[name]
            // Where inner and outer have one name, both must stand in every document: then the first is the inner one.
            if (same !== undefined) assert.ok(field.required && same.required, name)
          }
        }
      }
    }
  })

  it('tells a hundred faults of a file that has more, and does not count the letters of one far too long', () => {
    const unknown = Array.from({ length: 50_000 }, (_, index) => `"a${String(index)}":1`).join(',')
    assert.equal(checkStructure(parseLiteral(Buffer.from(`{${unknown}}`))).length, 100)
    const faults = checkStructure(parseLiteral(Buffer.from(`{"internalID":"${'\\\\'.repeat(2_000_000)}"}`)))
    assert.ok(faults.some(({ code, path }) => code === 'EG-JSON-LONG' && path === 'internalID'))
    const counted = (count: number): string[] =>
      checkStructure(parseLiteral(Buffer.from(`{"internalID":"${'\\"'.repeat(count)}"}`)))
        .filter(({ path }) => path === 'internalID')
        .map(({ code }) => code)
    assert.deepEqual([counted(50), counted(51)], [[], ['EG-JSON-LONG']])
  })

  it('takes the official sample', function () {
    const sample = join(import.meta.dirname, '../../../../shared/data/egypt/one-doc.json')
    if (!existsSync(sample)) this.skip()
    assert.deepEqual(checkStructure(parseLiteral(readFileSync(sample))), [])
  })
})
