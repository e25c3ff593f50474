import { closeSync, fdatasync, openSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { prepareFolder } from './agent-folder.js'
import { readIfThere } from './private-file.js'

const answerShape = z.object({
  agentId: z.uuid(),
  id: z.uuid(),
  signature: z.string(),
  proof: z.string(),
  seen: z.enum(['opened', 'listed']).optional(),
})
const lineShape = z.union([answerShape, z.object({ gone: z.uuid() })])
/** A signature that the host has not confirmed. */
export type KeptAnswer = z.infer<typeof answerShape>

const sync = promisify(fdatasync)

/**
 * Signatures that the host has not confirmed yet: `outbox.ndjson`, a line for each that came and each that went, empty when
 * nothing waits. They outlive this program and the PC's power: a signature is not asked for twice.
 */
export class Outbox {
  private readonly file: string
  private readonly kept = new Map<string, KeptAnswer>()
  private handle: number | undefined
  private syncing: Promise<void> | undefined
  private next: Promise<void> | undefined

  constructor(folder: string) {
    prepareFolder(folder)
    this.file = join(folder, 'outbox.ndjson')
    for (const line of (readIfThere(this.file) ?? '').split('\n')) {
      const read = lineShape.safeParse(parsed(line))
      // A line cut by a crash was never told to anybody as written.
      if (!read.success) continue
      if ('gone' in read.data) this.kept.delete(read.data.gone)
      else this.kept.set(read.data.id, read.data)
    }
  }

  /** Resolves when the answer is on the disk. Answers that come together share one write-through. */
  async add(answer: KeptAnswer): Promise<void> {
    this.write(answer)
    this.kept.set(answer.id, answer)
    await this.onDisk()
  }

  /** Whether an answer to this request is still to be brought. */
  has(id: string): boolean {
    return this.kept.has(id)
  }

  /** Whether the answer, if it is kept, is one to this host. */
  mayTell(agentId: string, id: string): boolean {
    const answer = this.kept.get(id)
    return answer === undefined || answer.agentId === agentId
  }

  /** Answers still to be brought to the host of this pairing, oldest first. */
  of(agentId: string): readonly KeptAnswer[] {
    return [...this.kept.values()].filter((answer) => answer.agentId === agentId)
  }

  /** The host has it: the answer is kept no longer. */
  remove(id: string): void {
    if (!this.kept.delete(id)) return
    // Lost in a crash it is brought once more, and the host says that it has it.
    if (this.kept.size > 0) this.write({ gone: id })
    else truncateSync(this.file)
  }

  /** Waits until what was kept is on disk. */
  async close(): Promise<void> {
    await this.next
    await this.syncing
    if (this.handle !== undefined) closeSync(this.handle)
    this.handle = undefined
  }

  private write(line: z.infer<typeof lineShape>): void {
    writeSync(this.open(), `\n${JSON.stringify(line)}\n`)
  }

  private open(): number {
    return (this.handle ??= openSync(this.file, 'a', 0o600))
  }

  /** A write-through under way may have begun before these bytes: then the next one is theirs. */
  private onDisk(): Promise<void> {
    if (this.syncing === undefined) return (this.syncing = this.syncNow())
    this.next ??= this.syncing
      .catch(() => undefined)
      .then(() => {
        this.next = undefined
        return (this.syncing = this.syncNow())
      })
    return this.next
  }

  private async syncNow(): Promise<void> {
    try {
      await sync(this.open())
    } finally {
      this.syncing = undefined
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
