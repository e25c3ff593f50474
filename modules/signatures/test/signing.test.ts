import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { PDFDocument } from 'pdf-lib'
import { openPdf } from '../../../core/signing/formats/pades/open-pdf.js'
import { brokenEvent, readEvents } from '../services/events.js'
import { anchorsFor } from '../services/signing/sealed-document.js'
import { retrySealing, sealRequest } from '../services/signing/seal-request.js'
import { signSubmitted } from '../services/signing/sign-submitted.js'
import { signaturesOf } from '../services/signing/signing-rows.js'
import { documentOf, said, SigningHouse, usualPeople } from '../services/signing/test/signing-house.js'

describe('Signatures of a request, from the first signer to the seal', function () {
  this.timeout(180_000)
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
  })
  it('certificate of completion, event log and evidence pack stand beside it; all got their mail, once', async () => {
    const sent = await house.sent(templateId)
    await house.submit(sent, 'employee')
    await house.submit(sent, 'employer')
    const sealed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const trust = await anchorsFor(house.host, house.context.companyId)
    for (const sha256 of [sealed.certificateSha256, sealed.eventLogSha256, sealed.evidenceSha256]) {
      const bytes = await house.file(sha256)
      const verdict = await house.host.verifiers.verify('file', bytes, { trust })
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings))
    }
    // The job comes after all that, and again: nothing is done twice.
    const again = await sealRequest(house.host, house.context, sent.id)
    assert.equal(again.sealedSha256, sealed.sealedSha256)
    await house.host.jobs.drain()
    const events = await house.company((transaction) => readEvents(transaction, sent.id))
    assert.equal(brokenEvent(events), undefined)
    for (const type of ['submitted', 'signed', 'all_signed', 'sealed', 'archived', 'completed', 'delivered'] as const)
      assert.equal(events.filter((event) => event.type === type).length, type === 'submitted' || type === 'signed' ? 2 : 1, type)
    const mails = (await house.sandbox.mailbox()).filter((mail) =>
      mail.attachments.some(({ name }) => name.startsWith(sealed.number.replaceAll('/', '-')) || name.endsWith('.pdf')),
    )
    assert.equal(mails.filter((mail) => mail.to.includes('fatima@example.test')).length, 2, 'one for each of the two requests')
  })

  it('a document whose own form has fields named like ours: ours stand under a free name, and all of it is signed', async () => {
    const document = await PDFDocument.load(await documentOf(2))
    const form = document.getForm()
    for (const [name, y] of [
      ['company', 700],
      ['employee.signature', 660],
      ['khatm', 620],
    ] as const)
      form.createTextField(name).addToPage(document.getPage(0), { x: 60, y, width: 100, height: 20 })
    const pdf = Buffer.from(await document.save({ useObjectStreams: false }))
    const sent = await house.sent(await house.template(pdf, 2))
    assert.equal(sent.formPrefix, 'khatm-2.')
    await house.submit(sent, 'employee')
    await house.submit(sent, 'employer')
    const sealed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const finished = await house.file(sealed.sealedSha256)
    assert.ok(finished.subarray(0, pdf.length).equals(pdf))
    const path = house.write('own-form.pdf', finished)
    const report = said('pdfsig', '-nocert', path)
    assert.equal(report.match(/Signature is Valid/g)?.length, 3)
    for (const name of ['khatm-2.employee.signature', 'khatm-2.employer.signature', 'khatm-2.company.seal'])
      assert.ok(report.includes(`Signature Field Name: ${name}`), name)
    assert.match(said('qpdf', '--check', path), /No syntax or stream encoding errors/)
    const certificate = house.write('own-form-certificate.pdf', await house.file(sealed.certificateSha256))
    assert.match(said('pdftotext', '-layout', certificate, '-'), /own signing authority/)
    const names = openPdf(finished).fields.map(({ name }) => name)
    for (const name of ['company', 'employee.signature', 'khatm']) assert.ok(names.includes(name), name)
  })

  it('two at the same moment: both signatures stand, one over the other', async () => {
    const sent = await house.sent(templateId)
    const both = await Promise.all([house.submit(sent, 'employee'), house.submit(sent, 'employer')])
    assert.deepEqual(
      both.map(({ state }) => state),
      ['signed', 'signed'],
    )
    const { headSha256, state } = await house.read(sent.id)
    assert.equal(state, 'signed')
    const head = await house.file(headSha256)
    const verdict = await house.host.verifiers.verify('both.pdf', head, { trust: await anchorsFor(house.host, house.context.companyId) })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.signatures.map((one) => one.findings)))
    assert.equal(verdict.signatures.length, 2)
    const facts = await house.company((transaction) => signaturesOf(transaction, sent.id))
    assert.equal(facts[1]?.baseSha256, facts[0]?.signedSha256)
    assert.equal(facts[1]?.signedSha256, createHash('sha256').update(head).digest('hex'))
  })

  it('a second click, a second tab, the job: one signature', async () => {
    const sent = await house.sent(templateId)
    const values = await Promise.all([house.submit(sent, 'employee'), house.submit(sent, 'employee'), house.submit(sent, 'employee')])
    assert.ok(values.every(({ state }) => state === 'signed' || state === 'submitted'))
    const signer = house.signer(sent, 'employee')
    await Promise.all([1, 2].map(() => signSubmitted(house.host, house.context, sent.id, signer.id)))
    const head = await house.file((await house.read(sent.id)).headSha256)
    const verdict = await house.host.verifiers.verify('once.pdf', head, { trust: await anchorsFor(house.host, house.context.companyId) })
    assert.equal(verdict.signatures.length, 1)
    const events = await house.company((transaction) => readEvents(transaction, sent.id))
    assert.equal(events.filter(({ type }) => type === 'signed').length, 1)
    assert.equal(events.filter(({ type }) => type === 'submitted').length, 1)
  })

  it('wrong values, a foreign drawing, an unproven signer, somebody whose turn it is not: refused, nothing stored', async () => {
    const sent = await house.sent(templateId)
    const employer = house.signer(sent, 'employer')
    const foreign = await house.capture(employer.id)
    await assert.rejects(house.submit(sent, 'employee', { iban: 'SA00' }), { code: 'SIGNATURES-VALUE-PATTERN-IBAN', path: 'values.iban' })
    await assert.rejects(house.submit(sent, 'employee', { sign: foreign }), { code: 'SIGNATURES-VALUE-CAPTURE' })
    await assert.rejects(house.submit(sent, 'employee', { salary: '1' }), { code: 'SIGNATURES-VALUE-UNKNOWN' })
    assert.equal(house.signer(await house.read(sent.id), 'employee').state, 'verified')
    await house.company(async (transaction) => {
      await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: employer.id }).update({ state: 'viewed' })
    })
    await assert.rejects(house.submit(sent, 'employer'), { code: 'SIGNATURES-SIGNER-NOT-VERIFIED', status: 403 })
    assert.equal((await house.read(sent.id)).headSha256, sent.frozenSha256)
  })

  it('a time stamp authority that is away: submitted with the reason, signed when it is back, never without its stamp', async () => {
    const sent = await house.sent(templateId)
    house.sandbox.faults.inject({ kind: 'error-503', path: '/tsa', times: 0 })
    const waiting = await house.submit(sent, 'employee')
    assert.equal(waiting.state, 'submitted')
    assert.match(waiting.fault?.code ?? '', /^SIGN-TSA-/)
    assert.equal((await house.read(sent.id)).headSha256, sent.frozenSha256)
    house.sandbox.faults.clear()
    const { signer, again } = await signSubmitted(house.host, house.context, sent.id, waiting.id)
    assert.deepEqual([signer.state, signer.fault, again], ['signed', null, undefined])
    const [facts] = await house.company((transaction) => signaturesOf(transaction, sent.id))
    assert.equal(facts?.level, 'PAdES-BASELINE-T')
    assert.ok(facts.stampedAt)
  })

  it('a seal that cannot be put: visible with its reason, and done from where it stopped when asked again', async () => {
    const sent = await house.sent(templateId)
    await house.submit(sent, 'employee')
    await house.submit(sent, 'employer')
    house.sandbox.faults.inject({ kind: 'error-503', path: '/tsa', times: 0 })
    const failed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(failed.state, 'sealing_failed')
    assert.match(failed.fault?.code ?? '', /^SIGN-TSA-/)
    assert.equal(failed.sealedSha256, null)
    house.sandbox.faults.clear()
    await house.company((transaction) => retrySealing(house.host, transaction, sent.id))
    await house.host.jobs.drain()
    const sealed = await house.read(sent.id)
    assert.deepEqual([sealed.state, sealed.fault], ['sealed', null])
    const events = await house.company((transaction) => readEvents(transaction, sent.id))
    assert.equal(events.filter(({ type }) => type === 'seal_failed').length, 1)
  })

  it('levels are never lowered: advanced wants two channels, qualified a key that is not in a file here', async () => {
    const { employee } = { employee: { ...usualPeople[0], role: 'employee', name: 'فاطمة', email: 'fatima@example.test' } }
    const sent = await house.sent(templateId, [employee, ...usualPeople.slice(1)])
    const signer = house.signer(sent, 'employee')
    for (const [level, code] of [
      ['advanced', 'SIGNATURES-LEVEL-CHANNELS'],
      ['qualified', 'SIGNATURES-LEVEL-KEY'],
    ] as const) {
      await house.company(async (transaction) => {
        await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: signer.id }).update({ level })
      })
      await assert.rejects(house.submit(sent, 'employee'), { code })
    }
    await house.company(async (transaction) => {
      const changes = { level: 'advanced', authentication: JSON.stringify(['email-code', 'sms-code']) }
      await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: signer.id }).update(changes)
    })
    assert.equal((await house.submit(sent, 'employee')).state, 'signed')
  })
})
