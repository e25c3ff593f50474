import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import type { ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { scratchDatabase } from '../../../test/helpers/scratch-database.js'
import { createLogger } from '../../host/logger.js'
import type { JobsOptions, JobSystem } from '../create-jobs.js'
import { createJobs } from '../create-jobs.js'
import { RunAgain } from '../jobs.js'
import { WorkerLife } from '../worker-life.js'
import { readingTypeScript } from '../../../test/helpers/reading-typescript.js'
import { until } from '../../../test/helpers/until.js'

const logger = createLogger({ logLevel: 'silent' })

describe('jobs', function () {
  this.timeout(180_000)
  let scratch: ScratchDatabase
  const company = randomUUID()
  const create = (more: Partial<JobsOptions> = {}): JobSystem =>
    createJobs({ database: scratch.database, contextFor: systemContextOf, logger, now: () => new Date(), ...more })
  const add = (system: JobSystem, name: string, payloads: object[], options = {}): Promise<void> =>
    scratch.database.company(company, (transaction) =>
      system.jobs.addMany(
        transaction,
        name,
        payloads.map((payload) => ({ payload, options })),
      ),
    )
  const pending = (system: JobSystem, id = company): ReturnType<JobSystem['pending']> =>
    scratch.database.company(id, (transaction) => system.pending(transaction))

  before(async () => {
    scratch = await scratchDatabase()
  })
  after(() => scratch.end())
  afterEach(() => scratch.database.ownerKnex.raw('delete from graphile_worker._private_jobs'))

  it('run in the company they were added for', async () => {
    const system = create()
    const seen: string[] = []
    system.define('test', 'test.who', (_, call) => Promise.resolve(void seen.push(call.context.companyId)))
    await add(system, 'test.who', [{}])
    const other = randomUUID()
    await scratch.database.company(other, (transaction) => system.jobs.add(transaction, 'test.who', { companyId: company }))
    await system.jobs.drain()
    assert.deepEqual(seen.sort(), [company, other].sort())
  })

  for (const minutes of [-45, 45]) {
    it(`wait as long as was meant on a host whose clock is ${String(Math.abs(minutes))} minutes ${minutes < 0 ? 'behind' : 'ahead'}`, async () => {
      const own = (): Date => new Date(Date.now() + minutes * 60_000)
      const later = (seconds: number): Date => new Date(own().getTime() + seconds * 1000)
      const system = create({ now: own })
      const ran: string[] = []
      system.define('test', 'test.later', (payload) => {
        const { name } = payload as { name: string }
        ran.push(name)
        if (name === 'postponed' && ran.length < 20) throw new RunAgain(later(600), 'the authority is asked again in ten minutes')
        return Promise.resolve()
      })
      await add(system, 'test.later', [{ name: 'in ten minutes' }], { runAt: later(600) })
      await add(system, 'test.later', [{ name: 'at once' }], { runAt: later(-1) })
      await add(system, 'test.later', [{ name: 'postponed' }])
      assert.equal(await system.jobs.drain(), 2)
      assert.deepEqual(ran.sort(), ['at once', 'postponed'])
      const seconds = (await pending(system)).map((job) => (job.runAt.getTime() - Date.now()) / 1000)
      assert.equal(seconds.length, 2)
      for (const one of seconds) assert.ok(one > 500 && one <= 601, String(one))
    })
  }

  it('of one queue run one after another, in the order they were added', async () => {
    const system = create()
    const order: number[] = []
    const begun: number[] = []
    let running = 0
    let most = 0
    system.define('test', 'test.ordered', async (payload) => {
      running += 1
      most = Math.max(most, running)
      begun.push(performance.now())
      await sleep(Math.random() * 5)
      order.push((payload as { number: number }).number)
      running -= 1
    })
    await system.startWorker({ concurrency: 4 })
    const numbers = Array.from({ length: 100 }, (_, number) => number)
    await add(
      system,
      'test.ordered',
      numbers.map((number) => ({ number })),
      { queue: 'chain' },
    )
    // The worker may have done some before the drain began to count.
    await system.jobs.drain()
    const pauses = begun.slice(1).map((at, index) => at - (begun[index] ?? 0))
    const [middle = Infinity] = pauses.sort((one, other) => one - other).slice(pauses.length >> 1)
    assert.ok(middle < 500, `a queue does not wait for polls of a second: ${middle.toFixed(0)} ms between two jobs`)
    await system.stopWorker()
    assert.deepEqual(order, numbers)
    assert.equal(most, 1)
  })

  it('ask for another time without an attempt being counted, and free their queue meanwhile', async () => {
    const system = create()
    const attempts: number[] = []
    let others = 0
    system.define('test', 'test.later', (_, call) => {
      attempts.push(call.attempt)
      // First in an hour, which no test waits for: what is looked at meanwhile does not depend on how fast the machine is.
      if (attempts.length < 4)
        throw new RunAgain(new Date(Date.now() + (attempts.length === 1 ? 3_600_000 : 150)), 'the authority said Retry-After')
      return Promise.resolve()
    })
    system.define('test', 'test.other', () => Promise.resolve(void (others += 1)))
    await add(system, 'test.later', [{}], { queue: 'later', key: 'later' })
    await add(system, 'test.other', [{}], { queue: 'later' })
    await system.jobs.drain({ untilIdleMs: 30 })
    assert.deepEqual(attempts, [1])
    assert.equal(others, 1, 'the queue is free')
    const [waiting] = await pending(system)
    assert.equal(waiting?.error, 'the authority said Retry-After')
    assert.equal(waiting.attempts, 0)
    await scratch.database.ownerKnex.raw('update graphile_worker._private_jobs set run_at = now() where key is not null')
    await system.jobs.drain({ untilIdleMs: 500 })
    assert.deepEqual(attempts, [1, 1, 1, 1])
    assert.deepEqual(await pending(system), [])
  })

  it('are not doubled when a later job took their key while they ran', async () => {
    const system = create()
    let runs = 0
    system.define('test', 'test.replaced', async () => {
      runs += 1
      if (runs > 1) return
      await add(system, 'test.replaced', [{}], { key: 'same' })
      throw new RunAgain(new Date(), 'again')
    })
    await add(system, 'test.replaced', [{}], { key: 'same' })
    await system.jobs.drain({ untilIdleMs: 300 })
    assert.equal(runs, 2)
  })

  it('that fail are kept with their error, seen by their company alone, and retried later', async () => {
    const system = create()
    system.define('test', 'test.fail', () => Promise.reject(new Error('the printer burns')))
    await add(system, 'test.fail', [{ document: 7 }], { maxAttempts: 1 })
    await add(system, 'test.fail', [{ document: 8 }])
    await system.jobs.drain()
    const jobs = await pending(system)
    assert.deepEqual(
      jobs.map(({ state, error, payload }) => ({ state, error, payload })).sort((a, b) => a.state.localeCompare(b.state)),
      [
        { state: 'failed', error: 'the printer burns', payload: { document: 7 } },
        { state: 'retrying', error: 'the printer burns', payload: { document: 8 } },
      ],
    )
    assert.deepEqual(await pending(system, randomUUID()), [])
  })

  it('with the same key replace the one that has not started', async () => {
    const system = create()
    const seen: unknown[] = []
    system.define('test', 'test.keyed', (payload) => Promise.resolve(void seen.push(payload)))
    await add(system, 'test.keyed', [{ version: 1 }], { key: 'k' })
    await add(system, 'test.keyed', [{ version: 2 }], { key: 'k' })
    await system.jobs.drain()
    assert.deepEqual(seen, [{ version: 2 }])
  })

  it('of a worker that was killed run again at once on the same machine', async () => {
    const child = spawn(process.execPath, [...readingTypeScript, path.join(import.meta.dirname, 'worker-host.ts'), scratch.dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const system = create()
    await add(system, 'test.hang', [{}], { queue: 'hang' })
    await once(child.stdout, 'data')
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    const [stuck] = await pending(system)
    assert.equal(stuck?.state, 'running', 'its lock is still there')
    const attempts: number[] = []
    system.define('test', 'test.hang', (_, call) => Promise.resolve(void attempts.push(call.attempt)))
    // It never counts as silent: only that its process is gone can free what it held.
    await scratch.database.ownerKnex('core_worker').update({ seen_at: scratch.database.ownerKnex.raw(`now() + interval '1 day'`) })
    await system.jobs.drain()
    assert.deepEqual(attempts, [2])
  })

  it('wait until their worker stands in the book of those that live', async () => {
    const system = create()
    const seen: object[] = []
    system.define('test', 'test.entered', (payload) => Promise.resolve(void seen.push(payload)))
    await add(system, 'test.entered', [{}])
    const closed = await scratch.database.ownerKnex.transaction()
    await closed.raw('lock table core_worker in exclusive mode')
    const starting = system.startWorker({ concurrency: 1 })
    try {
      await until('the worker takes the job', async () => (await pending(system))[0]?.state === 'running')
      await sleep(100)
      assert.deepEqual(seen, [], 'it holds the job and is not in the book yet')
    } finally {
      await closed.rollback()
    }
    await starting
    await until('the job runs', () => seen.length === 1)
    await system.stopWorker()
  })

  it('of a worker on another machine are freed when it was silent for a minute, not before', async () => {
    const system = create()
    let runs = 0
    system.define('test', 'test.silent', () => Promise.resolve(void (runs += 1)))
    await add(system, 'test.silent', [{}], { queue: 'silent' })
    const { ownerKnex } = scratch.database
    const held = async (secondsAgo: number): Promise<void> => {
      await ownerKnex('core_worker')
        .insert({
          id: 'pool-far',
          machine: 'far',
          pid: 1,
          start_mark: '1',
          seen_at: ownerKnex.raw(`now() - make_interval(secs => ${String(secondsAgo)})`),
        })
        .onConflict('id')
        .merge()
      await ownerKnex.raw(`update graphile_worker._private_jobs set locked_by = 'pool-far', locked_at = now() - interval '2 minutes'`)
      await ownerKnex.raw(
        `update graphile_worker._private_job_queues set locked_by = 'pool-far', locked_at = now() - interval '2 minutes' where queue_name like '%:silent'`,
      )
    }
    await held(30)
    const life = new WorkerLife(ownerKnex, logger)
    await life.freeDeadOfThisMachine()
    await life.freeSilent()
    assert.equal((await pending(system))[0]?.state, 'running')
    await held(61)
    await system.jobs.drain()
    assert.equal(runs, 1)
  })

  it('go on after the database was killed under the worker', async () => {
    const system = create()
    const seen: number[] = []
    system.define('test', 'test.survive', (payload) => Promise.resolve(void seen.push((payload as { number: number }).number)))
    await system.startWorker({ concurrency: 2 })
    await add(system, 'test.survive', [{ number: 1 }])
    await system.jobs.drain()
    const server = scratch.database.serverPid() ?? 0
    process.kill(server, 'SIGKILL')
    await until('the server runs again', () => scratch.database.serverPid() !== server)
    await until('a job can be added', () =>
      add(system, 'test.survive', [{ number: 2 }]).then(
        () => true,
        () => false,
      ),
    )
    await until('it runs', () => seen.includes(2))
    await system.stopWorker()
    // the end of the first may have been lost with the server: a job runs at least once
    assert.deepEqual([...new Set(seen)], [1, 2])
  })
})
