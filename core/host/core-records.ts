import { corePoints } from '../hooks/core-points.js'
import { ModuleRecords } from './registrations.js'

/** What the host itself offers to modules. Services add their own jobs when they are built. */
export function coreRecords(): ModuleRecords {
  const records = new ModuleRecords('core')
  for (const [name, kind] of Object.entries(corePoints)) records.hooks.declare(name, kind)
  return records
}
