import { createHash } from 'node:crypto'
import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson } from '../audit/canonical-json.js'
import { readIfThere } from './private-file.js'

/** A line of the desk's own history; `at` is UTC. */
export interface HistoryEntry {
  readonly sequence: number
  readonly at: string
  readonly event: 'paired' | 'unpaired' | 'signed' | 'refused' | 'failed' | 'pin-wrong' | 'settled'
  readonly facts: Readonly<Record<string, unknown>>
  /** SHA-256 of the entry before, hex; of the first: zeros. */
  readonly previous: string
  readonly hash: string
}

const start = '0'.repeat(64)

/**
 * What was done at this desk: `history.ndjson`, one entry a line, each with the hash of the one before. It holds documents,
 * digests and signatures' hashes; never a PIN.
 */
export class History {
  private readonly file: string
  private entries: HistoryEntry[]
  /** Number of the first entry that does not fit, when someone changed the file. */
  brokenAt: number | undefined
  /** Bytes of the file when it was last read or written here. */
  private size: number

  constructor(
    folder: string,
    private readonly now: () => Date,
  ) {
    this.file = join(folder, 'history.ndjson')
    const read = readHistory(readIfThere(this.file) ?? '')
    this.entries = read.entries
    this.brokenAt = read.brokenAt
    this.size = this.sizeNow()
  }

  /** Appends an entry that carries the hash of the one before, on disk when it returns. @throws Error of the file system */
  add(event: HistoryEntry['event'], facts: HistoryEntry['facts']): void {
    // `khatm agent pair` writes beside a desk that runs: the chain goes on from what stands there.
    if (this.sizeNow() !== this.size) {
      const read = readHistory(readIfThere(this.file) ?? '')
      this.entries = read.entries
      this.brokenAt ??= read.brokenAt
    }
    const last = this.entries.at(-1)
    const body = { sequence: (last?.sequence ?? 0) + 1, at: this.now().toISOString(), event, facts, previous: last?.hash ?? start }
    const entry: HistoryEntry = { ...body, hash: hashOf(body) }
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
    this.size = this.sizeNow()
    this.entries.push(entry)
    // Pages show the newest; the file keeps all.
    if (this.entries.length > 2_000) this.entries = this.entries.slice(-1_000)
  }

  private sizeNow(): number {
    return statSync(this.file, { throwIfNoEntry: false })?.size ?? 0
  }

  /** The last `count` entries, newest first. */
  newest(count: number): readonly HistoryEntry[] {
    return this.entries.slice(-count).reverse()
  }
}

/** Reads a log and checks its chain. A last line cut by a crash is not counted. */
function readHistory(text: string): { readonly entries: HistoryEntry[]; readonly brokenAt: number | undefined } {
  const entries: HistoryEntry[] = []
  let previous = start
  let brokenAt: number | undefined
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const entry = parseEntry(line)
    if (entry === undefined) {
      if (index < lines.length - 1) brokenAt ??= entries.length + 1
      continue
    }
    const { hash, ...body } = entry
    if (entry.previous !== previous || hash !== hashOf(body) || entry.sequence !== entries.length + 1) brokenAt ??= entries.length + 1
    entries.push(entry)
    previous = hash
  }
  return { entries, brokenAt }
}

function hashOf(body: Omit<HistoryEntry, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex')
}

function parseEntry(line: string): HistoryEntry | undefined {
  try {
    return JSON.parse(line) as HistoryEntry // written by `add`; a changed line does not meet its hash
  } catch {
    return undefined
  }
}
