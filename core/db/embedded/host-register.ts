import { readdirSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isSameAlive, startMark } from '../../host/living-process.js'

/**
 * The hosts that use one embedded server, as files `<pid>-<start mark>-<number>` in a folder. A host that was killed leaves its
 * file; it is seen as dead and swept by the next.
 */
export class HostRegister {
  static #count = 0
  #entry: string | undefined

  constructor(private readonly folder: string) {}

  /**
   * Writes down that a host of this process uses the server. The name carries the start mark of the process, so that a later
   * process of the same number is not taken for it.
   */
  async enter(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    HostRegister.#count += 1
    this.#entry = `${String(process.pid)}-${startMark(process.pid)}-${String(HostRegister.#count)}`
    await writeFile(path.join(this.folder, this.#entry), '')
  }

  /** Takes this host out and tells whether another living one is left. */
  async leave(): Promise<{ othersLeft: boolean }> {
    if (this.#entry !== undefined) await rm(path.join(this.folder, this.#entry), { force: true })
    this.#entry = undefined
    let othersLeft = false
    for (const entry of await readdir(this.folder).catch(() => [])) {
      const [pid, mark] = entry.split('-')
      if (isSameAlive(Number(pid), mark ?? '')) othersLeft = true
      else await rm(path.join(this.folder, entry), { force: true })
    }
    return { othersLeft }
  }

  /** Whether a living host is in the register at this moment: asked without a turn in between, right before what would harm it. */
  holdsLiving(): boolean {
    try {
      return readdirSync(this.folder).some((entry) => {
        const [pid, mark] = entry.split('-')
        return isSameAlive(Number(pid), mark ?? '')
      })
    } catch {
      return false
    }
  }
}
