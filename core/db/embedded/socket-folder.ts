import { createHash, randomBytes } from 'node:crypto'
import { rmdirSync } from 'node:fs'
import { chown, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../i18n/fault.js'
import type { ServerUser } from './server-user.js'

/** A Unix socket's path may have 107 bytes (sun_path of unix(7)), of which `/.s.PGSQL.5432.lock` takes 19. */
const longestSocketFolder = 107 - '/.s.PGSQL.5432.lock'.length

/**
 * Makes the folder of the Unix socket, which only the server's account (and root) may enter: being let in is what authenticates.
 * @throws Fault DB-EMBEDDED-START when somebody else has taken every name
 */
export async function makeSocketFolder(user: ServerUser, dataFolder: string): Promise<string> {
  const mark = createHash('sha256').update(dataFolder).digest('hex').slice(0, 10)
  const root = Buffer.byteLength(tmpdir()) + 32 < longestSocketFolder ? tmpdir() : '/tmp'
  const usual = path.join(root, `khatm-${mark}`)
  // The same name each time keeps the address of a server that is started again. A folder some other account put
  // there first is not trusted: then a random name is taken. Twice, since a host that leaves may just be removing it.
  for (const folder of [usual, usual, `${usual}-${randomBytes(4).toString('hex')}`]) {
    await mkdir(folder, { mode: 0o700 }).then(
      () => (user.switched ? chown(folder, user.uid, user.gid) : undefined),
      () => undefined,
    )
    const facts = await lstat(folder).catch(() => undefined)
    if (facts?.isDirectory() === true && facts.uid === user.uid && (facts.mode & 0o077) === 0) return folder
  }
  throw new Fault('DB-EMBEDDED-START', { params: { reason: `no folder for the socket in ${root}` }, status: 503 })
}

/** Takes the folder away when no server has its socket there any more. */
export function removeSocketFolder(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Not empty, or gone: nothing to do.
  }
}
