import assert from 'node:assert/strict'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { documentSummary } from '../authority/eta-shapes.js'
import { recordReceived } from '../authority/received-rows.js'
import { egyptianCompany } from './running-company.js'

const password = 'a long enough password'

describe('texts of documents that others issued to us', function () {
  this.timeout(180_000)
  let running: TestHost
  before(async () => {
    running = await startTestHost({ sandbox: true, role: { web: true } })
  })
  after(() => running.stop())

  it('keep no other document out, turn no word around them, and are no formula in a spreadsheet', async () => {
    const context = await egyptianCompany(running)
    const named = (uuid: string, issuerName: string): object => ({
      uuid,
      internalId: `n-${uuid}`,
      issuerName,
      issuerId: '100324932',
      typeName: 'I',
      status: 'Valid',
      total: 114,
      dateTimeIssued: '2026-11-22T10:00:00Z',
      dateTimeReceived: '2026-11-22T10:00:01Z',
    })
    // As the answer's JSON may write them.
    const answer = JSON.stringify([
      named('A'.repeat(26), 'zero\u0000name'),
      named('B'.repeat(26), 'half \ud83d'),
      named('C'.repeat(26), 'turned \u202e001\u2069\u2067'),
      named('D'.repeat(26), '=HYPERLINK("http://evil.example/";"x")'),
      named('E'.repeat(26), `long ${'ط'.repeat(100_000)}`),
      named('F'.repeat(26), 'شركة النيل للتجارة'),
    ])
    const said = documentSummary.array().parse(JSON.parse(answer))
    await running.host.db.company(context.companyId, (transaction) => recordReceived(running.host, context, transaction, said))

    await running.access.createUser({ login: 'nile', name: 'Manager', password, locale: 'en' }, [
      { companyId: context.companyId, groups: running.access.groups.list().map((group) => group.name) },
    ])
    const client = new WebClient((await running.listen()).url)
    await client.login('nile', password)
    const list = await client.get('/app/compliance-egypt/received')
    assert.equal(list.status, 200)
    for (const name of ['zero\ufffdname', 'half \ufffd', 'turned 001', 'شركة النيل للتجارة']) assert.ok(list.text.includes(name), name)
    assert.doesNotMatch(list.text, /[\u202a-\u202e]|001\u2069/)
    assert.ok(!list.text.includes('ط'.repeat(1_001)))
    const sheet = await client.get('/app/compliance-egypt/received/export')
    assert.equal(sheet.status, 200)
    assert.match(sheet.text, /'=HYPERLINK/)
    assert.doesNotMatch(sheet.text, /(?:^|,)"?=/m)
  })
})
