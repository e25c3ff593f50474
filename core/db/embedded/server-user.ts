import { chown, chmod, readFile, realpath, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../i18n/fault.js'

/** The account PostgreSQL runs under. It refuses uid 0, so a host run by root hands it to another account. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** True when it is not the host's own account. */
  readonly switched: boolean
}

/** @throws Fault DB-EMBEDDED-NO-USER when the host is root and there is neither `postgres` nor `nobody` */
export async function serverUser(): Promise<ServerUser> {
  const uid = process.getuid?.() ?? -1
  const gid = process.getgid?.() ?? -1
  if (uid !== 0) return { name: 'own', uid, gid, switched: false }
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const fields = lines.find(([name]) => name === wanted)
    if (fields === undefined) continue
    const [, , userId, groupId] = fields
    if (Number(userId) > 0) return { name: wanted, uid: Number(userId), gid: Number(groupId), switched: true }
  }
  throw new Fault('DB-EMBEDDED-NO-USER', { status: 503 })
}

/** Whether the user may enter every parent of the path and read and enter the path itself. */
export async function readableBy(user: ServerUser, file: string): Promise<boolean> {
  const real = await realpath(file)
  if ((await blockedAt(user, path.dirname(real))).length > 0) return false
  const facts = await stat(real)
  return allowed(facts, user, 0o5)
}

/** The folders from the root down to `folder` that the user may not enter. Empty when the way is open. */
async function blockedAt(user: ServerUser, folder: string): Promise<string[]> {
  const blocked: string[] = []
  let current = path.resolve(folder)
  for (;;) {
    const facts = await stat(current)
    if (!allowed(facts, user, 0o1)) blocked.unshift(current)
    const parent = path.dirname(current)
    if (parent === current) return blocked
    current = parent
  }
}

function allowed(facts: { mode: number; uid: number; gid: number }, user: ServerUser, bits: number): boolean {
  if (process.platform === 'win32') return true
  if (facts.uid === user.uid) return ((facts.mode >> 6) & bits) === bits
  if (facts.gid === user.gid) return ((facts.mode >> 3) & bits) === bits
  return (facts.mode & bits) === bits
}

/**
 * Opens the way to the host's own data folder for the server's user: by group, only to pass through. Folders the host
 * does not own as its own (other than ones made in the system's temporary folder) are left as they are.
 * Returns the folder that still blocks, if any.
 */
export async function openTheWay(user: ServerUser, dataDir: string): Promise<string | undefined> {
  const own = path.resolve(dataDir)
  const temporary = path.resolve(tmpdir()) + path.sep
  for (const folder of await blockedAt(user, own)) {
    const facts = await stat(folder)
    const mayChange = user.switched && facts.uid === process.getuid?.() && (folder === own || folder.startsWith(temporary))
    if (!mayChange) return folder
    await chown(folder, facts.uid, user.gid)
    await chmod(folder, (facts.mode & 0o7777) | 0o010)
  }
  return undefined
}

/** Account a child process runs under; nothing when it is our own. */
export function identityOf(user: ServerUser): { uid: number; gid: number } | object {
  return user.switched ? { uid: user.uid, gid: user.gid } : {}
}
