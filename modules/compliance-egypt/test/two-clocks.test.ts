import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { authorityControl } from '../../../test/helpers/authority-control.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { until } from '../../../test/helpers/until.js'
import { processDocuments } from '../../compliance/index.js'
import type { PostedOutcome } from '../../invoicing/index.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, rowsOf, settle } from './running-company.js'

/** Between the two hosts: longer than a lease, and than the authority may take to show what it has. */
const apartMs = 10 * 60_000

for (const direction of [1, -1]) {
  describe(`Two hosts on one database, the second one's clock ten minutes ${direction > 0 ? 'ahead' : 'behind'}`, function () {
    this.timeout(180_000)
    let folder: Awaited<ReturnType<typeof temporaryFolder>>
    let first: TestHost
    let second: TestHost
    let context: CompanyContext
    const [example] = egyptDemonstration().invoices
    const { company: _company, ...input } = example ?? assert.fail('no example')
    const control = authorityControl(() => first)

    before(async () => {
      folder = await temporaryFolder()
      first = await startTestHost({ dataDir: folder.path, sandbox: true })
      context = await egyptianCompany(first)
      const sandbox = { url: first.host.config.sandbox.url, trustAnchors: first.host.config.sandbox.trustAnchors }
      second = await startTestHost({
        dataDir: folder.path,
        migrate: false,
        now: () => new Date(Date.now() + direction * apartMs),
        config: { sandbox, allowedPrivateOrigins: first.host.config.allowedPrivateOrigins },
      })
      // The same bytes would be taken a second time: nothing but the hosts' own care prevents it.
      await control('PUT', 'eta/settings', { decisionMs: 0, duplicateMinutes: 0 })
      await first.host.db.company(context.companyId, (transaction) =>
        first.host.settings.set(transaction, context, 'compliance-egypt', { searchSeconds: 120 }),
      )
    })
    after(async () => {
      await second.stop()
      await first.stop()
      await folder.remove()
    })
    beforeEach(() => control('PUT', 'eta/settings', { searchDelayMs: 0 }))
    afterEach(() => control('DELETE', 'faults'))

    const filed = async (posted: readonly PostedOutcome[]): Promise<number> =>
      ((await control('GET', 'eta/documents')) as { internalId: string }[]).filter((one) =>
        // the sandbox's own shape
        posted.some(({ number }) => number === one.internalId),
      ).length
    const tryOn = ({ host }: TestHost, posted: readonly PostedOutcome[]): Promise<void> =>
      processDocuments(host, context, { invoiceIds: posted.map((one) => one.invoiceId) })

    it('what one host is sending to a slow authority, the other leaves to it: filed once, tried once', async () => {
      await control('POST', 'faults', { kind: 'timeout-after-commit', milliseconds: 3000, path: 'documentsubmissions' })
      await control('PUT', 'eta/settings', { searchDelayMs: 60_000 })
      const posted = await post(first.host, context, input)
      const slow = tryOn(first, posted)
      await until('the authority has it', async () => (await filed(posted)) === 1)
      await tryOn(second, posted)
      assert.equal(await filed(posted), 1)
      assert.equal((await rowsOf(second.host, context, posted))[0]?.attempts, 1)
      await slow
      // The answer was lost, the claim is given back, and the authority does not show the document yet.
      await tryOn(second, posted)
      assert.equal(await filed(posted), 1)
      const [waiting] = await rowsOf(second.host, context, posted)
      assert.match(String(waiting?.lastError?.params?.['reason']), /not shown by the authority yet/)
      await control('PUT', 'eta/settings', { searchDelayMs: 0 })
      assert.equal((await settle(second.host, context, posted))[0]?.state, 'accepted')
      assert.equal(await filed(posted), 1)
    })
  })
}
