import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { sequence } from '../der.js'
import { collectEvidence } from '../revocation/collect-evidence.js'
import { EvidenceCache } from '../revocation/evidence-cache.js'
import { ocspRequest, askOcsp } from '../revocation/ocsp-client.js'
import { createOnlineSource } from '../revocation/online-source.js'
import { issueCertificate, type TestCertificate } from './test-authority.js'
import { addressExtensions, crlOf, ocspOf, responderOf } from './test-revocation.js'

const anHour = 3_600_000

/** Authority whose responder is `openssl ocsp`, and one on this machine that lies as told. */
describe('clients of OCSP, lists and issuers', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'revocation-'))
  const file = (name: string): string => join(folder, name)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const responder = responderOf(root)
  let server: Server
  let url: string
  let answerWith: (request: Buffer, path: string) => Buffer | number | 'silent'
  const asked: string[] = []

  before(async () => {
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        asked.push(request.url ?? '')
        const answer = answerWith(Buffer.concat(chunks), request.url ?? '')
        if (answer === 'silent') return
        if (typeof answer === 'number') response.writeHead(answer).end()
        else response.end(answer)
      })
    })
    url = await listening(server)
    writeFileSync(file('root.pem'), root.pem)
    writeFileSync(file('responder.pem'), responder.pem)
    writeFileSync(file('responder.key'), responder.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  })
  after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })
  beforeEach(() => {
    asked.length = 0
    answerWith = () => 500
  })

  const certificate = (extra: Parameters<typeof addressExtensions>[0]): TestCertificate =>
    issueCertificate({ commonName: 'Signer', issuer: root, extra: addressExtensions(extra) })
  const source = (more: { timeoutMs?: number; now?: () => Date } = {}) => createOnlineSource({ allowPrivate: [url], ...more })
  const statusOf = async (one: TestCertificate) => source().evidenceFor(readCertificate(one.der), readCertificate(root.der))
  const faultOf = (code: string) => (error: unknown) => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.code, code)
    return true
  }
  /** Index of `openssl ca`: V valid, R revoked. */
  const index = (lines: readonly [state: string, one: TestCertificate][]): void => {
    const rows = lines.map(([state, one]) => {
      const hex = readCertificate(one.der).serialHex.toUpperCase()
      return `${state}\t350101000000Z\t${state === 'R' ? '260401120000Z,keyCompromise' : ''}\t${hex}\tunknown\t/CN=Signer`
    })
    writeFileSync(file('index.txt'), `${rows.join('\n')}\n`)
  }

  it('openssl reads the request, with its nonce', () => {
    const leaf = certificate({})
    const nonce = Buffer.alloc(32, 0xab)
    writeFileSync(file('request.der'), ocspRequest(readCertificate(leaf.der), readCertificate(root.der), nonce))
    const { stdout, status } = spawnSync('openssl', ['ocsp', '-reqin', file('request.der'), '-req_text', '-noverify'], { encoding: 'utf8' })
    assert.equal(status, 0)
    assert.match(stdout, new RegExp(`Serial Number: ${readCertificate(leaf.der).serialHex.toUpperCase()}`))
    assert.match(stdout, /OCSP Nonce:\s+0420(AB)+/)
  })

  it('asks `openssl ocsp`: good, revoked, and one it does not know', async () => {
    const port = await freePort()
    const address = `http://127.0.0.1:${port}`
    const [good, revoked, unknown] = [1, 2, 3].map(() => certificate({ ocsp: address }))
    assert.ok(good !== undefined && revoked !== undefined && unknown !== undefined)
    index([
      ['V', good],
      ['R', revoked],
    ])
    const files = ['-index', file('index.txt'), '-CA', file('root.pem'), '-rsigner', file('responder.pem'), '-rkey', file('responder.key')]
    const child = spawn('openssl', ['ocsp', ...files, '-port', String(port), '-nmin', '60'], { stdio: ['ignore', 'ignore', 'pipe'] })
    try {
      await started(child)
      const online = createOnlineSource({ allowPrivate: [address] })
      const collect = (one: TestCertificate) =>
        collectEvidence({ certificates: [[one.der]], source: online, anchors: [root.der], at: new Date() })
      const collected = await collect(good)
      assert.deepEqual([collected.ocspResponses.length, collected.crls.length, collected.certificates.length], [1, 0, 3])
      writeFileSync(file('response.der'), collected.ocspResponses[0] ?? '')
      writeFileSync(file('good.pem'), good.pem)
      const read = [
        'ocsp',
        '-respin',
        file('response.der'),
        '-issuer',
        file('root.pem'),
        '-cert',
        file('good.pem'),
        '-CAfile',
        file('root.pem'),
        '-no_nonce',
      ]
      const told = spawnSync('openssl', read, { encoding: 'utf8' })
      assert.match(told.stdout, /good\.pem: good/)
      assert.match(told.stderr, /Response verify OK/)
      await assert.rejects(collect(revoked), faultOf('SIGN-CERT-REVOKED'))
      await assert.rejects(collect(unknown), faultOf('SIGN-REVOCATION-UNAVAILABLE'))
    } finally {
      child.kill()
    }
  })

  it('uses no answer that is old, foreign, forged, refused or about another', async () => {
    const leaf = certificate({ ocsp: url })
    const other = certificate({})
    const stranger = issueCertificate({ commonName: 'Root', ca: true })
    const ask = (timeoutMs = 20_000) =>
      askOcsp(url, readCertificate(leaf.der), readCertificate(root.der), { allowPrivate: [url], timeoutMs })
    const refusal = sequence(Buffer.from('0a0103', 'hex'))
    const silence: typeof answerWith = () => 'silent'
    const cases: readonly [string, typeof answerWith][] = [
      ['SIGN-OCSP-UNREACHABLE', () => 503],
      ['SIGN-OCSP-UNREACHABLE', silence],
      ['SIGN-OCSP-UNREACHABLE', () => Buffer.alloc(70 * 1024)],
      ['SIGN-OCSP-MALFORMED', () => Buffer.from('<html>')],
      ['SIGN-OCSP-REFUSED', () => refusal],
      ['SIGN-OCSP-NONCE', () => ocspOf(leaf, root, { responder, nonce: Buffer.alloc(32, 1) })],
      ['SIGN-OCSP-OTHER', () => ocspOf(other, root, { responder })],
      ['SIGN-OCSP-STALE', () => ocspOf(leaf, root, { responder, at: new Date(Date.now() - 3 * anHour) })],
      ['SIGN-OCSP-STALE', () => ocspOf(leaf, root, { responder, at: new Date(Date.now() + anHour) })],
      ['SIGN-OCSP-STALE', () => ocspOf(leaf, root, { responder, at: new Date(Date.now() - 25 * anHour), next: null })],
      ['SIGN-OCSP-SIGNATURE', () => ocspOf(leaf, root, { responder: responderOf(stranger) })],
      ['SIGN-OCSP-SIGNATURE', () => ocspOf(leaf, root, { responder: issueCertificate({ commonName: 'Responder', issuer: root }) })],
    ]
    for (const [code, answer] of cases) {
      answerWith = answer
      await assert.rejects(ask(answer === silence ? 500 : undefined), faultOf(code), code)
    }
    answerWith = () => ocspOf(leaf, root, { responder })
    assert.ok((await ask()).response.length > 0, 'an answer without a nonce is one of a responder that keeps them')
  })

  it('goes to the list where OCSP fails, with its delta, and asks neither twice', async () => {
    const leaf = certificate({ ocsp: `${url}/ocsp`, crl: `${url}/root.crl` })
    answerWith = (_request, path) => (path === '/root.crl' ? crlOf(root) : 500)
    const online = source()
    const [certificateOf, issuer] = [readCertificate(leaf.der), readCertificate(root.der)]
    const all = await Promise.all([1, 2, 3].map(() => online.evidenceFor(certificateOf, issuer)))
    assert.deepEqual([...new Set(all.map((one) => one.crls.length))], [1])
    assert.deepEqual(
      all[0]?.findings.map((finding) => finding.code),
      ['SIGN-OCSP-UNREACHABLE'],
    )
    assert.deepEqual(asked.filter((path) => path === '/root.crl').length, 1)
    await online.evidenceFor(certificateOf, issuer)
    assert.deepEqual(asked.filter((path) => path === '/root.crl').length, 1)
  })

  it('takes a list as DER or PEM, and none that is over or unreadable', async () => {
    const leaf = certificate({ crl: `${url}/root.crl` })
    writeFileSync(file('list.der'), crlOf(root))
    const pem = execFileSync('openssl', ['crl', '-inform', 'DER', '-in', file('list.der')])
    answerWith = () => pem
    assert.deepEqual((await statusOf(leaf)).crls, [readFileSync(file('list.der'))])
    answerWith = () => crlOf(root, { at: new Date(Date.now() - 3 * anHour), next: new Date(Date.now() - anHour) })
    assert.deepEqual(
      (await statusOf(leaf)).findings.map((finding) => finding.code),
      ['SIGN-CRL-STALE'],
    )
    answerWith = () => Buffer.from('<html>')
    assert.deepEqual(
      (await statusOf(leaf)).findings.map((finding) => finding.code),
      ['SIGN-CRL-MALFORMED'],
    )
  })

  it('a server that does not answer is not waited for again within a minute', async () => {
    let now = new Date()
    const online = source({ timeoutMs: 1_000, now: () => now })
    answerWith = () => 'silent'
    const ask = async (): Promise<string[]> => {
      const one = readCertificate(certificate({ ocsp: `${url}/ocsp`, crl: `${url}/crl` }).der)
      return (await online.evidenceFor(one, readCertificate(root.der))).findings.map((finding) => finding.code)
    }
    const unreachable = ['SIGN-OCSP-UNREACHABLE', 'SIGN-CRL-UNREACHABLE']
    assert.deepEqual(await ask(), unreachable)
    assert.deepEqual(await ask(), unreachable)
    assert.deepEqual(asked, ['/ocsp'])
    now = new Date(now.getTime() + 61_000)
    answerWith = () => 500
    // An answer, be it a refusal, is no silence.
    assert.deepEqual(await ask(), unreachable)
    assert.deepEqual(asked, ['/ocsp', '/ocsp', '/crl'])
  })

  it('reaches no private address that is not allowed', async () => {
    const leaf = certificate({ ocsp: url, crl: `${url}/crl`, issuer: `${url}/root.cer` })
    answerWith = () => ocspOf(leaf, root, { responder })
    const guarded = createOnlineSource()
    const found = await guarded.evidenceFor(readCertificate(leaf.der), readCertificate(root.der))
    assert.deepEqual([found.ocspResponses.length, found.crls.length, asked.length], [0, 0, 0])
    assert.deepEqual(
      found.findings.map((finding) => finding.params?.reason),
      ['HTTP-ADDRESS-REFUSED', 'HTTP-ADDRESS-REFUSED'],
    )
    assert.deepEqual(await guarded.issuersOf(readCertificate(leaf.der)), [])
  })

  it('completes a chain from the issuers that certificates name, as DER or in a certs-only CMS', async () => {
    const middle = issueCertificate({ commonName: 'Issuing', ca: true, issuer: root, extra: addressExtensions({ crl: `${url}/root.crl` }) })
    const leaf = issueCertificate({
      commonName: 'Signer',
      issuer: middle,
      extra: addressExtensions({ ocsp: `${url}/ocsp`, issuer: `${url}/issuing` }),
    })
    writeFileSync(file('middle.pem'), middle.pem)
    const bundle = execFileSync('openssl', ['crl2pkcs7', '-nocrl', '-certfile', file('middle.pem'), '-outform', 'DER'])
    for (const issuing of [middle.der, bundle]) {
      answerWith = (_request, path) => (path === '/issuing' ? issuing : path === '/root.crl' ? crlOf(root) : ocspOf(leaf, middle))
      const collected = await collectEvidence({ certificates: [[leaf.der]], source: source(), anchors: [root.der], at: new Date() })
      assert.deepEqual([collected.ocspResponses.length, collected.crls.length, collected.certificates.length], [1, 1, 3])
    }
    answerWith = () => 404
    const broken = collectEvidence({ certificates: [[leaf.der]], source: source(), anchors: [root.der], at: new Date() })
    await assert.rejects(broken, faultOf('SIGN-CHAIN-INCOMPLETE'))
  })

  it('a responder whose own withdrawal can be asked for is asked for', async () => {
    const careful = issueCertificate({
      commonName: 'Responder',
      issuer: root,
      keyUsage: 0b1000_0000,
      extendedKeyUsage: '1.3.6.1.5.5.7.3.9',
      extra: addressExtensions({ crl: `${url}/root.crl` }),
    })
    const leaf = certificate({ ocsp: `${url}/ocsp` })
    answerWith = (_request, path) => (path === '/root.crl' ? crlOf(root) : ocspOf(leaf, root, { responder: careful }))
    const collected = await collectEvidence({ certificates: [[leaf.der]], source: source(), anchors: [root.der], at: new Date() })
    assert.deepEqual([collected.ocspResponses.length, collected.crls.length], [1, 1])
  })

  it('keeps answers within bounds, until they end', async () => {
    const cache = new EvidenceCache({ maximumBytes: 100, maximumEntries: 3 })
    const now = new Date('2026-01-01T00:00:00Z')
    const until = new Date('2026-01-02T00:00:00Z')
    let fetched = 0
    const get = (name: string, at = now, size = 30) =>
      cache.get(name, at, () => Promise.resolve({ bytes: [Buffer.alloc(size)], until: (fetched++, until) }))
    for (const name of ['a', 'b', 'c', 'd', 'a']) await get(name)
    assert.deepEqual([fetched, cache.bytesKept], [5, 90])
    await get('a')
    assert.equal(fetched, 5)
    await get('a', until)
    assert.equal(fetched, 6)
    await get('huge', now, 500)
    assert.ok(cache.bytesKept <= 100)
  })
})

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

async function freePort(): Promise<number> {
  const probe = createSocketServer()
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  assert.ok(typeof address === 'object' && address !== null)
  await new Promise((resolve) => {
    probe.close(resolve)
  })
  return address.port
}

/** `openssl ocsp` says on standard error when it waits for clients. */
async function started(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (/waiting for OCSP client/i.test(chunk.toString())) resolve()
    })
    child.on('exit', () => {
      reject(new Error('openssl ocsp ended'))
    })
  })
}
