import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import fc from 'fast-check'
import { fetchGuarded, type GuardedAnswer } from '../../../http/outgoing.js'
import { Fault } from '../../../i18n/fault.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import { CscKeyProvider } from '../../keys/csc/csc-provider.js'
import { issueCertificate } from '../../test/test-authority.js'
import { startSigner, type Signer } from '../signer-server.js'
import { StoppedCredentials, stopCredential } from '../stopped-credentials.js'
import { logFile, verifyUseLog } from '../use-log.js'
import { silent, SignerHouse } from './signer-house.js'
import { readingTypeScript } from '../../../../test/helpers/reading-typescript.js'

const fault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

const sha256 = '2.16.840.1.101.3.4.2.1'
const ecdsaSha256 = '1.2.840.10045.4.3.2'

describe('khatm signer', () => {
  let house: SignerHouse
  let signer: Signer
  let now = Date.now()
  let clock = 0
  const open: CscKeyProvider[] = []
  const agents: https.Agent[] = []

  before(async () => {
    house = new SignerHouse()
    for (const name of ['host-a', 'host-b']) house.addClient(name)
    house.addClient('host-slow', { maxPerMinute: 5 })
    house.addClient('stranger', { known: false })
    house.addClient('outsider', { known: false, issuer: issueCertificate({ commonName: 'Other authority', ca: true }) })
    house.addKeyFile('seal', 'ec-p256')
    house.addKeyFile('only-b', 'ec-p256', { clients: ['host-b'] })
    house.addKeyFile('invoices', 'ec-p256', { purposes: ['stamp-e-invoice', 'seal-document'] })
    house.addKeyFile('lost', 'ec-p256')
    house.addKeyFile('few', 'ec-p256', { multisign: 2 })
    house.addKeyFile('with-pin', 'ec-p256', { pinFile: house.write('client-pin', '739155\n') })
    house.more = { limits: { bodyBytes: 8192, hashes: 20, sadSeconds: 30 } }
    signer = await startSigner(house.configure(), silent, () => new Date(now + clock))
  })
  beforeEach(() => {
    now = Date.now()
    clock = 0
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
    for (const one of agents.splice(0)) one.destroy()
  })
  after(async () => {
    await signer.stop()
    house.remove()
  })

  function hostOf(client: string, pinFile: string | null = null): CscKeyProvider {
    const provider = new CscKeyProvider([house.service(signer.url, client, '2', pinFile)], { timeoutMs: 3000, patienceMs: 0 })
    open.push(provider)
    return provider
  }

  async function sign(
    provider: CscKeyProvider,
    credentialId = 'seal',
    purpose: 'seal-document' | 'sign-contract' = 'seal-document',
  ): Promise<void> {
    const found = await provider.findKey({ service: 'signer', credentialId })
    const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
    const uses = [{ purpose, subject: { type: 'invoice', id: '1', label: 'INV/1' } }]
    const reference = { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored: found.stored } as const
    const signature = await provider.signDigest(reference, { ...request, uses })
    assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, ...request, signature }), true)
  }

  function agentOf(client: string): https.Agent {
    const agent = new https.Agent({
      keepAlive: true,
      ca: readFileSync(join(house.folder, 'authority.pem')),
      cert: readFileSync(join(house.folder, `${client}.pem`)),
      key: readFileSync(join(house.folder, `${client}.key`)),
    })
    agents.push(agent)
    return agent
  }

  function post(agent: https.Agent, path: string, body: string, headers: Record<string, string> = {}): Promise<GuardedAnswer> {
    const url = `${signer.url.replace(/\/csc$/, '')}${path}`
    const all = { 'content-type': 'application/json', ...headers }
    return fetchGuarded(url, { method: 'POST', headers: all, body, allowPrivate: [new URL(url).origin], agent })
  }

  /** A request as the wire has it, without the client's own care. */
  function raw(client: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<GuardedAnswer> {
    return post(agentOf(client), path, typeof body === 'string' ? body : JSON.stringify(body), headers)
  }
  const said = (answer: GuardedAnswer): [number, string] => {
    const value = JSON.parse(answer.body.toString()) as { error: string; error_description: string } // the signer's own form
    return [answer.status, `${value.error}: ${value.error_description}`]
  }
  async function grant(client: string, credentialID: string, hashes: readonly Buffer[]): Promise<string> {
    const body = {
      credentialID,
      numSignatures: hashes.length,
      hashes: hashes.map((one) => one.toString('base64')),
      hashAlgorithmOID: sha256,
    }
    const answer = await raw(client, '/csc/v2/credentials/authorize', body)
    assert.equal(answer.status, 200, answer.body.toString())
    return (JSON.parse(answer.body.toString()) as { SAD: string }).SAD
  }
  const signHash = (client: string, credentialID: string, SAD: string, hashes: readonly Buffer[]): Promise<GuardedAnswer> =>
    raw(client, '/csc/v2/signatures/signHash', {
      credentialID,
      SAD,
      hashes: hashes.map((one) => one.toString('base64')),
      hashAlgorithmOID: sha256,
      signAlgo: ecdsaSha256,
      operationMode: 'S',
    })

  it('signs for the hosts it knows, and shows each the credentials it may use', async () => {
    await Promise.all([sign(hostOf('host-a')), sign(hostOf('host-b'))])
    const ids = async (client: string): Promise<string[]> => (await hostOf(client).credentials('signer')).map((one) => one.credentialId)
    assert.equal((await ids('host-a')).includes('only-b'), false)
    assert.equal((await ids('host-b')).includes('only-b'), true)
  })

  it('lets nobody past the handshake without a certificate of its authority', async () => {
    await assert.rejects(sign(hostOf('outsider')), fault('SIGN-CSC-UNREACHABLE'))
    const bare = new CscKeyProvider([{ ...house.service(signer.url, 'host-a'), certificateFile: null, keyFile: null }])
    open.push(bare)
    await assert.rejects(sign(bare), fault('SIGN-CSC-UNREACHABLE'))
    const plain = new CscKeyProvider([house.service(signer.url.replace('https', 'http'), 'host-a')])
    open.push(plain)
    await assert.rejects(sign(plain), fault('SIGN-CSC-UNREACHABLE'))
  })

  it('the host trusts the signer of its own authority alone, under the name it called', async () => {
    const other = house.write('other.pem', issueCertificate({ commonName: 'Other', ca: true }).pem)
    const distrustful = new CscKeyProvider([{ ...house.service(signer.url, 'host-a'), authorityFile: other }])
    open.push(distrustful)
    await assert.rejects(sign(distrustful), fault('SIGN-CSC-UNREACHABLE'))
    const misnamed = new CscKeyProvider([house.service(signer.url.replace('127.0.0.1', 'localhost'), 'host-a')])
    open.push(misnamed)
    await assert.rejects(sign(misnamed), (error) => fault('SIGN-CSC-UNREACHABLE')(error) && /ALTNAME/.test(String(error)))
  })

  it('refuses a certificate no client is configured for, and a credential of another client', async () => {
    await assert.rejects(sign(hostOf('stranger')), fault('SIGN-CSC-REFUSED'))
    await assert.rejects(sign(hostOf('host-a'), 'only-b'), fault('SIGN-CSC-CREDENTIAL-UNKNOWN'))
    const hash = randomBytes(32)
    const body = { credentialID: 'only-b', numSignatures: 1, hashes: [hash.toString('base64')], hashAlgorithmOID: sha256 }
    assert.deepEqual(said(await raw('host-a', '/csc/v2/credentials/authorize', body)), [
      400,
      'invalid_request: Invalid parameter credentialID',
    ])
  })

  it('binds an authorisation to client, credential and digests, once and for a time', async () => {
    const [one, other] = [randomBytes(32), randomBytes(32)]
    const wrong = [400, 'invalid_request: Invalid parameter SAD'] as const
    const sad = await grant('host-a', 'seal', [one])
    assert.deepEqual(said(await signHash('host-b', 'seal', sad, [one])), wrong)
    assert.deepEqual(said(await signHash('host-a', 'few', sad, [one])), wrong)
    assert.deepEqual(said(await signHash('host-a', 'seal', randomBytes(32).toString('base64url'), [one])), wrong)
    assert.deepEqual(said(await signHash('host-a', 'seal', sad, [other])), [400, 'invalid_request: Hash is not authorized by the SAD'])
    assert.deepEqual(said(await signHash('host-a', 'seal', sad, [one, one])), [400, 'invalid_request: Hash is not authorized by the SAD'])
    assert.equal((await signHash('host-a', 'seal', sad, [one])).status, 200)
    assert.deepEqual(said(await signHash('host-a', 'seal', sad, [one])), wrong)
    const late = await grant('host-a', 'seal', [one])
    clock = 31_000
    assert.deepEqual(said(await signHash('host-a', 'seal', late, [one])), [400, 'invalid_request: SAD expired'])
  })

  it('refuses a purpose that is not one of the credential’s', async () => {
    await sign(hostOf('host-a'), 'invoices')
    await assert.rejects(sign(hostOf('host-a'), 'invoices', 'sign-contract'), fault('SIGN-CSC-REFUSED'))
  })

  it('counts signatures by client', async () => {
    const provider = hostOf('host-slow')
    for (let index = 0; index < 5; index++) await sign(provider)
    await assert.rejects(sign(provider), fault('SIGN-CSC-BUSY'))
    await sign(hostOf('host-a'))
  })

  it('wants the PIN where one is set, and locks after three wrong ones', async () => {
    const right = house.write('right-pin', '739155')
    await sign(hostOf('host-a', right), 'with-pin')
    const authorize = async (PIN: string): Promise<[number, string]> => {
      const body = { credentialID: 'with-pin', numSignatures: 1, hash: [randomBytes(32).toString('base64')], PIN }
      return said(await raw('host-b', '/csc/v1/credentials/authorize', body))
    }
    for (let index = 0; index < 3; index++) assert.deepEqual(await authorize('000000'), [400, 'invalid_pin: The PIN is invalid'])
    assert.deepEqual(await authorize('739155'), [400, 'pin_locked: PIN locked'])
    await assert.rejects(sign(hostOf('host-a', right), 'with-pin'), fault('SIGN-PIN-LOCKED'))
    await signer.reload()
    await sign(hostOf('host-a', right), 'with-pin')
  })

  it('refuses requests that are too long, too many, no JSON or nothing it knows', async () => {
    assert.equal((await raw('host-a', '/csc/v2/credentials/list', `{"pageToken":"${'x'.repeat(9000)}"}`)).status, 413)
    assert.equal((await raw('host-a', '/csc/v2/credentials/list', '{')).status, 400)
    assert.equal((await raw('host-a', '/csc/v2/credentials/list', '{}', { 'content-type': 'text/plain' })).status, 415)
    assert.equal((await raw('host-a', '/csc/v3/info', '{}')).status, 404)
    assert.equal((await raw('host-a', '/csc/v2/credentials/sendOTP', '{}')).status, 501)
    const hashes = Array.from({ length: 21 }, () => randomBytes(32))
    const many = { credentialID: 'seal', numSignatures: 21, hashes: hashes.map((one) => one.toString('base64')), hashAlgorithmOID: sha256 }
    assert.equal((await raw('host-a', '/csc/v2/credentials/authorize', many)).status, 400)
    const three = { ...many, credentialID: 'few', numSignatures: 3, hashes: many.hashes.slice(0, 3) }
    assert.deepEqual(said(await raw('host-a', '/csc/v2/credentials/authorize', three)), [
      400,
      'invalid_request: Invalid parameter numSignatures',
    ])
    for (const hash of ['', 'AAAA', `${randomBytes(32).toString('base64')}=`]) {
      const body = { credentialID: 'seal', numSignatures: 1, hashes: [hash], hashAlgorithmOID: sha256 }
      assert.equal((await raw('host-a', '/csc/v2/credentials/authorize', body)).status, 400)
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
    const agent = agentOf('host-a')
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(spoiled, cut, fc.json()), async ([version, method], body) => {
        const answer = await post(agent, `/csc/${version}/${method}`, body)
        assert.ok(
          answer.status === 200 || (answer.status >= 400 && answer.status < 500) || answer.status === 501,
          `${answer.status} ${body}`,
        )
        assert.equal(answer.body.includes('signatures'), false)
      }),
      { numRuns: runs },
    )
  })

  it('stops a credential at once, also one that was authorised a moment ago', async () => {
    const provider = hostOf('host-a')
    await sign(provider, 'lost')
    const hash = randomBytes(32)
    const sad = await grant('host-a', 'lost', [hash])
    assert.equal(stopCredential(house.stateFolder, 'lost', 'laptop stolen', new Date()), true)
    assert.deepEqual(said(await signHash('host-a', 'lost', sad, [hash])), [400, 'invalid_request: The credential is disabled'])
    await assert.rejects(sign(hostOf('host-a'), 'lost'), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    await sign(provider)
    assert.match(
      readFileSync(logFile(house.stateFolder), 'utf8'),
      /"event":"credential-stopped","credential":"lost","reason":"laptop stolen"/,
    )
  })

  it('stops everything when the list of stopped credentials cannot be read', async () => {
    const file = join(house.stateFolder, 'stopped.json')
    const before = readFileSync(file)
    writeFileSync(file, '{"lost": ')
    await assert.rejects(sign(hostOf('host-a')), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    writeFileSync(file, before)
    await sign(hostOf('host-a'))
  })

  it('never replaces a list that cannot be read, and loses none of many reports made at once', async () => {
    const folder = join(house.folder, 'reports')
    stopCredential(folder, 'first', 'lost', new Date())
    writeFileSync(join(folder, 'stopped.json'), '{"first": ')
    assert.throws(() => stopCredential(folder, 'second', 'lost', new Date()), fault('SIGNER-STOPS-UNREADABLE'))
    assert.equal(readFileSync(join(folder, 'stopped.json'), 'utf8'), '{"first": ')
    rmSync(join(folder, 'stopped.json'))
    const module = join(import.meta.dirname, '..', 'stopped-credentials.ts')
    const report = (name: string): string =>
      `import { StoppedCredentials, stopCredential } from ${JSON.stringify(module)}; for (let i = 0; i < 40; i++) stopCredential(${JSON.stringify(folder)}, '${name}' + i, 'x', new Date())`
    await Promise.all(
      ['a', 'b'].map(async (name) => {
        const child = spawn(process.execPath, [...readingTypeScript, '--input-type=module', '-e', report(name)], { stdio: 'ignore' })
        const [code] = (await once(child, 'exit')) as [number | null]
        assert.equal(code, 0)
      }),
    )
    assert.equal(new StoppedCredentials(folder).all().length, 80)
  })

  it('writes into the log what the authorisation was given for, whatever the signature request says', async () => {
    const hash = randomBytes(32)
    const base = { credentialID: 'invoices', hashes: [hash.toString('base64')], hashAlgorithmOID: sha256 }
    const clientData = 'purpose=seal-document'
    const given = await raw('host-a', '/csc/v2/credentials/authorize', { ...base, numSignatures: 1, clientData })
    const { SAD } = JSON.parse(given.body.toString()) as { SAD: string }
    const order = { ...base, SAD, signAlgo: ecdsaSha256 }
    const lie = await raw('host-a', '/csc/v2/signatures/signHash', { ...order, clientData: 'purpose=sign-contract' })
    assert.deepEqual(said(lie), [400, 'invalid_request: Invalid parameter clientData'])
    assert.equal((await raw('host-a', '/csc/v2/signatures/signHash', order)).status, 200)
    const entry = readFileSync(logFile(house.stateFolder), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    assert.match(entry, new RegExp(`${hash.toString('hex')}.*"for":"purpose=seal-document"`))
  })

  it('lets no revoked certificate in, nor anybody by TLS 1.1, and no name that only looks like a client', async () => {
    const other = new SignerHouse()
    const agents: https.Agent[] = []
    let process: Signer | undefined
    try {
      for (const name of ['good', 'stolen']) other.addClient(name)
      other.addClient('good, O=Khatm tests, C=SA', { known: false })
      other.addKeyFile('seal', 'ec-p256')
      const file = (name: string): string => join(other.folder, name)
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
      const health = async (client: string, more: https.AgentOptions = {}): Promise<number> => {
        const read = (name: string): Buffer => readFileSync(file(name))
        const agent = new https.Agent({ ca: read('authority.pem'), cert: read(`${client}.pem`), key: read(`${client}.key`), ...more })
        agents.push(agent)
        return (await fetchGuarded(url, { allowPrivate: [new URL(url).origin], agent })).status
      }
      assert.equal(await health('good'), 200)
      await assert.rejects(health('stolen'))
      await assert.rejects(health('good', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }))
      assert.equal(await health('good, O=Khatm tests, C=SA'), 403)
    } finally {
      for (const agent of agents) agent.destroy()
      await process?.stop()
      other.remove()
    }
  })

  it('a clock that is years ahead makes its certificates expired, and the host does not sign', async () => {
    clock = 20 * 365 * 86_400_000
    await assert.rejects(sign(hostOf('host-a')), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
  })

  it('a reload takes a client out at once and keeps the old configuration when the new one is wrong', async () => {
    const provider = hostOf('host-b')
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
    await sign(hostOf('host-b'))
  })

  describe('use log', () => {
    it('holds every signature before it is given, chained, and shows any change', async () => {
      const provider = hostOf('host-a')
      const found = await provider.findKey({ service: 'signer', credentialId: 'seal' })
      const digest = createHash('sha256').update('logged').digest()
      const reference = { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored: found.stored } as const
      await provider.signDigest(reference, { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest })
      const file = logFile(house.stateFolder)
      const whole = readFileSync(file, 'utf8')
      assert.ok(whole.includes(digest.toString('hex')))
      assert.equal(whole.includes('739155'), false)
      const head = signer.head()
      assert.deepEqual(await verifyUseLog(house.stateFolder, head), { entries: head.sequence, intact: true, head })
      const lines = whole.trimEnd().split('\n')
      const changed: readonly [string, readonly string[], string][] = [
        ['another digest', lines.map((line) => line.replace(digest.toString('hex'), 'f'.repeat(64))), 'hash'],
        ['a line taken out', lines.toSpliced(3, 1), 'sequence'],
        ['two lines exchanged', lines.toSpliced(2, 2, lines[3] ?? '', lines[2] ?? ''), 'sequence'],
        ['no JSON', lines.with(4, 'x'), 'unreadable'],
      ]
      const copy = new SignerHouse()
      try {
        for (const [what, text, reason] of changed) {
          copy.write('use.log', `${text.join('\n')}\n`)
          const checked = await verifyUseLog(copy.folder)
          assert.deepEqual([what, checked.intact, checked.reason], [what, false, reason])
        }
        copy.write('use.log', `${lines.slice(0, -1).join('\n')}\n`)
        assert.equal((await verifyUseLog(copy.folder)).intact, true)
        assert.equal((await verifyUseLog(copy.folder, head)).reason, 'head')
        copy.write('use.log', whole.slice(0, -10))
        assert.equal((await verifyUseLog(copy.folder)).reason, 'torn')
      } finally {
        copy.remove()
      }
    })

    it('belongs to one process', async () => {
      await assert.rejects(startSigner(house.configurationFile, silent), fault('SIGNER-RUNNING'))
    })
  })
})

describe('configuration of khatm signer', () => {
  let house: SignerHouse
  beforeEach(() => {
    house = new SignerHouse()
    house.addClient('host-a')
    house.addKeyFile('seal', 'ec-p256')
  })
  afterEach(() => {
    house.remove()
  })
  const refused = async (code: string, more: Record<string, unknown>): Promise<void> => {
    house.more = more
    await assert.rejects(startSigner(house.configure(), silent), fault(code))
  }

  it('runs without TLS on loopback alone, and only when that is written down', async () => {
    await refused('SIGNER-CONFIG-INVALID', { tls: undefined })
    await refused('SIGNER-PLAIN-REFUSED', { tls: undefined, plainHttp: { client: 'host-a' }, listen: '0.0.0.0' })
    house.more = { tls: undefined, plainHttp: { client: 'host-a' } }
    const signer = await startSigner(house.configure(), silent)
    assert.match(signer.url, /^http:\/\/127\.0\.0\.1:\d+\/csc$/)
    const answer = await fetch(`${signer.url}/v2/credentials/list`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.deepEqual(await answer.json(), { credentialIDs: ['seal'] })
    await signer.stop()
  })

  it('names what is wrong: unknown members, clients nobody listed, files that are missing, open or of another key', async () => {
    await refused('SIGNER-CONFIG-INVALID', { colour: 'green' })
    await refused('SIGNER-CONFIG-INVALID', { clients: [{ name: 'host-a', subject: 'CN=host-a', fingerprint: 'ab' }] })
    await refused('SIGNER-CONFIG-INVALID', { clients: [{ name: 'other', subject: 'CN=other' }] })
    await refused('SIGNER-FILE-MISSING', {
      tls: { certificateFile: 'server.pem', keyFile: 'gone.key', clientAuthorityFile: 'authority.pem' },
    })
    const credential = { id: 'seal', clients: ['host-a'], key: { kind: 'file', file: 'seal.key' } }
    await refused('SIGNER-CERT-MISMATCH', { credentials: [{ ...credential, chainFile: 'server.pem' }] })
    const open = join(house.folder, 'open-pin')
    writeFileSync(open, '1234', { mode: 0o644 })
    await refused('SIGNER-FILE-EXPOSED', { credentials: [{ ...credential, chainFile: 'seal.pem', pinFile: 'open-pin' }] })
    await assert.rejects(startSigner(join(house.folder, 'nothing.json'), silent), fault('SIGNER-FILE-MISSING'))
  })
})
