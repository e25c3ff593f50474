import type { ModuleSetup } from '../../../core/host/module.js'
import { lawTable } from './law-table.js'
import { stampTimes, sweepTimes, timeStampJob, type TimeStampPayload } from './time-stamps.js'

const sweepJob = 'compliance-egypt.time-stamp-sweep'

/** Time by third parties (Art. 8), after signing and beside filing. */
export function lawJobs({ host, jobs }: ModuleSetup): void {
  // A wrong row stops the module at the boot, and not an examination years later.
  lawTable()
  jobs.define<TimeStampPayload>(timeStampJob, (payload, { context }) => stampTimes(host, context, payload))
  jobs.define(sweepJob, (_payload, { context }) => sweepTimes(host, context))
  jobs.schedule(sweepJob, '7,37 * * * *')
}
