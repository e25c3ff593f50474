import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../../i18n/fault.js'
import { fetchGuarded, isPrivateAddress } from '../outgoing.js'

function coded(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code
}

describe('outgoing calls', () => {
  let server: http.Server
  let origin: string
  before(async () => {
    server = http.createServer((request, answer) => {
      if (request.url === '/slow') return
      if (request.url === '/drip') {
        answer.write('x')
        return
      }
      if (request.url === '/big') {
        answer.end(Buffer.alloc(50_000))
        return
      }
      if (request.url === '/reset') {
        answer.writeHead(200, { 'content-length': '10' })
        answer.write('half')
        setTimeout(() => answer.destroy(), 20)
        return
      }
      if (request.url === '/away') {
        answer.writeHead(302, { location: '/big' }).end()
        return
      }
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => answer.writeHead(208, { 'x-echo': request.method ?? '' }).end(Buffer.concat(chunks)))
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    // A listening TCP server's address is always an AddressInfo.
    origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  it('refuses loopback, private, mapped and metadata addresses', async () => {
    for (const url of [
      origin,
      'http://localhost/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/',
      'http://2130706433/',
    ])
      await assert.rejects(fetchGuarded(url), coded('HTTP-ADDRESS-REFUSED'), url)
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '172.31.0.1', 'fd00::1', 'fe80::1', '0.0.0.0', '::'])
      assert.ok(isPrivateAddress(address), address)
    for (const address of ['8.8.8.8', '2a00:1450:4001::1', '172.32.0.1']) assert.ok(!isPrivateAddress(address), address)
  })
  it('refuses other protocols and credentials in the address', async () => {
    for (const url of ['ftp://example.org/', 'file:///etc/passwd', 'http://user:pass@example.org/', 'no address'])
      await assert.rejects(fetchGuarded(url), coded('HTTP-ADDRESS-REFUSED'), url)
  })
  it('posts bytes to an allow-listed origin and hands back status, headers and body', async () => {
    const answer = await fetchGuarded(`${origin}/echo`, { method: 'POST', body: Buffer.from([0, 255, 7]), allowPrivate: [origin] })
    assert.equal(answer.status, 208)
    assert.equal(answer.headers['x-echo'], 'POST')
    assert.deepEqual([...answer.body], [0, 255, 7])
  })
  it('follows no redirect', async () => {
    const answer = await fetchGuarded(`${origin}/away`, { allowPrivate: [origin] })
    assert.equal(answer.status, 302)
    assert.equal(answer.body.length, 0)
  })
  it('stops a silent and a dripping server in time, a broken and a too long answer', async () => {
    const options = { allowPrivate: [origin], timeoutMs: 200 }
    await assert.rejects(fetchGuarded(`${origin}/slow`, options), coded('HTTP-TIMEOUT'))
    await assert.rejects(fetchGuarded(`${origin}/drip`, options), coded('HTTP-TIMEOUT'))
    await assert.rejects(fetchGuarded(`${origin}/reset`, { ...options, timeoutMs: 2000 }), coded('HTTP-UNREACHABLE'))
    await assert.rejects(fetchGuarded(`${origin}/big`, { ...options, maxBytes: 10_000 }), coded('HTTP-ANSWER-TOO-LARGE'))
    await assert.rejects(fetchGuarded('http://127.0.0.1:1/', { allowPrivate: ['http://127.0.0.1:1'] }), coded('HTTP-UNREACHABLE'))
  })
})
