import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { OpenDatabase } from '../../core/db/open-database.js'
import { openDatabase } from '../../core/db/open-database.js'
import { placePreparedDatabase } from './prepared-database.js'

export interface ScratchDatabase {
  readonly database: OpenDatabase
  readonly dataDir: string
  end(): Promise<void>
}

/** An embedded database in a temporary folder with the tables of core, for tests below the host. */
export async function scratchDatabase(): Promise<ScratchDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'khatm-scratch-'))
  await placePreparedDatabase(dataDir, 'core', async (place) => {
    const made = await openMigrated(place)
    await made.close()
  })
  const database = await openMigrated(dataDir)
  return {
    database,
    dataDir,
    end: async () => {
      await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function openMigrated(dataDir: string): Promise<OpenDatabase> {
  const database = await openDatabase({ dataDir, database: { url: null, poolSize: 10 }, logLevel: 'silent' })
  const [report] = await database.migrate([{ module: 'core', folder: path.resolve(import.meta.dirname, '../../migrations/core') }])
  if (report?.fault !== undefined) throw new Error(`migrations of core: ${JSON.stringify(report.fault)}`)
  return database
}
