import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Key } from '../../../core/signing/key.js'
import { agentProviderOf } from '../../../core/signing/keys/agent/agent-provider.js'
import { until } from '../../../test/helpers/until.js'
import { certify } from '../../../core/signing/test/test-authority.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import type { PostedOutcome } from '../../invoicing/index.js'
import { updateCompany } from '../company/company-rows.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, rowsOf, settle } from './running-company.js'

const password = 'a long password of a test'

/** The token of a company is lost while invoices wait at its desk (Executive Regulations 109/2005 Art. 12(h), (i)). */
describe('A token is reported lost while invoices wait for it', function () {
  this.timeout(180_000)
  const [example] = egyptDemonstration().invoices
  let running: TestHost
  let context: CompanyContext
  let web: WebClient
  let lost: Key
  let waiting: PostedOutcome[] = []

  before(async () => {
    running = await startTestHost({ role: { web: true }, sandbox: true })
    context = await egyptianCompany(running, { code: 'demo-eg' })
    await running.access.createUser({ login: 'mona', name: 'Mona', password, locale: 'en' }, [
      { companyId: context.companyId, groups: running.access.groups.list().map((group) => group.name) },
    ])
    web = new WebClient((await running.listen()).url)
    await web.login('mona', password)
    // A key at a desk that is not there now: nobody answers, everything waits.
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const certificate = certify({ commonName: 'Nile Paper', organizationIdentifier: 'VATEG-900100200' }, 'rsa-2048', publicKey, privateKey)
    lost = await inCompany((transaction) =>
      running.host.signing.adoptKey(transaction, context, {
        name: 'Token of the accountant',
        purposes: ['stamp-e-invoice'],
        provider: 'agent',
        algorithm: 'rsa-2048',
        publicKey: spki,
        certificates: [certificate.der],
        attributes: { tokenSerial: 'A1' },
        stored: { publicKey: spki.toString('base64'), tokenSerial: 'A1', keyId: '01' },
      }),
    )
    await inCompany((transaction) => updateCompany(transaction, { key_id: lost.id }, running.host.now()))
  })
  after(() => running.stop())

  const inCompany = <Result>(work: Parameters<typeof running.host.db.company<Result>>[1]): Promise<Result> =>
    running.host.db.company(context.companyId, work)
  const requests = () => inCompany((transaction) => agentProviderOf(running.host.signing).requests.list(transaction))
  const panel = async (invoice: PostedOutcome | undefined): Promise<string> =>
    (await web.get(`/app/invoicing/invoice/${invoice?.invoiceId ?? ''}`)).text

  it('what waits is taken back from the desk, the invoice says why, and no other key signs it unasked', async () => {
    waiting = await post(running.host, context, example ?? {}, example ?? {})
    assert.deepEqual(
      (await requests()).map(({ state }) => state),
      ['pending', 'pending'],
    )
    assert.match(await panel(waiting[0]), /Awaiting signature/)
    const list = (await web.get('/app/invoicing/invoice')).text
    assert.match(list, /Documents awaiting signature: 2\./)
    const unsigned = await web.get('/app/invoicing/invoice?f=unsigned')
    assert.match(unsigned.text, new RegExp(waiting[1]?.number ?? '-'))
    assert.doesNotMatch((await web.get('/app/invoicing/invoice?f=signature-refused')).text, new RegExp(waiting[1]?.number ?? '-'))
    const answer = await web.post(`/app/credentials/keys/${lost.id}/stop`, { reason: 'bag stolen in Giza' })
    assert.equal(answer.status, 303)
    assert.deepEqual(
      (await requests()).map(({ state }) => state),
      ['superseded', 'superseded'],
    )
    // The job gathers for a moment what ends together.
    const rows = await until('taken back', async () => {
      await running.host.jobs.drain()
      const all = await rowsOf(running.host, context, waiting)
      return all.every(({ lastError }) => lastError?.code !== 'COMPLIANCE-SIGNER-AWAY') && all
    })
    assert.deepEqual(
      rows.map(({ state, lastError, legalSha256 }) => [state, lastError?.code, legalSha256]),
      Array.from({ length: 2 }, () => ['prepared', 'EG-SIGN-KEY-STOPPED', null]),
      'the software key of the sandbox company fits, and is not taken',
    )
    const shown = await panel(waiting[0])
    assert.match(shown, /Token of the accountant[^<]*stopped \(bag stolen in Giza\)/)
    assert.match(shown, /\/retry"/)
    const log = await inCompany((transaction) => running.host.audit.of(transaction, { type: 'key', id: lost.id }, 50))
    const stop = log.find(({ action }) => action === 'key.stopped')
    assert.deepEqual([stop?.facts?.['reason'], stop?.actor.name], ['bag stolen in Giza', 'Mona'])
  })

  it('while no key is there, new invoices are not posted, and those that wait go on waiting', async () => {
    await assert.rejects(post(running.host, context, example ?? {}), /EG-READY-KEY/)
    assert.ok((await rowsOf(running.host, context, waiting)).every(({ state }) => state === 'prepared'))
  })

  it('the company names another key: asked again, the invoices are signed with it and accepted, each once', async () => {
    const keys = await inCompany((transaction) => running.host.signing.keys(transaction))
    const other = keys.find(({ id }) => id !== lost.id)
    await inCompany((transaction) => updateCompany(transaction, { key_id: other?.id ?? null }, running.host.now()))
    for (const { invoiceId } of waiting) assert.equal((await web.post(`/app/compliance/documents/${invoiceId}/retry`, {})).status, 303)
    const rows = await settle(running.host, context, waiting, 20)
    assert.deepEqual(
      rows.map(({ state }) => state),
      ['accepted', 'accepted'],
    )
    assert.doesNotMatch((await web.get('/app/invoicing/invoice')).text, /Documents awaiting signature/)
    assert.equal(new Set(rows.map(({ authorityReference }) => authorityReference)).size, 2)
  })
})
