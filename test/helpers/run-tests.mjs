// Runs all tests: the quick ones in one mocha process, each heavy group in its own. The last line of the output is
// `N passed, N failed`, with `, N skipped` when there are any. Words on the command line choose files by name.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const words = process.argv.slice(2)
const files = ['config', 'core', 'modules', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .filter((file) => words.every((word) => file.includes(word)))
  .sort()

const inFolder = (folder) => files.filter((file) => file.startsWith(join(folder, '/')))
const heavy = ['test/faults', 'test/e2e']
const groups = [
  { name: 'units, contracts and properties', files: files.filter((file) => !heavy.some((folder) => inFolder(folder).includes(file))) },
  ...heavy.map((folder) => ({ name: folder, files: inFolder(folder) })),
].filter((group) => group.files.length > 0)

const folder = await mkdtemp(join(tmpdir(), 'khatm-results-'))
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const group of groups) {
  const counts = await run(group)
  for (const key of Object.keys(sum)) sum[key] += counts[key]
}
await rm(folder, { recursive: true, force: true })
if (files.length === 0) {
  process.stderr.write('no test file fits\n')
  sum.failed += 1
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`)
process.exitCode = sum.failed > 0 ? 1 : 0

/** Counts of one mocha process. One that died, or failed outside its tests, counts as a failure more. */
async function run({ name, files: list }) {
  process.stdout.write(`\n== ${name}\n`)
  const results = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`)
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
  const reporter = join(import.meta.dirname, 'counting-reporter.cjs')
  // --exit: a test that forgets to close something must not keep everybody waiting.
  const args = [mocha, '--exit', '--timeout', '60000', '--reporter', reporter, ...list]
  const env = { ...process.env, KHATM_TEST_RESULTS: results, NODE_ENV: 'test' }
  const code = await new Promise((done) => {
    spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env }).on('exit', (exit) => done(exit ?? 1))
  })
  const counts = await readFile(results, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 0, skipped: 0 }))
  if (code !== 0 && counts.failed === 0) {
    process.stdout.write(`== ${name}: the test process ended with ${code}\n`)
    counts.failed = 1
  }
  return counts
}
