// Writes the installation as JavaScript: `node bin/build.mjs [folder]`, `dist` unless named. The types are checked by `npm run types`; here they are
// only taken away. What is no TypeScript (pages, texts, tables, fonts) is copied to the same places, so that paths between files stay as they are.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { belongs, folders, recordName, recordOf } from './sources.mjs'

const root = resolve(import.meta.dirname, '..')
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const unfinished = `${target}.unfinished`

const entries = await readdir(target).catch(() => [])
if (entries.length > 0 && !entries.includes(recordName)) fail(`${target} is not empty and no build: nothing was written`)

// Read first: what changes while it is built makes the build stale, not wrong.
const record = recordOf(root)
await rm(unfinished, { recursive: true, force: true })
await mkdir(unfinished, { recursive: true })
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', unfinished], {
  stdio: 'inherit',
})
if (status !== 0) fail('nothing was built')

const copied = (source) => belongs(basename(source)) && !source.endsWith('.ts')
for (const folder of folders) await cp(join(root, folder), join(unfinished, folder), { recursive: true, filter: copied })

const { scripts: _scripts, ...description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
for (const [name, file] of Object.entries(description.exports)) description.exports[name] = file.replace(/\.ts$/, '.js')
// The contract of modules is a test, and stands in the sources alone.
description.exports = Object.fromEntries(Object.entries(description.exports).filter(([, file]) => !file.startsWith('./test/')))
await writeFile(join(unfinished, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`)
for (const name of ['package-lock.json', '.npmrc']) await cp(join(root, name), join(unfinished, name))
await writeFile(join(unfinished, recordName), JSON.stringify(record))

await rm(target, { recursive: true, force: true })
await rename(unfinished, target)
console.error(`${target}: built from ${String(Object.keys(record).length)} files`)

function fail(reason) {
  rmSync(unfinished, { recursive: true, force: true })
  console.error(reason)
  process.exit(1)
}
