import type { Worker } from 'node:worker_threads'
import { startThread } from './start-thread.js'

/** The thread, and what it may use. */
export interface LimitedThreadSettings {
  readonly module: URL
  /** A question that takes longer is given up, and its thread is ended. Milliseconds. */
  readonly timeoutMs: number
  /** Heap of the thread in MiB. */
  readonly memoryMb: number
  /** Questions that may wait. */
  readonly queue: number
}

/** Why there is no answer. */
export type ThreadLoss = 'busy' | 'time' | 'lost'

/** The thread was ended before it answered; `loss` says why. */
export class LostThread extends Error {
  constructor(
    readonly loss: ThreadLoss,
    options?: ErrorOptions,
  ) {
    super(loss, options)
    this.name = 'LostThread'
  }
}

interface Waiting<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: LostThread) => void
}

/**
 * Work on files from strangers in a thread of its own, one at a time, with limits on time and memory: a file that hangs or bursts costs
 * its own answer, and the next one meets a fresh thread. It begins with the first question and does not keep the process alive.
 */
export class LimitedThread<Question, Answer> {
  private readonly waiting: Waiting<Question, Answer>[] = []
  private current: (Waiting<Question, Answer> & { readonly timer: NodeJS.Timeout }) | undefined
  private worker: Worker | undefined

  constructor(private readonly settings: LimitedThreadSettings) {}

  /** @throws LostThread */
  ask(question: Question): Promise<Answer> {
    if (this.waiting.length >= this.settings.queue) return Promise.reject(new LostThread('busy'))
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject })
      this.dispatch()
    })
  }

  private dispatch(): void {
    if (this.current !== undefined) return
    const next = this.waiting.shift()
    if (next === undefined) return
    const timer = setTimeout(() => {
      this.lose('time')
    }, this.settings.timeoutMs)
    this.current = { ...next, timer }
    const worker = this.running()
    worker.ref()
    worker.postMessage(next.question)
  }

  private running(): Worker {
    if (this.worker !== undefined) return this.worker
    const worker = startThread(this.settings.module, { resourceLimits: { maxOldGenerationSizeMb: this.settings.memoryMb } })
    this.worker = worker
    worker.on('message', (answer: Answer) => {
      const { current } = this
      if (this.worker !== worker || current === undefined) return
      clearTimeout(current.timer)
      this.current = undefined
      worker.unref()
      current.resolve(answer)
      this.dispatch()
    })
    worker.on('error', (cause) => {
      if (this.worker === worker) this.lose('lost', cause)
    })
    worker.on('exit', () => {
      if (this.worker === worker) this.lose('lost')
    })
    return worker
  }

  private lose(loss: ThreadLoss, cause?: unknown): void {
    const { worker, current } = this
    this.worker = undefined
    this.current = undefined
    void worker?.terminate()
    if (current === undefined) return
    clearTimeout(current.timer)
    current.reject(new LostThread(loss, { cause }))
    this.dispatch()
  }
}
