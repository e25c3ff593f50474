import assert from 'node:assert/strict'
import { PDFDocument } from 'pdf-lib'
import { signPdf } from '../../../../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../../../../core/signing/test/test-authority.js'
import type { SignRequest } from '../../../models/request.js'
import { acceptOutside, handOut } from '../outside.js'
import { sealRequest } from '../seal-request.js'
import { signSubmitted } from '../sign-submitted.js'
import { signaturesOf } from '../signing-rows.js'
import { consent, documentOf, employeeValues, said, SigningHouse } from './signing-house.js'

/** A signer who signs with a program of his own: our writer stands for it here, with a certificate nobody here knows. */
describe('A document signed elsewhere', function () {
  this.timeout(180_000)
  const authority = issueCertificate({ commonName: 'National CA', ca: true })
  const person = issueCertificate({ commonName: 'فاطمة بنت علي', issuer: authority })
  const signer = signerOf(person, [authority])
  const origin = { ip: '192.0.2.7' }
  const fieldName = 'employee.signature'
  let house: SigningHouse
  let templateId: string

  before(async () => {
    house = await SigningHouse.open()
    templateId = await house.template(await documentOf(2), 2)
  })
  after(() => house.close())

  async function start(): Promise<{ request: SignRequest; signerId: string; pdf: Buffer }> {
    const request = await house.sent(templateId)
    const { id: signerId } = house.signer(request, 'employee')
    const values = { ...employeeValues, sign: await house.capture(signerId), start: await house.capture(signerId, 'initials') }
    const given = { requestId: request.id, signerId, values, origin, consent }
    const { pdf } = await handOut(house.host, house.context, given)
    // Asked again it is the same file, byte for byte: he may download it twice.
    assert.ok((await handOut(house.host, house.context, given)).pdf.equals(pdf))
    return { request, signerId, pdf }
  }

  const give = (request: SignRequest, signerId: string, pdf: Buffer): ReturnType<typeof acceptOutside> =>
    acceptOutside(house.host, house.context, { requestId: request.id, signerId, origin, pdf })

  it('comes back with one signature more, and becomes the document; the next signs over it, the seal closes it', async () => {
    const { request, signerId, pdf } = await start()
    const signed = await signPdf(pdf, { signer, signedAt: house.host.now(), fieldName })
    assert.equal((await house.submit(request, 'employer')).fault?.code, 'SIGNATURES-DOCUMENT-BUSY')
    assert.equal((await give(request, signerId, signed.pdf)).state, 'signed')
    await assert.rejects(give(request, signerId, signed.pdf), { code: 'SIGNATURES-SIGNER-NOT-VERIFIED' })
    await house.host.jobs.drain()
    await signSubmitted(house.host, house.context, request.id, house.signer(request, 'employer').id)
    const facts = await house.company((transaction) => signaturesOf(transaction, request.id))
    assert.deepEqual(
      facts.map(({ issuer, level }) => [issuer, level]),
      [
        ['outside', 'PAdES-BASELINE-B'],
        ['host', 'PAdES-BASELINE-T'],
      ],
    )
    const sealed = await sealRequest(house.host, house.context, request.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const path = house.write('outside.pdf', await house.file(sealed.sealedSha256))
    assert.equal(said('pdfsig', '-nocert', path).match(/Signature is Valid/g)?.length, 3)
  })

  it('refused: another file, a file saved anew, one with text drawn over before signing, another field, no signature, somebody who was not asked', async () => {
    const { request, signerId, pdf } = await start()
    const at = { signer, signedAt: house.host.now() }
    const saved = Buffer.from(await (await PDFDocument.load(pdf)).save())
    await assert.rejects(give(request, signerId, saved), { code: 'SIGNATURES-OUTSIDE-DOCUMENT' })
    await assert.rejects(give(request, signerId, pdf), { code: 'SIGNATURES-OUTSIDE-DOCUMENT' })
    const document = await PDFDocument.load(pdf, { forIncrementalUpdate: true, updateMetadata: false })
    document.getPage(0).drawText('SALARY 99,999', { x: 60, y: 500, size: 30 })
    const drawn = Buffer.from(await document.commit({ useObjectStreams: false }))
    await assert.rejects(give(request, signerId, drawn), { code: 'SIGNATURES-OUTSIDE-FIELD' })
    const over = (await signPdf(drawn, { ...at, fieldName })).pdf
    await assert.rejects(give(request, signerId, over), { code: 'SIGNATURES-OUTSIDE-CHANGED' })
    const other = (await signPdf(pdf, { ...at, fieldName: 'employer.signature' })).pdf
    await assert.rejects(give(request, signerId, other), { code: 'SIGNATURES-OUTSIDE-FIELD' })
    const added = (await signPdf(pdf, { ...at, fieldName: 'Mine' })).pdf
    await assert.rejects(give(request, signerId, added), { code: 'SIGNATURES-OUTSIDE-FIELD' })
    const right = (await signPdf(pdf, { ...at, fieldName })).pdf
    const broken = Buffer.from(right)
    const place = broken.indexOf('/Contents <') + 400
    broken.write(broken.toString('latin1', place, place + 1) === '0' ? '1' : '0', place, 'latin1')
    await assert.rejects(give(request, signerId, broken), /SIGNATURES-OUTSIDE-(?:INVALID|UNREADABLE)/)
    await assert.rejects(give(request, house.signer(request, 'employer').id, right), { code: 'SIGNATURES-OUTSIDE-NOT-ASKED' })
    assert.equal((await house.read(request.id)).headSha256, request.headSha256)
    assert.equal((await give(request, signerId, right)).state, 'signed')
  })

  it('a qualified level takes no certificate whose authority is not trusted here', async () => {
    const { request, signerId, pdf } = await start()
    await house.company(async (transaction) => {
      await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: signerId }).update({ level: 'qualified' })
    })
    const signed = (await signPdf(pdf, { signer, signedAt: house.host.now(), fieldName })).pdf
    await assert.rejects(give(request, signerId, signed), { code: 'SIGNATURES-OUTSIDE-UNTRUSTED' })
  })

  it('handed out and then signed here after all: what was handed out is void', async () => {
    const { request, signerId, pdf } = await start()
    assert.equal((await house.submit(request, 'employee')).state, 'signed')
    const signed = (await signPdf(pdf, { signer, signedAt: house.host.now(), fieldName })).pdf
    await assert.rejects(give(request, signerId, signed), { code: 'SIGNATURES-SIGNER-NOT-VERIFIED' })
  })
})
