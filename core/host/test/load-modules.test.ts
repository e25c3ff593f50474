import assert from 'node:assert/strict'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { installationRoot, loadModules, type LoadedModules } from '../load-modules.js'
import { manifestSource, writeFiles, type ManifestParts } from './module-folder.js'

describe('loading modules', () => {
  let folder: TemporaryFolder
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  async function load(
    modules: Readonly<Record<string, ManifestParts | string>>,
    listed: { name: string; version: string; path?: string }[] = [],
  ): Promise<LoadedModules> {
    await writeFiles(folder.path, { 'package.json': '{"type":"module"}' })
    for (const [name, parts] of Object.entries(modules)) {
      await writeFiles(join(folder.path, 'modules', name), {
        'manifest.js': typeof parts === 'string' ? parts : manifestSource(name, parts),
      })
    }
    return loadModules({ modules: listed, dataDir: folder.path }, { root: folder.path })
  }
  const faults = (loaded: LoadedModules): Record<string, string> =>
    Object.fromEntries(loaded.describe().flatMap((module) => (module.fault === undefined ? [] : [[module.name, module.fault.code]])))
  const names = (loaded: LoadedModules): readonly string[] => loaded.standing().map((module) => module.name)

  it('sets up in dependency order and describes what each owns and taps', async () => {
    const loaded = await load({
      zebra: { setup: `host.hooks.declare('zebra.kept', 'veto')` },
      ant: { depends: ['zebra'], setup: `host.hooks.on('zebra.kept', () => [])` },
    })
    assert.deepEqual(names(loaded), ['zebra', 'ant'])
    assert.deepEqual(
      loaded.describe().map(({ hooksOwned, hooksTapped, state }) => ({ hooksOwned, hooksTapped, state })),
      [
        { hooksOwned: ['zebra.kept'], hooksTapped: [], state: 'available' },
        { hooksOwned: [], hooksTapped: ['zebra.kept'], state: 'available' },
      ],
    )
    assert.deepEqual(
      loaded
        .points()
        .get('zebra.kept')
        ?.listeners.map((listener) => listener.module),
      ['ant'],
    )
  })

  const bridge: ManifestParts = { extends: ['zebra'], setup: `host.hooks.on('zebra.kept', () => [])` }

  it('lets a module tap what it extends: it comes after it and does not depend on it', async () => {
    const both = await load({ ant: bridge, zebra: { setup: `host.hooks.declare('zebra.kept', 'veto')` } })
    assert.deepEqual(names(both), ['zebra', 'ant'])
    assert.deepEqual(both.dependencies.get('ant'), new Set())
    assert.equal(both.points().get('zebra.kept')?.listeners[0]?.module, 'ant')
  })

  it('lets a module stand without what it extends', async () => {
    const broken = await load({ ant: bridge, zebra: { setup: `throw new Error('no')` } })
    assert.deepEqual(names(broken), ['ant'])
    assert.deepEqual(faults(broken), { zebra: 'MODULE-SETUP' })
  })

  it('names a cycle in the fault of each module on it, fails what stands behind it and runs the rest', async () => {
    const loaded = await load({ a: { depends: ['b'] }, b: { depends: ['a'] }, behind: { depends: ['a'] }, free: {} })
    assert.deepEqual(names(loaded), ['free'])
    const byName = new Map(loaded.describe().map((module) => [module.name, module.fault]))
    assert.deepEqual(byName.get('a'), { code: 'MODULE-CYCLE', params: { module: 'a', cycle: 'a → b → a' } })
    assert.deepEqual(byName.get('b'), { code: 'MODULE-CYCLE', params: { module: 'b', cycle: 'a → b → a' } })
    assert.deepEqual(byName.get('behind'), {
      code: 'MODULE-DEPENDENCY-FAILED',
      params: { module: 'behind', dependency: 'a', reason: 'MODULE-CYCLE' },
    })
  })

  it('shows import errors, wrong manifests, wrong host ranges and missing dependencies, each with its dependants', async () => {
    const loaded = await load({
      broken: 'throw new Error("no such file")',
      'no-shape': 'export default { name: "no-shape" }',
      'other-name': manifestSource('another'),
      future: { host: '^2' },
      orphan: { depends: ['nowhere'] },
      'on-broken': { depends: ['broken'] },
      'on-on-broken': { depends: ['on-broken'] },
      good: {},
    })
    assert.deepEqual(names(loaded), ['good'])
    assert.deepEqual(faults(loaded), {
      broken: 'MODULE-IMPORT',
      'no-shape': 'MODULE-MANIFEST',
      'other-name': 'MODULE-MANIFEST',
      future: 'MODULE-HOST-RANGE',
      orphan: 'MODULE-DEPENDENCY-MISSING',
      'on-broken': 'MODULE-DEPENDENCY-FAILED',
      'on-on-broken': 'MODULE-DEPENDENCY-FAILED',
    })
  })

  it('drops everything of a module whose setup throws half-way', async () => {
    const loaded = await load({
      half: { setup: `host.hooks.declare('half.point', 'collect'); host.menu; throw new Error('half-way')` },
      user: { depends: ['half'], setup: `host.hooks.on('half.point', () => 1)` },
      good: {},
    })
    assert.deepEqual(faults(loaded), { half: 'MODULE-SETUP', user: 'MODULE-DEPENDENCY-FAILED' })
    assert.equal(loaded.points().has('half.point'), false)
  })

  it('refuses to give services during setup', async () => {
    assert.deepEqual(faults(await load({ eager: { setup: `host.host.db.close()` } })), { eager: 'HOST-NOT-RUNNING' })
  })

  it('fails modules that break the rules of hooks, and only those', async () => {
    const loaded = await load({
      owner: { setup: `host.hooks.declare('owner.point', 'veto')` },
      second: { setup: `host.hooks.declare('owner.point', 'veto')` },
      stranger: { setup: `host.hooks.on('owner.point', () => [])` },
      lost: { setup: `host.hooks.on('no.such', () => [])` },
      odd: { setup: `host.hooks.declare('odd.point', 'chain')` },
      middle: { depends: ['owner'] },
      far: { depends: ['middle'], setup: `host.hooks.on('owner.point', () => [])` },
    })
    assert.deepEqual(faults(loaded), {
      second: 'HOOK-DECLARED-TWICE',
      stranger: 'HOOK-NOT-DEPENDED',
      lost: 'HOOK-UNDECLARED',
      odd: 'HOOK-KIND',
    })
    assert.deepEqual(
      loaded
        .points()
        .get('owner.point')
        ?.listeners.map((listener) => listener.module),
      ['far'],
    )
  })

  describe('listed packages', () => {
    const packageOf = (name: string, version = '2.1.0', extra: object = {}): string =>
      JSON.stringify({
        name,
        version,
        type: 'module',
        keywords: ['khatm-module'],
        khatm: { manifest: 'manifest.js', host: '^1' },
        ...extra,
      })

    it('loads a package from node_modules and a folder by path, with its own migrations', async () => {
      await writeFiles(join(folder.path, 'node_modules/khatm-far'), {
        'package.json': packageOf('khatm-far', '2.1.0', { exports: {} }),
        'manifest.js': manifestSource('far', { version: '2.1.0' }),
      })
      await writeFiles(join(folder.path, 'elsewhere'), {
        'package.json': packageOf('khatm-near'),
        'manifest.js': manifestSource('near', { version: '2.1.0', depends: ['far'] }),
      })
      const loaded = await load({}, [
        { name: 'khatm-near', version: '2.1.0', path: 'elsewhere' },
        { name: 'khatm-far', version: '2.1.0' },
      ])
      assert.deepEqual(faults(loaded), {})
      assert.deepEqual(names(loaded), ['far', 'near'])
      assert.equal(loaded.standing()[0]?.discovered.migrations, join(folder.path, 'node_modules/khatm-far/migrations'))
    })

    it('shows a listed package that is missing, is no module, has another version or another host range', async () => {
      const at = (name: string, files: Readonly<Record<string, string>>) => writeFiles(join(folder.path, 'node_modules', name), files)
      await at('plain', { 'package.json': JSON.stringify({ name: 'plain', version: '1.0.0' }) })
      await at('newer', { 'package.json': packageOf('newer', '2.2.0'), 'manifest.js': manifestSource('newer', { version: '2.2.0' }) })
      await at('lying', { 'package.json': packageOf('lying'), 'manifest.js': manifestSource('lying', { version: '9.9.9' }) })
      await at('ahead', {
        'package.json': packageOf('ahead', '2.1.0', { khatm: { manifest: 'manifest.js', host: '^7' } }),
        'manifest.js': manifestSource('ahead', { version: '2.1.0' }),
      })
      await at('empty', { 'package.json': packageOf('empty') })
      const listed = ['gone', 'plain', 'newer', 'lying', 'ahead', 'empty'].map((name) => ({ name, version: '2.1.0' }))
      assert.deepEqual(faults(await load({}, listed)), {
        gone: 'MODULE-MISSING',
        plain: 'MODULE-NOT-A-MODULE',
        newer: 'MODULE-VERSION',
        lying: 'MODULE-VERSION',
        ahead: 'MODULE-HOST-RANGE',
        empty: 'MODULE-MISSING',
      })
    })

    it('keeps a first-party module when a package takes its name', async () => {
      await writeFiles(join(folder.path, 'node_modules/impostor'), {
        'package.json': packageOf('impostor'),
        'manifest.js': manifestSource('contacts', { version: '2.1.0' }),
      })
      const loaded = await load({ contacts: {} }, [{ name: 'impostor', version: '2.1.0' }])
      assert.deepEqual(names(loaded), ['contacts'])
      assert.deepEqual(Object.values(faults(loaded)), ['MODULE-NAME-TAKEN'])
    })
  })

  it('loads every module of this tree', async () => {
    const loaded = await loadModules({ modules: [], dataDir: folder.path }, { root: installationRoot })
    assert.deepEqual(faults(loaded), {})
    assert.ok(loaded.standing().length >= 2)
  })
})
