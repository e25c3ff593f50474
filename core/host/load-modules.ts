import { pathToFileURL } from 'node:url'
import { join, resolve } from 'node:path'
import type { Configuration } from '../../config/schema.js'
import { buildPoints, type Point } from '../hooks/registry.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { coreRecords } from './core-records.js'
import { dependencyOrder, transitiveDependencies } from './dependency-order.js'
import { discoverModules, type DiscoveredModule } from './discover-modules.js'
import { checkManifest } from './manifest-shape.js'
import type { Host, LoadedModule, ModuleManifest, ModuleState } from './module.js'
import { ModuleRecords } from './registrations.js'
import { notRunningHost } from './not-running-host.js'
import { readPackages } from './read-packages.js'

/** Folder of the installation: `modules`, `migrations`, `node_modules` lie in it. */
export const installationRoot = resolve(import.meta.dirname, '../..')

/** One module through the whole boot. `state` and `fault` change as it goes; a failed one stays listed. */
export interface ModuleInBoot {
  readonly name: string
  readonly discovered: DiscoveredModule
  readonly manifest: ModuleManifest | undefined
  readonly records: ModuleRecords
  state: ModuleState
  fault: FaultDetail | undefined
}

/** The modules of this installation after their setup, before any database. */
export interface LoadedModules {
  /** All, in dependency order; failed ones without a place come last. */
  readonly all: readonly ModuleInBoot[]
  /** What the host itself registers, under the name `core`. */
  readonly core: ModuleRecords
  readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>
  /** Those that have not failed (yet), in dependency order. */
  standing(): readonly ModuleInBoot[]
  /** Points of the host and of the standing modules, with the listeners of standing modules. */
  points(): ReadonlyMap<string, Point>
  /** Marks it, and everything that depends on it, as failed. */
  fail(module: string, fault: FaultDetail): void
  describe(): readonly LoadedModule[]
}

/** Where modules lie, and the host they are given. */
export interface LoadOptions {
  readonly modulesDir?: string
  readonly root?: string
  /** The host that setups may keep. Without it, a host whose services refuse with HOST-NOT-RUNNING. */
  readonly host?: Host
}

/**
 * Finds, imports, orders and sets up all modules. Touches no database and starts nothing, so that commands which only
 * need what modules know (verifiers, hooks, the manifest file) are quick. No module's fault stops another that does not
 * depend on it.
 */
export async function loadModules(config: Pick<Configuration, 'modules' | 'dataDir'>, options: LoadOptions = {}): Promise<LoadedModules> {
  const root = options.root ?? installationRoot
  const places = { root, modulesDir: options.modulesDir ?? join(root, 'modules') }
  const discovered = await discoverModules(config, places)
  await readPackages(discovered)
  const found = await Promise.all(discovered.map(importManifest))
  const named = refuseDoubles(found)

  const nodes = named.map((module) => ({ name: module.name, depends: module.manifest?.depends ?? [] }))
  // What a module extends comes before it where it is there; it is neither needed nor enabled with it.
  const present = new Set(named.map((module) => module.name))
  const extended = new Map(named.map((module) => [module.name, module.manifest?.extends ?? []]))
  const placed = nodes.map((node) => ({
    name: node.name,
    depends: [...node.depends, ...(extended.get(node.name) ?? []).filter((name) => present.has(name))],
  }))
  const { order, cycles, missing } = dependencyOrder(placed)
  const place = new Map(order.map((name, index) => [name, index]))
  const all = [...named].sort((a, b) => (place.get(a.name) ?? order.length) - (place.get(b.name) ?? order.length))
  const dependencies = transitiveDependencies(nodes)
  const reachable = transitiveDependencies(placed)
  const core = coreRecords()

  const failDependants = (name: string): void => {
    const reason = all.find((module) => module.name === name)?.fault?.code ?? ''
    for (const module of all) {
      if (module.state === 'failed' || dependencies.get(module.name)?.has(name) !== true) continue
      markFailed(module, { code: 'MODULE-DEPENDENCY-FAILED', params: { module: module.name, dependency: name, reason } })
    }
  }
  const fail = (name: string, fault: FaultDetail): void => {
    const module = all.find((candidate) => candidate.name === name)
    if (module === undefined || module.state === 'failed') return
    markFailed(module, fault)
    failDependants(name)
  }
  const standing = (): readonly ModuleInBoot[] => all.filter((module) => module.state !== 'failed')
  const build = (): ReturnType<typeof buildPoints> =>
    buildPoints(
      [{ module: 'core', records: core.hooks }, ...standing().map((module) => ({ module: module.name, records: module.records.hooks }))],
      (module, owner) => owner === 'core' || reachable.get(module)?.has(owner) === true,
      (module) => (extended.get(module) ?? []).some((name) => !standing().some((one) => one.name === name)),
    )

  for (const module of all) if (module.state === 'failed') failDependants(module.name)
  // All on a cycle are told of the cycle, before those behind it are told of them.
  const onCycle = cycles.flatMap((cycle) => [...new Set(cycle)].map((name) => ({ name, cycle: cycle.join(' → ') })))
  for (const { name, cycle } of onCycle) {
    const module = all.find((candidate) => candidate.name === name)
    if (module?.state === 'available') markFailed(module, { code: 'MODULE-CYCLE', params: { module: name, cycle } })
  }
  for (const { name } of onCycle) failDependants(name)
  for (const { module, dependency } of missing) fail(module, { code: 'MODULE-DEPENDENCY-MISSING', params: { module, dependency } })

  const host = options.host ?? notRunningHost()
  for (const module of all) {
    if (module.state === 'failed' || module.manifest === undefined) continue
    try {
      module.manifest.setup(module.records.setupFor(host))
    } catch (error) {
      fail(module.name, faultOf('MODULE-SETUP', module.name, error))
    }
  }
  // Dropping a module takes its points away, which may leave others without theirs: until all that stand agree.
  for (let { faults } = build(); faults.length > 0; { faults } = build()) {
    for (const { module, fault } of faults) {
      if (module === 'core') throw new Fault(fault.code, { params: fault.params, status: 500 })
      fail(module, fault)
    }
  }

  return {
    all,
    core,
    dependencies,
    standing,
    points: () => build().points,
    fail,
    describe: () => all.map(describe),
  }
}

/** A fault as data; an error without a code is named with the module and its message. */
export function faultOf(code: string, module: string, error: unknown): FaultDetail {
  if (error instanceof Fault) return { code: error.code, params: { module, ...error.params } }
  return { code, params: { module, reason: error instanceof Error ? error.message : String(error) } }
}

async function importManifest(discovered: DiscoveredModule): Promise<ModuleInBoot> {
  const failed = (fault: FaultDetail): ModuleInBoot => inBoot(discovered, undefined, fault)
  if (discovered.manifest === undefined) {
    return failed(discovered.fault ?? { code: 'MODULE-MISSING', params: { module: discovered.name, place: discovered.folder } })
  }
  let exported: unknown
  try {
    const imported: unknown = await import(pathToFileURL(discovered.manifest).href)
    exported = typeof imported === 'object' && imported !== null && 'default' in imported ? imported.default : undefined
  } catch (error) {
    return failed(faultOf('MODULE-IMPORT', discovered.name, error))
  }
  const checked = checkManifest(discovered.name, exported, discovered.hostRange)
  if ('fault' in checked) return failed(checked.fault)
  const { manifest } = checked
  if (discovered.origin === 'first-party' && manifest.name !== discovered.name) {
    return failed({ code: 'MODULE-MANIFEST', params: { module: discovered.name, field: 'name', reason: manifest.name } })
  }
  if (discovered.packageVersion !== undefined && manifest.version !== discovered.packageVersion) {
    return failed({ code: 'MODULE-VERSION', params: { module: manifest.name, found: manifest.version, listed: discovered.packageVersion } })
  }
  return inBoot(discovered, manifest, undefined)
}

function inBoot(discovered: DiscoveredModule, manifest: ModuleManifest | undefined, fault: FaultDetail | undefined): ModuleInBoot {
  const name = manifest?.name ?? discovered.name
  return { name, discovered, manifest, records: new ModuleRecords(name), state: fault === undefined ? 'available' : 'failed', fault }
}

/** Two modules of one name: the first-party one stands, the later is shown failed under the place it was found in. */
function refuseDoubles(found: readonly ModuleInBoot[]): readonly ModuleInBoot[] {
  const taken = new Set<string>()
  return found.map((module) => {
    if (module.name !== 'core' && !taken.has(module.name)) {
      taken.add(module.name)
      return module
    }
    const name = `${module.name} (${module.discovered.folder})`
    return {
      ...module,
      name,
      manifest: undefined,
      records: new ModuleRecords(name),
      state: 'failed',
      fault: { code: 'MODULE-NAME-TAKEN', params: { module: module.name, place: module.discovered.folder } },
    }
  })
}

function markFailed(module: ModuleInBoot, fault: FaultDetail): void {
  module.state = 'failed'
  module.fault = fault
}

function describe(module: ModuleInBoot): LoadedModule {
  const { hooks } = module.records
  return {
    name: module.name,
    version: module.manifest?.version ?? module.discovered.packageVersion ?? '',
    title: module.manifest?.title ?? { ar: module.name, en: module.name, bg: module.name },
    state: module.state,
    depends: module.manifest?.depends ?? [],
    origin: module.discovered.origin,
    path: module.discovered.folder,
    ...(module.manifest?.countries === undefined ? {} : { countries: module.manifest.countries }),
    hooksOwned: [...new Set(hooks.declared.map((point) => point.name))].sort(),
    hooksTapped: [...new Set(hooks.listeners.map((listener) => listener.name))].sort(),
    ...(module.fault === undefined ? {} : { fault: module.fault }),
  }
}
