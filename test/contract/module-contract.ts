import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTranslator } from '../../core/i18n/create-translator.js'
import { Fault } from '../../core/i18n/fault.js'
import { installationRoot, loadModules, type LoadedModules } from '../../core/host/load-modules.js'
import { checkManifest } from '../../core/host/manifest-shape.js'
import type { ModuleManifest } from '../../core/host/module.js'

const longestReadme = 90

/**
 * What every module must keep, first-party or not (mocha suite). A package is loaded beside the modules of this
 * installation, as its operator would list it.
 * @param manifestPath absolute path of the module's manifest file
 */
export function runModuleContract(manifestPath: string): void {
  const folder = dirname(manifestPath)
  const firstParty = dirname(folder) === join(installationRoot, 'modules')

  describe(`module contract: ${folder.slice(folder.lastIndexOf('/') + 1)}`, () => {
    let manifest: ModuleManifest
    let loaded: LoadedModules

    before(async () => {
      // First, since a package that asks for `khatm/…` can be read only once the host knows of it.
      const listed = firstParty ? [] : [{ name: basename(folder), version: '*', path: folder }]
      loaded = await loadModules({ modules: listed, dataDir: folder })
      const imported: unknown = await import(pathToFileURL(manifestPath).href)
      assert.ok(
        typeof imported === 'object' && imported !== null && 'default' in imported,
        'the manifest file exports a manifest as default',
      )
      const checked = checkManifest(folder, imported.default)
      if ('fault' in checked) throw new Fault(checked.fault.code, { params: checked.fault.params })
      manifest = checked.manifest
    })
    const module = () => loaded.all.find((candidate) => candidate.name === manifest.name)

    it('stands beside the other modules: dependencies, host range and hooks resolve', () => {
      assert.deepEqual(module()?.fault, undefined)
      assert.notEqual(module(), undefined)
    })

    it('has every text in Arabic, English and Bulgarian', () => {
      const { faults } = createTranslator([{ owner: manifest.name, folder: join(folder, 'i18n') }])
      assert.deepEqual(faults, [])
      for (const text of [manifest.title, ...(manifest.summary === undefined ? [] : [manifest.summary])]) {
        assert.deepEqual(
          Object.values(text).filter((value) => value.trim() === ''),
          [],
        )
      }
    })

    it('numbers its migrations, each number once', async () => {
      const migrations = firstParty ? join(installationRoot, 'migrations', manifest.name) : join(folder, 'migrations')
      const files = existsSync(migrations) ? (await readdir(migrations)).filter((file) => !file.endsWith('.d.ts')) : []
      const numbers = files.map((file) => /^(\d+(?:\.\d+){0,3})__[a-z0-9-]+\.(?:ts|js)$/.exec(file)?.[1] ?? `wrong name: ${file}`)
      assert.deepEqual(
        numbers.filter((number) => number.startsWith('wrong')),
        [],
      )
      assert.equal(new Set(numbers).size, numbers.length)
    })

    it('names its jobs, groups and views so that they belong to nobody else', () => {
      const mine = module()?.records
      assert.notEqual(mine, undefined)
      for (const other of loaded.all) {
        if (other.name === manifest.name) continue
        const taken = new Set([...other.records.jobs.map((job) => job.name), ...other.records.groups.map((group) => group.name)])
        const doubles = [...(mine?.jobs ?? []), ...(mine?.groups ?? [])].filter(({ name }) => taken.has(name))
        assert.deepEqual(doubles, [], `shared with ${other.name}`)
      }
    })

    it('registers the same a second time: setup keeps nothing of its own', async () => {
      const again = await loadModules({
        modules: firstParty ? [] : [{ name: manifest.name, version: manifest.version, path: folder }],
        dataDir: folder,
      })
      const facts = (from: LoadedModules) => from.describe().find((candidate) => candidate.name === manifest.name)
      assert.deepEqual(facts(again), facts(loaded))
    })

    it('explains itself on one page', async () => {
      const readme = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
      assert.ok(readme.trim().length > 100, 'README.md says what the module is')
      assert.ok(readme.split('\n').length <= longestReadme, `README.md has at most ${longestReadme} lines`)
    })
  })
}
