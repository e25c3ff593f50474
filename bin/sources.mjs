// What a build is made of, and whether it was made of just that.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Folders of the installation that a running host reads; what is no TypeScript in them is copied as it is. */
export const folders = ['bin', 'config', 'core', 'migrations', 'modules', 'templates']
const settings = ['.npmrc', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']

/** In the folder of a build: what each of its sources was. Written last, so that a build that was broken off has none. */
export const recordName = 'sources.json'

/** Tests and pages for readers are no part of a running host. */
export const belongs = (name) => name !== 'test' && name !== 'README.md'

/** Paths of all sources below the root. */
export function sourceFiles(root) {
  const found = [...settings]
  const add = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (!belongs(entry.name)) continue
      if (entry.isDirectory()) add(`${folder}/${entry.name}`)
      else found.push(`${folder}/${entry.name}`)
    }
  }
  for (const folder of folders) add(folder)
  return found
}

/** `{ path: [size, time of the last change, digest] }` of every source. */
export function recordOf(root) {
  return Object.fromEntries(sourceFiles(root).map((path) => [path, [...stamp(root, path), digest(root, path)]]))
}

/** `none`: no (whole) build is there; `stale`: it was made of other sources; `fresh`. Only a file whose time or size differs is read. */
export function buildState(root, build) {
  let record
  try {
    record = JSON.parse(readFileSync(join(build, recordName), 'utf8'))
  } catch {
    return 'none'
  }
  const files = sourceFiles(root)
  if (files.length !== Object.keys(record).length) return 'stale'
  const same = (path) => {
    const [size, changed, content] = record[path] ?? []
    const [sizeNow, changedNow] = stamp(root, path)
    return size === sizeNow && (changed === changedNow || content === digest(root, path))
  }
  return files.every(same) ? 'fresh' : 'stale'
}

function stamp(root, path) {
  const { size, mtimeMs } = statSync(join(root, path))
  return [size, mtimeMs]
}

function digest(root, path) {
  return createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex')
}
