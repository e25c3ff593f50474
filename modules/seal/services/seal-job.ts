import { RunAgain, type JobCall } from '../../../core/jobs/jobs.js'
import type { Host } from '../../../core/host/module.js'
import { sealNow } from './applications.js'

/** Faults that pass by themselves: a server or token that is away, a worker that died. All others wait for a person. */
const passing =
  /^(?:SIGN-(?:TSA-UNREACHABLE|TSA-REFUSED|KEY-UNREACHABLE|TOKEN-MISSING|PROVIDER-TIMEOUT)|DOC-(?:TIMEOUT|WORKER-LOST|CLOSED)|SEAL-UNEXPECTED)$/

const longestPause = 60 * 60_000

/** Job `seal.apply`: applies a requested seal, and comes again after 30 s, 1 min, 2 min … up to an hour while the cause may pass. */
export function sealJob(host: Host) {
  return async ({ applicationId }: { applicationId: string }, call: JobCall): Promise<void> => {
    const outcome = await sealNow(host, call.context, applicationId)
    if (outcome.error === null || !passing.test(outcome.error.code)) return
    const pause = Math.min(longestPause, 30_000 * 2 ** Math.min(outcome.attempts - 1, 12))
    throw new RunAgain(new Date(host.now().getTime() + pause), outcome.error.code)
  }
}
