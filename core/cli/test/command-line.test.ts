import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installationRoot } from '../../host/load-modules.js'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { exampleCompany, startTestHost } from '../../../test/helpers/test-host.js'
import { languageOf, unexpected } from '../terminal.js'

const command = join(installationRoot, 'bin/khatm.mjs')

describe('the command', function () {
  this.timeout(180_000)
  let folder: TemporaryFolder
  const environment = () => ({ PATH: process.env.PATH, KHATM_DATA: folder.path, KHATM_LOG: 'silent', LANG: 'C.UTF-8' })
  const khatm = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', env: environment() })
  const json = (text: string): unknown => JSON.parse(text)

  before(async () => {
    folder = await temporaryFolder()
    const host = await startTestHost({ dataDir: folder.path })
    await host.company(exampleCompany('cli-one'))
    await host.stop()
  })
  after(() => folder.remove())

  it('lists its commands, and those of modules', () => {
    const { stdout, status } = khatm('--help')
    assert.equal(status, 0)
    for (const name of ['start', 'modules', 'hooks', 'doctor', 'migrate', 'audit']) assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'))
  })

  it('ends with 2 at a mistake in the command line and in the configuration, and says which', async () => {
    assert.equal(khatm('nothing-like-it').status, 2)
    const other = await temporaryFolder()
    await writeFile(join(other.path, 'khatm.json'), '{"port": "x"}')
    const { status, stderr, stdout } = khatm('modules', '--data', other.path, '--json')
    assert.equal(status, 2)
    assert.match(stderr, /^CONFIG-INVALID port: The setting port \(from .*khatm\.json\) is not valid/m)
    assert.deepEqual((json(stdout) as { faults: { code: string }[] }).faults[0]?.code, 'CONFIG-INVALID')
    await other.remove()
  })

  it('speaks the language asked for', () => {
    assert.match(khatm('start', '--role', 'nobody', '--lang', 'ar').stderr, /^CLI-ROLE .*[\u0600-\u06ff]/)
    assert.match(khatm('--lang', 'bg', 'start', '--role', 'nobody').stderr, /^CLI-ROLE .*[\u0400-\u04ff]/)
  })

  it('lists modules and hooks as JSON on standard output alone', () => {
    const modules = json(khatm('modules', '--json').stdout) as { name: string }[]
    assert.ok(modules.some((module) => module.name === 'contacts'))
    const points = json(khatm('hooks', '--json').stdout) as { name: string; owner: string; kind: string }[]
    assert.deepEqual(points.find((point) => point.name === 'contact.validate')?.owner, 'contacts')
  })

  it('switches a module on and off for a company', () => {
    type Listed = { name: string; state: string; enabled: boolean }[]
    const list = () => json(khatm('modules', '--company', 'cli-one', '--json').stdout) as Listed
    const enabled = (verb: string, module: string) =>
      (json(khatm('modules', verb, module, '--company', 'cli-one', '--json').stdout) as { enabled: string[] }).enabled
    const free = 'sandbox'
    assert.equal(list().find((module) => module.name === free)?.enabled, false)
    assert.ok(enabled('enable', free).includes(free))
    assert.equal(list().find((module) => module.name === free)?.enabled, true)
    assert.ok(!enabled('disable', free).includes(free))
    const unknown = khatm('modules', 'enable', 'nothing', '--company', 'cli-one')
    assert.deepEqual([unknown.status, /^MODULE-UNKNOWN /m.test(unknown.stderr)], [1, true])
  })

  it('migrates, finding nothing new, and verifies the event log', () => {
    const migrated = json(khatm('migrate', '--json').stdout) as { migrated: string[] }
    assert.deepEqual(migrated.migrated, [])
    const verified = khatm('audit', 'verify', '--json')
    assert.equal(verified.status, 0)
    const [result] = json(verified.stdout) as { company: string; intact: boolean; events: number }[]
    assert.deepEqual([result?.company, result?.intact, (result?.events ?? 0) > 0], ['cli-one', true, true])
  })

  it('finds no event log whole where there is none', async () => {
    const other = await temporaryFolder()
    const { status, stderr } = khatm('audit', 'verify', '--data', other.path)
    assert.deepEqual([status, stderr.includes(`No company with events in ${other.path}`)], [1, true])
    await other.remove()
  })

  it('examines the installation and says what to do', () => {
    const findings = json(khatm('doctor', '--json').stdout) as { check: string; state: string; text: string; remedy?: string }[]
    const byCheck = new Map(findings.map((finding) => [finding.check, finding]))
    assert.equal(byCheck.get('database')?.state, 'ready')
    assert.equal(byCheck.get('mail')?.state, 'warning')
    assert.match(byCheck.get('time-stamp')?.remedy ?? '', /KHATM_TSA_URL/)
    for (const { text, remedy } of findings) assert.doesNotMatch(`${text}${remedy ?? ''}`, /\{\{|doctor\./)
  })

  it('answers pages until it is told to stop, and then stops cleanly', async () => {
    const child = spawn(process.execPath, [command, 'start', '--port', '0', '--json'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    for await (const chunk of child.stdout) {
      text += String(chunk)
      if (text.trimEnd().endsWith('}')) break
    }
    const { url, pid } = json(text) as { url: string; pid: number }
    const answer = await fetch(url, { redirect: 'manual' })
    assert.ok(answer.status < 500)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await ended) as [number]
    assert.equal(code, 143)
    assert.throws(() => process.kill(pid, 0))
  })

  it('starts quickly', () => {
    // What the command works, told by itself at its end: what a busy machine adds is not ours.
    const telling =
      "import{writeSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeSync(2,'\\nspent '+(user+system)/1000+'\\n')})"
    const env = { ...environment(), NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(telling)}` }
    let fastest = Infinity
    for (let turn = 0; turn < 5 && fastest >= 3000; turn++) {
      const started = performance.now()
      const { stderr } = spawnSync(process.execPath, [command, 'start', '--role', 'nobody'], { encoding: 'utf8', env })
      const passed = performance.now() - started
      const told = [...stderr.matchAll(/^spent ([\d.]+)$/gm)].map(([, milliseconds]) => Number(milliseconds))
      assert.ok(told.length > 0, stderr)
      const spent = told.reduce((sum, one) => sum + one, 0)
      fastest = Math.min(fastest, passed, spent)
    }
    assert.ok(fastest < 3000, `${fastest} ms`)
  })
})

describe('an error no command expected', () => {
  it('names the file that cannot be read; anything else is told as it came', async () => {
    const missing: unknown = await readFile('no-such-invoice.json').catch((error: unknown) => error)
    assert.deepEqual(unexpected(missing), { code: 'CLI-FILE-UNREADABLE', params: { file: 'no-such-invoice.json', reason: 'ENOENT' } })
    assert.deepEqual(unexpected(new Error('odd')), { code: 'CLI-UNEXPECTED', params: { reason: 'odd' } })
  })
})

describe('language of messages', () => {
  it('is the one asked for, else the shell\u2019s, else English', () => {
    assert.equal(languageOf('ar', { LANG: 'bg_BG.UTF-8' }), 'ar')
    assert.equal(languageOf(undefined, { LANG: 'bg_BG.UTF-8' }), 'bg')
    assert.equal(languageOf(undefined, { LC_ALL: 'ar_SA.UTF-8', LANG: 'bg_BG.UTF-8' }), 'ar')
    assert.equal(languageOf(undefined, { LC_ALL: '', LANG: 'C' }), 'en')
    assert.equal(languageOf('tlh', {}), 'en')
  })
})
