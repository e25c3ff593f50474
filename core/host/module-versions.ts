import type { Database } from '../db/database.js'
import type { LoadedModules } from './load-modules.js'

/** Writes what stands and what failed into `core_module`, so that other processes and the doctor can tell without a boot. */
export async function recordModuleVersions(database: Pick<Database, 'host'>, loaded: LoadedModules, at: Date): Promise<void> {
  if (loaded.all.length === 0) return
  const rows = loaded.all.map((module) => ({
    name: module.name,
    version: module.manifest?.version ?? '',
    state: module.state,
    fault: module.fault === undefined ? null : JSON.stringify(module.fault),
    changed_at: at,
  }))
  await database.host(async (transaction) => {
    await transaction('core_module')
      .insert(rows)
      .onConflict('name')
      .merge(['version', 'state', 'fault', 'changed_at'])
      .whereRaw(
        '(core_module.version, core_module.state, core_module.fault) is distinct from (excluded.version, excluded.state, excluded.fault)',
      )
  })
}

/** For a boot that migrates nothing: what the database was prepared for stands, what it was not is to be upgraded. */
export async function readModuleStates(database: Pick<Database, 'host'>, loaded: LoadedModules): Promise<void> {
  const rows = await database.host((transaction) =>
    transaction<{ name: string; version: string; state: string }>('core_module').select('name', 'version', 'state'),
  )
  const prepared = new Map(rows.map((row) => [row.name, row]))
  for (const module of loaded.standing()) {
    const row = prepared.get(module.name)
    module.state = row?.version === module.manifest?.version && row?.state === 'installed' ? 'installed' : 'upgrading'
  }
}
