import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const prefix = 'khatm-prepared-'
const oldAfterMs = 3_600_000

/** Makes, in an empty data folder, the database that is wanted, and closes it. */
export type PrepareDatabase = (dataDir: string) => Promise<void>

/**
 * Puts a database whose migrations have run into a new data folder: a copy of one that is made once and used by every test until something
 * that shapes it changes. Making one takes seconds, and dozens of tests want one. Where copying fails the folder stays empty, and the
 * host makes a database as it does on a new machine.
 */
export async function placePreparedDatabase(dataDir: string, kind: 'host' | 'core', prepare: PrepareDatabase): Promise<void> {
  const place = join(tmpdir(), `${prefix}${kind}-${fingerprint()}-${String(process.getuid?.() ?? 0)}`)
  if (!existsSync(place)) await make(place, prepare)
  const target = join(dataDir, 'postgresql')
  try {
    await mkdir(dataDir, { recursive: true })
    await run('cp', ['-a', join(place, 'postgresql'), target])
  } catch {
    await rm(target, { recursive: true, force: true })
  }
}

/** In a folder beside, then moved into place: two processes may make it at once, and one that is killed leaves nothing half-made. */
async function make(place: string, prepare: PrepareDatabase): Promise<void> {
  await removeOld()
  const half = await mkdtemp(join(tmpdir(), `${prefix}half-${randomBytes(4).toString('hex')}-`))
  // The server runs under an account of its own when the tests run as root.
  await chmod(half, 0o755)
  try {
    await prepare(half)
    await rename(half, place)
  } catch (error) {
    await rm(half, { recursive: true, force: true })
    if (!existsSync(place)) throw error // else another process was faster
  }
}

async function removeOld(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const path = join(tmpdir(), name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age <= oldAfterMs) continue
    // Away at once, so that nobody copies a part of it while it is removed.
    const gone = join(tmpdir(), `${prefix}gone-${randomBytes(4).toString('hex')}`)
    await rename(path, gone).then(
      () => rm(gone, { recursive: true, force: true }),
      () => undefined,
    )
  }
}

let known: string | undefined

/** Of everything that shapes a database before the first company is in it. */
function fingerprint(): string {
  if (known !== undefined) return known
  const hash = createHash('sha256')
  const folders = ['migrations', 'core/db', 'core/host', 'core/jobs', 'modules']
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|json)$/.test(file) && (folder !== 'modules' || /^[^/]+\/manifest\.ts$/.test(file)))
      .map((file) => join(folder, file)),
  )
  for (const file of ['package-lock.json', ...files.sort()])
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
  known = hash.digest('hex').slice(0, 16)
  return known
}
