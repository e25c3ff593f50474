import { Decimal } from 'decimal.js'
import type { CompanyContext } from '../access/context.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import type { Key } from './key.js'
import type { KeyUse, OpenOptions, SigningService } from './signing-service.js'

/**
 * Whether a key may be used so, by this actor, now. Throws the first reason why not; nothing here asks the provider, and
 * approvals are looked at by the caller (`needsApproval` tells which uses want one).
 * @throws Fault SIGN-KEY-STOPPED, SIGN-KEY-NOT-YOURS, SIGN-USE-INVALID, SIGN-PURPOSE-NOT-ALLOWED, SIGN-KEY-PERIOD-ENDED, SIGN-AMOUNT-LIMIT,
 * SIGN-CERT-MISSING, SIGN-CERT-EXPIRED, SIGN-CERT-NOT-YET-VALID
 */
export function checkPolicy(key: Key, context: CompanyContext, uses: readonly KeyUse[], options: OpenOptions, now: Date): void {
  const name = key.name
  if (key.state !== 'active') throw new Fault('SIGN-KEY-STOPPED', { params: { name }, status: 409 })
  if (uses.length === 0) throw new Fault('SIGN-USE-MISSING', { params: { name } })
  checkActor(key, context)
  for (const [index, use] of uses.entries()) {
    const path = uses.length > 1 ? `use[${index}]` : undefined
    checkUse(use, path)
    if (!key.purposes.includes(use.purpose)) {
      throw new Fault('SIGN-PURPOSE-NOT-ALLOWED', { path, params: { name, purpose: use.purpose }, status: 403 })
    }
    const limit = key.limits?.amount
    if (limit === undefined || within(use.amount, limit)) continue
    const given = use.amount === undefined ? '' : written(use.amount)
    throw new Fault('SIGN-AMOUNT-LIMIT', {
      path,
      params: { name, limit: written(limit), amount: given },
      status: 403,
    })
  }
  const until = key.limits?.until
  if (until !== undefined && now > until) {
    throw new Fault('SIGN-KEY-PERIOD-ENDED', { params: { name, until: until.toISOString() }, status: 403 })
  }
  checkCertificateTime(key, options, now)
}

/**
 * What is compared with limits and bound into approvals must mean one thing: a plain decimal and no other spelling of a number
 * ("NaN" is above no limit), and a whole hash.
 * @throws Fault SIGN-USE-INVALID
 */
function checkUse({ amount, documentHash }: KeyUse, path: string | undefined): void {
  if (amount !== undefined && !(/^-?\d{1,15}(?:\.\d{1,10})?$/.test(amount.value) && /^[A-Z]{3}$/.test(amount.currency)))
    throw new Fault('SIGN-USE-INVALID', { path, params: { value: `${amount.value} ${amount.currency}`.slice(0, 60) } })
  if (documentHash !== undefined && !/^[0-9a-f]{64}$/.test(documentHash))
    throw new Fault('SIGN-USE-INVALID', { path, params: { value: documentHash.slice(0, 80) } })
}

/** Without the zeros a column pads with. */
function written({ value, currency }: NonNullable<KeyUse['amount']>): string {
  return `${new Decimal(value).toFixed()} ${currency}`
}

/** A person's own key serves that person alone; a shared one whoever is named, directly or by a group. */
function checkActor(key: Key, { actor, groups }: CompanyContext): void {
  const { access, name } = key
  if (access === undefined) return
  const refused = new Fault('SIGN-KEY-NOT-YOURS', { params: { name }, status: 403 })
  if (access.holder !== undefined) {
    if (actor.kind !== 'user' || actor.id !== access.holder.id) throw refused
    return
  }
  if (access.users.length === 0 && access.groups.length === 0) return
  if (actor.kind === 'system' && groups.has('*')) return
  const named = actor.kind === 'user' && actor.id !== null && access.users.includes(actor.id)
  if (!named && !access.groups.some((group) => groups.has(group))) throw refused
}

function checkCertificateTime(key: Key, options: OpenOptions, now: Date): void {
  const { name } = key
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

/** Whether another person must allow this use first. */
export function needsApproval(key: Key, use: KeyUse): boolean {
  const rule = key.access?.approval
  return rule !== undefined && (rule.above === undefined || !within(use.amount, rule.above))
}

/** An amount that is not told, or is told in another currency, is within no limit. */
function within(amount: KeyUse['amount'], limit: { readonly value: string; readonly currency: string }): boolean {
  return amount !== undefined && amount.currency === limit.currency && !new Decimal(amount.value).abs().greaterThan(limit.value)
}

/** Whether a policy may be set at all. @throws Fault SIGN-PURPOSE-MISSING, SIGN-POLICY-AMOUNT */
export function checkNewPolicy({ purposes, limits, access }: Parameters<SigningService['setPolicy']>[3]): void {
  if (purposes?.length === 0) throw new Fault('SIGN-PURPOSE-MISSING', { path: 'purposes' })
  for (const [path, amount] of [
    ['amount', limits?.amount],
    ['approvalAbove', access?.approval?.above],
  ] as const) {
    if (amount === undefined) continue
    const fits = /^\d{1,15}(?:\.\d{1,4})?$/.test(amount.value) && /^[A-Z]{3}$/.test(amount.currency)
    if (!fits) throw new Fault('SIGN-POLICY-AMOUNT', { path, params: { amount: `${amount.value} ${amount.currency}` } })
  }
}
