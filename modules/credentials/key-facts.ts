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
  readonly certificates: readonly {
    readonly subject: string
    readonly issuer: string
    readonly serial: string
    readonly notBefore: Date
    readonly notAfter: Date
  }[]
  readonly attributes: readonly { readonly name: string; readonly value: string }[]
}

/** A certificate that ends within this time is shown as expiring, early enough to renew it. */
const warnMilliseconds = 30 * 24 * 3_600_000

const colours = { active: 'green', stopped: 'red', expired: 'red', expiring: 'orange', bare: 'grey' } as const

export function keyFacts(key: Key, now: Date): KeyFacts {
  const certificates = key.certificates.map((der) => {
    const { subject, issuer, serialDecimal, notBefore, notAfter } = readCertificate(der)
    return { subject, issuer, serial: serialDecimal, notBefore, notAfter }
  })
  const end = certificates[0]?.notAfter.getTime()
  const left = end === undefined ? undefined : end - now.getTime()
  const state =
    key.state === 'stopped'
      ? 'stopped'
      : left === undefined
        ? 'bare'
        : left < 0
          ? 'expired'
          : left < warnMilliseconds
            ? 'expiring'
            : 'active'
  const attributes = Object.entries(key.attributes).map(([name, value]) => ({ name, value: String(value) }))
  const { id, name, provider, algorithm, purposes } = key
  return { id, name, provider, algorithm, purposes, state, colour: colours[state], certificates, attributes }
}
