#!/usr/bin/env node
// Starts the command line in this very process: a signal sent to it reaches the host. It runs the build in `dist` when that was made of the very
// sources beside it, else the sources themselves, read as TypeScript. A build that was copied elsewhere has no sources beside it and runs as it is.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildState } from './sources.mjs'

const own = resolve(import.meta.dirname, '..')
const build = existsSync(join(own, 'core/cli/main.js')) ? own : join(own, 'dist')
const sources = build === own ? resolve(own, '..') : own
const state = existsSync(join(sources, 'core/cli/main.ts')) ? buildState(sources, build) : 'fresh'

if (state !== 'fresh') {
  await import('./typescript.mjs')
  // Child processes that the host starts inherit the reading of TypeScript.
  process.execArgv.push('--import', import.meta.resolve('./typescript.mjs'))
}
const main = state === 'fresh' ? join(build, 'core/cli/main.js') : join(sources, 'core/cli/main.ts')
const { runCommandLine } = await import(pathToFileURL(main).href)
await runCommandLine(process.argv.slice(2), { staleBuild: state === 'stale' })
