import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { OpenDatabase } from '../db/open-database.js'
import type { Logger } from '../host/logger.js'
import type { JobHandler, JobOptions, Jobs } from './jobs.js'
import { JobWorker } from './worker.js'

/** What jobs rest on. */
export interface JobsOptions {
  readonly database: OpenDatabase
  readonly contextFor: (companyId: string, source: 'job') => Promise<CompanyContext>
  /** Companies a module's schedules run for: those that enabled it. */
  readonly companiesOf?: (module: string) => Promise<readonly string[]>
  readonly logger: Logger
  readonly now: () => Date
}

/** A job of the transaction's company that has not ended, for pages. */
export interface PendingJob {
  readonly id: string
  readonly name: string
  readonly payload: unknown
  readonly attempts: number
  readonly maxAttempts: number
  readonly runAt: Date
  readonly error: string | null
  readonly state: 'waiting' | 'running' | 'retrying' | 'failed'
  readonly createdAt: Date
}

/** What does the jobs of a name. */
export interface DefinedJob {
  readonly module: string
  readonly handler: JobHandler<object>
}

/** Jobs with what only the host may do with them. */
export interface JobSystem {
  readonly jobs: Jobs
  /** @throws Error when the name is defined twice or is not `<module>.<verb>` */
  define(module: string, name: string, handler: JobHandler<object>): void
  schedule(module: string, name: string, cron: string): void
  startWorker(options: { concurrency: number }): Promise<void>
  /** Waits for the jobs that run; takes no new ones. */
  stopWorker(): Promise<void>
  pending(transaction: CompanyTransaction): Promise<PendingJob[]>
}

const nameShape = /^[a-z][a-z0-9-]*\.[\w:.-]+$/i
const keptForOneStatement = 1_000

/**
 * The queue goes by the database's clock, whoever adds a job by his own: what is handed over is how long it waits. A host whose clock is
 * behind would else run at once, again and again, what it means to try later.
 */
const addJobsSql = `select core_add_jobs(jsonb_agg(
    case when spec->>'inSeconds' is null then spec
         else spec || jsonb_build_object('runAt', clock_timestamp() + make_interval(secs => (spec->>'inSeconds')::float8)) end order by place))
  from jsonb_array_elements(?::jsonb) with ordinality as given (spec, place)`

/** Jobs on rows of the same database: a job exists if and only if the transaction that added it was committed. */
export function createJobs(options: JobsOptions): JobSystem {
  const defined = new Map<string, DefinedJob>()
  const schedules = new Map<string, { module: string; cron: string }>()
  const worker = new JobWorker(options, defined, schedules, addMany)

  async function addMany(
    transaction: CompanyTransaction,
    name: string,
    jobs: readonly { payload: object; options?: JobOptions }[],
  ): Promise<void> {
    if (!nameShape.test(name)) throw new Error(`not a job name: ${name}`)
    for (let start = 0; start < jobs.length; start += keptForOneStatement) {
      const specs = jobs.slice(start, start + keptForOneStatement).map(({ payload, options: job = {} }) => ({
        name,
        payload,
        queue: job.queue,
        inSeconds: job.runAt === undefined ? undefined : (job.runAt.getTime() - options.now().getTime()) / 1000,
        maxAttempts: job.maxAttempts,
        key: job.key,
        priority: job.priority,
      }))
      await transaction.knex.raw(addJobsSql, [JSON.stringify(specs)])
    }
  }

  const jobs: Jobs = {
    add: (transaction, name, payload, jobOptions) => addMany(transaction, name, [{ payload, options: jobOptions }]),
    addMany,
    drain: (drainOptions) => worker.drain(drainOptions?.untilIdleMs ?? 50),
  }

  return {
    jobs,
    define(module, name, handler) {
      if (!nameShape.test(name)) throw new Error(`not a job name: ${name}`)
      if (defined.has(name)) throw new Error(`job ${name} is defined twice`)
      defined.set(name, { module, handler })
    },
    schedule(module, name, cron) {
      if (schedules.has(name)) throw new Error(`job ${name} is scheduled twice`)
      schedules.set(name, { module, cron })
    },
    startWorker: ({ concurrency }) => worker.start(concurrency),
    stopWorker: () => worker.stop(),
    async pending(transaction) {
      const { rows } = await transaction.knex.raw<{ rows: JobRow[] }>(
        `select * from core_jobs_of_company() order by created_at desc limit 1000`,
      )
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        payload: row.payload,
        attempts: row.attempts,
        maxAttempts: row.max_attempts,
        runAt: row.run_at,
        error: row.last_error,
        state: stateOf(row),
        createdAt: row.created_at,
      }))
    },
  }
}

interface JobRow {
  id: string
  name: string
  payload: unknown
  attempts: number
  max_attempts: number
  run_at: Date
  last_error: string | null
  locked_at: Date | null
  created_at: Date
}

function stateOf(row: JobRow): PendingJob['state'] {
  if (row.locked_at !== null) return 'running'
  if (row.attempts >= row.max_attempts) return 'failed'
  return row.attempts > 0 ? 'retrying' : 'waiting'
}
