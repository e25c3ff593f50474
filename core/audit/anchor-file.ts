import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const anchorLine = z.object({ companyId: z.string(), sequence: z.number().int().positive(), hash: z.string(), at: z.string() })
/** The head of a company's chain at a time, written outside the database. */
export type Anchor = z.infer<typeof anchorLine>

/** Stands for the hash of a place of which two different hashes are told: no event has it. */
export const contradicted = 'contradicted'

/**
 * Heads of the chains, kept outside the database: whoever owns the database could shorten or rebuild a chain, but not
 * make it fit what was written down here. Lines are only ever appended and reach the disk before `append` returns. For
 * protection against the machine's own administrator the file is shipped to another place (log collector, write-once store).
 */
export class AnchorFile {
  #writing: Promise<void> = Promise.resolve()

  constructor(readonly file: string) {}

  /**
   * Appends one line per anchor and resolves once they are on disk; writers of this process wait for each other. @throws Error of
   * the file system
   */
  async append(anchors: readonly Anchor[]): Promise<void> {
    if (anchors.length === 0) return
    const text = anchors.map((anchor) => `${JSON.stringify(anchor)}\n`).join('')
    const written = this.#writing.then(() => this.#write(text))
    this.#writing = written.catch(() => undefined)
    await written
  }

  async #write(text: string): Promise<void> {
    await mkdir(path.dirname(this.file), { recursive: true })
    const handle = await open(this.file, 'a', 0o600)
    try {
      // A line torn by a power cut must not swallow the next one: blank lines are skipped when reading.
      await handle.appendFile(`\n${text}`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }

  /** All anchors by company. A line that is no anchor is skipped: a torn last line is all that a crash may leave. */
  async read(): Promise<Map<string, Map<number, string>>> {
    const anchors = new Map<string, Map<number, string>>()
    const lines = createInterface({ input: createReadStream(this.file), crlfDelay: Infinity })
    try {
      for await (const line of lines) {
        const anchor = parse(line)
        if (anchor === undefined) continue
        const known = anchors.get(anchor.companyId) ?? new Map<number, string>()
        // The first word counts: a later line of the same number cannot take it back.
        if (!known.has(anchor.sequence)) known.set(anchor.sequence, anchor.hash)
        else if (known.get(anchor.sequence) !== anchor.hash) known.set(anchor.sequence, contradicted)
        anchors.set(anchor.companyId, known)
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return anchors
      throw error
    }
    return anchors
  }
}

function parse(line: string): Anchor | undefined {
  if (line === '') return undefined
  try {
    return anchorLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
