import type { Handle } from 'pkcs11js'

/** Sessions of one token that sign: one operation in each at a time, so many and no more; who finds none free waits in order. */
export class TokenSessions {
  private readonly idle: Handle[] = []
  private opened = 0
  private readonly waiting: ((session: Handle) => void)[] = []

  /**
   * @param limit most sessions at once
   * @param open C_OpenSession, @param close C_CloseSession
   */
  constructor(
    private readonly limit: number,
    private readonly open: () => Handle,
    private readonly close: (session: Handle) => void,
  ) {}

  /** Whether somebody waits for a session. */
  get hasQueue(): boolean {
    return this.waiting.length > 0
  }

  /** An idle session, a new one while there may be more, else the next that is given back. */
  take(): Promise<Handle> {
    const idle = this.idle.pop()
    if (idle !== undefined) return Promise.resolve(idle)
    if (this.opened < this.limit) {
      const session = this.open()
      this.opened++
      return Promise.resolve(session)
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve)
    })
  }

  /** Gives the session back, to whoever waits longest. */
  give(session: Handle): void {
    const next = this.waiting.shift()
    if (next !== undefined) next(session)
    else this.idle.push(session)
  }

  /** After a fault an operation may still be open in the session: it is closed, not reused. Who waits gets a new one. */
  drop(session: Handle, lost: boolean): void {
    this.opened--
    const next = this.waiting.shift()
    try {
      if (!lost) this.close(session)
      if (next === undefined) return
      const fresh = lost ? session : this.open()
      this.opened++
      next(fresh)
    } catch {
      // The waiting one meets the lost session itself and goes through the restart. Where nobody waits its place is free.
      if (next === undefined) return
      this.opened++
      next(session)
    }
  }
}
