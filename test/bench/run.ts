/**
 * `npm run bench` prints every figure as a line, `npm run -s bench -- --json` one object
 * `{ "<name>": { value, unit, peer?, peerValue?, ratio?, limit?, ofLimit? } }`. Names given as arguments choose files.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BenchFigures } from './figure.js'

const folder = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const asJson = process.argv.includes('--json')

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort()

const all: BenchFigures = {}
for (const file of files) {
  process.stderr.write(`${file}\n`)
  const module = (await import(pathToFileURL(folder + file).href)) as { run: () => Promise<BenchFigures> }
  for (const [name, figure] of Object.entries(await module.run())) {
    all[name] = figure
    if (!asJson) process.stdout.write(line(name, figure))
  }
}
if (asJson) process.stdout.write(`${JSON.stringify(all)}\n`)
process.exit(0)

function line(name: string, figure: BenchFigures[string]): string {
  const parts = [`${name.padEnd(44)} ${String(figure.value).padStart(10)} ${figure.unit}`]
  if (figure.peer !== undefined) parts.push(`${figure.peer}: ${String(figure.peerValue)} (ratio ${String(figure.ratio)})`)
  if (figure.limit !== undefined) parts.push(`limit ${String(figure.limit)} (${String(figure.ofLimit)} of it)`)
  return `${parts.join('   ')}\n`
}
