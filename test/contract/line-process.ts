import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'

type Answer = Record<string, unknown>

/** A process that is asked by lines and answers each with a line of JSON, in order. */
export class LineProcess {
  private readonly waiting: ((answer: Answer) => void)[] = []
  private readonly early: Answer[] = []

  private constructor(
    readonly child: ChildProcess,
    private readonly write: (line: string) => void,
  ) {}

  /** Starts it and waits until it says that it is ready. @param logFile what it writes to standard error is added there */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv, logFile: string): Promise<LineProcess> {
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', openSync(logFile, 'a')] })
    const { stdin, stdout } = child
    assert.ok(stdin !== null && stdout !== null, 'both are pipes')
    const started = new LineProcess(child, (line) => stdin.write(`${line}\n`))
    createInterface({ input: stdout }).on('line', (line) => {
      started.take(JSON.parse(line) as Answer) // every line is an object
    })
    const ended = once(child, 'exit').then(() => assert.fail('it ended before it was ready'))
    assert.deepEqual(await Promise.race([started.answer(), ended]), { ready: true })
    ended.catch(() => undefined)
    return started
  }

  ask(line: string): Promise<Answer> {
    const answered = this.answer()
    this.write(line)
    return answered
  }

  private take(said: Answer): void {
    const next = this.waiting.shift()
    if (next === undefined) this.early.push(said)
    else next(said)
  }

  private answer(): Promise<Answer> {
    return new Promise((resolve) => {
      const said = this.early.shift()
      if (said === undefined) this.waiting.push(resolve)
      else resolve(said)
    })
  }
}

/** Ends a process and waits until it is gone; nothing to do for one that is gone already. */
export async function kill(one: ChildProcess | undefined): Promise<void> {
  if (one === undefined || one.exitCode !== null || one.signalCode !== null) return
  one.kill('SIGKILL')
  await once(one, 'exit')
}
