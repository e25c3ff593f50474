import type { ModuleSetup } from '../../../core/host/module.js'
import { lawTable } from './law-table.js'
import { keepRevocation, revocationJob, type RevocationPayload } from './kept-revocation.js'
import { revocationStampJob, stampAnswers, type RevocationStampPayload } from './revocation-stamps.js'
import { logStampJob, stampLogHead } from './log-stamps.js'
import { stampTimes, sweepTimes } from './stamp-times.js'
import { timeStampJob, type TimeStampPayload } from './time-stamps.js'

const sweepJob = 'compliance-egypt.time-stamp-sweep'

/** Time by third parties over signatures and the event log (Art. 8), and what authorities say of certificates (Art. 3(e)): after signing, beside filing. */
export function lawJobs({ host, jobs }: ModuleSetup): void {
  // A wrong row stops the module at the boot, and not an examination years later.
  lawTable()
  jobs.define<TimeStampPayload>(timeStampJob, (payload, { context }) => stampTimes(host, context, payload))
  jobs.define(sweepJob, (_payload, { context }) => sweepTimes(host, context))
  jobs.schedule(sweepJob, '7,37 * * * *')
  jobs.define<RevocationPayload>(revocationJob, (payload, { context }) => keepRevocation(host, context, payload))
  jobs.define<RevocationStampPayload>(revocationStampJob, (payload, { context }) => stampAnswers(host, context, payload))
  jobs.define(logStampJob, (_payload, { context }) => stampLogHead(host, context))
  jobs.schedule(logStampJob, '23 1 * * *')
}
