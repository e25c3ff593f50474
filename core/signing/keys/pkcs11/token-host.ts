import { fork, type ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../../../i18n/fault.js'
import type { AnswerMessage, Batch, PinSource, RequestMessage, TokenProcessSettings, TokenRequest } from './messages.js'
import { pinSourceOf, withheldPin } from './pin-source.js'

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (fault: Fault) => void
  readonly timer: NodeJS.Timeout
}

/** `timeoutMs` is for one request, from asking to answer. */
export interface TokenHostOptions {
  readonly timeoutMs: number
  readonly warn: (facts: object, message: string) => void
}

/** A module as the operator configured it. */
export interface TokenModule {
  readonly module: string
  readonly library: string
  readonly pinFile: string | null
  readonly pinEnvironment: string | null
  /** PINs come from a person by `unlock`, never from a file or the environment. */
  readonly pinOnDemand?: boolean
  /** Where tries of PINs are noted for other processes and later ones. */
  readonly triesFolder?: string
  /** Most sessions opened on one token. */
  readonly sessions: number
}

/** A library that dies so often in a minute is left alone for the rest of it. */
const crashLimit = 5
const crashWindowMs = 60_000
/** A process comes up in half a second; on a machine that is busy it may take this long. */
const startMs = 20_000

/** Supervises the process of one PKCS#11 module: starts it when asked, ends it when it hangs, starts it again. */
export class TokenHost {
  private child: ChildProcess | undefined
  private readonly pending = new Map<number, Pending>()
  private nextId = 1
  /** Requests of this turn of the event loop; they cross together. */
  private outgoing: RequestMessage[] = []
  private crashes: number[] = []
  /** State of the PIN's source when a token, by serial, refused the PIN: no further try until someone changed it. */
  private readonly refused = new Map<string, string>()
  private closed = false
  /** The child has come up: from then on only the library's own time counts. */
  private ready = false

  constructor(
    private readonly settings: TokenModule,
    private readonly options: TokenHostOptions,
  ) {}

  /** @throws Fault SIGN-PROVIDER-TIMEOUT, SIGN-PROVIDER-CRASHED, SIGN-PIN-WRONG and what the token process answers */
  async request(request: TokenRequest, patience = 1): Promise<unknown> {
    const { module } = this.settings
    if (this.closed) throw new Fault('SIGN-PROVIDER-CLOSED', { params: { module }, status: 503 })
    if (this.refused.size > 0 && request.operation !== 'tokens' && request.operation !== 'list') {
      const state = this.pinSource()
      if ([...this.refused.values()].some((before) => before !== state)) {
        // The PIN was changed: a fresh process, which has forgotten the wrong one, may try once.
        this.refused.clear()
        this.end()
      }
    }
    this.crashes = this.crashes.filter((at) => performance.now() - at < crashWindowMs)
    if (this.crashes.length >= crashLimit) throw new Fault('SIGN-PROVIDER-CRASHED', { params: { module }, status: 503 })
    const child = this.running()
    const id = this.nextId++
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.pending.delete(id)
          this.options.warn({ module }, 'PKCS#11 process does not answer and is ended')
          reject(new Fault('SIGN-PROVIDER-TIMEOUT', { params: { module }, status: 503 }))
          this.end()
        },
        this.options.timeoutMs * patience + (this.ready ? 0 : startMs),
      )
      this.pending.set(id, { resolve, reject, timer })
      if (this.pending.size === 1) child.channel?.ref()
      if (this.outgoing.push({ ...request, id }) === 1) {
        setImmediate(() => {
          this.flush(child)
        })
      }
    })
  }

  private flush(child: ChildProcess): void {
    const batch: Batch<RequestMessage> = this.outgoing
    this.outgoing = []
    const failed = (): void => {
      for (const { id } of batch) {
        this.settle(id, (entry) => {
          entry.reject(new Fault('SIGN-PROVIDER-CRASHED', { params: { module: this.settings.module }, status: 503 }))
        })
      }
    }
    // It ended in this very turn.
    if (!child.connected) failed()
    else
      child.send(batch, (error) => {
        if (error !== null) failed()
      })
  }

  /** Ends the process; requests that wait are refused, later ones too. */
  close(): void {
    this.closed = true
    this.end()
  }

  /** Ends the process and with it every login; the next request starts another. */
  endLogins(): void {
    this.end()
  }

  /** Process number, for tests and the doctor. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  private running(): ChildProcess {
    if (this.child !== undefined) return this.child
    const file = fileURLToPath(new URL(`./token-process${extname(import.meta.url)}`, import.meta.url))
    const { module, library, sessions, pinEnvironment, triesFolder } = this.settings
    const pin: PinSource = this.settings.pinOnDemand === true ? { from: 'person' } : pinSourceOf(this.settings)
    const refused = [...this.refused.keys()]
    const settings: TokenProcessSettings = {
      module,
      library,
      sessions,
      pin,
      refused,
      ...(triesFolder === undefined ? {} : { triesFolder }),
    }
    const child = fork(file, [JSON.stringify(settings)], {
      serialization: 'advanced',
      env: this.environment(),
      stdio: [pin.from === 'input' ? 'pipe' : 'ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.child = child
    this.ready = false
    // A child that died already says so by its exit; its input breaking is no further news.
    child.stdin?.on('error', () => undefined).end(withheldPin(pinEnvironment))
    child.unref()
    child.channel?.unref()
    child.on('message', (message) => {
      if (this.child === child) this.ready = true
      for (const answer of message as Batch<AnswerMessage>) this.received(answer) // sent by token-process alone
    })
    child.on('error', (error) => {
      this.options.warn({ module: this.settings.module, err: error }, 'PKCS#11 process failed')
    })
    child.on('exit', (code, signal) => {
      if (this.child !== child) return
      this.child = undefined
      this.crashes.push(performance.now())
      this.options.warn({ module: this.settings.module, code, signal }, 'PKCS#11 process ended')
      this.rejectAll()
    })
    return child
  }

  /** The child needs the token library's own variables; the host's secrets stay behind. */
  private environment(): NodeJS.ProcessEnv {
    const kept: NodeJS.ProcessEnv = {}
    // By name first: the value of a variable that stays behind is not even read.
    for (const name of Object.keys(process.env)) {
      if (name !== this.settings.pinEnvironment && !/^(?:KHATM_|DATABASE_URL$|PG)/.test(name)) kept[name] = process.env[name]
    }
    // Each session signs on a thread of the pool.
    kept['UV_THREADPOOL_SIZE'] = String(Math.max(4, this.settings.sessions))
    return kept
  }

  private received(message: AnswerMessage): void {
    this.settle(message.id, (entry) => {
      if ('result' in message) {
        entry.resolve(message.result)
        return
      }
      const { code, params } = message.fault
      const refused = code === 'SIGN-PIN-WRONG' || code === 'SIGN-PIN-LOCKED'
      // A PIN that a person typed is forgotten already: the next try is the person's, with the token's flags shown.
      const { serial } = params
      if (refused && this.settings.pinOnDemand !== true && typeof serial === 'string') this.refused.set(serial, this.pinSource())
      entry.reject(
        new Fault(code, {
          params: { module: this.settings.module, ...params },
          status: code.startsWith('SIGN-KEY-UNSUPPORTED') ? 422 : 503,
        }),
      )
    })
  }

  private settle(id: number, finish: (entry: Pending) => void): void {
    const entry = this.pending.get(id)
    if (entry === undefined) return
    this.pending.delete(id)
    clearTimeout(entry.timer)
    if (this.pending.size === 0) this.child?.channel?.unref()
    finish(entry)
  }

  private rejectAll(): void {
    for (const id of [...this.pending.keys()]) {
      this.settle(id, (entry) => {
        entry.reject(new Fault('SIGN-PROVIDER-CRASHED', { params: { module: this.settings.module }, status: 503 }))
      })
    }
  }

  private end(): void {
    const { child } = this
    this.child = undefined
    this.outgoing = []
    child?.kill('SIGKILL')
    this.rejectAll()
  }

  /** Tells whether the place the PIN is read from changed, without reading the PIN. */
  private pinSource(): string {
    const { pinFile } = this.settings
    if (pinFile === null) return 'environment'
    try {
      const { mtimeMs, size, ino } = statSync(pinFile)
      return `${mtimeMs}|${size}|${ino}`
    } catch {
      return 'missing'
    }
  }
}
