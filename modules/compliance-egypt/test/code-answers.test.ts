import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { addCodes, codesOf, setCodes } from '../authority/codes.js'
import { refreshCodes } from '../authority/request-codes.js'
import { storeCredentials } from '../company/credentials.js'

const code = { codeType: 'EGS', parentCode: '10001234', name: 'Paper', nameAr: 'ورق', activeFrom: '2026-11-22', usage: false } as const
const full = (own: string): string => `EG-900100200-${own}`

describe('decisions on codes of goods, however the authority writes them', function () {
  this.timeout(180_000)
  let server: http.Server
  let running: TestHost
  let context: CompanyContext
  const pages = new Map<string, unknown>()

  before(async () => {
    server = http.createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const answer = url.pathname.endsWith('/connect/token')
        ? { access_token: 't', expires_in: 3600 }
        : (pages.get(url.searchParams.get('Pn') ?? '') ?? { result: [] })
      request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)))
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // a listening TCP server's address
    const origin = `http://127.0.0.1:${String(port)}`
    running = await startTestHost({ config: { sandbox: { url: origin, trustAnchors: [] }, allowedPrivateOrigins: [origin] } })
    const identifiers = [{ scheme: 'VAT', value: '900100200' }]
    context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo', sandbox: true, identifiers })
    await running.host.modules.enable(context, 'compliance-egypt')
    await storeCredentials(running.host, context, { environment: 'sandbox', clientId: 'of-a-test', clientSecret: 'of-a-test' })
  })
  after(async () => {
    await running.stop()
    server.close()
  })

  it('a reason no row can hold, a row without a code and a number of pages in quotes keep no decision from being read', async () => {
    await addCodes(
      running.host,
      context,
      ['1', '2', '3'].map((itemCode) => ({ ...code, itemCode })),
    )
    await running.host.db.company(context.companyId, async (transaction) => {
      const drafts = await codesOf(transaction)
      await setCodes(
        transaction,
        drafts.map((one) => one.id),
        { state: 'sending' },
      )
    })
    const metadata = { totalPages: '2', totalCount: '4' }
    const refused = { itemCode: full('1'), status: 'Rejected', statusReason: 'wrong\u0000parent \ud83d', codeUsageRequestID: 7 }
    pages.set('1', { result: [refused, { status: 'Approved', itemCode: null }, { itemCode: full('2'), status: 'Approved' }], metadata })
    pages.set('2', { result: [{ itemCode: full('3'), status: 'Submitted', codeUsageRequestID: '9', new: { member: 1 } }], metadata })
    await refreshCodes(running.host, context)
    const rows = await running.host.db.company(context.companyId, (transaction) => codesOf(transaction))
    const told = rows.map((one) => [one.itemCode, one.state, one.requestId])
    assert.deepEqual(told.sort(), [
      [full('1'), 'rejected', '7'],
      [full('2'), 'approved', null],
      // Read from the second page: not a draft again, which would be sent twice.
      [full('3'), 'submitted', '9'],
    ])
    const reason = rows.find((one) => one.itemCode === full('1'))?.reason ?? ''
    assert.match(reason, /^wrong.?parent/)
    assert.doesNotMatch(reason, /\p{Surrogate}|\0/u)
  })
})
