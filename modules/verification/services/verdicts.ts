import { randomBytes } from 'node:crypto'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'

export interface KeptVerdict {
  readonly verdict: DocumentVerdict
  /** Of the file. */
  readonly sha256: string
  /** Whether it was the very file issued under a code; null when no code was asked. */
  readonly same: boolean | null
}

const keptMilliseconds = 15 * 60_000
const keptAtMost = 500

/**
 * Verdicts for the reports a visitor may fetch after the page: in memory, for a quarter of an hour, under a name nobody can guess. The files
 * themselves are forgotten with the answer.
 */
export class RecentVerdicts {
  private readonly kept = new Map<string, KeptVerdict & { readonly until: number }>()

  constructor(private readonly now: () => Date) {}

  keep(verdict: KeptVerdict): string {
    const now = this.now().getTime()
    for (const [name, one] of this.kept) {
      if (one.until >= now && this.kept.size < keptAtMost) break
      this.kept.delete(name)
    }
    const name = randomBytes(16).toString('hex')
    this.kept.set(name, { ...verdict, until: now + keptMilliseconds })
    return name
  }

  find(name: string): KeptVerdict | undefined {
    const found = this.kept.get(name)
    return found === undefined || found.until < this.now().getTime() ? undefined : found
  }
}
