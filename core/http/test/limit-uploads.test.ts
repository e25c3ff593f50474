import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Fault } from '../../i18n/fault.js'
import { limitVisitorUploads } from '../limit-uploads.js'

describe('forms with files of strangers', () => {
  let server: http.Server
  let port = 0
  const waiting: http.ClientRequest[] = []
  /** `closed` when the server has done with a form. */
  const told = new EventEmitter()

  before(async () => {
    const app = express()
    app.post('/', limitVisitorUploads(), (request, response) => {
      response.once('close', () => told.emit('closed'))
      request.resume()
      request.on('end', () => response.end('taken'))
    })
    app.use((error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(error instanceof Fault ? error.status : 500).end(error instanceof Fault ? error.code : '')
    })
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    for (const request of waiting) request.destroy()
    server.closeAllConnections()
    server.close()
  })

  const form = { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' }

  /** A form whose sender takes his time. */
  async function begin(): Promise<http.ClientRequest> {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers: form })
    request.on('error', () => undefined)
    const arrived = once(server, 'request')
    request.write('--x\r\n')
    waiting.push(request)
    await arrived
    return request
  }

  const post = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`http://127.0.0.1:${String(port)}/`, { method: 'POST', headers, body: '--x--' })).status

  it('are taken four at a time from one network; the next is told to come again, and other forms pass', async () => {
    const slow = [await begin(), await begin(), await begin(), await begin()]
    assert.equal(await post({ 'content-type': 'multipart/form-data; boundary=x' }), 429)
    assert.equal(await post({ 'content-type': 'application/x-www-form-urlencoded' }), 200)
    const [first] = slow
    const closed = once(told, 'closed')
    first?.end('--x--')
    await closed
    assert.equal(await post({ 'content-type': 'multipart/form-data; boundary=x' }), 200)
  })
})
