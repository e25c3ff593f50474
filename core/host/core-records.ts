import { ModuleRecords } from './registrations.js'

/** What the host itself offers to modules: the point `menu`. Services add their own jobs when they are built. */
export function coreRecords(): ModuleRecords {
  const records = new ModuleRecords('core')
  records.hooks.declare('menu', 'collect')
  return records
}
