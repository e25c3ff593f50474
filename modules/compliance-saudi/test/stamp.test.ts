import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { canonical11, withXml } from '../../../core/xml/read-xml.js'
import { readStampCertificate } from '../stamp/certificate.js'
import { invoiceHash } from '../stamp/invoice-hash.js'
import { decodeQr, encodeQr, qrFactsOf, qrTags } from '../stamp/qr.js'
import { stampInvoice } from '../stamp/stamp-invoice.js'
import { firstPreviousHash, xmlDeclaration } from '../ubl/names.js'
import { writeInvoice, type ChainLink } from '../ubl/write-invoice.js'
import { readStamped } from '../verify/read-stamped.js'
import { verifyZatca } from '../verify/zatca-verifier.js'
import { anyInvoice, invoice, line, seller, sha256, testStampKey } from './fixtures.js'
import { schemaFile } from './samples.js'

const link: ChainLink = { uuid: '8e6000cf-1a98-4174-b3e7-b5d5954bc10d', counter: 1, previousHash: firstPreviousHash }
const at = new Date('2026-11-20T07:30:05Z')

describe('Saudi invoice and stamp', () => {
  const key = testStampKey()
  const stamp = (document: ReturnType<typeof invoice>) =>
    stampInvoice({ payload: writeInvoice(document, link), facts: qrFactsOf(document), simplified: document.simplified }, key.signer, at)

  it('writes bytes that are their own C14N 1.1 form (libxml2), for any invoice', () => {
    fc.assert(
      fc.property(anyInvoice, (document) => {
        const payload = writeInvoice(document, link)
        const canonical = withXml(payload, (parsed) => canonical11(parsed))
        assert.equal(payload.toString('utf8'), xmlDeclaration + canonical.toString('utf8'))
        assert.deepEqual(invoiceHash(payload), sha256(canonical))
      }),
      { numRuns: 400 },
    )
  })

  it('stamps any invoice so that taking the three blocks out again gives the same hash, and all of it verifies', async () => {
    await fc.assert(
      fc.asyncProperty(anyInvoice, async (document) => {
        const stamped = await stamp(document)
        const read = readStamped(stamped.bytes)
        assert.deepEqual(read.problems, [])
        assert.equal(read.computedHash.toString('base64'), stamped.hash)
        assert.equal(stamped.hash, invoiceHash(writeInvoice(document, link)).toString('base64'))
        const verdict = verifyZatca(stamped.bytes, { trust: [key.issuer], at })
        assert.deepEqual([verdict.verdict, verdict.integrity, verdict.signatures[0]?.findings], ['passed', 'intact', []])
      }),
      { numRuns: 150 },
    )
  })

  it('agrees with xmllint --c14n11, and with openssl about the signature', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-saudi-'))
    try {
      for (const document of fc.sample(anyInvoice, 12)) {
        const payload = writeInvoice(document, link)
        writeFileSync(join(folder, 'payload.xml'), payload)
        const canonical = execFileSync('xmllint', ['--c14n11', join(folder, 'payload.xml')])
        assert.deepEqual(sha256(canonical), invoiceHash(payload))
        const stamped = await stamp(document)
        const signature = /<ds:SignatureValue>([^<]+)</.exec(stamped.bytes.toString('utf8'))?.[1] ?? ''
        const publicKey = readStampCertificate(key.certificate).publicKey
        writeFileSync(join(folder, 'key.pem'), `-----BEGIN PUBLIC KEY-----\n${publicKey.toString('base64')}\n-----END PUBLIC KEY-----\n`)
        writeFileSync(join(folder, 'hash'), Buffer.from(stamped.hash, 'base64'))
        writeFileSync(join(folder, 'signature'), Buffer.from(signature, 'base64'))
        const check = ['dgst', '-sha256', '-verify', join(folder, 'key.pem'), '-signature', join(folder, 'signature'), join(folder, 'hash')]
        assert.match(execFileSync('openssl', check).toString(), /Verified OK/)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is valid against the UBL 2.1 schema', async function () {
    if (!existsSync(schemaFile)) this.skip()
    const folder = mkdtempSync(join(tmpdir(), 'khatm-saudi-'))
    try {
      const files: string[] = []
      for (const [index, document] of fc.sample(anyInvoice, 40).entries()) {
        files.push(join(folder, `${index}.xml`))
        writeFileSync(files.at(-1) ?? '', (await stamp(document)).bytes)
      }
      const checked = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schemaFile, ...files])
      assert.equal(checked.status, 0, checked.stderr.toString().slice(0, 2000))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('keeps long names in the QR code by BER lengths, and reads nothing but the strict form', async () => {
    for (const length of [1, 63, 64, 100, 130]) {
      const document = invoice({ simplified: true, seller: { ...seller, nameAr: 'ش'.repeat(length) } })
      const stamped = await stamp(document)
      const fields = decodeQr(stamped.qr)
      assert.equal(fields?.[0]?.value.toString('utf8'), 'ش'.repeat(length))
      assert.deepEqual(
        fields.map((field) => field.tag),
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
      )
      const bytes = Buffer.from(stamped.qr, 'base64')
      if (length * 2 > 127) assert.equal(bytes[1], length * 2 < 256 ? 0x81 : 0x82)
      assert.equal(verifyZatca(stamped.bytes, { trust: [key.issuer], at }).verdict, 'passed')
    }
    assert.equal(decodeQr(`${encodeQr([{ tag: 1, value: Buffer.from('a') }])}AA`), undefined)
    assert.equal(decodeQr(Buffer.of(1, 0x81, 1, 65).toString('base64')), undefined)
    assert.equal(decodeQr(Buffer.of(1, 5, 65).toString('base64')), undefined)
  })

  it('puts what is to be paid into tag 4 and the tax in riyals into tag 5', async () => {
    const document = invoice({ currency: 'USD', exchangeRate: '3.75', lines: [line(1, { unitPrice: '1000.00', quantity: '1' })] })
    const withPrepaid = { ...document, totals: { ...document.totals, prepaid: '150.00', payable: '1000.00' } }
    const stamped = await stamp(withPrepaid)
    const text = (tag: number) =>
      decodeQr(stamped.qr)
        ?.find((field) => field.tag === tag)
        ?.value.toString()
    assert.deepEqual([text(qrTags.total), text(qrTags.vatTotal)], ['1000.00', '562.50'])
  })

  it('is not trusted without its issuer, and not valid after its certificate', async () => {
    const { bytes } = await stamp(invoice())
    assert.equal(verifyZatca(bytes, { trust: [], at }).verdict, 'indeterminate')
    const late = verifyZatca(bytes, { trust: [key.issuer], at: new Date('2037-01-01') })
    assert.deepEqual([late.verdict, late.integrity, late.signatures[0]?.subIndication], ['indeterminate', 'intact', 'EXPIRED'])
  })

  it('refuses a QR code longer than the authority takes', async () => {
    await assert.rejects(stamp(invoice({ seller: { ...seller, nameAr: 'ش'.repeat(400) } })), { code: 'SA-QR-01' })
  })

  it('refuses characters that XML cannot carry', () => {
    assert.throws(() => writeInvoice(invoice({ notes: 'bell \u0007' }), link), { code: 'XML-CHARACTER' })
    assert.throws(() => writeInvoice(invoice({ notes: 'half \ud83d pair' }), link), { code: 'XML-CHARACTER' })
  })
})
