import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Key } from '../../../core/signing/key.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { startSandbox, type Sandbox } from '../../sandbox/index.js'
import { readiness } from '../company/readiness.js'
import { endingSoon, isSoon, type EndingSoon } from '../law/ending-soon.js'
import { addForeignAuthority } from '../law/foreign-authorities.js'
import { cairoDay } from '../data/cairo-day.js'
import { addMandate } from '../law/mandates.js'
import { keyWith } from './signing-house.js'

describe('What a signature rests on and ends soon', function () {
  this.timeout(180_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let sandbox: Sandbox
  let running: TestHost
  let context: CompanyContext
  let key: Key
  const inDays = (days: number): string => cairoDay(new Date(Date.now() + days * 86_400_000))

  before(async () => {
    folder = await temporaryFolder()
    sandbox = await startSandbox({ dataDir: folder.path })
    running = await startTestHost({ config: { allowedPrivateOrigins: [new URL(sandbox.url).origin] } })
    context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    await running.host.modules.enable(context, 'compliance-egypt')
    key = await keyWith(running, sandbox, context, { name: 'Mona Abdallah' })
  })
  after(async () => {
    await running.stop()
    await sandbox.close()
    await folder.remove()
  })
  const soon = (now = new Date()): Promise<EndingSoon[]> =>
    running.host.db.company(context.companyId, (transaction) => endingSoon(transaction, now, [key]))
  const mandate = (from: string, until: string, signer = 'منى عبد الله'): Promise<void> =>
    addMandate(running.host, context, { keyId: key.id, signer, principal: 'شركة', capacity: 'مدير', document: 'توكيل 1', from, until })

  it('counts thirty days of Cairo from today, both included', () => {
    assert.deepEqual(
      ['2026-11-21', '2026-11-22', '2026-12-22', '2026-12-23', null].map((until) => isSoon(until, '2026-11-22')),
      [false, true, true, false, false],
    )
  })

  it('a certificate that lasts a year does not; in its last thirty days it does, and says where it is renewed', async () => {
    assert.deepEqual(await soon(), [])
    const eleven = new Date(Date.now() + 354 * 86_400_000)
    const [found] = await soon(eleven)
    assert.deepEqual([found?.kind, found?.name, found?.href], ['certificate', key.name, `/app/credentials/keys/${key.id}`])
    assert.ok((found?.until ?? '') >= cairoDay(eleven))
  })

  it('a mandate that another follows without a gap does not end soon; with a gap it does', async () => {
    await mandate(inDays(-300), inDays(10))
    assert.deepEqual(
      (await soon()).map(({ kind, name, until }) => [kind, name, until]),
      [['mandate', 'منى عبد الله', inDays(10)]],
    )
    await mandate(inDays(12), '', 'بعد يوم خالٍ')
    assert.equal((await soon()).length, 1)
    await mandate(inDays(11), inDays(11), 'اليوم الخالي')
    assert.deepEqual(await soon(), [])
  })

  it('an acceptance abroad that ends soon is among what the company has ready, with its day and its remedy in three languages', async () => {
    const given = { ground: 'b', decision: '77/2026', from: inDays(-100), until: inDays(20), equivalentClass: '' }
    await addForeignAuthority(running.host, context, given, sandbox.caCertificate)
    const items = await running.host.db.company(context.companyId, async (transaction) =>
      readiness(running.host, transaction, context, await running.access.company(context.companyId)),
    )
    const [item, another] = items.filter(({ soon: soonToEnd }) => soonToEnd === true)
    assert.equal(another, undefined)
    assert.deepEqual([item?.code, item?.ready, item?.href], ['EG-SOON-FOREIGN', true, '/app/compliance-egypt/law#authorities'])
    for (const locale of ['ar', 'en', 'bg'] as const) {
      assert.ok(item?.text[locale].includes(inDays(20)), locale)
      assert.ok((item?.remedy[locale] ?? '').length > 20 && item?.remedy[locale] !== item?.text[locale], locale)
    }
  })
})
