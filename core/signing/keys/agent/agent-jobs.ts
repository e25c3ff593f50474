import type { JobSystem } from '../../../jobs/create-jobs.js'
import type { AgentKeyProvider } from './agent-provider.js'

/** The job that deletes what of settled requests is kept no longer. */
const pruneJob = 'core.prune-agent-requests'
/** A quiet hour. UTC. */
const daily = '25 2 * * *'

/** Registers the daily job that forgets requests to desks that ended long ago (`signing.agent.keepDays`). */
export function defineAgentJobs(system: JobSystem, provider: () => AgentKeyProvider): void {
  system.define('core', pruneJob, async (_payload, { context }) => {
    await provider().prune(context.companyId)
  })
  system.schedule('core', pruneJob, daily)
}
