import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { CompanyContext } from '../../core/access/context.js'
import { bulkOf, createBulk, progressOf, rowsOf, startBulk, type BulkProgress } from '../../modules/signatures/bulk/bulk.js'
import { rowChecker } from '../../modules/signatures/bulk/check-rows.js'
import { brokenEvent, readEvents } from '../../modules/signatures/services/events.js'
import { readVersion } from '../../modules/signatures/services/template-rows.js'
import { createTextTemplate } from '../../modules/signatures/templates/create-template.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'

/** KHATM_FULL=1: the figure of the promise. */
const rows = process.env.KHATM_FULL === '1' ? 1000 : 250
const kills = 5
/** A dead worker's jobs are taken up by the next one within seconds; mails are tried again after at most half a minute. */
const stillMilliseconds = 60_000

describe(`bulk sending of ${String(rows)} rows with a worker killed ${String(kills)} times`, function () {
  this.timeout(600_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let house: TestHost
  let context: CompanyContext
  let smtp: SMTPServer
  let worker: ChildProcess | undefined
  /** Message-IDs by recipient, one entry for each mail that the server took. */
  const taken = new Map<string, string[]>()

  before(async () => {
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, session, done) {
        simpleParser(stream)
          .then((mail) => {
            for (const { address } of session.envelope.rcptTo) taken.set(address, [...(taken.get(address) ?? []), mail.messageId ?? ''])
            done()
          })
          .catch(done)
      },
    })
    // A killed worker resets its connection; a mail server takes that calmly.
    smtp.on('error', () => undefined)
    smtp.listen(0, '127.0.0.1')
    await once(smtp.server, 'listening')
    folder = await temporaryFolder()
    house = await startTestHost({
      dataDir: folder.path,
      config: { publicUrl: 'https://sign.example.test', smtp: { host: '127.0.0.1', port: smtpPort(), from: 'Khatm <sign@example.test>' } },
    })
    context = await house.company()
    await house.host.modules.enable(context, 'signatures')
  })
  after(async () => {
    worker?.kill('SIGKILL')
    await house.stop()
    await folder.remove()
    smtp.close(() => undefined)
  })

  const smtpPort = (): number => (smtp.server.address() as AddressInfo).port
  const inCompany: TestHost['host']['db']['company'] = (companyId, work) => house.host.db.company(companyId, work)

  async function startWorker(): Promise<void> {
    const script = join(import.meta.dirname, 'bulk-worker.ts')
    worker = spawn(process.execPath, [...readingTypeScript, script, folder.path, String(smtpPort())], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const started = worker
    assert.ok(started.stdout !== null)
    const ended = once(started, 'exit').then(() => assert.fail('the worker ended before it was ready'))
    await Promise.race([once(started.stdout, 'data'), ended])
    // What the race left behind must not be an unhandled rejection when the worker is killed later.
    ended.catch(() => undefined)
  }

  /** Looks again until it holds; when nothing moves for a while, the test ends with what it saw last. */
  async function until(what: string, look: () => Promise<{ readonly holds: boolean; readonly seen: unknown }>): Promise<void> {
    let last = ''
    let since = Date.now()
    for (;;) {
      const { holds, seen } = await look()
      if (holds) return
      const now = JSON.stringify(seen)
      if (now !== last) [last, since] = [now, Date.now()]
      assert.ok(Date.now() - since < stillMilliseconds, `${what}: nothing moves at ${last}`)
      assert.equal(worker?.exitCode ?? null, null, `${what}: the worker ended by itself at ${last}`)
      await sleep(50)
    }
  }

  it('asks every person once: no mail is lost, none is double', async () => {
    const table = [
      'name,email',
      ...Array.from({ length: rows }, (_unused, index) => `موظف ${String(index + 1)},person${String(index + 1)}@example.test`),
    ]
    const templateId = await inCompany(context.companyId, async (transaction) => {
      await house.host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false, timeStamps: 'none' })
      return createTextTemplate(house.host, transaction, context, {
        name: 'إقرار سنوي',
        locale: 'ar',
        content: {
          kind: 'text',
          languages: ['ar'],
          title: { ar: 'إقرار سنوي' },
          clauses: [{ body: { ar: 'أقر بأنني قرأت لائحة العمل.' } }],
        },
        roles: [{ id: 'employee', name: 'Employee' }],
      })
    })
    const bulkId = await createBulk(house.host, context, { name: 'people.csv', bytes: Buffer.from(table.join('\n')) }, templateId)
    await inCompany(context.companyId, async (transaction) => {
      const bulk = await bulkOf(transaction, bulkId)
      assert.deepEqual(bulk.mapping, ['person.employee.name', 'person.employee.email'])
      const version = await readVersion(transaction, bulk.templateVersionId)
      await startBulk(house.host, transaction, context, bulkId, rowChecker(version))
    })
    const progress = async (): Promise<BulkProgress> => {
      const seen = await inCompany(context.companyId, (transaction) => progressOf(transaction, bulkId))
      if (seen.refused > 0) {
        const refused = await inCompany(context.companyId, (transaction) => rowsOf(transaction, bulkId, 'refused', 3))
        assert.fail(`rows were refused: ${JSON.stringify(refused.map(({ faults }) => faults))}`)
      }
      return seen
    }

    for (let kill = 1; kill <= kills; kill += 1) {
      await startWorker()
      const goal = Math.floor((rows * kill) / (kills + 1))
      await until(`kill ${String(kill)}`, async () => {
        const seen = await progress()
        return { holds: seen.done >= goal, seen }
      })
      worker?.kill('SIGKILL')
      await once(worker ?? assert.fail(), 'exit')
    }
    await startWorker()
    await until('all rows and mails', async () => {
      const seen = { ...(await progress()), taken: taken.size, waiting: await mailsWaiting() }
      return { holds: seen.done === rows && seen.taken === rows && seen.waiting === 0, seen }
    })

    assert.deepEqual(await progress(), { done: rows, sent: rows, refused: 0 })
    assert.equal(taken.size, rows)
    const again = [...taken.values()].filter((ids) => ids.length > 1)
    // A server that was told of a mail twice knows it by its Message-ID: it is the same mail, kept once (RFC 5322, 3.6.4).
    assert.ok([...taken.values()].every((ids) => new Set(ids).size === 1))
    assert.ok(again.length <= kills * 4, `${String(again.length)} mails were being handed over when a worker was killed`)

    const { requests, mails } = await inCompany(context.companyId, async ({ knex }) => ({
      requests: await knex('signatures_request')
        .where({ bulk_id: bulkId })
        .select<{ id: string; number: string; state: string }[]>('id', 'number', 'state'),
      mails: await knex('core_mail').select<{ state: string; recipients: string[] }[]>('state', 'recipients'),
    }))
    assert.equal(requests.length, rows)
    assert.deepEqual([...new Set(requests.map(({ state }) => state))], ['sent'])
    assert.equal(new Set(requests.map(({ number }) => number)).size, rows)
    assert.equal(mails.length, rows)
    assert.deepEqual([...new Set(mails.map(({ state }) => state))], ['sent'])
    for (const { id } of requests.slice(0, 20)) {
      const events = await inCompany(context.companyId, (transaction) => readEvents(transaction, id))
      assert.equal(brokenEvent(events), undefined)
      assert.equal(events.filter(({ type }) => type === 'sent').length, 1)
    }
  })

  /** What was in flight at a kill is settled by the next worker. */
  async function mailsWaiting(): Promise<number> {
    const waiting: { count: number }[] = await inCompany(context.companyId, ({ knex }) =>
      knex('core_mail').whereNot('state', 'sent').count<{ count: number }[]>('* as count'),
    )
    return Number(waiting[0]?.count)
  }
})
