import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Fault } from '../../../../i18n/fault.js'
import { infoAnswer, listAnswer, tokenAnswer } from '../answers.js'
import { CscConnection, type CscService } from '../connection.js'
import { listCredentials, readCredential } from '../credential.js'

interface Asked {
  readonly path: string
  readonly authorization: string | undefined
}

/** A service that answers what the test says, and remembers what it was asked. */
class ScriptedService {
  readonly asked: Asked[] = []
  answer: (path: string, request: IncomingMessage) => { status?: number; body: unknown } = () => ({ body: {} })
  private readonly server: Server
  url = ''

  constructor() {
    this.server = createServer((request, response) => {
      request.resume().on('end', () => {
        const path = (request.url ?? '').replace('/csc/', '')
        this.asked.push({ path, authorization: request.headers.authorization })
        const { status = 200, body } = this.answer(path, request)
        response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    })
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => {
        const address = this.server.address()
        this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/csc`
        resolve()
      })
    })
  }

  close(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve()
      })
    })
  }
}

describe('connection to a CSC service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'khatm-csc-'))
  const clientSecretFile = join(folder, 'secret')
  let service: ScriptedService
  let connection: CscConnection

  beforeEach(async () => {
    writeFileSync(clientSecretFile, 'p:w 1\n')
    service = new ScriptedService()
    await service.listen()
    const files = { clientSecretFile, authorityFile: null, certificateFile: null, keyFile: null, pinFile: null }
    const configured: CscService = { name: 'qtsp', url: `${service.url}/`, version: '1', clientId: 'host a', ...files }
    connection = new CscConnection(configured, { timeoutMs: 15_000, patienceMs: 0 })
  })
  afterEach(async () => {
    connection.close()
    await service.close()
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('logs in with auth/login where the service knows HTTP Basic alone, once for many', async () => {
    service.answer = (path) => {
      if (path === 'info') return { body: { specs: '1.0.4.0', authType: ['basic'] } }
      if (path === 'auth/login') return { body: { access_token: 'token-1', refresh_token: 'r', expires_in: 3600 } }
      return { body: { credentialIDs: ['one'] } }
    }
    await Promise.all(Array.from({ length: 5 }, () => listCredentials(connection)))
    const logins = service.asked.filter((one) => one.path === 'auth/login')
    assert.deepEqual(logins, [{ path: 'auth/login', authorization: `Basic ${Buffer.from('host a:p:w 1').toString('base64')}` }])
    assert.equal(service.asked.filter((one) => one.authorization === 'Bearer token-1').length, 5)
  })

  it('logs in with OAuth 2 client credentials, encoded as RFC 6749 2.3.1 wants, and again before the token ends', async () => {
    let tokens = 0
    service.answer = (path) => {
      if (path === 'info') return { body: { authType: ['oauth2client'], oauth2: service.url } }
      if (path === 'oauth2/token') return { body: { access_token: `token-${++tokens}`, token_type: 'bearer', expires_in: 31 } }
      return { body: { credentialIDs: [] } }
    }
    await listCredentials(connection)
    const [login] = service.asked.filter((one) => one.path === 'oauth2/token')
    assert.equal(login?.authorization, `Basic ${Buffer.from('host%20a:p%3Aw%201').toString('base64')}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 1100)
    })
    await listCredentials(connection)
    assert.equal(tokens, 2)
  })

  it('does not carry the secret to an OAuth 2 server without TLS', async () => {
    service.answer = () => ({ body: { authType: ['oauth2client'], oauth2: 'http://login.example' } })
    await assert.rejects(listCredentials(connection), (error) => error instanceof Fault && error.code === 'SIGN-CSC-INSECURE')
    assert.deepEqual(
      service.asked.map((one) => one.path),
      ['info'],
    )
  })

  it('follows pages, and stops with a service that has no last one', async () => {
    let page = 0
    service.answer = (path) => {
      if (path === 'info') return { body: { authType: ['basic'] } }
      if (path === 'auth/login') return { body: { access_token: 't' } }
      return { body: { credentialIDs: [`c${page}`], nextPageToken: String(++page) } }
    }
    assert.equal((await listCredentials(connection)).length, 50)
  })

  it('gives a stranger’s words without control characters and not at length', async () => {
    service.answer = (path) =>
      path === 'info' ? { body: {} } : { status: 400, body: { error: 'bad\u001b[31m', error_description: 'x'.repeat(5000) } }
    await assert.rejects(
      listCredentials(connection).catch((error: unknown) => {
        throw connection.asFault(error)
      }),
      (error) => error instanceof Fault && !JSON.stringify(error.params).includes('\\u001b') && JSON.stringify(error.params).length < 500,
    )
  })

  it('any answer at all is a value or a coded fault', async () => {
    const runs = process.env['KHATM_FULL'] === '1' ? 10_000 : 200
    let body: unknown = {}
    let status = 200
    service.answer = (path) =>
      path === 'info' ? { body: { authType: ['basic'] } } : path === 'auth/login' ? { body: { access_token: 't' } } : { status, body }
    const whole = {
      description: 'x',
      key: { status: 'enabled', algo: ['1.2.840.10045.2.1'], len: 256, curve: '1.2.840.10045.3.1.7' },
      cert: { status: 'valid', certificates: ['MIIB'] },
      authMode: 'explicit',
      PIN: { presence: 'true' },
      SCAL: '2',
      multisign: 5,
    }
    const spoiled = fc
      .tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue({ maxDepth: 2 }))
      .map(([member, value]) => ({ ...whole, [member]: value }))
    const answers = fc.oneof(fc.jsonValue({ maxDepth: 3 }), spoiled, fc.string({ maxLength: 200 }))
    await fc.assert(
      fc.asyncProperty(answers, fc.constantFrom(200, 200, 200, 201, 204, 301, 400, 401, 404, 500), async (value, code) => {
        body = value
        status = code
        try {
          await readCredential(connection, 'one')
        } catch (error) {
          assert.ok(connection.asFault(error) instanceof Fault, String(error))
        }
      }),
      { numRuns: runs },
    )
    for (const shape of [infoAnswer, tokenAnswer, listAnswer])
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          shape.safeParse(value)
        }),
        { numRuns: runs },
      )
  })
})
