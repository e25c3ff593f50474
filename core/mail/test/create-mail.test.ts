import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import type { ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { scratchDatabase } from '../../../test/helpers/scratch-database.js'
import { until } from '../../../test/helpers/until.js'
import type { AuditSystem } from '../../audit/create-audit.js'
import { createAudit } from '../../audit/create-audit.js'
import { createFiles } from '../../files/create-files.js'
import { createLogger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import type { JobSystem } from '../../jobs/create-jobs.js'
import { createJobs } from '../../jobs/create-jobs.js'
import type { MailSystem } from '../create-mail.js'
import { createMail } from '../create-mail.js'
import type { OutgoingMail } from '../mail.js'
import { readingTypeScript } from '../../../test/helpers/reading-typescript.js'

const logger = createLogger({ logLevel: 'silent' })
const now = (): Date => new Date()

describe('mail', function () {
  this.timeout(180_000)
  let scratch: ScratchDatabase
  let audit: AuditSystem
  let smtp: SMTPServer
  let port: number
  const received: ParsedMail[] = []
  /** What the server answers next, after it has the whole mail. */
  let answer: (() => Promise<{ code: number; text: string } | undefined>) | undefined
  const company = randomUUID()
  const files = createFiles()
  const closing: MailSystem[] = []

  before(async () => {
    scratch = await scratchDatabase()
    audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'audit-anchors.ndjson'), now, logger })
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, _session, done) => {
        void simpleParser(stream).then(async (mail) => {
          received.push(mail)
          const refusal = await answer?.()
          if (refusal === undefined) done()
          else done(Object.assign(new Error(refusal.text), { responseCode: refusal.code }))
        })
      },
    })
    smtp.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      smtp.listen(0, '127.0.0.1', resolve)
    })
    port = (smtp.server.address() as AddressInfo).port
  })
  after(async () => {
    for (const mail of closing) mail.close()
    await new Promise<void>((resolve) => {
      smtp.close(resolve)
    })
    await audit.close()
    await scratch.end()
  })
  beforeEach(() => {
    received.length = 0
    answer = undefined
  })

  function systems(host: string | null = '127.0.0.1'): { mail: MailSystem; jobs: JobSystem } {
    const jobs = createJobs({ database: scratch.database, contextFor: systemContextOf, logger, now })
    const mail = createMail({
      database: scratch.database,
      files,
      jobs: jobs.jobs,
      define: (name, handler) => {
        jobs.define('core', name, handler)
      },
      audit,
      smtp: { host, port, secure: false, user: null, password: null, from: 'Khatm <no-reply@khatm.test>' },
      logger,
      now,
    })
    closing.push(mail)
    return { mail, jobs }
  }
  const queue = async (mail: MailSystem, id: string, more: Partial<OutgoingMail> = {}): Promise<string> => {
    const context = await systemContextOf(company)
    return scratch.database.company(company, (transaction) =>
      mail.queue(transaction, context, {
        to: ['buyer@example.test'],
        subject: 'فاتورة ضريبية رقم ١٢٣',
        text: 'مرفق الفاتورة',
        subjectRecord: { type: 'invoice', id },
        ...more,
      }),
    )
  }
  const state = async (mail: MailSystem, id: string): Promise<{ state: string; error: string | null } | undefined> => {
    const [first] = await scratch.database.company(company, (transaction) => mail.statesOf(transaction, { type: 'invoice', id }))
    return first === undefined ? undefined : { state: first.state, error: first.error }
  }

  it('goes out with Arabic subject and attachment, and its record tells so', async () => {
    const { mail, jobs } = systems()
    const file = await scratch.database.company(company, (transaction) =>
      files.put(transaction, Buffer.from('%PDF-1.7 test'), 'application/pdf'),
    )
    const mailId = await queue(mail, 'a', {
      cc: ['copy@example.test'],
      html: '<p>مرفق</p>',
      attachments: [{ name: 'INV-123.pdf', sha256: file.sha256 }],
    })
    assert.deepEqual(await state(mail, 'a'), { state: 'queued', error: null })
    await jobs.jobs.drain()
    assert.deepEqual(await state(mail, 'a'), { state: 'sent', error: null })
    const [got] = received
    assert.equal(got?.subject, 'فاتورة ضريبية رقم ١٢٣')
    assert.equal(got.messageId, `<${mailId}@khatm.test>`)
    assert.equal(got.text?.trim(), 'مرفق الفاتورة')
    assert.equal(got.attachments[0]?.filename, 'INV-123.pdf')
    assert.equal(got.attachments[0].content.toString(), '%PDF-1.7 test')
    const log = await scratch.database.company(company, (transaction) => audit.of(transaction, { type: 'invoice', id: 'a' }))
    assert.deepEqual(
      log.map((event) => event.action),
      ['mail.sent', 'mail.queued'],
    )
  })

  it('keeps no word of a confidential mail once it was sent', async () => {
    const { mail, jobs } = systems()
    const secret = { text: 'https://khatm.test/sign/secret', html: '<a href="https://khatm.test/sign/secret">sign</a>', confidential: true }
    const kept = async (mailId: string): Promise<{ text: string; html: string | null; subject: string } | undefined> =>
      scratch.database.company(company, (transaction) =>
        transaction.knex('core_mail').where({ company_id: company, id: mailId }).first('text', 'html', 'subject'),
      )
    answer = () => Promise.resolve({ code: 451, text: 'try later' })
    const mailId = await queue(mail, 'secret', secret)
    await jobs.jobs.drain()
    assert.match((await kept(mailId))?.text ?? '', /secret/, 'it must still be sent')
    answer = undefined
    await scratch.database.ownerKnex.raw('update graphile_worker._private_jobs set run_at = now()')
    await jobs.jobs.drain()
    assert.match(received.at(-1)?.text ?? '', /secret/)
    assert.deepEqual(await kept(mailId), { text: '', html: null, subject: 'فاتورة ضريبية رقم ١٢٣' })
  })

  it('is not sent when its transaction is rolled back', async () => {
    const { mail, jobs } = systems()
    const context = await systemContextOf(company)
    await scratch.database
      .company(company, async (transaction) => {
        await mail.queue(transaction, context, { to: ['x@example.test'], subject: 's', text: 't' })
        throw new Error('no')
      })
      .catch(() => undefined)
    await jobs.jobs.drain()
    assert.deepEqual(received, [])
  })

  it('waits and is tried again after a temporary refusal, with the same Message-ID', async () => {
    const { mail, jobs } = systems()
    answer = () => Promise.resolve({ code: 451, text: 'try later' })
    await queue(mail, 'b')
    await jobs.jobs.drain()
    const waiting = await state(mail, 'b')
    assert.equal(waiting?.state, 'queued')
    assert.match(waiting.error ?? '', /451 try later/)
    answer = undefined
    await scratch.database.ownerKnex.raw('update graphile_worker._private_jobs set run_at = now()')
    await jobs.jobs.drain()
    assert.deepEqual(await state(mail, 'b'), { state: 'sent', error: null })
    assert.equal(received.length, 2)
    assert.equal(received[0]?.messageId, received[1]?.messageId)
  })

  it('fails for good after a permanent refusal, and can be sent again by hand', async () => {
    const { mail, jobs } = systems()
    answer = () => Promise.resolve({ code: 550, text: 'no such user' })
    const mailId = await queue(mail, 'c')
    await jobs.jobs.drain()
    assert.equal((await state(mail, 'c'))?.state, 'failed')
    assert.equal(received.length, 1)
    answer = undefined
    const context = await systemContextOf(company)
    await scratch.database.company(company, (transaction) => mail.retry(transaction, context, mailId))
    await assert.rejects(
      scratch.database.company(company, (transaction) => mail.retry(transaction, context, mailId)),
      (error: unknown) => error instanceof Fault && error.code === 'MAIL-NOT-FAILED',
    )
    await jobs.jobs.drain()
    assert.deepEqual(await state(mail, 'c'), { state: 'sent', error: null })
  })

  it('fails visibly when no server is set up or an attachment is missing', async () => {
    const without = systems(null)
    await queue(without.mail, 'd')
    await without.jobs.jobs.drain()
    assert.deepEqual(await state(without.mail, 'd'), { state: 'failed', error: 'MAIL-NOT-CONFIGURED' })
    const { mail, jobs } = systems()
    await queue(mail, 'e', { attachments: [{ name: 'gone.pdf', sha256: '0'.repeat(64) }] })
    await jobs.jobs.drain()
    assert.deepEqual(await state(mail, 'e'), { state: 'failed', error: 'FILE-MISSING' })
    assert.deepEqual(received, [])
  })

  it('refuses addresses that are none', async () => {
    const { mail } = systems()
    for (const address of ['', 'x', 'a@b, c@d', 'a@b\r\nBcc: c@d', '<a@b>']) {
      await assert.rejects(queue(mail, 'f', { to: [address] }), (error: unknown) => error instanceof Fault && error.code === 'MAIL-ADDRESS')
    }
    await assert.rejects(queue(mail, 'f', { to: [] }), (error: unknown) => error instanceof Fault && error.code === 'MAIL-NO-RECIPIENT')
    await queue(mail, 'g', { subject: 'one\r\nBcc: evil@example.test' })
    const { jobs } = systems()
    await jobs.jobs.drain()
    assert.deepEqual(
      received.map((got) => got.bcc),
      [undefined],
    )
  })

  it('keeps one Message-ID when the host is killed between the server taking it and the commit', async () => {
    const { mail, jobs } = systems()
    let taken = 0
    answer = () => {
      taken += 1
      // the server has the mail; its answer comes too late for the host
      return taken === 1 ? sleep(60_000, undefined, { ref: false }) : Promise.resolve(undefined)
    }
    await queue(mail, 'h')
    const child = spawn(
      process.execPath,
      [...readingTypeScript, path.join(import.meta.dirname, 'mail-host.ts'), scratch.dataDir, String(port)],
      { stdio: 'inherit' },
    )
    await until('the server has the mail', () => taken > 0)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    assert.deepEqual(await state(mail, 'h'), { state: 'sending', error: null })
    await jobs.jobs.drain()
    assert.deepEqual(await state(mail, 'h'), { state: 'sent', error: null })
    assert.equal(received.length, 2)
    assert.equal(received[0]?.messageId, received[1]?.messageId)
    assert.equal(received[0]?.date?.getTime(), received[1]?.date?.getTime())
  })
})
