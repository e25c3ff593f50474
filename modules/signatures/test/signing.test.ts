import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { anchorsFor } from '../services/signing/sealed-document.js'
import { sealRequest } from '../services/signing/seal-request.js'
import { signaturesOf } from '../services/signing/signing-rows.js'
import { documentOf, said, SigningHouse } from '../services/signing/test/signing-house.js'

describe('Signatures of a request, from the first signer to the seal', function () {
  this.timeout(120_000)
  let house: SigningHouse
  let templateId: string

  before(async () => {
    house = await SigningHouse.open()
    templateId = await house.template(await documentOf(2), 2)
  })
  after(() => house.close())

  it('two sign with certificates of the company, the seal and the archive stamp follow; four programs agree', async () => {
    const sent = await house.sent(templateId)
    const original = await house.file(sent.originalSha256)
    const frozen = await house.file(sent.frozenSha256)
    assert.ok(frozen.subarray(0, original.length).equals(original))

    assert.equal((await house.submit(sent, 'employee')).state, 'signed')
    const first = await house.file((await house.read(sent.id)).headSha256)
    assert.ok(first.subarray(0, frozen.length).equals(frozen))
    assert.equal((await house.submit(sent, 'employer')).state, 'signed')
    const signed = await house.read(sent.id)
    assert.equal(signed.state, 'signed')
    const second = await house.file(signed.headSha256)
    assert.ok(second.subarray(0, first.length).equals(first))

    const sealed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const finished = await house.file(sealed.sealedSha256)
    assert.ok(finished.subarray(0, second.length).equals(second))

    const path = house.write('finished.pdf', finished)
    assert.equal(said('pdfsig', '-nocert', path).match(/Signature is Valid/g)?.length, 3)
    assert.match(said('qpdf', '--check', path), /No syntax or stream encoding errors/)
    const trust = await anchorsFor(house.host, house.context.companyId)
    const verdict = await house.host.verifiers.verify('finished.pdf', finished, { trust })
    assert.equal(
      verdict.verdict,
      'passed',
      JSON.stringify(verdict.signatures.map((one) => [one.name, one.indication, one.subIndication, one.findings])),
    )
    assert.deepEqual(
      verdict.signatures.map(({ name, indication, level }) => [name, indication, level]),
      [
        ['employee.signature', 'TOTAL-PASSED', 'PAdES-BASELINE-LTA'],
        ['employer.signature', 'TOTAL-PASSED', 'PAdES-BASELINE-LTA'],
        ['company.seal', 'TOTAL-PASSED', 'PAdES-BASELINE-LTA'],
        [verdict.signatures[3]?.name, 'TOTAL-PASSED', verdict.signatures[3]?.level],
      ],
    )
    const [signer] = verdict.signatures
    assert.equal(signer?.signer?.name, 'فاطمة بنت علي')
    assert.match(signer.signer.issuer, /own signing authority – Khatm/)
    const text = said('pdftotext', '-layout', path, '-')
    assert.match(text, /SA0380000000608010167519/)
    assert.match(text, /12,500\.50/)
    if (process.env['KHATM_KEEP'] !== undefined) {
      const { copyFileSync } = await import('node:fs')
      copyFileSync(path, process.env['KHATM_KEEP'])
    }
  })
})
