import assert from 'node:assert/strict'
import { signXades } from '../../core/signing/formats/xades/sign-xades.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { contract, timeStampAuthority, ublInvoice, XmlSec } from '../../core/signing/test/xades-fixtures.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { protectedParts } from '../../core/validation/xml/test/forgery.js'
import { xmlMutant } from './xml-mutants.js'
import { timeSpent } from '../helpers/time-spent.js'

const full = process.env['KHATM_FULL'] === '1'
const mutants = full ? 10_000 : 600
const longest = 2_000
const mostMemory = 512 * 1024 * 1024

describe('XML verifier against mutants', function () {
  this.timeout(full ? 1_800_000 : 180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
  const at = new Date('2026-11-22T10:00:00Z')
  const xmlsec = new XmlSec(root)
  const options = { trust: [root.der], at }
  const verifiers = createVerifiers()
  let files: Buffer[]
  before(async () => {
    const common = { signer, signedAt: at, id: 'sig' }
    const beside = { kind: 'sibling', id: 'd' } as const
    const signed = [
      signXades(contract, common),
      signXades(ublInvoice(), { ...common, placement: { kind: 'ubl' }, canonicalization: 'c14n11' }),
      signXades(contract, { ...common, placement: { kind: 'enveloping' } }),
      signXades(Buffer.from('<Envelope><Data Id="d"><Amount>100</Amount></Data></Envelope>'), { ...common, placement: beside }),
      signXades(contract, { ...common, timeStamp: timeStampAuthority(root, at) }),
    ]
    files = (await Promise.all(signed)).map((one) => one.xml)
    for (const file of files) assert.equal((await verifiers.verify('file.xml', file, options)).verdict, 'passed')
  })
  after(() => {
    xmlsec.remove()
  })

  it(`${mutants} mutants: no crash, none slow, none passes but what covers the same and what xmlsec1 accepts`, async () => {
    const signed = files.map((file) => protectedParts(file))
    const base = process.memoryUsage().rss
    let most = base
    let slowest = 0
    let passed = 0
    for (let number = 0; number < mutants; number++) {
      const { xml, origin, how } = xmlMutant(files, number)
      const clock = timeSpent()
      const verdict = await verifiers.verify('mutant.xml', xml, options)
      const spent = clock()
      slowest = Math.max(slowest, spent)
      assert.ok(spent < longest, `${how}: ${Math.round(spent)} ms`)
      if (number % 50 === 0) most = Math.max(most, process.memoryUsage().rss)
      // An exception inside the verifier comes back under this code: for XML there is none.
      assert.ok(!verdict.findings.some((finding) => finding.code === 'VERIFY-UNREADABLE'), `${how}: ${JSON.stringify(verdict.findings)}`)
      if (verdict.verdict !== 'passed' || xml.equals(files[origin] ?? xml)) continue
      passed++
      assert.equal(protectedParts(xml), signed[origin], how)
      assert.equal(xmlsec.verify(xml), undefined, `${how}\n${xml.toString()}`)
    }
    assert.ok(most - base < mostMemory, `${Math.round(most / 1048576)} MB`)
    if (full) console.log(`      ${mutants} mutants, ${passed} passed, slowest ${Math.round(slowest)} ms, ${Math.round(most / 1048576)} MB`)
  })
})
