import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'

/** Faults that pass by themselves or with what somebody else does: a server that is away, a person who has not answered yet. */
const passing =
  /^(?:SIGN-(?:TSA-(?:UNREACHABLE|REFUSED|MALFORMED)|REVOCATION-UNAVAILABLE|AGENT-(?:WAITING|SUPERSEDED)|APPROVAL-NEEDED|KEY-(?:UNREACHABLE|CHANGED)|SIGNER-EXPIRED|TOKEN-MISSING|PROVIDER-(?:TIMEOUT|CRASHED|CLOSED)|CSC-(?:UNREACHABLE|BUSY)|ONE-USE-SPENT)|DOC-(?:TIMEOUT|WORKER-LOST|CLOSED)|DB-[A-Z-]+|SIGNATURES-(?:DOCUMENT-BUSY|SIGNING-UNEXPECTED|SEALING-UNEXPECTED))$/

export function mayPass(code: string): boolean {
  return passing.test(code)
}

/** What waits for a person: looked at again soon, and never counted as a failure. */
export function waitsForPerson(code: string): boolean {
  return code === 'SIGN-AGENT-WAITING' || code === 'SIGN-APPROVAL-NEEDED' || code === 'SIGNATURES-DOCUMENT-BUSY'
}

const longestPause = 60 * 60_000

/** 15 s while a person is waited for; else 30 s, 1 min, 2 min … up to an hour. */
export function pauseAfter(code: string, attempts: number): number {
  return waitsForPerson(code) ? 15_000 : Math.min(longestPause, 30_000 * 2 ** Math.min(Math.max(attempts - 1, 0), 12))
}

/** As a row keeps it. Whatever is no fault of ours is `code`, with its cause in the log. */
export function faultOf(error: unknown, code: string): Fault {
  return error instanceof Fault ? error : new Fault(code, { status: 500, cause: error })
}

export function detailOf(fault: Fault): FaultDetail {
  return { code: fault.code, params: fault.params }
}
