import type { Key } from '../../core/signing/key.js'
import { readCertificate } from '../../core/validation/certificate/certificate.js'

/** What pages show of a key. */
export interface KeyFacts {
  readonly id: string
  readonly name: string
  readonly provider: string
  readonly algorithm: string
  readonly purposes: readonly string[]
  readonly state: 'active' | 'stopped' | 'expired' | 'expiring' | 'bare'
  readonly colour: string
  /** Name in the certificate; empty without one. */
  readonly holder: string
  /** The end of certificate or policy, whichever comes first. */
  readonly until: Date | undefined
  /** Whole days until then; negative afterwards. */
  readonly daysLeft: number | undefined
  readonly certificates: readonly {
    readonly subject: string
    readonly issuer: string
    readonly holder: string
    readonly issuerHolder: string
    readonly serial: string
    readonly sha256: string
    readonly notBefore: Date
    readonly notAfter: Date
  }[]
  readonly attributes: readonly { readonly name: string; readonly value: string }[]
}

const day = 24 * 3_600_000
/** A certificate that ends within this time is shown as expiring, early enough to renew it. */
const warnDays = 60

const colours = { active: 'green', stopped: 'red', expired: 'red', expiring: 'orange', bare: 'grey' } as const

export function keyFacts(key: Key, now: Date): KeyFacts {
  const certificates = key.certificates.map((der) => {
    const { subject, issuer, holder, issuerHolder, serialHex, sha256, notBefore, notAfter } = readCertificate(der)
    return { subject, issuer, holder, issuerHolder, serial: serialHex, sha256, notBefore, notAfter }
  })
  const ends = [certificates[0]?.notAfter, key.limits?.until].filter((end) => end !== undefined)
  const until = ends.length === 0 ? undefined : new Date(Math.min(...ends.map((end) => end.getTime())))
  const daysLeft = until === undefined ? undefined : Math.floor((until.getTime() - now.getTime()) / day)
  const attributes = Object.entries(key.attributes).map(([name, value]) => ({ name, value: String(value) }))
  const { id, name, provider, algorithm, purposes } = key
  const state = stateOf(key, daysLeft)
  const holder = certificates[0]?.holder ?? ''
  return { id, name, provider, algorithm, purposes, state, colour: colours[state], holder, until, daysLeft, certificates, attributes }
}

function stateOf(key: Key, daysLeft: number | undefined): KeyFacts['state'] {
  if (key.state === 'stopped') return 'stopped'
  if (key.certificates.length === 0) return 'bare'
  if (daysLeft === undefined) return 'active'
  if (daysLeft < 0) return 'expired'
  return daysLeft < warnDays ? 'expiring' : 'active'
}
