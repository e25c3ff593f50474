import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { CompanyContext } from '../../core/access/context.js'
import { bulkOf, createBulk, progressOf, startBulk } from '../../modules/signatures/bulk/bulk.js'
import { rowChecker } from '../../modules/signatures/bulk/check-rows.js'
import { brokenEvent, readEvents } from '../../modules/signatures/services/events.js'
import { readVersion } from '../../modules/signatures/services/template-rows.js'
import { createTextTemplate } from '../../modules/signatures/templates/create-template.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

/** KHATM_FULL=1: the figure of the promise. */
const rows = process.env.KHATM_FULL === '1' ? 1000 : 250
const kills = 5

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
    worker = spawn(process.execPath, ['--import', 'tsx', script, folder.path, String(smtpPort())], { stdio: ['ignore', 'pipe', 'inherit'] })
    assert.ok(worker.stdout !== null)
    await once(worker.stdout, 'data')
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
    const progress = () => inCompany(context.companyId, (transaction) => progressOf(transaction, bulkId))

    for (let kill = 1; kill <= kills; kill += 1) {
      await startWorker()
      const goal = Math.floor((rows * kill) / (kills + 1))
      while ((await progress()).done < goal) await sleep(20)
      worker?.kill('SIGKILL')
      await once(worker ?? assert.fail(), 'exit')
    }
    await startWorker()
    while ((await progress()).done < rows || taken.size < rows) await sleep(100)
    await waitForMails()

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

  /** All rows are `sent` in the table of mails: what was in flight at a kill has been settled by the next worker. */
  async function waitForMails(): Promise<void> {
    for (;;) {
      const waiting: { count: number }[] = await inCompany(context.companyId, ({ knex }) =>
        knex('core_mail').whereNot('state', 'sent').count<{ count: number }[]>('* as count'),
      )
      if (Number(waiting[0]?.count) === 0) return
      await sleep(100)
    }
  }
})
