import type { Audit } from '../../audit/audit.js'
import type { Database } from '../../db/database.js'
import type { Files } from '../../files/files.js'
import type { JobSystem } from '../../jobs/create-jobs.js'
import { configuredEvidence, configuredTimeStamp, type AuthorityParts } from '../configured-authorities.js'
import { createArchiveRenewal, renewJob, watchJob, type ArchiveRenewal } from './archive-renewal.js'

/** Quiet hours in every zone the product is used in. UTC. */
const daily = '40 1 * * *'
const defaultDays = 90

/** Registers the daily watch over archived documents and the renewal of one, with the authorities this host is configured for. */
export function defineArchiveJobs(
  system: JobSystem,
  parts: AuthorityParts & { readonly db: Database; readonly files: Files; readonly audit: Audit },
): ArchiveRenewal {
  const renewal = createArchiveRenewal({
    db: parts.db,
    files: parts.files,
    audit: parts.audit,
    jobs: system.jobs,
    now: parts.now,
    days: parts.config.signing.archiveRenewalDays ?? defaultDays,
    timeStamp: () => configuredTimeStamp(parts),
    evidence: () => configuredEvidence(parts),
  })
  system.define('core', watchJob, async (_payload, { context }) => {
    await renewal.watch(context)
  })
  system.define('core', renewJob, (payload, call) => renewal.renew(payload, call))
  system.schedule('core', watchJob, daily)
  return renewal
}
