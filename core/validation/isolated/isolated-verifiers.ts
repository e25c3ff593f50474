import { fork, type ChildProcess } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../../i18n/fault.js'
import type { DocumentVerdict } from '../verdict.js'
import type { VerifyAnswer, VerifyProcessSettings, VerifyQuestion } from './messages.js'

/** Bounds of the process that reads files of strangers; times in milliseconds. */
export interface IsolatedOptions extends VerifyProcessSettings {
  /** One file; a file that takes longer is refused. 20,000 unless told. */
  readonly timeoutMs?: number
  /** The process has so long until it can take files; 60,000 unless told. That time is not counted against a file. */
  readonly startTimeoutMs?: number
  /** Heap of the process in MiB; 512 unless told. */
  readonly memoryMb?: number
  /** Files that may wait; the next is refused at once. 20 unless told. */
  readonly queue?: number
}

interface Running {
  readonly child: ChildProcess
  /** Its modules are loaded: from now on a file's own time counts. */
  ready: boolean
}

interface Waiting {
  readonly question: VerifyQuestion
  readonly resolve: (verdict: DocumentVerdict) => void
  readonly reject: (fault: Fault) => void
}

/**
 * The verifiers of the house in a process of their own, for files from strangers: one file at a time, with a limit on time and memory. A
 * file that hangs or ends the process is answered as failed, and the next one meets a fresh process.
 */
export class IsolatedVerifiers {
  private process: Running | undefined
  private readonly waiting: Waiting[] = []
  private current: (Waiting & { timer: NodeJS.Timeout }) | undefined
  private nextId = 1
  private closed = false

  constructor(private readonly options: IsolatedOptions) {}

  /** @throws Fault VERIFY-BUSY (503) when too many files wait */
  verify(question: Omit<VerifyQuestion, 'id'>): Promise<DocumentVerdict> {
    if (this.closed || this.waiting.length >= (this.options.queue ?? 20)) return Promise.reject(new Fault('VERIFY-BUSY', { status: 503 }))
    return new Promise((resolve, reject) => {
      this.waiting.push({ question: { ...question, id: this.nextId++ }, resolve, reject })
      this.dispatch()
    })
  }

  /** Ends the thread; questions that wait are refused (VERIFY-BUSY). */
  close(): void {
    this.closed = true
    for (const one of this.waiting.splice(0)) one.reject(new Fault('VERIFY-BUSY', { status: 503 }))
    this.lose()
  }

  private dispatch(): void {
    if (this.current !== undefined || this.closed) return
    const next = this.waiting.shift()
    if (next === undefined) return
    const running = this.running()
    const { child } = running
    const startTimer = setTimeout(() => {
      this.lose()
    }, this.options.startTimeoutMs ?? 60_000)
    this.current = { ...next, timer: startTimer }
    child.ref()
    child.channel?.ref()
    if (running.ready) this.hand(running)
  }

  /** Gives the file to a process that is ready for it; from here its time runs. */
  private hand({ child }: Running): void {
    const { current } = this
    if (current === undefined) return
    clearTimeout(current.timer)
    current.timer = setTimeout(() => {
      this.lose()
    }, this.options.timeoutMs ?? 20_000)
    child.send(current.question, (error) => {
      if (error !== null && this.current?.question.id === current.question.id) this.lose()
    })
  }

  private running(): Running {
    if (this.process !== undefined) return this.process
    const { config, memoryMb } = this.options
    const file = fileURLToPath(new URL(`./verify-process${extname(import.meta.url)}`, import.meta.url))
    const child = fork(file, [JSON.stringify({ config } satisfies VerifyProcessSettings)], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, `--max-old-space-size=${memoryMb ?? 512}`],
      env: environment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const running: Running = { child, ready: false }
    this.process = running
    child.on('message', (message) => {
      if (this.process !== running) return
      if (message !== 'ready') {
        this.answered(message as VerifyAnswer) // sent by verify-process alone
        return
      }
      running.ready = true
      this.hand(running)
    })
    child.on('error', () => {
      if (this.process === running) this.lose()
    })
    child.on('exit', () => {
      if (this.process === running) this.lose()
    })
    return running
  }

  private answered({ id, verdict }: VerifyAnswer): void {
    const { current } = this
    if (current?.question.id !== id) return
    clearTimeout(current.timer)
    this.current = undefined
    this.process?.child.unref()
    this.process?.child.channel?.unref()
    current.resolve(verdict)
    this.dispatch()
  }

  /**
   * Ends the process. The file it was judging is answered as one that cannot be judged; one that it never saw says nothing about
   * itself, so it is refused as one more too many.
   */
  private lose(): void {
    const { process: lost, current } = this
    this.process = undefined
    this.current = undefined
    lost?.child.kill('SIGKILL')
    if (current === undefined) return
    clearTimeout(current.timer)
    const { file } = current.question
    if (this.closed || lost?.ready !== true) current.reject(new Fault('VERIFY-BUSY', { status: 503 }))
    else current.resolve({ file, verdict: 'failed', integrity: 'none', signatures: [], findings: [{ code: 'VERIFY-TOO-EXPENSIVE' }] })
    this.dispatch()
  }
}

/** Nothing of the house's secrets goes along. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:KHATM_|DATABASE_URL$|PG)/.test(name)))
}
