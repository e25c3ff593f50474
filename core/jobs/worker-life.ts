import { readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Knex } from 'knex'
import { isSameAlive, startMark } from '../host/living-process.js'
import type { Logger } from '../host/logger.js'

interface WorkerRow {
  id: string
  machine: string
  pid: number
  start_mark: string
}

/** Where a process number means one process: containers of one name and one machine have numbers of their own. */
async function machineName(): Promise<string> {
  return `${hostname()} ${await readlink('/proc/self/ns/pid').catch(() => '')}`.trimEnd()
}

/** A worker not seen for this long is taken for dead, and its jobs are given to others. */
const silentSeconds = 60
const beatMs = 10_000

/**
 * Says that a worker lives, and frees the jobs of those that do not. The queue's own lock lasts four hours, far too long for
 * an invoice that waits for its authority.
 */
export class WorkerLife {
  readonly #ids = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly owner: Knex,
    private readonly logger: Logger,
  ) {}

  /** Frees the jobs of workers that died, and begins the heartbeat. */
  async begin(): Promise<void> {
    await this.freeDeadOfThisMachine()
    await this.freeSilent()
    this.#timer = setInterval(() => {
      this.#beat().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'heartbeat of the job worker failed')
      })
    }, beatMs)
    this.#timer.unref()
  }

  /** Writes down a worker of this process under the id that its jobs are locked with. */
  async enter(id: string): Promise<void> {
    this.#ids.add(id)
    await this.owner('core_worker').insert({ id, machine: await machineName(), pid: process.pid, start_mark: startMark(process.pid) })
  }

  /** Ends the heartbeat and takes the workers of this process off the list. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    const ids = [...this.#ids]
    this.#ids.clear()
    if (ids.length > 0) await this.owner('core_worker').whereIn('id', ids).delete()
  }

  /** Gives up the workers of this host that ended by themselves: whatever they held is free again. */
  async abandon(): Promise<void> {
    const ids = [...this.#ids]
    this.#ids.clear()
    await this.#free(ids)
  }

  async #beat(): Promise<void> {
    const mark = startMark(process.pid)
    const machine = await machineName()
    for (const id of this.#ids) {
      // a row swept while this host was suspended is put back
      await this.owner('core_worker')
        .insert({ id, machine, pid: process.pid, start_mark: mark })
        .onConflict('id')
        .merge({ seen_at: this.owner.fn.now() })
    }
    await this.freeSilent()
  }

  /** Workers of processes that ended on this machine, however lately. */
  async freeDeadOfThisMachine(): Promise<void> {
    const rows = await this.owner<WorkerRow>('core_worker').where('machine', await machineName())
    await this.#free(rows.filter((row) => !isSameAlive(row.pid, row.start_mark)).map((row) => row.id))
  }

  /** Workers that say nothing any more, and locks whose holder never entered the book. */
  async freeSilent(): Promise<void> {
    const { rows } = await this.owner.raw<{ rows: { id: string }[] }>(
      `select id from core_worker where seen_at < now() - make_interval(secs => ?)
       union
       select locked_by from graphile_worker._private_jobs
        where locked_at < now() - make_interval(secs => ?) and locked_by not in (select id from core_worker)
       union
       select locked_by from graphile_worker._private_job_queues
        where locked_at < now() - make_interval(secs => ?) and locked_by not in (select id from core_worker)`,
      [silentSeconds, silentSeconds, silentSeconds],
    )
    await this.#free(rows.map((row) => row.id))
  }

  async #free(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.owner.transaction(async (transaction) => {
      await transaction.raw('select graphile_worker.force_unlock_workers(?::text[])', [[...ids]])
      await transaction('core_worker').whereIn('id', ids).delete()
    })
    this.logger.warn({ workers: ids }, 'jobs of dead workers were freed')
  }
}
