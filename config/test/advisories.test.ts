import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import semver from 'semver'
import { z } from 'zod'

const root = join(import.meta.dirname, '../..')
const lockFile = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional(), name: z.string().optional() })) })
const advisories = z.record(z.string(), z.array(z.string()).min(1))

/** Whether a version is safe: at least the lowest safe one of its own line (`0.8.15`, `0.9.12`), or of a later line than all. */
function isSafe(version: string, minima: readonly string[]): boolean {
  const line = (value: string) => (semver.major(value) === 0 ? `0.${semver.minor(value)}` : String(semver.major(value)))
  const own = minima.find((minimum) => line(minimum) === line(version))
  return own === undefined ? minima.every((minimum) => semver.gt(version, minimum)) : semver.gte(version, own)
}

describe('packages with known holes', () => {
  it('are locked at safe versions, wherever in the tree they are', async () => {
    const { packages } = lockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
    const minima = advisories.parse(JSON.parse(await readFile(join(root, 'config/advisories.json'), 'utf8')))
    const unsafe: string[] = []
    const met = new Set<string>()
    for (const [path, { version, name }] of Object.entries(packages)) {
      const packageName = name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const safe = minima[packageName]
      if (path === '' || safe === undefined || version === undefined) continue
      met.add(packageName)
      if (!isSafe(version, safe)) unsafe.push(`${path} ${version}`)
    }
    assert.deepEqual(unsafe, [])
    assert.deepEqual([...met].sort(), Object.keys(minima).sort(), 'every advisory is about a package that is used')
  })

  it('are judged by their own line', () => {
    assert.deepEqual(
      ['0.8.14', '0.8.15', '0.9.11', '0.9.12', '0.10.0', '0.7.9'].map((version) => isSafe(version, ['0.8.15', '0.9.12'])),
      [false, true, false, true, true, false],
    )
    assert.deepEqual(
      ['5.2.0', '5.3.0', '6.0.0', '4.9.9'].map((version) => isSafe(version, ['5.2.1'])),
      [false, true, true, false],
    )
  })
})
