import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger as WorkerLogger, parseCronItems, run } from 'graphile-worker'
import type { JobHelpers, Runner, TaskList, WorkerEvents } from 'graphile-worker'
import { z } from 'zod'
import type { CompanyTransaction } from '../db/database.js'
import type { DriverPool } from '../db/driver-pool.js'
import { openDriverPool } from '../db/driver-pool.js'
import type { DefinedJob, JobsOptions } from './create-jobs.js'
import type { JobOptions } from './jobs.js'
import { RunAgain } from './jobs.js'
import { WorkerLife } from './worker-life.js'

const envelope = z.object({ companyId: z.uuid(), payload: z.looseObject({}) })
const scheduleTask = 'core.schedule'
const schedulePayload = z.object({ name: z.string() })

type AddMany = (transaction: CompanyTransaction, name: string, jobs: readonly { payload: object; options?: JobOptions }[]) => Promise<void>

/** Takes jobs from the queue and runs their handlers, as long as it is started. */
export class JobWorker {
  #runner: Runner | undefined
  #pool: DriverPool | undefined
  #life: WorkerLife | undefined
  #concurrency = 0
  #stopping = false
  #ran = 0

  constructor(
    private readonly options: JobsOptions,
    private readonly defined: ReadonlyMap<string, DefinedJob>,
    private readonly schedules: ReadonlyMap<string, { module: string; cron: string }>,
    private readonly addMany: AddMany,
  ) {}

  /** Takes jobs, `concurrency` at a time. Does nothing when it runs already. */
  async start(concurrency: number): Promise<void> {
    if (this.#runner !== undefined) return
    this.#stopping = false
    this.#concurrency = concurrency
    this.#life = new WorkerLife(this.options.database.ownerKnex, this.options.logger)
    await this.#life.begin()
    this.#pool = openDriverPool(this.options.database.connection, concurrency + 3)
    await this.#run()
  }

  /** Takes no new jobs, waits for those that run and gives the connections back. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true
    const runner = this.#runner
    this.#runner = undefined
    if (runner !== undefined) await runner.stop().catch(() => undefined)
    await this.#life?.end().catch(() => undefined)
    this.#life = undefined
    const pool = this.#pool
    this.#pool = undefined
    await pool?.end().catch(() => undefined)
  }

  /** Runs until nothing this process knows a handler for is ready or running, and stays so for `idleMs`. */
  async drain(idleMs: number): Promise<number> {
    const before = this.#ran
    const own = this.#runner === undefined
    if (own) await this.start(1)
    try {
      let idleSince: number | undefined
      for (;;) {
        // The moment before the question: a late answer tells nothing about the time it took.
        const asked = performance.now()
        if (await this.#busy()) idleSince = undefined
        else {
          idleSince ??= asked
          if (asked - idleSince >= idleMs) return this.#ran - before
        }
        await sleep(15)
      }
    } finally {
      if (own) await this.stop()
    }
  }

  async #busy(): Promise<boolean> {
    const { rows } = await this.options.database.ownerKnex.raw<{ rows: { busy: boolean }[] }>(
      `select exists (
         select 1 from graphile_worker._private_jobs as job
         join graphile_worker._private_tasks as task on task.id = job.task_id
         where task.identifier = any(?::text[])
           and (job.locked_at is not null or (job.is_available and job.run_at <= now()))) as busy`,
      [[...this.defined.keys()]],
    )
    return rows[0]?.busy ?? false
  }

  async #run(): Promise<void> {
    const events: WorkerEvents = new EventEmitter()
    // No job begins before its worker stands in the book: killed earlier, it would hold the job until it counts as silent.
    let entered = Promise.resolve()
    events.on('pool:create', ({ workerPool }) => {
      entered = this.#life?.enter(workerPool.id) ?? entered
      entered.catch(() => undefined)
    })
    const taskList: TaskList = { [scheduleTask]: (payload) => entered.then(() => this.#runSchedule(payload)) }
    for (const [name, job] of this.defined) {
      taskList[name] = (payload, helpers) => entered.then(() => this.#runJob(name, job, payload, helpers))
    }
    const { logger } = this.options
    const runner = await run({
      pgPool: this.#pool,
      concurrency: this.#concurrency,
      noHandleSignals: true,
      pollInterval: 1_000,
      taskList,
      parsedCronItems: parseCronItems(
        [...this.schedules].map(([name, { cron }]) => ({
          task: scheduleTask,
          match: cron,
          identifier: name,
          payload: { name },
          options: { backfillPeriod: 0, maxAttempts: 5 },
        })),
      ),
      events,
      // The library tells every start and end; only its troubles are news. Failed jobs are told below, with their company.
      logger: new WorkerLogger(() => (level, message) => {
        const word: string = level
        if (word === 'error' && !message.startsWith('Failed task')) logger.error({ area: 'jobs' }, message)
        else logger.trace({ area: 'jobs' }, message)
      }),
    })
    try {
      await entered
    } catch (error) {
      await runner.stop()
      throw error
    }
    if (this.#stopping) {
      // Stopped while it was entered: nobody else would end it.
      await runner.stop()
      return
    }
    this.#runner = runner
    runner.promise.catch((error: unknown) => {
      logger.error({ err: error }, 'job worker ended; it is started again')
      void this.#restart()
    })
  }

  async #restart(): Promise<void> {
    // Stopped, or stopped and started again meanwhile, there is another life or none.
    const life = this.#life
    const goesOn = (): boolean => !this.#stopping && life !== undefined && this.#life === life
    while (goesOn()) {
      await sleep(1_000)
      if (!goesOn()) return
      try {
        await life?.abandon()
        await this.#run()
        return
      } catch (error) {
        this.options.logger.error({ err: error }, 'job worker did not start')
      }
    }
  }

  async #runJob(name: string, job: DefinedJob, rawPayload: unknown, helpers: JobHelpers): Promise<void> {
    const { companyId, payload } = envelope.parse(rawPayload)
    const { logger } = this.options
    try {
      const context = await this.options.contextFor(companyId, 'job')
      await job.handler(payload, {
        context,
        attempt: helpers.job.attempts,
        maxAttempts: helpers.job.max_attempts,
        signal: helpers.abortSignal,
      })
      if (helpers.job.job_queue_id !== null) await this.#completeInQueue(helpers)
    } catch (error) {
      if (error instanceof RunAgain) {
        await this.#postpone(helpers, error)
        return
      }
      const last = helpers.job.attempts >= helpers.job.max_attempts
      logger[last ? 'error' : 'warn']({ job: name, id: helpers.job.id, companyId, attempt: helpers.job.attempts, err: error }, 'job failed')
      throw error
    } finally {
      this.#ran += 1
    }
  }

  /**
   * The library frees the queue of a finished job only after it has looked for the next one, and then sleeps for a poll: a
   * chain of a thousand invoices would take a quarter of an hour. So the job of a queue is finished here, before it returns.
   */
  async #completeInQueue(helpers: JobHelpers): Promise<void> {
    const { job } = helpers
    await helpers.query(
      `with finished as (delete from graphile_worker._private_jobs where id = $1 and locked_by = $2 returning job_queue_id)
       update graphile_worker._private_job_queues as queue set locked_by = null, locked_at = null
       from finished where queue.id = finished.job_queue_id and queue.locked_by = $2`,
      [job.id, job.locked_by],
    )
  }

  /**
   * Gives the job a new id and a later time in one transaction, so that the library's deletion of the finished job finds
   * nothing: at no moment is the job gone or there twice. The attempt is not counted.
   */
  async #postpone(helpers: JobHelpers, again: RunAgain): Promise<void> {
    const { job } = helpers
    await this.options.database.ownerKnex.transaction(async (transaction) => {
      const { rows } = await transaction.raw<{ rows: { job_queue_id: number | null }[] }>(
        // a job whose key was taken by a later one is not run again: the later one stands for it
        `update graphile_worker._private_jobs
         set id = default, attempts = greatest(attempts - 1, 0), run_at = clock_timestamp() + make_interval(secs => ?), last_error = ?, locked_at = null, locked_by = null, updated_at = now()
         where id = ? and locked_by = ? and key is not distinct from ?::text
         returning job_queue_id`,
        [(again.at.getTime() - this.options.now().getTime()) / 1000, again.reason, job.id, job.locked_by, job.key],
      )
      const queue = rows[0]?.job_queue_id
      if (queue === undefined || queue === null) return
      await transaction.raw(
        `update graphile_worker._private_job_queues set locked_at = null, locked_by = null where id = ? and locked_by = ?`,
        [queue, job.locked_by],
      )
    })
  }

  /** One cron tick: a job for each company that enabled the module. The key keeps ticks from piling up. */
  async #runSchedule(rawPayload: unknown): Promise<void> {
    const { name } = schedulePayload.parse(rawPayload)
    const schedule = this.schedules.get(name)
    if (schedule === undefined) return
    const companies = (await this.options.companiesOf?.(schedule.module)) ?? []
    for (const companyId of companies) {
      await this.options.database.company(companyId, (transaction) =>
        this.addMany(transaction, name, [{ payload: {}, options: { key: `schedule:${name}` } }]),
      )
    }
  }
}
