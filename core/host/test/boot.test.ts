import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import type { CompanyContext } from '../../access/context.js'
import type { Collect, Notify, Veto } from '../../hooks/hook-map.js'
import { Fault } from '../../i18n/fault.js'
import { bootReportText } from '../boot-report.js'
import { manifestSource, writeFiles } from './module-folder.js'

declare module '../../hooks/hook-map.js' {
  interface HookMap {
    'base.names': Collect<undefined, string>
    'base.allowed': Veto<undefined>
    'base.happened': Notify<{ readonly word: string }>
  }
}

const hasCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

/** Modules of this test leave what they saw in a place that both sides know. */
const seen: string[] = []
Object.assign(globalThis, { khatmBootTest: seen })

describe('booting twice on the same data', function () {
  this.timeout(180_000)

  it('migrates once, enables once and keeps what companies enabled', async () => {
    const data = await temporaryFolder()
    const modules = join(data.path, 'modules')
    await writeFiles(join(modules, 'base'), {
      'manifest.js': manifestSource('base', { always: true, setup: `host.onEnable(async () => { khatmBootTest.push('again') })` }),
    })
    const first = await startTestHost({ modulesDir: modules, dataDir: data.path })
    const company = await first.company()
    await first.stop()
    const second = await startTestHost({ modulesDir: modules, dataDir: data.path })
    try {
      assert.ok(first.report.migrated.length > 0)
      assert.deepEqual(second.report.migrated, [])
      assert.deepEqual(
        seen.filter((entry) => entry === 'again'),
        ['again'],
      )
      assert.equal(await second.host.modules.isEnabled(company.companyId, 'base'), true)
    } finally {
      await second.stop()
      await data.remove()
    }
  })

  it('told to stop while it starts: opens no page any more, and what it was opening is closed before its database', async () => {
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', hear)
    try {
      const early = await startTestHost({ role: { web: true } })
      const stopped = early.stop()
      await assert.rejects(early.listen(), hasCode('HTTP-STOPPING'))
      await stopped
      const late = await startTestHost({ role: { web: true } })
      const opening = late.listen()
      await late.stop()
      const { url } = await opening
      await assert.rejects(fetch(url, { signal: AbortSignal.timeout(5_000) }), 'nobody answers there any more')
      await late.stop()
    } finally {
      process.off('unhandledRejection', hear)
    }
    assert.deepEqual(unheard, [])
  })

  it('goes on when a module that is for everybody cannot be prepared for a company, says so, and tries again', async () => {
    const data = await temporaryFolder()
    const modules = join(data.path, 'modules')
    const write = (setup: string) => writeFiles(join(modules, 'base'), { 'manifest.js': manifestSource('base', { always: true, setup }) })
    const files = {
      'manifest.js': manifestSource('later', { always: true, setup: `host.onEnable(async () => { throw new Error('no seed') })` }),
    }
    await write('')
    const first = await startTestHost({ modulesDir: modules, dataDir: data.path })
    await first.company()
    await first.stop()
    await writeFiles(join(modules, 'later'), files)
    const second = await startTestHost({ modulesDir: modules, dataDir: data.path })
    try {
      assert.deepEqual(
        second.report.warnings.map(({ code, params }) => [code, params?.module, params?.reason]),
        [['MODULE-ENABLE', 'later', 'no seed']],
      )
      await assert.rejects(second.company({ code: 'another' }), hasCode('MODULE-ENABLE'))
    } finally {
      await second.stop()
      await data.remove()
    }
  })

  it('says what is wrong with a database of which nothing can be had', async () => {
    await assert.rejects(
      startTestHost({ config: { database: { url: 'postgres://nobody@127.0.0.1:1/none' } } }),
      (error) => error instanceof Fault && error.code === 'DB-UNREACHABLE',
    )
  })
})

describe('booting the host', function () {
  this.timeout(180_000)
  let folder: TemporaryFolder
  let running: TestHost
  let one: CompanyContext
  let two: CompanyContext

  before(async () => {
    folder = await temporaryFolder()
    const module = (name: string, parts: Parameters<typeof manifestSource>[1], more: Readonly<Record<string, string>> = {}) =>
      writeFiles(join(folder.path, 'modules', name), { 'manifest.js': manifestSource(name, parts), ...more })
    await module('base', {
      always: true,
      setup: `
        host.hooks.declare('base.names', 'collect'); host.hooks.declare('base.allowed', 'veto'); host.hooks.declare('base.happened', 'notify')
        host.onEnable(async (transaction, context) => { khatmBootTest.push('enable base ' + context.companyId) })
        host.onStart(async () => { khatmBootTest.push('start base') })
        host.onStop(async () => { khatmBootTest.push('stop base') })`,
    })
    await module('middle', {
      depends: ['base'],
      setup: `host.hooks.on('base.names', () => 'middle')
        host.onEnable(async (transaction) => { khatmBootTest.push('enable middle'); await transaction.takeNumbers('middle.counter') })`,
    })
    await module('top', {
      depends: ['middle'],
      setup: `host.hooks.on('base.names', () => 'top')
        host.hooks.on('base.happened', async (payload, call) => { khatmBootTest.push('told top ' + payload.word + ' ' + call.context.source) })
        host.onEnable(async () => { khatmBootTest.push('enable top') })`,
    })
    await module('refuses', {
      depends: ['base'],
      setup: `host.onEnable(async () => { throw new Error('no seed') })`,
    })
    await module('starts-badly', { depends: ['base'], setup: `host.onStart(async () => { throw new Error('no connection') })` })
    await module('on-bad-start', { depends: ['starts-badly'] })
    await module('bad-text', { depends: [] }, { 'i18n/ar.json': '{}', 'i18n/en.json': '{"bad-text.only": "only"}', 'i18n/bg.json': '{}' })
    await module('throws', { setup: `throw new Error('at once')` })
    await writeFiles(join(folder.path, 'package-bad-migration'), {
      'package.json': JSON.stringify({
        name: 'khatm-bad-migration',
        version: '1.0.0',
        type: 'module',
        keywords: ['khatm-module'],
        khatm: { manifest: 'manifest.js', host: '^1' },
      }),
      'manifest.js': manifestSource('bad-migration'),
      'migrations/1.0.0__tables.js': `export default { async up(schema) { await schema.hostTable('bad_migration_thing', (t) => t.text('a')); throw new Error('half-way') } }`,
    })
    running = await startTestHost({
      modulesDir: join(folder.path, 'modules'),
      config: {
        modules: [
          { name: 'khatm-bad-migration', version: '1.0.0', path: join(folder.path, 'package-bad-migration') },
          { name: 'khatm-not-there', version: '1.0.0' },
        ],
      },
    })
    one = await running.company()
    two = await running.company()
  })
  after(async () => {
    await running.stop()
    await folder.remove()
    assert.equal(seen.at(-1), 'stop base')
  })

  it('keeps every failed module in sight with its fault, and runs the others', () => {
    const states = Object.fromEntries(running.host.modules.list().map(({ name, state, fault }) => [name, fault?.code ?? state]))
    assert.deepEqual(states, {
      base: 'installed',
      middle: 'installed',
      top: 'installed',
      refuses: 'installed',
      'starts-badly': 'MODULE-START',
      'on-bad-start': 'MODULE-DEPENDENCY-FAILED',
      'bad-text': 'I18N-KEY-MISSING',
      throws: 'MODULE-SETUP',
      'bad-migration': 'DB-MIGRATION-FAILED',
      'khatm-not-there': 'MODULE-MISSING',
    })
  })

  it('says so in the report, in each language, and in the database', async () => {
    for (const locale of ['ar', 'en', 'bg'] as const) {
      const text = bootReportText(running.report, running.host.i18n, locale)
      assert.match(text, /✗ throws.*at once/)
      assert.doesNotMatch(text, /\{\{|host\.(?:module|report)\./)
    }
    const rows = await running.host.db.host((transaction) =>
      transaction<{ name: string; state: string; fault: { code: string } | null }>('core_module').select('name', 'state', 'fault'),
    )
    const byName = new Map(rows.map((row) => [row.name, row]))
    assert.equal(byName.get('throws')?.fault?.code, 'MODULE-SETUP')
    assert.deepEqual([byName.get('base')?.state, byName.get('base')?.fault], ['installed', null])
    assert.equal(byName.get('starts-badly')?.state, 'failed')
  })

  it('keeps nothing of a migration that failed', async () => {
    const table = await running.host.db.host((transaction) =>
      transaction.raw<{ rows: unknown[] }>(`select to_regclass('bad_migration_thing') as found`),
    )
    assert.deepEqual(table.rows, [{ found: null }])
  })

  it('enables what is for everybody with the company, and the rest with what it depends on, in order, once', async () => {
    assert.deepEqual([...(await running.host.modules.enabledFor(one.companyId))], ['base'])
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('enable')),
      [`enable base ${one.companyId}`, `enable base ${two.companyId}`],
    )
    seen.length = 0
    await running.host.modules.enable(one, 'top')
    await running.host.modules.enable(one, 'top')
    assert.deepEqual(seen, ['enable middle', 'enable top'])
    assert.deepEqual([...(await running.host.modules.enabledFor(one.companyId))].sort(), ['base', 'middle', 'top'])
  })

  it('enables once when two do it at the same moment', async () => {
    const three = await running.company()
    seen.length = 0
    await Promise.all([1, 2, 3, 4].map(() => running.host.modules.enable(three, 'top')))
    assert.deepEqual([...seen].sort(), ['enable middle', 'enable top'])
  })

  it('asks listeners of the companies that enabled them, at once and also inside a transaction', async () => {
    const names = (context: CompanyContext) => running.host.hooks.collect('base.names', undefined, { context })
    assert.deepEqual(await names(one), ['middle', 'top'])
    assert.deepEqual(await names(two), [])
    const inside = await running.host.db.company(one.companyId, (transaction) =>
      running.host.hooks.collect('base.names', undefined, { context: one, transaction }),
    )
    assert.deepEqual(inside, ['middle', 'top'])
  })

  it('tells after commit, through jobs, and tells nothing when the transaction is rolled back', async () => {
    const tell = (word: string, fail: boolean) =>
      running.host.db.company(one.companyId, async (transaction) => {
        await running.host.hooks.notify('base.happened', { word }, { context: one, transaction })
        if (fail) throw new Error('rolled back')
      })
    await assert.rejects(tell('lost', true))
    await tell('kept', false)
    await running.host.jobs.drain()
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('told')),
      ['told top kept job'],
    )
  })

  it('leaves no trace when the work of enabling fails', async () => {
    await assert.rejects(running.host.modules.enable(two, 'refuses'))
    assert.equal(await running.host.modules.isEnabled(two.companyId, 'refuses'), false)
  })

  it('refuses to enable what failed or does not exist', async () => {
    await assert.rejects(running.host.modules.enable(one, 'throws'), hasCode('MODULE-FAILED'))
    await assert.rejects(running.host.modules.enable(one, 'on-bad-start'), hasCode('MODULE-FAILED'))
    await assert.rejects(running.host.modules.enable(one, 'nowhere'), hasCode('MODULE-UNKNOWN'))
  })

  it('stops companies that enabled a failed module, and no others', async () => {
    await running.host.db.company(two.companyId, (transaction) =>
      transaction.knex('core_company_module').insert({ company_id: two.companyId, module: 'starts-badly', enabled_at: new Date() }),
    )
    await running.host.modules.requireHealthy(one.companyId)
    const posting = () =>
      running.host.db.company(two.companyId, (transaction) => running.host.modules.requireHealthy(two.companyId, transaction))
    await assert.rejects(posting(), (error) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual([error.code, error.status, error.params], ['MODULE-FAILED', 503, { module: 'starts-badly', reason: 'MODULE-START' }])
      return true
    })
  })

  it('switches off, but not what another module of the company needs', async () => {
    await assert.rejects(running.host.modules.disable(one, 'middle'), hasCode('MODULE-NEEDED'))
    await assert.rejects(running.host.modules.disable(one, 'base'), hasCode('MODULE-NEEDED'))
    await running.host.modules.disable(one, 'top')
    await running.host.modules.disable(one, 'middle')
    assert.deepEqual([...(await running.host.modules.enabledFor(one.companyId))], ['base'])
    assert.deepEqual(await running.host.hooks.collect('base.names', undefined, { context: one }), [])
  })

  it('sees at once, inside a transaction, what another process switched on', async () => {
    await running.host.modules.enabledFor(one.companyId)
    await running.host.db.company(one.companyId, (transaction) =>
      transaction.knex('core_company_module').insert({ company_id: one.companyId, module: 'top', enabled_at: new Date() }),
    )
    const inside = await running.host.db.company(one.companyId, (transaction) =>
      running.host.hooks.collect('base.names', undefined, { context: one, transaction }),
    )
    assert.deepEqual(inside, ['middle', 'top'])
  })

  it('writes switching into the event log, whose chain holds', async () => {
    const events = await running.host.db.company(one.companyId, (transaction) =>
      running.host.audit.of(transaction, { type: 'module', id: 'top' }),
    )
    assert.deepEqual(
      events.map((event) => event.action),
      ['module.disabled', 'module.enabled'],
    )
    assert.deepEqual(
      (await running.host.audit.verify()).map((result) => result.intact),
      (await running.host.access.companies()).map(() => true),
    )
  })
})
