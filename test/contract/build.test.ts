import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sampleInvoices } from '../helpers/sample-invoices.js'
import { temporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.js'
import { until } from '../helpers/until.js'

const repository = join(import.meta.dirname, '../..')
const sources = [
  'bin',
  'config',
  'core',
  'migrations',
  'modules',
  'templates',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An installation of its own, a copy of this one's sources, is built and used the way an operator does. */
describe('npm run build', function () {
  this.timeout(600_000)
  let folder: TemporaryFolder
  let root: string
  const khatm = join('bin', 'khatm.mjs')
  const data = (): string => join(folder.path, 'data')

  before(async () => {
    folder = await temporaryFolder('khatm-build')
    root = join(folder.path, 'installation')
    mkdirSync(root)
    for (const name of sources) {
      cpSync(join(repository, name), join(root, name), {
        recursive: true,
        preserveTimestamps: true,
        filter: (path) => basename(path) !== 'test',
      })
    }
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
    const built = await run(join('bin', 'build.mjs'))
    assert.equal(built.code, 0, built.stderr)
  })
  after(() => folder.remove())

  async function run(file: string, ...args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [join(root, file), ...args], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const code = await new Promise<number | null>((done) => void child.on('close', done))
    return { code, stdout, stderr }
  }
  const modulePaths = (answer: Ended): readonly string[] => {
    assert.equal(answer.code, 0, answer.stderr)
    return (JSON.parse(answer.stdout) as { readonly path: string }[]).map(({ path }) => path)
  }

  it('leaves no TypeScript and no test in dist, and everything else where the code looks for it', () => {
    const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      files.filter((file) => file.endsWith('.ts') || file.split('/').includes('test')),
      [],
    )
    const wanted = ['config', 'core', 'migrations', 'modules', 'templates']
      .flatMap((name) => readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((file) => `${name}/${file}`))
      .filter((file) => /\.\w+$/.test(file) && !/\.d\.ts$|README\.md$/.test(file))
    assert.ok(wanted.length > 1000, String(wanted.length))
    assert.deepEqual(
      wanted.filter((file) => !existsSync(join(root, 'dist', file.replace(/\.ts$/, '.js')))),
      [],
    )
  })

  it('stamps, signs, files and prints an invoice, and verifies it, without reading a line of TypeScript', async () => {
    const rows = join(folder.path, 'rows.json')
    writeFileSync(rows, JSON.stringify(sampleInvoices(1)))
    const out = join(folder.path, 'out')
    const issued = await run(khatm, 'issue', rows, '--out', out, '--data', data())
    assert.equal(issued.code, 0, issued.stderr)
    const result = JSON.parse(readFileSync(join(out, 'result.ndjson'), 'utf8')) as { status: string; files: { legal: string; pdf: string } }
    assert.equal(result.status, 'accepted')
    const files = [result.files.legal, result.files.pdf].map((name) => join(out, name))
    const verified = await run(khatm, 'verify', ...files, '--data', data(), '--json')
    // Nobody pinned the sandbox's root here: the question is what the threads and processes of a built host find in the files.
    assert.deepEqual(
      (JSON.parse(verified.stdout) as { integrity: string }[]).map(({ integrity }) => integrity),
      ['intact', 'intact'],
      verified.stdout,
    )
  })

  it('answers the page of the login with its style, and stops when told', async () => {
    const child = spawn(process.execPath, [join(root, 'dist', khatm), 'start', '--port', '0', '--json', '--data', data()], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = new Promise<number | null>((done) => void child.on('exit', done))
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
    const url = await until('the host told its address', () => /"url": "([^"]+)"/.exec(told)?.[1])
    try {
      const page = await fetch(`${url}/login`, { headers: { 'accept-language': 'ar' } })
      assert.equal(page.status, 200)
      const html = await page.text()
      assert.match(html, /<html[^>]+dir="rtl"/)
      const sheets = [...html.matchAll(/<link[^>]+href="([^"]+\.css[^"]*)"/g)].map((match) => match[1] ?? '')
      assert.ok(sheets.length > 0)
      for (const sheet of sheets) assert.equal((await fetch(new URL(sheet, url))).status, 200, sheet)
    } finally {
      child.kill('SIGTERM')
    }
    assert.equal(await ended, 143)
  })

  it('loads modules of others: TypeScript too, and their khatm/… is the host that runs', async () => {
    const outside = join(folder.path, 'outside')
    mkdirSync(join(outside, 'i18n'), { recursive: true })
    for (const locale of ['ar', 'en', 'bg']) writeFileSync(join(outside, 'i18n', `${locale}.json`), '{ "fault.OUT-1": "…" }')
    const description = { name: 'khatm-outside', version: '1.0.0', type: 'module', keywords: ['khatm-module'] }
    writeFileSync(join(outside, 'package.json'), JSON.stringify({ ...description, khatm: { manifest: 'manifest.ts', host: '^1' } }))
    // Throws a Fault in its setup: its code is told only when the class is the very one the host knows.
    writeFileSync(
      join(outside, 'manifest.ts'),
      `import { Fault } from 'khatm/fault'
       import { code } from './code.js'
       import type { Setup } from 'khatm/host'
       export default { name: 'outside', version: '1.0.0', host: '^1', title: { ar: 'خ', en: 'o', bg: 'в' }, depends: [],
         setup(_host: Setup): void { throw new Fault(code) } }`,
    )
    writeFileSync(join(outside, 'code.ts'), `export const code: string = 'OUT-1'\n`)
    const using = join(folder.path, 'using')
    mkdirSync(using)
    // A path that is not absolute is read from the folder of the installation, built or not.
    writeFileSync(join(using, 'khatm.json'), JSON.stringify({ modules: [{ name: 'khatm-outside', version: '1.0.0', path: '../outside' }] }))
    const answer = await run(khatm, 'modules', 'list', '--data', using, '--json')
    const modules = JSON.parse(answer.stdout) as { name: string; path: string; fault?: { code: string } }[]
    assert.equal(modules.find(({ name }) => name === 'outside')?.fault?.code, 'OUT-1', answer.stdout)
    assert.ok(modules.some(({ path }) => path === join(root, 'dist', 'modules', 'invoicing')))
  })

  it('is used after its sources were only copied or checked out anew: what counts is what is in them', async () => {
    utimesSync(join(root, 'core/cli/main.ts'), new Date(), new Date())
    assert.ok(
      modulePaths(await run(khatm, 'modules', 'list', '--data', join(folder.path, 'none'), '--json')).every((path) =>
        path.includes('/dist/'),
      ),
    )
  })

  it('is not used, and that is said, when a source is another; its commands are those of the sources', async () => {
    const built = await run(khatm, '--help')
    assert.equal(built.stderr, '')
    const main = join(root, 'core/cli/main.ts')
    writeFileSync(main, `${readFileSync(main, 'utf8')}process.stderr.write('the source itself\\n')\n`)
    // Whichever of the two is called.
    const [source, called] = await Promise.all([run(khatm, '--help'), run(join('dist', khatm), 'audit', '--help', '--lang', 'bg')])
    assert.match(source.stderr, /^the source itself\nThe build in dist was made of other sources.*npm run build\n$/)
    assert.match(called.stderr, /^the source itself\nИзграденото в dist.*npm run build\n$/)
    assert.match(built.stdout, /^ +issue /m)
    assert.equal(source.stdout, built.stdout)
  })

  it('writes over nothing but a build', async () => {
    const answer = await run(join('bin', 'build.mjs'), data())
    assert.equal(answer.code, 1)
    assert.match(answer.stderr, /is not empty and no build: nothing was written/)
    assert.ok(existsSync(join(data(), 'master.key')))
  })
})
