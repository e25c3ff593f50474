import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { prepareFolder } from './agent-folder.js'
import { readIfThere, removeFile, writePrivateFile } from './private-file.js'

const answerShape = z.object({ agentId: z.uuid(), id: z.uuid(), signature: z.string(), proof: z.string() })
export type KeptAnswer = z.infer<typeof answerShape>

/** Signatures that the host has not confirmed yet. They outlive this program: a signature is not asked for twice. */
export class Outbox {
  private readonly folder: string
  private readonly kept = new Map<string, KeptAnswer>()

  constructor(folder: string) {
    this.folder = join(folder, 'outbox')
    prepareFolder(this.folder)
    for (const name of readdirSync(this.folder)) {
      const text = name.endsWith('.json') ? readIfThere(join(this.folder, name)) : undefined
      if (text === undefined) continue
      const read = answerShape.safeParse(JSON.parse(text))
      if (read.success) this.kept.set(read.data.id, read.data)
    }
  }

  add(answer: KeptAnswer): void {
    writePrivateFile(join(this.folder, `${answer.id}.json`), JSON.stringify(answer))
    this.kept.set(answer.id, answer)
  }

  has(id: string): boolean {
    return this.kept.has(id)
  }

  of(agentId: string): readonly KeptAnswer[] {
    return [...this.kept.values()].filter((answer) => answer.agentId === agentId)
  }

  remove(id: string): void {
    if (this.kept.delete(id)) removeFile(join(this.folder, `${id}.json`))
  }
}
