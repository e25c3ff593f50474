import type { FaultPlan } from '../../modules/sandbox/state/faults.js'

/** KHATM_FULL=1 meets every fault at every call. */
export const full = process.env.KHATM_FULL === '1'

/** Where the client's pass of the Egyptian authority is given. */
export const token = 'connect/token'

/** What every call may meet. Times are shortened, everything else is as it comes. */
export const anywhere: readonly FaultPlan[] = [
  { kind: 'timeout-before-commit', milliseconds: 150 },
  { kind: 'timeout-after-commit', milliseconds: 150 },
  { kind: 'reset-before-commit' },
  { kind: 'reset-mid-body' },
  { kind: 'slow-drip', milliseconds: 300 },
  { kind: 'error-500', times: 2 },
  { kind: 'error-503', times: 2 },
  { kind: 'error-after-commit' },
  { kind: 'malformed-json' },
  { kind: 'huge-body' },
  { kind: 'packed-body' },
  { kind: 'gateway-page' },
  { kind: 'redirect' },
  { kind: 'rate-limited' },
  { kind: 'status-before-commit', status: 503, retryAfter: '1' },
  { kind: 'status-before-commit', status: 409 },
  { kind: 'status-before-commit', status: 208 },
  { kind: 'status-before-commit', status: 303 },
]

/** What only an answer to a submission can be. */
export const aboutSubmitted: readonly FaultPlan[] = [
  { kind: 'other-uuid' },
  { kind: 'duplicate-answer' },
  { kind: 'fewer-signatures' },
  { kind: 'both-lists' },
  { kind: 'listed-twice' },
  { kind: 'unknown-number' },
  { kind: 'unauthorized' },
  { kind: 'status-after-commit', status: 208 },
  { kind: 'status-after-commit', status: 303 },
  { kind: 'status-after-commit', status: 409 },
  { kind: 'status-after-commit', status: 422, retryAfter: '600' },
  { kind: 'status-after-commit', status: 429, retryAfter: 'date' },
  { kind: 'status-after-commit', status: 504 },
]

/** The call is refused for a while, and it is said for how long. */
export const askedToWait: FaultPlan = { kind: 'status-before-commit', status: 429, retryAfter: '1' }

/** The submission is taken and its answer never comes: the authority has to be asked what it has. */
export function lostAnswer(path: string): readonly FaultPlan[] {
  return [{ kind: 'status-after-commit', status: 504, path }]
}

export interface FaultCase {
  readonly title: string
  readonly faults: readonly FaultPlan[]
}

/** One case for each plan, at calls whose path has `path` in it, after the faults that lead there. */
export function casesOf(title: string, path: string, plans: readonly FaultPlan[], first: readonly FaultPlan[] = []): FaultCase[] {
  return plans.map((plan) => ({
    title: `${title}: ${[plan.kind, plan.status, plan.retryAfter === undefined ? undefined : 'Retry-After'].filter((part) => part !== undefined).join(' ')}`,
    faults: [...first, { ...plan, path }],
  }))
}

/** The plan as it is sent: a Retry-After that is a date lies two seconds ahead of now. */
export function ready(plan: FaultPlan): FaultPlan {
  return plan.retryAfter === 'date' ? { ...plan, retryAfter: new Date(Date.now() + 2000).toUTCString() } : plan
}
