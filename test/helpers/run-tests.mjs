// Runs all tests, each group in a mocha process of its own, two groups at a time. At the end stands what failed, so that nobody searches for it above; the last line is
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

// The long ones first: then both lanes end at about the same time. Faults and pages each keep one core busy, and are beside each other rather than beside tests that use both.
const places = [
  'test/faults',
  'test/e2e',
  'core',
  'modules',
  'test/contract',
  'modules/compliance-egypt',
  'modules/signatures',
  'core/signing',
  'core/validation',
].concat(['test/property', 'test/vectors', 'config', 'test'])
/** Of several that hold a file the longest name takes it. */
const groupOf = (file) => places.filter((place) => file.startsWith(join(place, '/'))).sort((left, right) => right.length - left.length)[0]
const grouped = (names) =>
  names.map((name) => ({ name, files: files.filter((file) => groupOf(file) === name) })).filter((group) => group.files.length > 0)

const folder = await mkdtemp(join(tmpdir(), 'khatm-results-'))
const sum = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const waiting = grouped(places)
await Promise.all([lane(waiting), lane(waiting)])
const unsteady = await judgeAgain()
await rm(folder, { recursive: true, force: true })
if (files.length === 0) {
  process.stderr.write('no test file fits\n')
  sum.failed += 1
}
for (const { file, title, why } of unsteady)
  process.stdout.write(`\n== UNSTEADY, passed when its file ran alone: ${file}\n${title}\n${why}\n`)
for (const { file, title, why } of failures) process.stdout.write(`\n== FAILED: ${file}\n${title}\n${why}\n`)
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`)
process.exitCode = sum.failed > 0 ? 1 : 0

/** Takes group after group until none is left. */
async function lane(queue) {
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
    const counts = await run(group)
    for (const key of Object.keys(sum)) sum[key] += counts[key]
    failures.push(...(counts.failures ?? []))
  }
}

/**
 * A machine that does too much at once may cost one test of thousands its patience. When no more than two files hold failures, they run once
 * more, alone; what passes then is told as unsteady with its first error, and is a defect to mend, but holds no change back.
 */
async function judgeAgain() {
  const failing = [...new Set(failures.map(({ file }) => file))].filter((file) => files.includes(file))
  if (failing.length === 0 || failing.length > 2) return []
  const passedAlone = []
  for (const file of failing) {
    const { failed } = await run({ name: file, files: [file] })
    if (failed > 0) continue
    for (const failure of failures.filter((each) => each.file === file)) passedAlone.push(...failures.splice(failures.indexOf(failure), 1))
  }
  sum.failed -= passedAlone.length
  sum.passed += passedAlone.length
  return passedAlone
}

/** Counts of one mocha process. One that died, or failed outside its tests, counts as a failure more. */
async function run({ name, files: list }) {
  const started = Date.now()
  const results = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`)
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
  const reporter = join(import.meta.dirname, 'counting-reporter.cjs')
  // --exit: a test that forgets to close something must not keep everybody waiting.
  const args = [mocha, '--exit', '--timeout', '180000', '--reporter', reporter, ...list]
  const env = { ...process.env, KHATM_TEST_RESULTS: results, NODE_ENV: 'test' }
  // Told when it is done, so that two groups do not talk at once.
  const output = []
  const code = await new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk))
    child.on('close', (exit) => done(exit ?? 1))
  })
  process.stdout.write(`\n== ${name} (${Math.round((Date.now() - started) / 1000)} s)\n`)
  process.stdout.write(Buffer.concat(output))
  const counts = await readFile(results, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 0, skipped: 0 }))
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    counts.failures = [{ file: name, title: 'the test process', why: `ended with ${code}` }]
  }
  return counts
}
