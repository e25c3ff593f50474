import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../i18n/fault.js'
import type { PendingOffer } from './offers.js'
import type { SigningDesk } from './signing-desk.js'

/** Requests that come together are signed together. */
const gatherMs = 20

/** A desk without a person: what its policy lists is signed, one round after the other. Everything else waits. */
export class UnattendedSigning {
  private running = false

  constructor(
    private readonly desk: Pick<SigningDesk, 'pending' | 'obstacle' | 'keyOf' | 'sign'>,
    private readonly purposes: readonly string[],
    private readonly warn?: (facts: object, message: string) => void,
  ) {}

  /**
   * Signs what waits and may be signed without a person, each request once; those that come meanwhile too. What it could not sign
   * stays for a person.
   */
  async attend(): Promise<void> {
    if (this.running) return
    this.running = true
    try {
      await sleep(gatherMs)
      const tried = new Set<string>()
      for (let round = this.nextRound(tried); round.length > 0; round = this.nextRound(tried)) {
        for (const id of round) tried.add(id)
        await this.desk.sign(round, undefined)
      }
    } catch (error) {
      this.warn?.({ code: error instanceof Fault ? error.code : 'error' }, 'unattended signing stopped until the next request')
    } finally {
      this.running = false
    }
  }

  /** What can be signed now with one token. */
  private nextRound(tried: ReadonlySet<string>): readonly string[] {
    const able = this.desk.pending.filter((one) => this.listed(one) && !tried.has(one.offer.id) && this.desk.obstacle(one) === undefined)
    const serialOf = ({ offer }: PendingOffer): string | undefined => this.desk.keyOf(offer)?.token.token.serial
    const [first] = able
    return first === undefined ? [] : able.filter((one) => serialOf(one) === serialOf(first)).map(({ offer }) => offer.id)
  }

  private listed({ offer }: PendingOffer): boolean {
    return offer.uses.length > 0 && offer.uses.every(({ purpose }) => this.purposes.includes(purpose))
  }
}
