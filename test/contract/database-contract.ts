import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAudit } from '../../core/audit/create-audit.js'
import { sqlState } from '../../core/db/database-faults.js'
import type { OpenDatabase } from '../../core/db/open-database.js'
import { openDatabase } from '../../core/db/open-database.js'
import { createLogger } from '../../core/host/logger.js'
import { Fault } from '../../core/i18n/fault.js'
import { createJobs } from '../../core/jobs/create-jobs.js'
import { systemContextOf } from '../helpers/company-context.js'
import { until } from '../helpers/until.js'

/** A server the suite runs on. */
export interface ServerUnderTest {
  readonly url: string | null
  readonly dataDir: string
  /** Ends the server with SIGKILL and sees to it that it runs again. */
  crash(database: OpenDatabase): Promise<void>
  end(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '../..')
const logger = createLogger({ logLevel: 'silent' })
const sources = [
  { module: 'core', folder: path.join(root, 'migrations/core') },
  { module: 'contract', folder: path.join(root, 'test/fixtures/migrations/contract') },
]

/** What every PostgreSQL under Khatm must do. Run on the embedded server and on Debian's. */
export function databaseContract(name: string, begin: () => Promise<ServerUnderTest>): void {
  describe(`database contract on ${name}`, function () {
    this.timeout(180_000)
    let server: ServerUnderTest
    let database: OpenDatabase
    let scratch: string
    const one = randomUUID()
    const other = randomUUID()

    const open = (): Promise<OpenDatabase> =>
      openDatabase({ dataDir: server.dataDir, database: { url: server.url, poolSize: 10 }, logLevel: 'silent' }, { logger })
    const addNote = (companyId: string, text = 'note'): Promise<number> =>
      database.company(companyId, async (transaction) => {
        const number = await transaction.takeNumbers('notes')
        await transaction.knex('contract_note').insert({ company_id: companyId, number, text })
        return number
      })

    before(async () => {
      server = await begin()
      scratch = await mkdtemp(path.join(tmpdir(), 'khatm-contract-'))
      database = await open()
      const reports = await database.migrate(sources)
      assert.deepEqual(
        reports.map(({ module, fault }) => ({ module, fault })),
        sources.map(({ module }) => ({ module, fault: undefined })),
      )
    })
    after(async () => {
      await database.close()
      await server.end()
      await rm(scratch, { recursive: true, force: true })
    })

    describe('row-level security', () => {
      it('hides the rows of another company', async () => {
        await addNote(one, 'secret of one')
        const seen = await database.company(other, (transaction) => transaction.knex('contract_note').select())
        assert.deepEqual(seen, [])
      })
      it('refuses a row for another company', async () => {
        await assert.rejects(
          database.company(other, (transaction) => transaction.knex('contract_note').insert({ company_id: one, number: 99, text: 'x' })),
          (error: unknown) => sqlState(error) === '42501',
        )
      })
      it('lets no update move a row to another company, and touches none of its rows', async () => {
        await addNote(other)
        await assert.rejects(
          database.company(other, (transaction) => transaction.knex('contract_note').update({ company_id: one })),
          (error: unknown) => sqlState(error) === '42501',
        )
        assert.equal(
          await database.company(other, (transaction) => transaction.knex('contract_note').where({ company_id: one }).delete()),
          0,
        )
      })
      it('shows nothing to a transaction without a company, and nothing to the owner of the tables', async () => {
        assert.deepEqual(await database.host((transaction) => transaction('contract_note').select()), [])
        assert.deepEqual(await database.ownerKnex('contract_note').select(), [])
      })
      it('does not leave the company behind on the connection', async () => {
        await Promise.all(Array.from({ length: 20 }, () => addNote(one)))
        const shown = await Promise.all(
          Array.from({ length: 20 }, () => database.host((transaction) => transaction('contract_note').select())),
        )
        assert.ok(shown.every((rows) => rows.length === 0))
      })
      it('is forced on every table with a company', async () => {
        const { rows } = await database.ownerKnex.raw<{ rows: { name: string }[] }>(
          `select class.relname as name from pg_class class join pg_attribute attribute on attribute.attrelid = class.oid
           where attribute.attname = 'company_id' and class.relkind = 'r' and class.relnamespace = 'public'::regnamespace
             and not (class.relrowsecurity and class.relforcerowsecurity)
             and class.relname not like 'core\\_membership%' and class.relname not like 'core\\_api%' and class.relname not like 'core\\_session%'`,
        )
        const companyTables = rows.map((row) => row.name).filter((table) => /^(?:contract_|core_(?:counter|audit|blob|mail))/.test(table))
        assert.deepEqual(companyTables, [])
      })
      it('runs as a role that neither owns a table nor bypasses the rules', async () => {
        const { rows } = await database.host((transaction) =>
          transaction.raw<{ rows: { bypass: boolean; super: boolean; owned: number }[] }>(
            `select rolbypassrls as bypass, rolsuper as super, (select count(*)::int from pg_class where relowner = role.oid) as owned
             from pg_roles role where rolname = current_user`,
          ),
        )
        assert.deepEqual(rows, [{ bypass: false, super: false, owned: 0 }])
      })
      it('takes nothing but a UUID for a company', async () => {
        await assert.rejects(
          database.company(`x', true); drop table contract_note; --`, () => Promise.resolve()),
          (error: unknown) => error instanceof Fault && error.code === 'DB-COMPANY-ID',
        )
      })
    })

    describe('values', () => {
      it('come back as they went in', async () => {
        const row = await database.company(one, async (transaction) => {
          const [id] = await transaction
            .knex<{ id: string }>('contract_note')
            .insert({
              company_id: one,
              number: await transaction.takeNumbers('notes'),
              text: 'v',
              amount: '12345678901234.50',
              day: '2026-03-29',
            } as object)
            .returning('id')
          return transaction
            .knex<{ id?: string; amount: string; day: string; number: number }>('contract_note')
            .where({ id: id?.id })
            .first()
        })
        assert.equal(row?.amount, '12345678901234.50')
        assert.equal(row.day, '2026-03-29')
        assert.equal(typeof row.number, 'number')
      })
    })

    describe('gapless counters', () => {
      it('give 1..N to many at once, with rollbacks in between', async () => {
        const company = randomUUID()
        let kept = 0
        await Promise.all(
          Array.from({ length: 60 }, async (_, index) => {
            await database
              .company(company, async (transaction) => {
                const count = 1 + (index % 3)
                for (let taken = 0; taken < count; taken += 1) {
                  const first = await transaction.takeNumbers('gapless')
                  await transaction.knex('contract_note').insert({ company_id: company, number: first, text: String(index) })
                }
                if (index % 4 === 0) throw new Error('rolled back on purpose')
                kept += count
              })
              .catch((error: unknown) => {
                if (!(error instanceof Error) || error.message !== 'rolled back on purpose') throw error
              })
          }),
        )
        const rows = await database.company(company, (transaction) =>
          transaction.knex<{ number: number }>('contract_note').select('number').orderBy('number'),
        )
        assert.deepEqual(
          rows.map((row) => row.number),
          Array.from({ length: kept }, (_, index) => index + 1),
        )
        assert.equal(await database.company(company, (transaction) => transaction.takeNumbers('gapless', 10)), kept + 1)
        assert.equal(await database.company(company, (transaction) => transaction.takeNumbers('gapless')), kept + 11)
      })
      it('give different numbers to callers inside one transaction', async () => {
        const taken = await database.company(randomUUID(), (transaction) =>
          Promise.all(Array.from({ length: 25 }, () => transaction.takeNumbers('inside', 2))),
        )
        assert.deepEqual(
          taken,
          Array.from({ length: 25 }, (_, index) => 1 + index * 2),
        )
      })
      it('two hosts share one row', async () => {
        const company = randomUUID()
        const second = await open()
        try {
          const numbers = await Promise.all(
            Array.from({ length: 100 }, (_, index) =>
              (index % 2 === 0 ? database : second).company(company, (transaction) => transaction.takeNumbers('shared')),
            ),
          )
          assert.deepEqual(
            numbers.sort((a, b) => a - b),
            Array.from({ length: 100 }, (_, index) => index + 1),
          )
        } finally {
          await second.close()
        }
      })
    })

    describe('transactions', () => {
      it('are run again after 40001', async () => {
        let runs = 0
        const result = await database.company(one, async (transaction) => {
          runs += 1
          if (runs < 4) await transaction.knex.raw(`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`)
          return 'done'
        })
        assert.deepEqual({ runs, result }, { runs: 4, result: 'done' })
      })
      it('give up after eight more tries', async () => {
        let runs = 0
        await assert.rejects(
          database.company(one, async (transaction) => {
            runs += 1
            await transaction.knex.raw(`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`)
          }),
        )
        assert.equal(runs, 9)
      })
      it('survive a real deadlock of two counters', async () => {
        const company = randomUUID()
        const cross = (first: string, second: string): Promise<void> =>
          database.company(company, async (transaction) => {
            await transaction.takeNumbers(first)
            await sleep(50)
            await transaction.takeNumbers(second)
          })
        await Promise.all([cross('a', 'b'), cross('b', 'a')])
        assert.equal(await database.company(company, (transaction) => transaction.takeNumbers('a')), 3)
      })
      it('never report a commit that PostgreSQL turned into a rollback', async () => {
        await assert.rejects(
          database.company(one, async (transaction) => {
            await transaction.knex.raw('select 1/0').catch(() => undefined)
          }),
          /ROLLBACK/,
        )
        await addNote(one) // and the connection is clean
      })
      it('start beforeCommit works in order, later ones when those are done, afterCommit only after success', async () => {
        const seen: string[] = []
        await database.company(one, (transaction) => {
          transaction.afterCommit(() => seen.push('after'))
          transaction.beforeCommit(async () => {
            seen.push('first')
            await transaction.takeNumbers('notes-late')
            transaction.beforeCommit(() => Promise.resolve(void seen.push('third')))
          })
          transaction.beforeCommit(() => Promise.resolve(void seen.push('second')))
          return Promise.resolve()
        })
        await database
          .company(one, (transaction) => {
            transaction.afterCommit(() => seen.push('never'))
            return Promise.reject(new Error('no'))
          })
          .catch(() => undefined)
        assert.deepEqual(seen, ['first', 'second', 'third', 'after'])
      })
    })

    describe('migrations', () => {
      const write = async (folder: string, file: string, statement: string): Promise<void> => {
        await mkdir(folder, { recursive: true })
        await writeFile(
          path.join(folder, file),
          `export default { up: async (schema) => { await schema.knex.raw(${JSON.stringify(statement)}) } }\n`,
        )
      }
      it('run once, and by one of two hosts at the same time', async () => {
        const folder = path.join(scratch, 'race')
        await write(folder, '0001__table.mjs', 'create table contract_race (id int)')
        const second = await open()
        const reports = await Promise.all([database.migrate([{ module: 'race', folder }]), second.migrate([{ module: 'race', folder }])])
        await second.close()
        assert.deepEqual(
          reports.flat().flatMap((report) => report.applied),
          ['0001__table'],
        )
        assert.ok(reports.flat().every((report) => report.fault === undefined))
      })
      it('name a file that was changed after it ran', async () => {
        const folder = path.join(scratch, 'changed')
        await write(folder, '0001__table.mjs', 'create table contract_changed (id int)')
        await database.migrate([{ module: 'changed', folder }])
        await write(folder, '0001__table.mjs', 'create table contract_changed (id bigint)')
        const [report] = await database.migrate([{ module: 'changed', folder }])
        assert.equal(report?.fault?.code, 'DB-MIGRATION-CHANGED')
        assert.deepEqual(report.fault.params, { module: 'changed', migration: '0001__table' })
      })
      it('roll back a failing module whole and go on with the next', async () => {
        const bad = path.join(scratch, 'bad')
        const good = path.join(scratch, 'good')
        await write(bad, '0001__table.mjs', 'create table contract_half (id int); select 1/0')
        await write(good, '0001__table.mjs', 'create table contract_good (id int)')
        const reports = await database.migrate([
          { module: 'bad', folder: bad },
          { module: 'good', folder: good },
        ])
        assert.equal(reports[0]?.fault?.code, 'DB-MIGRATION-FAILED')
        assert.deepEqual(reports[1], { module: 'good', applied: ['0001__table'] })
        assert.equal(await database.ownerKnex.schema.hasTable('contract_half'), false)
      })
      it('keep references inside one company', async () => {
        const note = randomUUID()
        await database.company(one, async (transaction) => {
          await transaction
            .knex('contract_note')
            .insert({ company_id: one, id: note, number: await transaction.takeNumbers('notes'), text: 'n' })
          await transaction.knex('contract_answer').insert({ company_id: one, note_id: note })
        })
        await assert.rejects(
          database.company(other, (transaction) => transaction.knex('contract_answer').insert({ company_id: other, note_id: note })),
          (error: unknown) => sqlState(error) === '23503',
        )
      })
    })

    describe('jobs', () => {
      it('exist if and only if their transaction was committed', async () => {
        const ran: number[] = []
        const system = createJobs({ database, contextFor: systemContextOf, logger, now: () => new Date() })
        system.define('contract', 'contract.count', (payload) => Promise.resolve(void ran.push((payload as { number: number }).number)))
        await database.company(one, (transaction) => system.jobs.add(transaction, 'contract.count', { number: 1 }))
        await database
          .company(one, async (transaction) => {
            await system.jobs.add(transaction, 'contract.count', { number: 2 })
            throw new Error('no')
          })
          .catch(() => undefined)
        await database.company(one, (transaction) =>
          system.jobs.addMany(transaction, 'contract.count', [{ payload: { number: 3 } }, { payload: { number: 4 } }]),
        )
        assert.equal(await system.jobs.drain(), 3)
        assert.deepEqual(ran.sort(), [1, 3, 4])
      })
      it('are refused outside a company, and the queue itself is closed to the application role', async () => {
        await assert.rejects(database.host((transaction) => transaction.raw(`select core_add_jobs('[]')`)))
        await assert.rejects(
          database.host((transaction) => transaction.raw(`select graphile_worker.add_job('x', '{}'::json)`)),
          (error: unknown) => sqlState(error) === '42501',
        )
      })
    })

    describe('event log', () => {
      it('can be appended to, and not changed or deleted by the application role', async () => {
        const audit = createAudit({ database, anchorFile: path.join(scratch, 'anchors.ndjson'), now: () => new Date(), logger })
        const context = await systemContextOf(one)
        await database.company(one, (transaction) => {
          audit.record(transaction, context, { action: 'contract.done', subject: { type: 'note', id: '1' } })
          return Promise.resolve()
        })
        for (const statement of [
          `update core_audit_event set action = 'x'`,
          'delete from core_audit_event',
          'truncate core_audit_event',
          'delete from core_audit_head',
        ]) {
          await assert.rejects(
            database.company(one, (transaction) => transaction.knex.raw(statement)),
            (error: unknown) => sqlState(error) === '42501',
            statement,
          )
        }
        assert.deepEqual(await audit.verify(one), [{ companyId: one, events: 1, intact: true }])
        await audit.close()
      })
    })

    it('comes back after the server was killed: a coded fault meanwhile, nothing acknowledged is lost', async () => {
      const company = randomUUID()
      const acknowledged: number[] = []
      const faults = new Set<string>()
      let stop = false
      const poster = async (): Promise<void> => {
        while (!stop) {
          try {
            acknowledged.push(await addNote(company))
          } catch (error) {
            assert.ok(error instanceof Fault && error.status === 503, String(error))
            faults.add(error.code)
            await sleep(20)
          }
        }
      }
      const posters = [poster(), poster(), poster()]
      await sleep(200)
      await server.crash(database)
      const before = acknowledged.length
      await until('posting goes on', () => acknowledged.length >= before + 20).finally(() => (stop = true))
      await Promise.all(posters)
      assert.deepEqual([...faults], ['DB-UNREACHABLE'])
      const rows = await database.company(company, (transaction) =>
        transaction.knex<{ number: number }>('contract_note').select('number').orderBy('number'),
      )
      const numbers = rows.map((row) => row.number)
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, index) => index + 1),
      )
      const stored = new Set(numbers)
      assert.deepEqual(
        acknowledged.filter((number) => !stored.has(number)),
        [],
      )
      assert.equal(new Set(acknowledged).size, acknowledged.length)
    })
  })
}
