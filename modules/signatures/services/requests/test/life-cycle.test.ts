import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../../../core/i18n/fault.js'
import { brokenEvent, readEvents } from '../../events.js'
import { cancelRequest } from '../cancel.js'
import { correctSigner, delegateSigner } from '../correct.js'
import { declineSigner } from '../decline.js'
import { changeExpiry, expireWhenDue } from '../expiry.js'
import { signerByToken } from '../links.js'
import { checkReady } from '../ready.js'
import { remindSigner, remindWhenDue } from '../reminders.js'
import { draftAgain } from '../send-again.js'
import { sendRequest } from '../send-request.js'
import { RequestHouse, tokenIn } from './request-house.js'

const code = (wanted: string) => (error: unknown) => error instanceof Fault && error.details.some((detail) => detail.code === wanted)

describe('life of a request', function () {
  this.timeout(180_000)
  let house: RequestHouse

  before(async () => {
    house = await RequestHouse.open()
  })
  after(() => house.running.stop())

  const inCompany: RequestHouse['host']['db']['company'] = (companyId, work) => house.host.db.company(companyId, work)

  it('goes from a draft through its groups to «signed», each asked when those before have finished', async () => {
    const { host, context } = house
    const id = await house.draft()
    const draft = await house.read(id)
    assert.match(draft.number, /^SIGN\/\d{4}\/0000\d$/)
    assert.deepEqual(await checkReady(host, context, id), [])
    const sent = await sendRequest(host, context, id)
    assert.equal(sent.state, 'sent')
    assert.ok(sent.originalSha256 !== null && sent.frozenSha256 === sent.headSha256)
    assert.deepEqual(
      sent.signers.map((signer) => [signer.role, signer.state]),
      [
        ['approver', 'sent'],
        ['buyer', 'waiting'],
        ['seller', 'waiting'],
        ['office', 'waiting'],
      ],
    )
    const [asked] = await house.mails('mona@example.test')
    assert.equal(asked?.subject, 'للتوقيع: عقد تقديم خدمات')
    assert.match(asked.html, /dir="rtl"/)
    assert.match(asked.text, /يطلب شركة المثال التجارية موافقتك/)
    // Nothing is fetched, so nobody learns when it was read; the one address in it is the link.
    assert.doesNotMatch(asked.html, /<img|<link|url\(|@import/)
    assert.deepEqual([...new Set(asked.html.match(/https?:\/\/[^"<\s]+/g))], [/https?:\/\/\S+/.exec(asked.text)?.[0]])
    assert.match(asked.text, /حتى: \u2068\d\d\/\d\d\/\d{4} \d\d:\d\d \(GMT\+3\)\u2069/, 'till when, with the zone, whole in Arabic')
    assert.match(asked.text, /الموقّعون: \u2068Ivan Petrov\u2069، \u2068Sara Lind\u2069/)
    const link = await signerByToken(host, tokenIn(asked))
    assert.equal(link?.signer.role, 'approver')
    assert.deepEqual(await house.mails('ivan@example.test'), [])
    await house.finish(id, 'approver')
    const [turn] = await house.mails('ivan@example.test')
    assert.equal(turn?.subject, 'Ваш ред е: عقد تقديم خدمات')
    await house.finish(id, 'buyer')
    assert.equal((await house.mails('sara@example.test')).length, 1)
    assert.equal((await house.read(id)).state, 'sent')
    await house.finish(id, 'seller')
    assert.equal((await house.read(id)).state, 'signed')
    const events = await inCompany(context.companyId, (transaction) => readEvents(transaction, id))
    assert.equal(brokenEvent(events), undefined)
    assert.deepEqual(
      events.map((event) => event.type),
      ['created', 'sent', 'mail_queued', 'mail_queued', 'mail_queued', 'all_signed'],
    )
  })

  it('freezes the document with a field for everybody, and the original stays a prefix of it', async () => {
    const { host, context } = house
    const id = await house.draft()
    const sent = await sendRequest(host, context, id)
    const [original, frozen] = await inCompany(context.companyId, async (transaction) => [
      (await host.files.get(transaction, sent.originalSha256 ?? '')).bytes,
      (await host.files.get(transaction, sent.frozenSha256 ?? '')).bytes,
    ])
    assert.ok(frozen.subarray(0, original.length).equals(original))
    const text = execFileSync('pdftotext', ['-layout', '-', '-'], { input: frozen }).toString()
    assert.match(text.replace(/\s+/g, ' '), /12,500\.50/)
    const file = join(house.running.dataDir, 'frozen.pdf')
    await writeFile(file, frozen)
    const fields = execFileSync('qpdf', ['--json', '--json-key=acroform', file]).toString()
    for (const name of ['buyer.signature', 'seller.signature']) assert.ok(fields.includes(name), name)
  })

  it('is sent once, however often and at how many places it is asked to be', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'once@example.test' } })
    const answers = await Promise.all([1, 2, 3].map(() => sendRequest(host, context, id)))
    for (const answer of answers) assert.equal(answer.state, 'sent')
    await sendRequest(host, context, id)
    assert.equal((await house.mails('once@example.test')).length, 1)
    const events = await inCompany(context.companyId, (transaction) => readEvents(transaction, id))
    assert.equal(events.filter((event) => event.type === 'sent').length, 1)
  })

  it('corrects a mistyped address without starting over: the old link is void, the new one came by mail', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'wrong@example.test' } })
    await sendRequest(host, context, id)
    const old = tokenIn((await house.mails('wrong@example.test'))[0])
    const { id: signerId } = await house.signer(id, 'approver')
    await inCompany(context.companyId, (transaction) =>
      correctSigner(host, transaction, context, id, signerId, { email: 'right@example.test', locale: 'en' }),
    )
    assert.equal(await signerByToken(host, old), undefined)
    const [mail] = await house.mails('right@example.test')
    assert.match(mail?.subject ?? '', /^Please sign \(new link\)/)
    assert.equal((await signerByToken(host, tokenIn(mail)))?.signer.version, 2)
    await house.finish(id, 'approver')
    await assert.rejects(
      inCompany(context.companyId, (transaction) => correctSigner(host, transaction, context, id, signerId, { name: 'X' })),
      code('SIGNATURES-CORRECT-TOO-LATE'),
    )
  })

  it('is handed on where the role allows it: new person, own link, nothing of the old one left', async () => {
    const { host, context } = house
    const id = await house.draft({ buyer: { email: 'boss@example.test', authentication: ['email-code', 'pin'], pin: '482913' } })
    await sendRequest(host, context, id)
    const approver = await house.signer(id, 'approver')
    const to = { name: 'Deputy', email: 'deputy@example.test', phone: '+966501234567' }
    await assert.rejects(
      inCompany(context.companyId, (transaction) =>
        delegateSigner(host, transaction, context, { requestId: id, signerId: approver.id, to }),
      ),
      code('SIGNATURES-DELEGATE-NOT-ALLOWED'),
    )
    await house.finish(id, 'approver')
    const old = tokenIn((await house.mails('boss@example.test'))[0])
    const buyer = await house.signer(id, 'buyer')
    await inCompany(context.companyId, (transaction) =>
      delegateSigner(host, transaction, context, { requestId: id, signerId: buyer.id, to }),
    )
    const now = await house.signer(id, 'buyer')
    assert.deepEqual([now.name, now.state, now.version, now.authentication], ['Deputy', 'sent', 2, ['email-code', 'sms-code']])
    assert.equal(await signerByToken(host, old), undefined)
    assert.equal((await signerByToken(host, tokenIn((await house.mails('deputy@example.test'))[0])))?.signer.name, 'Deputy')
    assert.ok(
      (await house.mails('hr@example.test')).some((mail) => mail.text.includes('Ivan Petrov')),
      'the sender is told',
    )
  })

  it('ends when somebody declines: the others are told, the reason stands', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'yes@example.test' }, buyer: { email: 'no@example.test' } })
    await sendRequest(host, context, id)
    await house.finish(id, 'approver')
    const buyer = await house.signer(id, 'buyer')
    const decline = (): Promise<void> =>
      inCompany(context.companyId, (transaction) =>
        declineSigner(host, transaction, context, { requestId: id, signerId: buyer.id, reason: 'القيمة غير صحيحة' }),
      )
    await decline()
    await assert.rejects(decline(), code('SIGNATURES-SIGNER-STATE'))
    const ended = await house.read(id)
    assert.equal(ended.state, 'declined')
    assert.deepEqual(
      ended.signers.map((signer) => signer.state),
      ['approved', 'declined', 'expired', 'waiting'],
    )
    const told = (await house.mails('yes@example.test')).at(-1)
    assert.match(told?.subject ?? '', /^لن يُوقَّع/)
    assert.match(told?.text ?? '', /القيمة غير صحيحة/)
  })

  it('is withdrawn with a reason, and cannot be withdrawn when all have signed', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'withdrawn@example.test' } })
    await sendRequest(host, context, id)
    const cancel = (requestId: string, reason: string): Promise<void> =>
      inCompany(context.companyId, (transaction) => cancelRequest(host, transaction, context, requestId, reason))
    await assert.rejects(cancel(id, '  '), code('SIGNATURES-REASON-MISSING'))
    await cancel(id, 'A new version is coming')
    assert.equal((await house.read(id)).state, 'cancelled')
    assert.match((await house.mails('withdrawn@example.test')).at(-1)?.text ?? '', /A new version is coming/)
    const signed = await house.draft()
    await sendRequest(host, context, signed)
    for (const role of ['approver', 'buyer', 'seller']) await house.finish(signed, role)
    await assert.rejects(cancel(signed, 'too late'), code('SIGNATURES-REQUEST-STATE'))
  })

  it('what ended unsigned is sent again as a new request: same people and values, own number, the old one as it ended', async () => {
    const { host, context } = house
    const id = await house.draft()
    const sent = await sendRequest(host, context, id)
    const again = (): Promise<string> => inCompany(context.companyId, (transaction) => draftAgain(host, transaction, context, id))
    await assert.rejects(again(), { code: 'SIGNATURES-AGAIN-NOT-ENDED' })
    await inCompany(context.companyId, (transaction) => cancelRequest(host, transaction, context, id, 'wrong value'))
    const draft = await house.read(await again())
    const before = await house.read(id)
    assert.deepEqual([draft.state, before.state], ['draft', 'cancelled'])
    assert.notEqual(draft.number, before.number)
    const facts = ({ signers, variables }: typeof before): unknown => [
      signers.map(({ role, name, email, locale }) => [role, name, email, locale]),
      variables,
    ]
    assert.deepEqual(facts(draft), facts(sent))
    assert.deepEqual(await checkReady(host, context, draft.id), [], 'ready to be sent')
  })

  it('reminds once when it is time, though two workers take the job at the same moment', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'late@example.test' } }, { reminders: { firstAfterDays: 3, everyDays: 2 } })
    await sendRequest(host, context, id)
    const { id: signerId } = await house.signer(id, 'approver')
    assert.equal(await remindWhenDue(host, context, signerId), false, 'not before its time')
    house.later(3.01)
    const answers = await Promise.all([1, 2, 3, 4].map(() => remindWhenDue(host, context, signerId)))
    assert.equal(answers.filter((reminded) => reminded).length, 1)
    assert.equal((await house.mails('late@example.test')).length, 2)
    await assert.rejects(
      inCompany(context.companyId, (transaction) => remindSigner(host, transaction, context, id, signerId)),
      code('SIGNATURES-REMIND-TOO-OFTEN'),
    )
    house.later(2.01)
    assert.equal(await remindWhenDue(host, context, signerId), true)
    await house.finish(id, 'approver')
    house.later(2.01)
    assert.equal(await remindWhenDue(host, context, signerId), false, 'who has done his part is left in peace')
    assert.equal((await house.mails('late@example.test')).length, 3)
  })

  it('ends at its hour, not before; extending moves the hour', async () => {
    const { host, context } = house
    const at = (days: number): Date => new Date(host.now().getTime() + days * 86_400_000)
    const id = await house.draft({ approver: { email: 'expired@example.test' } }, { expiresAt: at(5).toISOString(), reminders: null })
    await sendRequest(host, context, id)
    await inCompany(context.companyId, (transaction) => changeExpiry(host, transaction, context, id, at(7)))
    house.later(6)
    assert.equal(await expireWhenDue(host, context, id), false)
    house.later(1.01)
    const ended = await Promise.all([1, 2].map(() => expireWhenDue(host, context, id)))
    assert.deepEqual(ended.sort(), [false, true])
    assert.equal((await house.read(id)).state, 'expired')
    assert.match((await house.mails('expired@example.test')).at(-1)?.subject ?? '', /^انتهت المهلة/)
  })

  it('leaves no link in the mails that were sent', async () => {
    await house.mails()
    const kept: { text: string; subject: string }[] = await inCompany(house.context.companyId, (transaction) =>
      transaction
        .knex('core_mail')
        .where({ company_id: house.context.companyId })
        .where('text', 'like', '%/sign/%')
        .select('text', 'subject'),
    )
    assert.deepEqual(kept, [])
  })
})
