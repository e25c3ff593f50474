import { register } from 'node:module'
import { extname } from 'node:path'
import type { DiscoveredModule } from './discover-modules.js'

let ready = false

/**
 * Makes this process ready for modules from outside: `khatm/…` is the host that runs, and a manifest in TypeScript is read by a built host too.
 * A host without such modules pays for neither.
 */
export async function readPackages(discovered: readonly DiscoveredModule[]): Promise<void> {
  const manifests = discovered.flatMap(({ origin, manifest }) => (origin === 'package' && manifest !== undefined ? [manifest] : []))
  if (manifests.length === 0) return
  const isBuilt = extname(import.meta.filename) === '.js'
  if (isBuilt && manifests.some((manifest) => /\.m?ts$/.test(manifest)))
    await import(new URL('../../bin/typescript.mjs', import.meta.url).href)
  // Once: each call would put another hook before the one that is there.
  if (!ready) register('../../bin/host-of-modules.mjs', import.meta.url)
  ready = true
}
