import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import type { CompanyContext } from '../../access/context.js'
import { Fault } from '../../i18n/fault.js'
import { installationRoot } from '../load-modules.js'
import { manifestSource, writeFiles } from './module-folder.js'

describe('settings of modules', function () {
  this.timeout(180_000)
  let folder: TemporaryFolder
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    folder = await temporaryFolder()
    const zod = JSON.stringify(join(installationRoot, 'node_modules/zod/index.js'))
    const manifest = manifestSource('kept', {
      setup: `host.settings({ schema: z.object({ days: z.number().int().min(0).default(30), note: z.string().default('') }), fields: [] })`,
    })
    await writeFiles(join(folder.path, 'kept'), { 'manifest.js': `import { z } from ${zod}\n${manifest}` })
    await writeFiles(join(folder.path, 'plain'), { 'manifest.js': manifestSource('plain') })
    running = await startTestHost({ modulesDir: folder.path })
    context = await running.company()
  })
  after(async () => {
    await running.stop()
    await folder.remove()
  })

  const get = (company = context, module = 'kept') =>
    running.host.db.company(company.companyId, (transaction) => running.host.settings.get(transaction, module))
  const set = (changes: object) =>
    running.host.db.company(context.companyId, (transaction) => running.host.settings.set(transaction, context, 'kept', changes))

  it('answers defaults, keeps changes per company and joins them', async () => {
    assert.deepEqual(await get(), { days: 30, note: '' })
    await set({ days: 10 })
    await set({ note: 'x' })
    assert.deepEqual(await get(), { days: 10, note: 'x' })
    assert.deepEqual(await get(await running.company()), { days: 30, note: '' })
  })

  it('refuses wrong and unknown fields by name and keeps what was there', async () => {
    const refused = (field: string) => (error: unknown) =>
      error instanceof Fault && error.code === 'MODULE-SETTINGS-INVALID' && error.path === field
    await assert.rejects(set({ days: -1 }), refused('days'))
    await assert.rejects(set({ dayz: 5 }), refused('dayz'))
    assert.deepEqual(await get(), { days: 10, note: 'x' })
  })

  it('knows modules with settings only', async () => {
    await assert.rejects(get(context, 'plain'), (error) => error instanceof Fault && error.code === 'MODULE-UNKNOWN')
  })

  it('tells the event log which settings changed, never to what', async () => {
    const [event] = await running.host.db.company(context.companyId, (transaction) =>
      running.host.audit.of(transaction, { type: 'module', id: 'kept' }),
    )
    assert.deepEqual([event?.action, event?.facts], ['module.configured', { module: 'kept', fields: 'note' }])
  })
})
