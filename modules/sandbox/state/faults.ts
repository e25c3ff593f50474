/** Ways in which an authority misbehaves, for fault tests. `before` kinds act before anything is stored, the others after. */
export const faultKinds = [
  'timeout-before-commit',
  'reset-before-commit',
  'error-500',
  'error-503',
  'rate-limited',
  'unauthorized',
  'clearance-off',
  'timeout-after-commit',
  'error-after-commit',
  'reset-mid-body',
  'slow-drip',
  'malformed-json',
  'other-uuid',
  'huge-body',
  'duplicate-answer',
  'redirect',
  // Remote signing: answers that are wrong in themselves.
  'fewer-signatures',
  'swapped-signatures',
  'garbage-signature',
  // OCSP and CRL: answers that a client must see through.
  'wrong-nonce',
  'status-unknown',
  'status-revoked',
  'stale',
  'wrong-signer',
  // Time stamps, beside wrong-nonce.
  'wrong-imprint',
  'untrusted',
  'rejected',
  // Any authority: the right answer, late.
  'slow',
  // Egypt: any status, with or without Retry-After, before or after the call was done; and answers that contradict themselves.
  'status-before-commit',
  'status-after-commit',
  'both-lists',
  'listed-twice',
  'unknown-number',
  // Egypt: the last document of a submission is refused at once, the others are taken.
  'refuse-last',
  // Egypt: a gateway between asks for a login with a page and the status of success; an answer packed to a thousandth of itself.
  'gateway-page',
  'packed-body',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** The next calls that match misbehave. */
export interface FaultPlan {
  readonly kind: FaultKind
  /** Calls that misbehave; 0 means until cleared. Default 1. */
  readonly times?: number
  /** Calls that pass untouched before it begins. Default 0. */
  readonly skip?: number
  /** Part of the path a call must contain: `clearance`, `/tsa`, `/ocsp`, `.crl`. Default: every call to an authority. */
  readonly path?: string
  /** Length of a time-out, of a slow drip or of a late answer. Default 30,000, 5,000 and 10,000. */
  readonly milliseconds?: number
  /** Status of the `status-…` kinds. Default 503. */
  readonly status?: number
  /** Value of their Retry-After header: seconds or a date. Default: no such header. */
  readonly retryAfter?: string
}

export class Faults {
  private readonly plans: { readonly plan: FaultPlan; left: number; skip: number }[] = []

  inject(plan: FaultPlan): void {
    const times = plan.times ?? 1
    this.plans.push({ plan, left: times === 0 ? Number.POSITIVE_INFINITY : times, skip: plan.skip ?? 0 })
  }

  clear(): void {
    this.plans.length = 0
  }

  /** The plan that governs this call, used up by it. */
  take(path: string): FaultPlan | undefined {
    const found = this.plans.find(({ plan }) => path.includes(plan.path ?? ''))
    if (found === undefined) return undefined
    if (found.skip > 0) {
      found.skip--
      return undefined
    }
    found.left--
    if (found.left <= 0) this.plans.splice(this.plans.indexOf(found), 1)
    return found.plan
  }

  waiting(): readonly FaultPlan[] {
    return this.plans.map(({ plan }) => plan)
  }
}

/** @throws RangeError when it is no plan */
export function readFaultPlan(value: unknown): FaultPlan {
  if (typeof value !== 'object' || value === null || !('kind' in value)) throw new RangeError('kind is required')
  const kind = faultKinds.find((one) => one === value.kind)
  if (kind === undefined) throw new RangeError(`kind must be one of ${faultKinds.join(', ')}`)
  const count = (name: 'times' | 'skip' | 'milliseconds' | 'status'): number | undefined => {
    const given = name in value ? (value as Record<string, unknown>)[name] : undefined // narrowed by `in`
    if (given === undefined) return undefined
    if (typeof given !== 'number' || !Number.isInteger(given) || given < 0) throw new RangeError(`${name} must be a whole number`)
    return given
  }
  const path = 'path' in value && typeof value.path === 'string' ? value.path : undefined
  const retryAfter = 'retryAfter' in value && typeof value.retryAfter === 'string' ? value.retryAfter : undefined
  const status = count('status')
  if (status !== undefined && (status < 200 || status > 599)) throw new RangeError('status must be an HTTP status')
  return { kind, path, times: count('times'), skip: count('skip'), milliseconds: count('milliseconds'), status, retryAfter }
}
