import { timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { hasKind, Journal } from '../state/journal.js'
import { hashOf } from './register.js'

/** A point of sale as a taxpayer registered it on the portal. */
export interface PointOfSale {
  readonly kind: 'pos'
  readonly rin: string
  readonly serial: string
  /** At most 10 characters. */
  readonly model: string
  readonly keyHash: string
}

type Headers = Readonly<Record<string, string | undefined>>

/** Points of sale and the tokens they logged in for; the last registration of a serial number counts. */
export class PointsOfSale {
  private readonly journal: Journal<PointOfSale>
  private readonly known = new Map<string, PointOfSale>()
  /** Serial number each token was given to, by the token's hash. */
  private readonly logins = new Map<string, string>()

  constructor(folder: string) {
    this.journal = Journal.open<PointOfSale>(join(folder, 'eta-points-of-sale.ndjson'), hasKind<PointOfSale>('pos'))
    for (const one of this.journal.found) this.known.set(keyOf(one.rin, one.serial), one)
  }

  register(rin: string, serial: string, model: string, presharedKey: string): void {
    const one: PointOfSale = { kind: 'pos', rin, serial, model, keyHash: hashOf(presharedKey) }
    this.journal.append(one)
    this.known.set(keyOf(rin, serial), one)
  }

  /** A point of sale logs in with four headers. @returns false unless the taxpayer registered it like this, with this key */
  login(token: string, rin: string, { posserial, pososversion, posmodelframework, presharedkey }: Headers): boolean {
    const found = this.known.get(keyOf(rin, posserial ?? ''))
    if (found === undefined || posserial === undefined || pososversion === undefined || pososversion === '') return false
    if (posmodelframework !== found.model || found.model.length > 10) return false
    const key = Buffer.from(hashOf(presharedkey ?? ''))
    if (!timingSafeEqual(key, Buffer.from(found.keyHash))) return false
    this.logins.set(hashOf(token), posserial)
    return true
  }

  /** Serial number of the point of sale a token was given to. */
  of(token: string): string | undefined {
    return this.logins.get(hashOf(token))
  }

  reset(): void {
    this.journal.clear()
    this.known.clear()
    this.logins.clear()
  }

  close(): void {
    this.journal.close()
  }
}

function keyOf(rin: string, serial: string): string {
  return `${rin}:${serial}`
}
