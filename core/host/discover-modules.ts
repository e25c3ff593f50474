import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import semver from 'semver'
import { z } from 'zod'
import type { Configuration } from '../../config/schema.js'
import type { FaultDetail } from '../i18n/fault.js'

/** A place where a module should be, found or not. */
export interface DiscoveredModule {
  /** Folder name, or the name listed in the configuration until the manifest tells its own. */
  readonly name: string
  readonly origin: 'first-party' | 'package'
  readonly folder: string
  /** Absolute path of the manifest file; undefined when there is none, and then `fault` says why. */
  readonly manifest?: string
  /** Folder of numbered migrations. */
  readonly migrations: string
  /** Host range of the package, checked besides the one in the manifest. */
  readonly hostRange?: string
  /** Version the package has; must be the manifest's too. */
  readonly packageVersion?: string
  readonly fault?: FaultDetail
}

const packageFile = z.object({
  name: z.string(),
  version: z.string(),
  keywords: z.array(z.string()).default([]),
  khatm: z.object({ manifest: z.string(), host: z.string() }).optional(),
})

/** Word that marks an npm package as a module of this host. */
const moduleKeyword = 'khatm-module'

/**
 * Finds the modules of this installation: every folder of `modulesDir` with a manifest, and every package listed in the
 * configuration. A listed package that is missing or unfit is returned with its fault, never left out.
 * @param root folder of the installation: package names are resolved from here, migrations lie in `migrations/<module>`
 */
export async function discoverModules(
  config: Pick<Configuration, 'modules' | 'dataDir'>,
  places: { readonly modulesDir: string; readonly root: string },
): Promise<readonly DiscoveredModule[]> {
  const found = await firstParty(places)
  for (const listed of config.modules) found.push(await listedPackage(listed, places.root))
  return found
}

async function firstParty(places: { modulesDir: string; root: string }): Promise<DiscoveredModule[]> {
  const entries = await readdir(places.modulesDir, { withFileTypes: true }).catch(() => [])
  const found: DiscoveredModule[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory()) continue
    const folder = join(places.modulesDir, entry.name)
    const manifest = await firstFile(join(folder, 'manifest.ts'), join(folder, 'manifest.js'))
    // A folder without a manifest is no module yet (a country being prepared, a folder of data): there is nothing to load.
    if (manifest === undefined) continue
    found.push({ name: entry.name, origin: 'first-party', folder, manifest, migrations: join(places.root, 'migrations', entry.name) })
  }
  return found
}

async function listedPackage(listed: Configuration['modules'][number], root: string): Promise<DiscoveredModule> {
  const place = packageFolder(listed, root)
  const folder = place ?? root
  const at = { name: listed.name, origin: 'package' as const, folder, migrations: join(folder, 'migrations') }
  const unfit = (code: string, params: FaultDetail['params'] = {}): DiscoveredModule => ({
    ...at,
    fault: { code, params: { module: listed.name, ...params } },
  })
  if (place === undefined) return unfit('MODULE-MISSING', { place: 'node_modules' })

  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return unfit('MODULE-MISSING', { place: folder })
  const parsed = packageFile.safeParse(parseJson(text))
  if (!parsed.success || parsed.data.khatm === undefined || !parsed.data.keywords.includes(moduleKeyword)) {
    return unfit('MODULE-NOT-A-MODULE', { place: folder, keyword: moduleKeyword })
  }
  const { version, khatm } = parsed.data
  // The operator trusts one version, or a range written out: an update of node_modules alone changes nothing that runs.
  if (!semver.satisfies(version, listed.version)) return unfit('MODULE-VERSION', { found: version, listed: listed.version })
  const manifest = await firstFile(resolve(folder, khatm.manifest))
  if (manifest === undefined) return unfit('MODULE-MISSING', { place: resolve(folder, khatm.manifest) })
  return { ...at, manifest, hostRange: khatm.host, packageVersion: version }
}

function packageFolder(listed: Configuration['modules'][number], root: string): string | undefined {
  if (listed.path !== undefined) return resolve(operatorsFolder(root), listed.path)
  if (isAbsolute(listed.name)) return listed.name
  // Folders are walked, not exports: a package need not export its package.json.
  const folders = createRequire(join(root, 'package.json')).resolve.paths(listed.name) ?? []
  return folders.map((folder) => join(folder, listed.name)).find((folder) => existsSync(join(folder, 'package.json')))
}

/** The folder whose files an operator names: of a build that lies beside its sources the folder of both, so that a path means the same to either. */
function operatorsFolder(root: string): string {
  const above = resolve(root, '..')
  return existsSync(join(root, 'sources.json')) && existsSync(join(above, 'bin/khatm.mjs')) ? above : root
}

async function firstFile(...paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile() === true) return path
  }
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
