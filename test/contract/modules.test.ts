import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../core/host/load-modules.js'
import { runModuleContract } from './module-contract.js'

const modules = join(installationRoot, 'modules')
for (const name of readdirSync(modules)) {
  const manifest = join(modules, name, 'manifest.ts')
  if (existsSync(manifest)) runModuleContract(manifest)
}
runModuleContract(join(installationRoot, 'test/fixtures/country-module/manifest.js'))
runModuleContract(join(installationRoot, 'test/fixtures/regime-module/manifest.js'))
