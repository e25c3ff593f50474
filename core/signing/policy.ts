import { Decimal } from 'decimal.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import type { Key } from './key.js'
import type { KeyUse, OpenOptions } from './signing-service.js'

/**
 * Whether a key may be used so, now. Throws the first reason why not; nothing here asks the provider.
 * @throws Fault SIGN-KEY-STOPPED, SIGN-PURPOSE-NOT-ALLOWED, SIGN-KEY-PERIOD-ENDED, SIGN-AMOUNT-LIMIT, SIGN-CERT-MISSING,
 * SIGN-CERT-EXPIRED, SIGN-CERT-NOT-YET-VALID
 */
export function checkPolicy(key: Key, uses: readonly KeyUse[], options: OpenOptions, now: Date): void {
  const name = key.name
  if (key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name }, status: 409 })
  if (uses.length === 0) throw new Fault('SIGN-USE-MISSING', { params: { name } })
  for (const [index, use] of uses.entries()) {
    const path = uses.length > 1 ? `use[${index}]` : undefined
    if (!key.purposes.includes(use.purpose)) {
      throw new Fault('SIGN-PURPOSE-NOT-ALLOWED', { path, params: { name, purpose: use.purpose }, status: 403 })
    }
    const limit = key.limits?.amount
    if (limit === undefined) continue
    const amount = use.amount
    if (amount === undefined || amount.currency !== limit.currency || new Decimal(amount.value).abs().greaterThan(limit.value)) {
      const given = amount === undefined ? '' : `${amount.value} ${amount.currency}`
      throw new Fault('SIGN-AMOUNT-LIMIT', {
        path,
        params: { name, limit: `${limit.value} ${limit.currency}`, amount: given },
        status: 403,
      })
    }
  }
  const until = key.limits?.until
  if (until !== undefined && now > until) {
    throw new Fault('SIGN-KEY-PERIOD-ENDED', { params: { name, until: until.toISOString() }, status: 403 })
  }
  const [own] = key.certificates
  if (own === undefined) {
    if (options.withoutCertificate === true) return
    throw new Fault('SIGN-CERT-MISSING', { params: { name }, status: 409 })
  }
  const certificate = readCertificate(own)
  if (now > certificate.notAfter) {
    throw new Fault('SIGN-CERT-EXPIRED', { params: { name, until: certificate.notAfter.toISOString() }, status: 409 })
  }
  if (now < certificate.notBefore) {
    throw new Fault('SIGN-CERT-NOT-YET-VALID', { params: { name, from: certificate.notBefore.toISOString() }, status: 409 })
  }
}
