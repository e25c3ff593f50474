import type { Worker } from 'node:worker_threads'
import { Fault } from '../i18n/fault.js'
import { startThread } from './start-thread.js'
import type { DocumentAnswer, DocumentJob, WorkerSettings } from './worker-messages.js'

/** How many workers render documents, and when one is replaced. */
export interface PoolSettings extends WorkerSettings {
  readonly workers: number
  /** A worker is replaced after this many documents: Typst's memory grows slowly. */
  readonly recycleAfter: number
  /** A document that takes longer fails, and its worker is replaced. Milliseconds. */
  readonly timeoutMs: number
  /** Module of the worker; tests give one that misbehaves. */
  readonly workerModule: URL
}

type Success = Extract<DocumentAnswer, { ok: true }>

interface Waiting {
  readonly job: DocumentJob
  readonly resolve: (answer: Success) => void
  readonly reject: (fault: Fault) => void
}

interface Seat {
  readonly worker: Worker
  current: (Waiting & { readonly timer: NodeJS.Timeout }) | undefined
  done: number
  gone: boolean
}

/**
 * Worker threads that compile documents. A thread that dies, hangs or runs out of memory costs the one document it was
 * working on; the others wait for a fresh thread. Idle threads do not keep the process alive.
 */
export class DocumentPool {
  readonly #settings: PoolSettings
  readonly #waiting: Waiting[] = []
  readonly #seats = new Set<Seat>()
  #closed = false

  constructor(settings: PoolSettings) {
    this.#settings = settings
  }

  /** @throws Fault DOC-CLOSED, DOC-RENDER-FAILED, DOC-TIMEOUT, DOC-WORKER-LOST */
  run(job: DocumentJob): Promise<Success> {
    if (this.#closed) return Promise.reject(new Fault('DOC-CLOSED', { status: 503 }))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#dispatch()
    })
  }

  /** Waiting documents fail with DOC-CLOSED; threads are ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Fault('DOC-CLOSED', { status: 503 }))
    const seats = [...this.#seats]
    for (const seat of seats) this.#leave(seat, () => new Fault('DOC-CLOSED', { status: 503 }))
    await Promise.all(seats.map((seat) => seat.worker.terminate()))
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const seat = this.#freeSeat()
      if (seat === undefined) return
      const waiting = this.#waiting.shift()
      if (waiting === undefined) return
      const timer = setTimeout(() => {
        this.#replace(
          seat,
          () =>
            new Fault('DOC-TIMEOUT', { status: 503, params: { template: waiting.job.template, seconds: this.#settings.timeoutMs / 1000 } }),
        )
      }, this.#settings.timeoutMs)
      seat.current = { ...waiting, timer }
      seat.worker.ref()
      seat.worker.postMessage(waiting.job)
    }
  }

  #freeSeat(): Seat | undefined {
    for (const seat of this.#seats) if (seat.current === undefined) return seat
    return this.#seats.size < this.#settings.workers ? this.#open() : undefined
  }

  #open(): Seat {
    const { templatesDir, workerModule } = this.#settings
    const worker = startThread(workerModule, {
      workerData: { templatesDir } satisfies WorkerSettings,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    const seat: Seat = { worker, current: undefined, done: 0, gone: false }
    worker.on('message', (answer: DocumentAnswer) => this.#answered(seat, answer))
    worker.on('error', (cause) => this.#replace(seat, (job) => lost(job, cause)))
    worker.on('exit', () => this.#replace(seat, (job) => lost(job, undefined)))
    this.#seats.add(seat)
    return seat
  }

  #answered(seat: Seat, answer: DocumentAnswer): void {
    const current = seat.current
    if (current === undefined || current.job.id !== answer.id) return
    clearTimeout(current.timer)
    seat.current = undefined
    seat.done += 1
    seat.worker.unref()
    if (answer.ok) current.resolve(answer)
    else current.reject(renderFault(current.job, answer))
    if (seat.done >= this.#settings.recycleAfter) this.#replace(seat, (job) => lost(job, undefined))
    else this.#dispatch()
  }

  #replace(seat: Seat, fault: (job: DocumentJob) => Fault): void {
    if (seat.gone) return
    this.#leave(seat, fault)
    void seat.worker.terminate()
    this.#dispatch()
  }

  #leave(seat: Seat, fault: (job: DocumentJob) => Fault): void {
    seat.gone = true
    this.#seats.delete(seat)
    const current = seat.current
    seat.current = undefined
    if (current === undefined) return
    clearTimeout(current.timer)
    current.reject(fault(current.job))
  }
}

function lost(job: DocumentJob, cause: unknown): Fault {
  return new Fault('DOC-WORKER-LOST', { status: 503, params: { template: job.template }, cause })
}

function renderFault(job: DocumentJob, answer: { message: string; place: string }): Fault {
  return new Fault('DOC-RENDER-FAILED', { status: 500, params: { template: job.template, message: answer.message, place: answer.place } })
}
