import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { createVerifiers } from '../create-verifiers.js'
import { DerElement } from '../der-reader.js'
import type { DocumentVerdict } from '../verdict.js'
import { context, element, objectIdentifier, sequence, setOf } from '../../signing/der.js'
import { signCades } from '../../signing/formats/cades/sign-cades.js'
import { createSignedData } from '../../signing/formats/cades/signed-data.js'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { certify, issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { pageSource, typstPdf } from '../../signing/test/typst-pdf.js'
import { build } from './pdf-forgery.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

/** Fields of SignedData as they were written. */
interface Parts {
  readonly version: Buffer
  readonly digests: Buffer
  readonly content: Buffer
  readonly certificates: Buffer
  readonly signers: readonly Buffer[]
}

function takeApart(cms: Uint8Array): Parts {
  const signed = DerElement.read(cms).child(1).child(0)
  const [version, digests, content, certificates, signers] = signed.children
  assert.ok(version && digests && content && certificates && signers)
  return {
    version: version.bytes,
    digests: digests.bytes,
    content: content.bytes,
    certificates: certificates.bytes,
    signers: signers.children.map((one) => one.bytes),
  }
}

function putTogether(parts: Parts): Buffer {
  const signed = sequence(parts.version, parts.digests, parts.content, parts.certificates, element(0x31, Buffer.concat(parts.signers)))
  return sequence(objectIdentifier('1.2.840.113549.1.7.2'), context(0, signed))
}

/** The signer's fields: version, sid, digest, attributes, algorithm, signature. */
function fieldsOf(signer: Buffer): Buffer[] {
  return DerElement.read(signer).children.map((one) => one.bytes)
}

describe('attacks on the signature inside', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const own = issueCertificate({ commonName: 'Seal', algorithm: 'ec-p256', issuer: root, serial: 77n })
  const stranger = signerOf(issueCertificate({ commonName: 'Seal', algorithm: 'ec-p256' }))
  const seal = signerOf(own)
  const verifiers = createVerifiers()
  const verify = (bytes: Buffer): Promise<DocumentVerdict> => verifiers.verify('file', bytes, { trust: [root.der] })
  const assertBroken = async (bytes: Buffer): Promise<void> => {
    const verdict = await verify(bytes)
    assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], JSON.stringify(verdict))
  }
  let pdf: Buffer
  before(async () => {
    pdf = (await signPdf(typstPdf(pageSource), { signer: seal, signedAt, estimatedSize: 6000 })).pdf
    assert.equal((await verify(pdf)).verdict, 'passed')
  })
  const gap = (file: Buffer): { from: number; to: number } => {
    const from = file.lastIndexOf('/Contents <') + 11
    return { from, to: file.indexOf('>', from) }
  }
  const withCms = (change: (cms: Buffer) => Buffer, file = pdf): Buffer => {
    const { from, to } = gap(file)
    const changed = Buffer.from(file)
    const cms = change(Buffer.from(file.toString('latin1', from, to), 'hex'))
    changed.write(cms.toString('hex').padEnd(to - from, '0'), from, 'latin1')
    return changed
  }
  const withParts = (change: (parts: Parts) => Parts, file = pdf): Buffer => withCms((cms) => putTogether(change(takeApart(cms))), file)
  const withSigner = (change: (fields: Buffer[]) => Buffer[], file = pdf): Buffer =>
    withParts((parts) => ({ ...parts, signers: parts.signers.map((signer) => sequence(...change(fieldsOf(signer)))) }), file)
  const edited = (): Buffer => {
    const changed = Buffer.from(pdf)
    changed[changed.indexOf('/MediaBox') + 12] = 0x39
    return changed
  }
  const otherDigest =
    (oid: string) =>
    (parts: Parts): Parts => ({
      ...parts,
      digests: element(0x31, sequence(objectIdentifier(oid))),
      signers: parts.signers.map((signer) => {
        const fields = fieldsOf(signer)
        fields[2] = sequence(objectIdentifier(oid))
        return sequence(...fields)
      }),
    })

  it('something behind the structure, where zeros belong', async () => {
    await assertBroken(withCms((cms) => Buffer.concat([cms.subarray(0, cms.length - 4), Buffer.from('beef', 'hex')])))
  })
  it('a second signer in one structure', async () => {
    await assertBroken(withParts((parts) => ({ ...parts, signers: [...parts.signers, ...parts.signers] })))
  })
  it('no signer at all', async () => {
    await assertBroken(withParts((parts) => ({ ...parts, signers: [] })))
  })
  it('no signed attributes', async () => {
    await assertBroken(withSigner((fields) => fields.filter((field) => field[0] !== 0xa0)))
  })
  it('an attribute given twice', async () => {
    await assertBroken(
      withSigner((fields) =>
        fields.map((field) =>
          field[0] === 0xa0 ? context(0, DerElement.read(field).content, DerElement.read(field).child(0).bytes) : field,
        ),
      ),
    )
  })
  it('another certificate of the same key, issuer and number', async () => {
    const twin = certify({ commonName: 'Chief accountant', issuer: root, serial: 77n }, 'ec-p256', own.publicKey, own.privateKey)
    await assertBroken(withParts((parts) => ({ ...parts, certificates: context(0, twin.der) })))
  })
  it('changed data is found although the certificate was taken out, or the digest called weak', async () => {
    await assertBroken(withParts((parts) => ({ ...parts, certificates: context(0) }), edited()))
    for (const weak of ['1.3.14.3.2.26', '1.2.840.113549.2.5', '2.16.840.1.101.3.4.2.4'])
      await assertBroken(withParts(otherDigest(weak), edited()))
  })
  it('nothing is called intact whose signature could not be checked', async () => {
    for (const file of [
      withParts((parts) => ({ ...parts, certificates: context(0) })),
      withParts(otherDigest('1.3.6.1.4.1.1722.12.2.1.8')),
      withParts(otherDigest('1.3.6.1.4.1.1722.12.2.1.8'), edited()),
    ]) {
      const verdict = await verify(file)
      assert.notEqual(verdict.verdict, 'passed')
      assert.notEqual(verdict.integrity, 'intact', JSON.stringify(verdict))
    }
  })
  it('a signature with SHA-1 does not pass and is not called intact, whichever place the digest stands in', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-sha1-'))
    try {
      const at = (name: string): string => join(folder, name)
      writeFileSync(at('content'), 'x')
      for (const trusted of [true, false]) {
        const signer = issueCertificate({ commonName: 'Old', algorithm: 'rsa-2048', ...(trusted ? { issuer: root } : {}) })
        writeFileSync(at('key.pem'), signer.privateKey.export({ format: 'pem', type: 'pkcs8' }))
        writeFileSync(at('cert.pem'), signer.pem)
        const sign = (...more: string[]): Buffer => {
          const cms = ['cms', '-sign', '-binary', '-nodetach', '-cades', '-in', at('content'), '-outform', 'DER', '-out', at('out')]
          execFileSync('openssl', [...cms, '-signer', at('cert.pem'), '-inkey', at('key.pem'), ...more], { stdio: 'pipe' })
          return readFileSync(at('out'))
        }
        const pss = ['-keyopt', 'rsa_padding_mode:pss']
        for (const weak of [sign('-md', 'sha1'), sign('-md', 'sha1', ...pss)]) {
          const verdict = await verify(weak)
          assert.deepEqual([verdict.verdict, verdict.integrity], ['indeterminate', 'none'], JSON.stringify(verdict))
          assert.ok(verdict.signatures[0]?.findings.some((finding) => finding.code === 'VERIFY-ALGORITHM'))
        }
        assert.equal((await verify(sign('-md', 'sha256', ...pss))).integrity, 'intact')
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
  it('nothing travels beside the fields of the structure, and no field stands twice', async () => {
    const { cms } = await signCades(Buffer.from('text'), { signer: seal, signedAt, detached: false })
    const signed = DerElement.read(cms).child(1).child(0)
    const fields = signed.children.map((one) => one.bytes)
    const [version = cms, digests = cms, content = cms, certificates = cms, signers = cms] = fields
    const evil = element(0x04, Buffer.from('evil'))
    const file = (parts: readonly Buffer[], inside: Buffer[] = [], behind: Buffer[] = []): Buffer =>
      sequence(objectIdentifier('1.2.840.113549.1.7.2'), context(0, sequence(...parts), ...inside), ...behind)
    const info = fieldsOf(DerElement.read(signers).child(0).bytes)
    const [type = cms, wrapped = cms] = fieldsOf(content)
    const withContent = (...parts: Buffer[]): Buffer => file([version, digests, sequence(...parts), certificates, signers])
    assert.equal((await verify(file(fields))).verdict, 'passed')
    for (const stowaway of [
      file(fields, [], [evil]),
      file(fields, [evil]),
      file([version, digests, content, certificates, certificates, signers]),
      file([...fields, signers]),
      file([...fields, setOf()]),
      file([version, digests, content, signers, certificates]),
      file([version, digests, content, certificates, setOf(sequence(...info, context(1), evil))]),
      file([version, digests, content, certificates, setOf(sequence(...info, context(1), context(1)))]),
      withContent(type, wrapped, context(0, evil)),
      withContent(type, context(0, element(0x04, Buffer.from('text')), evil)),
    ])
      assert.equal((await verify(stowaway)).verdict, 'failed')
    // Pieces of a string with definite lengths are BER as well: rewritten, and said so.
    const pieces = context(0, element(0x24, Buffer.concat([element(0x04, Buffer.from('te')), element(0x04, Buffer.from('xt'))])))
    const rewritten = await verify(withContent(type, pieces))
    assert.deepEqual([rewritten.verdict, rewritten.findings[0]?.code], ['passed', 'VERIFY-CMS-BER'])
  })
  it('of two certificates of one issuer and number the signed reference tells which', async () => {
    const person = issueCertificate({ commonName: 'Person', issuer: root, serial: 4711n })
    const twin = issueCertificate({ commonName: 'Twin', issuer: root, serial: 4711n })
    for (const chain of [
      [person, twin],
      [twin, person],
    ]) {
      const { cms } = await signCades(Buffer.from('text'), { signer: signerOf(person), signedAt, detached: false })
      const [version = cms, digests = cms, content = cms, , signers = cms] = DerElement.read(cms)
        .child(1)
        .child(0)
        .children.map((one) => one.bytes)
      const certificates = context(0, ...chain.map((one) => one.der))
      const file = sequence(
        objectIdentifier('1.2.840.113549.1.7.2'),
        context(0, sequence(version, digests, content, certificates, signers)),
      )
      const verdict = await verify(file)
      assert.deepEqual([verdict.verdict, verdict.signatures[0]?.signer?.name], ['passed', 'Person'], JSON.stringify(verdict))
    }
  })
  it('an RSA key of 1024 bits proves nothing', async () => {
    const weak = signerOf(issueCertificate({ commonName: 'Weak', algorithm: 'rsa-1024' as 'rsa-2048', issuer: root }))
    const { cms } = await createSignedData({
      signer: weak,
      contentDigest: createHash('sha256').update('x').digest(),
      content: Buffer.from('x'),
    })
    const verdict = await verify(cms)
    assert.deepEqual([verdict.verdict, verdict.integrity], ['indeterminate', 'none'], JSON.stringify(verdict))
  })
  it('bytes behind a CMS file, a PDF among them', async () => {
    const cms = await signCades(Buffer.from('the signed text'), { signer: seal, signedAt, detached: false })
    const bytes = cms.cms
    assert.equal((await verify(bytes)).verdict, 'passed')
    await assertBroken(Buffer.concat([bytes, Buffer.from([0])]))
    const both = await verify(Buffer.concat([bytes, pdf]))
    assert.deepEqual([both.verdict, both.integrity], ['failed', 'broken'])
  })
  it('a PDF carried in CMS is judged as CMS', async () => {
    const cms = await signCades(pdf, { signer: seal, signedAt, detached: false })
    assert.equal((await verify(cms.cms)).signatures[0]?.level, 'CAdES-BASELINE-B')
  })
  it('ranges that leave more out than the signature, though a key signed just them', async () => {
    const shapes: ((numbers: number[]) => number[])[] = [
      ([start = 0, first = 0, second = 0, length = 0]) => [start, first - 20, second, length],
      ([start = 0, first = 0, second = 0, length = 0]) => [start, first, second + 2, length - 2],
      ([start = 0, first = 0, second = 0, length = 0]) => [start + 1, first - 1, second, length],
      ([start = 0, first = 0, second = 0, length = 0]) => [start, first, second, length - 40],
      ([start = 0, first = 0, second = 0, length = 0]) => [start, first, second, length, second, 5],
      ([start = 0, first = 0]) => [start, first],
      ([start = 0, first = 0, second = 0, length = 0]) => [start, first, second, length + 1000],
      ([, , second = 0, length = 0]) => [0, 0, second, length],
    ]
    for (const signer of [seal, stranger]) {
      for (const shape of shapes) {
        const changed = Buffer.from(pdf)
        const at = changed.indexOf('/ByteRange [') + 12
        const close = changed.indexOf(']', at)
        const numbers = changed.toString('latin1', at, close).trim().split(' ').map(Number)
        const wanted = shape(numbers)
        const text = wanted.join(' ')
        assert.ok(text.length <= close - at)
        changed.write(text.padEnd(close - at, ' '), at, 'latin1')
        const digest = createHash('sha256')
        for (let index = 0; index + 1 < wanted.length; index += 2) {
          const from = wanted[index] ?? 0
          digest.update(changed.subarray(from, index === 0 ? (wanted[0] ?? 0) + (wanted[1] ?? 0) : from + (wanted[index + 1] ?? 0)))
        }
        const made = await createSignedData({ signer, contentDigest: digest.digest() })
        await assertBroken(withCms(() => made.cms, changed))
      }
    }
  })
  it('a file that unpacks to a flood or turns in circles costs little time', async () => {
    const flood = deflateSync(Buffer.alloc(200 * 1024 * 1024, 1))
    const parts = [Buffer.from('%PDF-1.7\n/ByteRange\n')]
    let at = parts[0]?.length ?? 0
    let previous = ''
    for (let count = 0; count < 40; count++) {
      const head = Buffer.from(
        `9 0 obj\n<</Type /XRef /W [0 1 0] /Size 1 /Root 1 0 R /Filter /FlateDecode /Length ${flood.length}${previous}>>\nstream\n`,
      )
      const chunk = Buffer.concat([head, flood, Buffer.from('\nendstream\nendobj\n')])
      previous = ` /Prev ${at}`
      parts.push(chunk)
      at += chunk.length
    }
    parts.push(Buffer.from(`startxref\n${at - (parts[parts.length - 1]?.length ?? 0)}\n%%EOF\n`))
    const circle = build({
      1: '<</Type /Catalog /Pages 2 0 R /AcroForm 3 0 R>>',
      2: '<</Kids [2 0 R 2 0 R]>>',
      3: '<</Fields [4 0 R]>>',
      4: '<</Kids [4 0 R 3 0 R]>>',
    })
    const self = build({ 1: '1 0 R' })
    const deep = build({ 1: '['.repeat(100_000) })
    for (const file of [Buffer.concat(parts), circle, self, deep]) {
      const spent = timeSpent()
      assert.equal((await verify(file)).verdict, 'failed')
      assert.ok(spent() < 2000)
    }
  })
  it('a hundred signatures and hundreds of saves are refused in time', async () => {
    const { append, streamBody } = await import('./pdf-forgery.js')
    const objects: Record<number, string> = {
      1: '<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [3 0 R]>>>>',
      2: '<</Type /Pages /Count 0 /Kids []>>',
      3: '<</FT /Sig /T (a)>>',
    }
    for (let number = 4; number < 2000; number++) objects[number] = streamBody('x')
    let file = (
      await signPdf(build({ ...objects, 2: '<</Type /Pages /Count 1 /Kids [4 0 R]>>', 4: '<</Type /Page /Parent 2 0 R>>' }), {
        signer: seal,
        signedAt,
      })
    ).pdf
    for (let count = 0; count < 8; count++) file = (await signPdf(file, { signer: seal, signedAt })).pdf
    for (let count = 0; count < 420; count++) file = append(file, { objects: { [5000 + count]: '<<>>' } })
    const spent = timeSpent()
    const verdict = await verify(file)
    assert.ok(spent() < 3000, String(spent()))
    assert.equal(verdict.verdict, 'failed')
  })
})
