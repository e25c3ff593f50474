import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signCades } from '../../../signing/formats/cades/sign-cades.js'
import { asicManifest } from '../../../signing/formats/asic/asic-manifest.js'
import { asicPaths } from '../../../signing/formats/asic/asic-paths.js'
import { writeAsic } from '../../../signing/formats/asic/write-asic.js'
import { writeZip } from '../../../files/zip-writer.js'
import { issueCertificate, signerOf } from '../../../signing/test/test-authority.js'
import { stampAuthority, stampClient, tokenOf } from '../../../signing/test/test-revocation.js'
import { createVerifiers } from '../../create-verifiers.js'
import type { DocumentVerdict } from '../../verdict.js'
import { judgeContainer } from '../asic-verifier.js'
import { exactFindings } from '../exact-container.js'
import { MalformedZip, readZip } from '../zip-reader.js'

const root = issueCertificate({ commonName: 'Root', ca: true })
const leaf = issueCertificate({ commonName: 'Seal', issuer: root })
const at = new Date()
const stamps = stampClient(stampAuthority(root), at)
const chain = { name: 'certificates/chain.der', mediaType: 'application/octet-stream', bytes: leaf.der }
const text = { name: 'a.txt', mediaType: 'text/plain', bytes: Buffer.from('hello') }
const mimetype = (kind: 'e' | 's'): { name: string; bytes: Buffer } => ({
  name: 'mimetype',
  bytes: Buffer.from(`application/vnd.etsi.asic-${kind}+zip`),
})

describe('ASiC containers', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'asic-'))
  const verifiers = createVerifiers()
  const judge = (bytes: Uint8Array): Promise<DocumentVerdict> => verifiers.verify('c.asice', bytes, { trust: [root.der] })
  const exactly = (bytes: Buffer): Promise<Omit<DocumentVerdict, 'file'>> =>
    judgeContainer(bytes, { trust: [root.der], further: exactFindings })
  const codes = ({ findings }: Pick<DocumentVerdict, 'findings'>): string[] =>
    findings.filter(({ level }) => level !== 'warning').map(({ code }) => code)
  const written = (level: 'B' | 'T'): Promise<Buffer> =>
    writeAsic({
      files: [text, chain],
      signer: signerOf(leaf),
      signedAt: at,
      level,
      ...(level === 'B' ? {} : { timeStamp: stamps }),
    }).then(({ container }) => container)
  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('the same files are the same bytes', () => {
    assert.deepEqual(writeZip([text]), writeZip([text]))
    assert.throws(() => writeZip([{ name: 'ä', bytes: Buffer.alloc(0) }]), RangeError)
  })

  for (const level of ['B', 'T'] as const) {
    it(`level ${level}: passes, and ${process.env.KHATM_FULL === '1' ? 'every' : 'a'} changed byte is found`, async () => {
      const container = await written(level)
      assert.equal((await judge(container)).verdict, 'passed')
      assert.equal((await exactly(container)).verdict, 'passed')
      const full = process.env.KHATM_FULL === '1'
      const masks = full ? [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] : [0x01, 0x20]
      let tried = 0
      for (let position = 0; position < container.length; position += full ? 1 : 11) {
        for (const mask of masks) {
          const changed = Buffer.from(container)
          changed.writeUInt8((container[position] ?? 0) ^ mask, position)
          const verdict = await exactly(changed)
          assert.notEqual(verdict.verdict, 'passed', `byte ${position} ^ ${mask}`)
          tried += 1
        }
      }
      // Cut off anywhere, or with a byte more anywhere.
      for (let length = 0; length < container.length; length += full ? 1 : 37) {
        assert.notEqual((await exactly(container.subarray(0, length))).verdict, 'passed', `cut at ${length}`)
        const longer = Buffer.concat([container.subarray(0, length), Buffer.from([0]), container.subarray(length)])
        assert.notEqual((await exactly(longer)).verdict, 'passed', `byte put in at ${length}`)
        tried += 2
      }
      if (full) console.log(`      ${tried} mutants of ${container.length} bytes`)
    })
  }

  it('containers of other programs: compressed files, a signature by openssl, ASiC-S with a signature or a token', async () => {
    const manifest = asicManifest({ name: asicPaths.signature, mediaType: 'application/pkcs7-signature' }, [text])
    const file = (name: string): string => join(folder, name)
    writeFileSync(file('manifest'), manifest)
    writeFileSync(file('leaf.pem'), leaf.pem)
    writeFileSync(file('leaf.key'), leaf.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    execFileSync('openssl', [
      'cms',
      '-sign',
      '-binary',
      '-cades',
      '-in',
      file('manifest'),
      '-signer',
      file('leaf.pem'),
      '-inkey',
      file('leaf.key'),
      '-outform',
      'DER',
      '-out',
      file('p7s'),
    ])
    const foreign = deflated([
      mimetype('e'),
      text,
      { name: asicPaths.manifest, bytes: manifest },
      { name: asicPaths.signature, bytes: readFileSync(file('p7s')) },
    ])
    const verdict = await judge(foreign)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.deepEqual(codes(await exactly(foreign)), ['VERIFY-ASIC-NOT-AS-WRITTEN'], 'but not one of ours')
    const { cms } = await signCades(text.bytes, { signer: signerOf(leaf), signedAt: at, detached: true })
    const simple = writeZip([mimetype('s'), text, { name: 'META-INF/signature.p7s', bytes: cms }])
    assert.equal((await judge(simple)).verdict, 'passed')
    const token = await tokenOf(stampAuthority(root), createHash('sha256').update(text.bytes).digest(), at)
    const stamped = await judge(writeZip([mimetype('s'), text, { name: 'META-INF/timestamp.tst', bytes: token }]))
    assert.deepEqual([stamped.verdict, stamped.integrity], ['indeterminate', 'intact'], 'a time stamp proves when, not who')
  })

  it('what it does not judge passes nothing', async () => {
    const xades = await judge(writeZip([mimetype('e'), text, { name: 'META-INF/signatures0.xml', bytes: Buffer.from('<a/>') }]))
    assert.equal(xades.verdict, 'indeterminate')
    assert.equal(xades.signatures[0]?.findings[0]?.code, 'VERIFY-ASIC-XADES')
    assert.deepEqual(codes(await judge(writeZip([text]))), ['VERIFY-ASIC-NOT-A-CONTAINER'])
    assert.equal((await judge(writeZip([mimetype('e'), text]))).verdict, 'failed')
  })

  it('a file without a signature over it, one that is missing, one that was exchanged', async () => {
    const { entries } = readZip(await written('B'))
    const exchanged = entries.map((entry) => (entry.name === 'a.txt' ? { name: entry.name, bytes: Buffer.from('hallo') } : entry))
    assert.deepEqual(codes(await judge(writeZip([...entries, { name: 'b.txt', bytes: Buffer.from('b') }]))), ['VERIFY-ASIC-UNLISTED'])
    assert.deepEqual(codes(await judge(writeZip(entries.filter(({ name }) => name !== 'a.txt')))), ['VERIFY-ASIC-MISSING'])
    assert.ok(codes(await judge(writeZip(exchanged))).includes('VERIFY-ASIC-CHANGED'))
  })

  it('archives that two programs read in two ways are none', () => {
    const twice = writeZip([text, { name: 'A.TXT', bytes: Buffer.from('other') }])
    const outside = writeZip([{ name: '../a.txt', bytes: Buffer.from('x') }])
    const hidden = Buffer.concat([Buffer.from('MZ'), writeZip([text])])
    const bomb = deflated([{ name: 'zeros', bytes: Buffer.alloc(1_000_000) }])
    const cases: Record<string, [bytes: Buffer, what: string]> = {
      'a name twice': [twice, 'a name twice'],
      'a name that leaves': [outside, 'name'],
      'bytes before it': [hidden, 'directory is not where the end says'],
      'a header that says less': [patched(writeZip([text]), 22, 4), 'local header says something else than the directory'],
      encrypted: [patched(patched(writeZip([text]), 6, 1), 30 + 5 + 5 + 8, 1), 'encrypted'],
    }
    for (const [name, [bytes, what]] of Object.entries(cases))
      assert.throws(
        () => readZip(bytes),
        (error) => error instanceof MalformedZip && error.what === what,
        name,
      )
    assert.throws(
      () => readZip(bomb, { files: 10, bytes: 500_000 }),
      (error) => error instanceof MalformedZip && error.what === 'too large',
    )
  })
})

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt8(value, at)
  return changed
}

/** An archive as Python writes it: compressed. */
function deflated(files: readonly { name: string; bytes: Uint8Array }[]): Buffer {
  const script = `
import sys, json, zipfile, base64
files = json.load(sys.stdin)
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    for f in files:
        z.writestr(f['name'], base64.b64decode(f['data']), zipfile.ZIP_STORED if f['name'] == 'mimetype' else zipfile.ZIP_DEFLATED)
`
  const folder = mkdtempSync(join(tmpdir(), 'zip-'))
  const input = JSON.stringify(files.map(({ name, bytes }) => ({ name, data: Buffer.from(bytes).toString('base64') })))
  execFileSync('python3', ['-c', script, join(folder, 'z')], { input })
  const bytes = readFileSync(join(folder, 'z'))
  rmSync(folder, { recursive: true })
  return bytes
}
