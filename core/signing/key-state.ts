import type { Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { Key } from './key.js'

interface KnownState {
  readonly version: number
  readonly stopped: boolean
  readonly readAt: number
}

/** A stop or a change of policy made by another process reaches open signers within this time. */
const freshMilliseconds = 1000

/**
 * Whether keys of open signers may still be used. The row in the database is the truth; it is read at most once a second
 * for a key, however many signatures are made, and a stop made in this process counts with its commit.
 */
export class KeyStates {
  private readonly known = new Map<string, KnownState>()
  private readonly reading = new Map<string, Promise<KnownState>>()
  /** Stopped by this process; for good, since no key is ever started again. */
  private readonly stopped = new Set<string>()

  /** @param clock milliseconds that never go back; tests tell them */
  constructor(
    private readonly database: Database,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** The key as it was just read. */
  note(key: Key): void {
    this.known.set(key.id, { version: key.version ?? 0, stopped: key.state !== 'active', readAt: this.clock() })
    // Keys nobody asked about for long make room.
    if (this.known.size > 1024) for (const id of [...this.known.keys()].slice(0, 512)) this.known.delete(id)
  }

  /** A change committed in this process: the next use reads the row again. */
  forget(keyId: string): void {
    this.known.delete(keyId)
    this.reading.delete(keyId)
  }

  /** A stop committed in this process. */
  stop(keyId: string): void {
    this.stopped.add(keyId)
  }

  /** Whether the row, read within the last second, says that the key may be used. False says nothing: `require` decides. */
  knows(key: Key): boolean {
    const known = this.known.get(key.id)
    return (
      known !== undefined &&
      !known.stopped &&
      known.version === key.version &&
      this.clock() - known.readAt < freshMilliseconds &&
      !this.stopped.has(key.id)
    )
  }

  /** @throws Fault SIGN-KEY-STOPPED, SIGN-KEY-CHANGED, or the database's own when the row cannot be read */
  async require(key: Key): Promise<void> {
    if (this.stopped.has(key.id)) throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
    const state = await this.stateOf(key)
    if (state.stopped) throw new Fault('SIGN-KEY-STOPPED', { params: { name: key.name }, status: 409 })
    if (state.version !== key.version) throw new Fault('SIGN-KEY-CHANGED', { params: { name: key.name }, status: 409 })
  }

  private stateOf(key: Key): KnownState | Promise<KnownState> {
    const known = this.known.get(key.id)
    if (known !== undefined && this.clock() - known.readAt < freshMilliseconds) return known
    const under = this.reading.get(key.id)
    if (under !== undefined) return under
    const reading: Promise<KnownState> = this.read(key).then(
      (state) => {
        // An answer asked for before a change committed here tells of the time before it.
        if (this.reading.get(key.id) === reading) {
          this.reading.delete(key.id)
          this.known.set(key.id, state)
        }
        return state
      },
      (error: unknown) => {
        if (this.reading.get(key.id) === reading) this.reading.delete(key.id)
        throw error
      },
    )
    this.reading.set(key.id, reading)
    return reading
  }

  private async read(key: Key): Promise<KnownState> {
    // The moment before the question: an answer may be as old as its asking.
    const readAt = this.clock()
    const [row] = await this.database.company(key.companyId, (transaction) =>
      transaction
        .knex('core_key')
        .where({ company_id: transaction.companyId, id: key.id })
        .select<{ state: string; version: string | number }[]>('state', 'version'),
    )
    return { version: Number(row?.version ?? 0), stopped: row?.state !== 'active', readAt }
  }
}
