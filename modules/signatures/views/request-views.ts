import type { ModuleSetup } from '../../../core/host/module.js'
import { addRequestJobs } from '../services/requests/request-jobs.js'

/** Lists, forms, pages and jobs of signature requests. */
export function addRequestViews(setup: ModuleSetup): void {
  addRequestJobs(setup)
}
