import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { signXades } from '../../../signing/formats/xades/sign-xades.js'
import { issueCertificate, signerOf } from '../../../signing/test/test-authority.js'
import { createVerifiers } from '../../create-verifiers.js'
import { checkXmlSignature } from '../check-xml-signature.js'

const file = '../shared/data/bulgaria/trusted-list-2019.xml'

/** The Bulgarian trusted list of 2019 as it was published: RSA-SHA256, exclusive canonicalisation, the old SigningCertificate. */
describe('a real trusted list', function () {
  before(function () {
    if (!existsSync(file)) this.skip()
  })

  it('is signed as a whole, by its operator', async () => {
    const answer = await checkXmlSignature(readFileSync(file))
    assert.equal(answer.failure, null)
    assert.deepEqual(
      [answer.covered?.local, answer.certificate?.holder, answer.claimedAt?.toISOString()],
      ['TrustServiceStatusList', 'Bulgarian Trusted List Operator 2', '2019-09-03T12:42:13.000Z'],
    )
    const at = new Date('2019-10-01T00:00:00Z')
    const trust = answer.certificate === undefined ? [] : [answer.certificate.der]
    const verdict = await createVerifiers().verify('list.xml', readFileSync(file), { trust, at })
    const [signature] = verdict.signatures
    assert.deepEqual([verdict.verdict, signature?.level, signature?.covers], ['passed', 'XAdES', 'entire-file'], JSON.stringify(verdict))
    assert.ok(signature?.findings.some((finding) => finding.params?.['what'] === 'SigningCertificateV2'))
  })

  it('is broken by one letter, and by one service put in', async () => {
    const text = readFileSync(file, 'utf8')
    for (const changed of [text.replace('Sofia', 'Sofja'), text.replace(/<TSPService>.*?<\/TSPService>/s, '$&$&')]) {
      assert.notEqual(changed, text)
      const { failure, covered } = await checkXmlSignature(Buffer.from(changed))
      assert.deepEqual([failure?.code, covered], ['VERIFY-HASH', undefined])
    }
  })

  it('costs less than a second of processor time at five megabytes', async () => {
    const bare = readFileSync(file, 'utf8').replace(/<ds:Signature .*<\/ds:Signature>/s, '')
    const providers = /<TrustServiceProvider>.*<\/TrustServiceProvider>/s.exec(bare)?.[0] ?? ''
    const authority = issueCertificate({ commonName: 'Operator', ca: true })
    const list = Buffer.from(bare.replace(providers, () => providers.repeat(16)))
    const { xml } = await signXades(list, { signer: signerOf(authority), signedAt: new Date() })
    assert.ok(xml.length > 5_000_000)
    const before = process.cpuUsage()
    const { failure } = await checkXmlSignature(xml)
    const { user, system } = process.cpuUsage(before)
    assert.equal(failure, null)
    assert.ok((user + system) / 1_000 < 1_000, `${(user + system) / 1_000} ms`)
  })
})
