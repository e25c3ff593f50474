import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type https from 'node:https'
import fc from 'fast-check'
import { fetchGuarded } from '../../../http/outgoing.js'
import { issueCertificate } from '../../test/test-authority.js'
import { startSigner, type Signer } from '../signer-server.js'
import { ecdsaSha256, fault, said, sha256, sign, SignerClients } from './signer-clients.js'
import { silent, SignerHouse } from './signer-house.js'

describe('khatm signer', () => {
  let house: SignerHouse
  let signer: Signer
  let clients: SignerClients
  let now = Date.now()
  let clock = 0

  before(async () => {
    house = new SignerHouse()
    for (const name of ['host-a', 'host-b']) house.addClient(name)
    house.addClient('host-slow', { maxPerMinute: 5 })
    house.addClient('stranger', { known: false })
    house.addClient('outsider', { known: false, issuer: issueCertificate({ commonName: 'Other authority', ca: true }) })
    house.addKeyFile('seal', 'ec-p256')
    house.addKeyFile('only-b', 'ec-p256', { clients: ['host-b'] })
    house.addKeyFile('invoices', 'ec-p256', { purposes: ['stamp-e-invoice', 'seal-document'] })
    house.addKeyFile('few', 'ec-p256', { multisign: 2 })
    house.addKeyFile('with-pin', 'ec-p256', { pinFile: house.write('client-pin', '739155\n') })
    house.more = { limits: { bodyBytes: 8192, hashes: 20, sadSeconds: 30 } }
    signer = await startSigner(house.configure(), silent, () => new Date(now + clock))
    clients = new SignerClients(house, signer.url)
  })
  beforeEach(() => {
    now = Date.now()
    clock = 0
  })
  afterEach(() => clients.close())
  after(async () => {
    await signer.stop()
    house.remove()
  })

  it('signs for the hosts it knows, and shows each the credentials it may use', async () => {
    await Promise.all([sign(clients.hostOf('host-a')), sign(clients.hostOf('host-b'))])
    const ids = async (client: string): Promise<string[]> =>
      (await clients.hostOf(client).credentials('signer')).map((one) => one.credentialId)
    assert.equal((await ids('host-a')).includes('only-b'), false)
    assert.equal((await ids('host-b')).includes('only-b'), true)
  })

  it('lets nobody past the handshake without a certificate of its authority', async () => {
    await assert.rejects(sign(clients.hostOf('outsider')), fault('SIGN-CSC-UNREACHABLE'))
    const bare = clients.hostWith({ ...house.service(signer.url, 'host-a'), certificateFile: null, keyFile: null })
    await assert.rejects(sign(bare), fault('SIGN-CSC-UNREACHABLE'))
    const plain = clients.hostWith(house.service(signer.url.replace('https', 'http'), 'host-a'))
    await assert.rejects(sign(plain), fault('SIGN-CSC-UNREACHABLE'))
  })

  it('the host trusts the signer of its own authority alone, under the name it called', async () => {
    const other = house.write('other.pem', issueCertificate({ commonName: 'Other', ca: true }).pem)
    const distrustful = clients.hostWith({ ...house.service(signer.url, 'host-a'), authorityFile: other })
    await assert.rejects(sign(distrustful), fault('SIGN-CSC-UNREACHABLE'))
    const misnamed = clients.hostWith(house.service(signer.url.replace('127.0.0.1', 'localhost'), 'host-a'))
    await assert.rejects(sign(misnamed), (error) => fault('SIGN-CSC-UNREACHABLE')(error) && /ALTNAME/.test(String(error)))
  })

  it('refuses a certificate no client is configured for, and a credential of another client', async () => {
    await assert.rejects(sign(clients.hostOf('stranger')), fault('SIGN-CSC-REFUSED'))
    await assert.rejects(sign(clients.hostOf('host-a'), 'only-b'), fault('SIGN-CSC-CREDENTIAL-UNKNOWN'))
    const hash = randomBytes(32)
    const body = { credentialID: 'only-b', numSignatures: 1, hashes: [hash.toString('base64')], hashAlgorithmOID: sha256 }
    assert.deepEqual(said(await clients.raw('host-a', '/csc/v2/credentials/authorize', body)), [
      400,
      'invalid_request: Invalid parameter credentialID',
    ])
  })

  it('binds an authorisation to client, credential and digests, once and for a time', async () => {
    const [one, other] = [randomBytes(32), randomBytes(32)]
    const wrong = [400, 'invalid_request: Invalid parameter SAD'] as const
    const sad = await clients.grant('host-a', 'seal', [one])
    assert.deepEqual(said(await clients.signHash('host-b', 'seal', sad, [one])), wrong)
    assert.deepEqual(said(await clients.signHash('host-a', 'few', sad, [one])), wrong)
    assert.deepEqual(said(await clients.signHash('host-a', 'seal', randomBytes(32).toString('base64url'), [one])), wrong)
    assert.deepEqual(said(await clients.signHash('host-a', 'seal', sad, [other])), [
      400,
      'invalid_request: Hash is not authorized by the SAD',
    ])
    assert.deepEqual(said(await clients.signHash('host-a', 'seal', sad, [one, one])), [
      400,
      'invalid_request: Hash is not authorized by the SAD',
    ])
    assert.equal((await clients.signHash('host-a', 'seal', sad, [one])).status, 200)
    assert.deepEqual(said(await clients.signHash('host-a', 'seal', sad, [one])), wrong)
    const late = await clients.grant('host-a', 'seal', [one])
    clock = 31_000
    assert.deepEqual(said(await clients.signHash('host-a', 'seal', late, [one])), [400, 'invalid_request: SAD expired'])
  })

  it('refuses a purpose that is not one of the credential’s', async () => {
    await sign(clients.hostOf('host-a'), 'invoices')
    await assert.rejects(sign(clients.hostOf('host-a'), 'invoices', 'sign-contract'), fault('SIGN-CSC-REFUSED'))
  })

  it('counts signatures by client', async () => {
    const provider = clients.hostOf('host-slow')
    for (let index = 0; index < 5; index++) await sign(provider)
    await assert.rejects(sign(provider), fault('SIGN-CSC-BUSY'))
    await sign(clients.hostOf('host-a'))
  })

  it('wants the PIN where one is set, and locks after three wrong ones', async () => {
    const right = house.write('right-pin', '739155')
    await sign(clients.hostOf('host-a', right), 'with-pin')
    const authorize = async (PIN: string): Promise<[number, string]> => {
      const body = { credentialID: 'with-pin', numSignatures: 1, hash: [randomBytes(32).toString('base64')], PIN }
      return said(await clients.raw('host-b', '/csc/v1/credentials/authorize', body))
    }
    for (let index = 0; index < 3; index++) assert.deepEqual(await authorize('000000'), [400, 'invalid_pin: The PIN is invalid'])
    assert.deepEqual(await authorize('739155'), [400, 'pin_locked: PIN locked'])
    await assert.rejects(sign(clients.hostOf('host-a', right), 'with-pin'), fault('SIGN-PIN-LOCKED'))
    await signer.reload()
    await sign(clients.hostOf('host-a', right), 'with-pin')
  })

  it('refuses requests that are too long, too many, no JSON or nothing it knows', async () => {
    assert.equal((await clients.raw('host-a', '/csc/v2/credentials/list', `{"pageToken":"${'x'.repeat(9000)}"}`)).status, 413)
    assert.equal((await clients.raw('host-a', '/csc/v2/credentials/list', '{')).status, 400)
    assert.equal((await clients.raw('host-a', '/csc/v2/credentials/list', '{}', { 'content-type': 'text/plain' })).status, 415)
    assert.equal((await clients.raw('host-a', '/csc/v3/info', '{}')).status, 404)
    assert.equal((await clients.raw('host-a', '/csc/v2/credentials/sendOTP', '{}')).status, 501)
    const hashes = Array.from({ length: 21 }, () => randomBytes(32))
    const many = { credentialID: 'seal', numSignatures: 21, hashes: hashes.map((one) => one.toString('base64')), hashAlgorithmOID: sha256 }
    assert.equal((await clients.raw('host-a', '/csc/v2/credentials/authorize', many)).status, 400)
    const three = { ...many, credentialID: 'few', numSignatures: 3, hashes: many.hashes.slice(0, 3) }
    assert.deepEqual(said(await clients.raw('host-a', '/csc/v2/credentials/authorize', three)), [
      400,
      'invalid_request: Invalid parameter numSignatures',
    ])
    for (const hash of ['', 'AAAA', `${randomBytes(32).toString('base64')}=`]) {
      const body = { credentialID: 'seal', numSignatures: 1, hashes: [hash], hashAlgorithmOID: sha256 }
      assert.equal((await clients.raw('host-a', '/csc/v2/credentials/authorize', body)).status, 400)
    }
  })

  it('answers any request with a status of the client’s own making: no crash, no 500, no signature', async () => {
    const runs = process.env['KHATM_FULL'] === '1' ? 10_000 : 200
    const hash = randomBytes(32).toString('base64')
    const whole: Readonly<Record<string, unknown>> = {
      credentialID: 'seal',
      numSignatures: 1,
      hash: [hash],
      hashes: [hash],
      hashAlgorithmOID: sha256,
      hashAlgo: sha256,
      signAlgo: ecdsaSha256,
      SAD: 'x',
      PIN: '1',
      authData: [{ id: 'PIN', value: '1' }],
      clientData: 'purpose=seal-document',
    }
    const path = fc.tuple(
      fc.constantFrom('v1', 'v2'),
      fc.constantFrom(
        'credentials/list',
        'credentials/info',
        'credentials/authorize',
        'signatures/signHash',
        'signatures/timestamp',
        '%2e%2e/x',
      ),
    )
    const spoiled = fc
      .tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue({ maxDepth: 2 }))
      .map(([member, value]) => JSON.stringify({ ...whole, [member]: value }))
    const cut = fc.nat({ max: 300 }).map((length) => JSON.stringify(whole).slice(0, length))
    const agent = clients.agentOf('host-a', { keepAlive: true })
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(spoiled, cut, fc.json()), async ([version, method], body) => {
        const answer = await clients.post(agent, `/csc/${version}/${method}`, body)
        assert.ok(
          answer.status === 200 || (answer.status >= 400 && answer.status < 500) || answer.status === 501,
          `${answer.status} ${body}`,
        )
        assert.equal(answer.body.includes('signatures'), false)
      }),
      { numRuns: runs },
    )
  })

  it('lets no revoked certificate in, nor anybody by TLS 1.1, and no name that only looks like a client', async () => {
    const other = new SignerHouse()
    let process: Signer | undefined
    let callers: SignerClients | undefined
    try {
      for (const name of ['good', 'stolen']) other.addClient(name)
      other.addClient('good, O=Khatm tests, C=SA', { known: false })
      other.addKeyFile('seal', 'ec-p256')
      other.write('authority.key', other.authority.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      other.write('index.txt', '')
      const ca = [
        'database = index.txt',
        'default_md = sha256',
        'default_crl_days = 9',
        'certificate = authority.pem',
        'private_key = authority.key',
      ]
      other.write('ca.cnf', ['[ca]', 'default_ca = a', '[a]', ...ca].join('\n'))
      const openssl = (...args: string[]): void => {
        execFileSync('openssl', ['ca', '-config', 'ca.cnf', ...args], { cwd: other.folder, stdio: 'ignore' })
      }
      openssl('-revoke', 'stolen.pem')
      openssl('-gencrl', '-out', 'revoked.pem')
      const tls = { certificateFile: 'server.pem', keyFile: 'server.key', clientAuthorityFile: 'authority.pem' }
      other.more = { tls: { ...tls, clientRevocationFile: 'revoked.pem' } }
      process = await startSigner(other.configure(), silent)
      const url = `${process.url.replace(/\/csc$/, '')}/health`
      const known = (callers = new SignerClients(other, process.url))
      const health = async (client: string, more: https.AgentOptions = {}): Promise<number> =>
        (await fetchGuarded(url, { allowPrivate: [new URL(url).origin], agent: known.agentOf(client, more) })).status
      assert.equal(await health('good'), 200)
      await assert.rejects(health('stolen'))
      await assert.rejects(health('good', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }))
      assert.equal(await health('good, O=Khatm tests, C=SA'), 403)
    } finally {
      await callers?.close()
      await process?.stop()
      other.remove()
    }
  })

  it('a clock that is years ahead makes its certificates expired, and the host does not sign', async () => {
    clock = 20 * 365 * 86_400_000
    await assert.rejects(sign(clients.hostOf('host-a')), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
  })

  it('a reload takes a client out at once and keeps the old configuration when the new one is wrong', async () => {
    const provider = clients.hostOf('host-b')
    await sign(provider)
    const whole = readFileSync(house.configurationFile)
    writeFileSync(house.configurationFile, '{ "listen": 5 }')
    await assert.rejects(signer.reload(), fault('SIGNER-CONFIG-INVALID'))
    await sign(provider)
    house.removeClient('host-b')
    writeFileSync(house.configurationFile, whole.toString().replace('CN=host-b', 'CN=host-was-b'))
    await signer.reload()
    await assert.rejects(sign(provider), fault('SIGN-CSC-REFUSED'))
    writeFileSync(house.configurationFile, whole)
    await signer.reload()
    await sign(clients.hostOf('host-b'))
  })
})
