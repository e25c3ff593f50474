import assert from 'node:assert/strict'
import nodemailer from 'nodemailer'
import { startSandbox, type Sandbox } from '../index.js'
import { scratch } from './support/unit.js'

describe('sandbox mailbox and pages', () => {
  const folder = scratch()
  let sandbox: Sandbox

  before(async () => {
    sandbox = await startSandbox({ dataDir: folder.path })
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })

  const send = (to: string): Promise<unknown> =>
    nodemailer.createTransport({ host: sandbox.smtp.host, port: sandbox.smtp.port, secure: false }).sendMail({
      from: 'شركة الختم <seller@example.com>',
      to,
      subject: 'فاتورة رقم INV/2026/00012',
      html: '<p dir="rtl">مرحبًا<script>alert(1)</script></p>',
      attachments: [{ filename: 'فاتورة.pdf', content: Buffer.from('%PDF-1.7') }],
    })
  const get = (path: string, language = 'en'): Promise<Response> =>
    fetch(`${sandbox.url}${path}`, { headers: { 'Accept-Language': language } })

  it('keeps a mail with its attachment', async () => {
    await send('buyer@example.com')
    const [mail] = await sandbox.mailbox()
    assert.equal(mail?.subject, 'فاتورة رقم INV/2026/00012')
    assert.deepEqual(mail.to, ['buyer@example.com'])
    assert.equal(mail.attachments[0]?.name, 'فاتورة.pdf')
    assert.equal(mail.attachments[0].content.toString(), '%PDF-1.7')
    const listed: unknown = await (await get('/mail/api')).json()
    assert.ok(Array.isArray(listed) && listed.length === 1)
  })

  it('refuses bounce@ for good and later@ for now', async () => {
    await assert.rejects(send('bounce@example.com'), { responseCode: 550 })
    await assert.rejects(send('later@example.com'), { responseCode: 451 })
    assert.equal((await sandbox.mailbox()).length, 1)
  })

  it('shows foreign HTML in a sandbox of its own and gives attachments as downloads', async () => {
    const [mail] = await sandbox.mailbox()
    const page = await (await get(`/mail/${mail?.id ?? ''}`)).text()
    assert.ok(page.includes('<iframe sandbox'))
    assert.ok(!page.includes('alert(1)'))
    const html = await get(`/mail/${mail?.id ?? ''}/html`)
    assert.match(html.headers.get('Content-Security-Policy') ?? '', /^sandbox; default-src 'none'/)
    const attachment = await get(`/mail/${mail?.id ?? ''}/attachments/0`)
    assert.match(attachment.headers.get('Content-Disposition') ?? '', /^attachment;/)
    assert.equal(await attachment.text(), '%PDF-1.7')
    for (const path of ['/mail/none', '/mail/none/html', `/mail/${mail?.id ?? ''}/attachments/7`])
      assert.equal((await get(path)).status, 404)
  })

  it('speaks the language of the browser', async () => {
    const arabic = await (await get('/', 'ar')).text()
    assert.match(arabic, /<html lang="ar" dir="rtl">/)
    assert.ok(arabic.includes('بيئة تجريبية'))
    assert.match(await (await get('/', 'bg')).text(), /Тестова среда/)
    assert.match(await (await get('/', 'en-GB,en')).text(), /nothing here has legal effect/)
  })

  it('refuses control calls of pages from elsewhere', async () => {
    const reset = await fetch(`${sandbox.url}/control/reset`, { method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } })
    assert.equal(reset.status, 403)
    assert.equal((await sandbox.mailbox()).length, 1)
  })
})
