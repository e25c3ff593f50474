import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'

/** Bytes of files held at once, and how long after the last look. */
const mostBytes = 64 * 1024 * 1024
const heldMilliseconds = 60_000

interface Held {
  readonly bytes: Promise<Buffer>
  size: number
  release: NodeJS.Timeout
}

/**
 * Files that an editor reads in parts: taken from the store once (and checked there against their hash), then held for a minute, so
 * that the forty parts of a large file are not forty readings of the whole. By company and content address: what is held cannot change.
 */
export class FilesInParts {
  readonly #held = new Map<string, Held>()

  constructor(private readonly host: Host) {}

  /** @throws Fault FILE-MISSING, FILE-CORRUPT */
  async read(context: CompanyContext, sha256: string): Promise<Buffer> {
    const name = `${context.companyId}/${sha256}`
    const held = this.#held.get(name)
    if (held !== undefined) {
      held.release.refresh()
      return held.bytes
    }
    const bytes = this.host.db.company(context.companyId, async (transaction) => (await this.host.files.get(transaction, sha256)).bytes)
    const fresh: Held = { bytes, size: 0, release: setTimeout(() => this.#held.delete(name), heldMilliseconds).unref() }
    this.#held.set(name, fresh)
    try {
      fresh.size = (await bytes).length
    } catch (error) {
      this.#drop(name, fresh)
      throw error
    }
    this.#makeRoom()
    return bytes
  }

  /** The oldest go first; the last one stays, however large it is. */
  #makeRoom(): void {
    let total = [...this.#held.values()].reduce((sum, { size }) => sum + size, 0)
    for (const [name, held] of this.#held) {
      if (total <= mostBytes || this.#held.size === 1) return
      total -= held.size
      this.#drop(name, held)
    }
  }

  #drop(name: string, held: Held): void {
    clearTimeout(held.release)
    this.#held.delete(name)
  }
}
