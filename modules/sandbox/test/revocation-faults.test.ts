import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemOf } from '../ca/certificate.js'
import { startSandbox, type FaultKind, type Sandbox } from '../index.js'
import { openssl, opensslAsks, opensslSays, scratch } from './support/unit.js'

describe('sandbox revocation services that misbehave, judged by openssl', () => {
  const folder = scratch()
  let sandbox: Sandbox

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder.path, 'state') })
    writeFileSync(join(folder.path, 'root.pem'), sandbox.trustAnchorsPem)
    for (const name of ['issuing', 'stranger']) writeFileSync(join(folder.path, `${name}.pem`), pemOf(await get(`/ca/${name}.cer`)))
    const spki = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'der' })
    const [leaf = Buffer.alloc(0)] = await sandbox.issueCertificate({ spki, profile: 'seal', subject: { C: 'SA', CN: 'Seal' } })
    writeFileSync(join(folder.path, 'leaf.pem'), pemOf(leaf))
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })
  afterEach(() => {
    sandbox.faults.clear()
  })

  async function get(path: string): Promise<Buffer> {
    const response = await fetch(`${sandbox.url}${path}`, { signal: AbortSignal.timeout(5000) })
    assert.equal(response.status, 200)
    return Buffer.from(await response.arrayBuffer())
  }

  const ask = (certificate = 'leaf.pem', issuer = 'issuing.pem', ...more: string[]): Promise<string> =>
    opensslAsks(
      folder.path,
      ...['ocsp', '-issuer', issuer, '-cert', certificate, '-url', sandbox.ocspUrl, '-CAfile', 'root.pem', '-verify_other', issuer],
      ...more,
    )

  it('answers OCSP for leaf, intermediate and time-stamp certificate alike', async () => {
    assert.match(await ask(), /Response verify OK[\s\S]*leaf\.pem: good/)
    assert.match(await ask('issuing.pem', 'root.pem'), /Response verify OK[\s\S]*issuing\.pem: good/)
    openssl(folder.path, 'ts', '-query', '-data', 'leaf.pem', '-sha256', '-cert', '-out', 'query.tsq')
    const query = openssl(folder.path, 'base64', '-A', '-in', 'query.tsq')
    const stamped = await fetch(sandbox.timeStampUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query' },
      body: new Uint8Array(Buffer.from(query, 'base64')),
    })
    writeFileSync(join(folder.path, 'reply.tsr'), Buffer.from(await stamped.arrayBuffer()))
    openssl(folder.path, 'ts', '-reply', '-in', 'reply.tsr', '-token_out', '-out', 'token.der')
    writeFileSync(
      join(folder.path, 'tsa.pem'),
      openssl(folder.path, 'pkcs7', '-inform', 'DER', '-in', 'token.der', '-print_certs')
        .split(/(?=subject=)/)
        .find((one) => /^subject=.*Time Stamps/.test(one)) ?? '',
    )
    assert.match(
      openssl(folder.path, 'x509', '-in', 'tsa.pem', '-noout', '-text'),
      /Extended Key Usage: critical\s+Time Stamping\n[\s\S]*CRL Distribution Points[\s\S]*OCSP - URI/,
    )
    assert.match(await ask('tsa.pem'), /Response verify OK[\s\S]*tsa\.pem: good/)
  })

  it('the responder is exempt from checking, and says so', async () => {
    await ask('leaf.pem', 'issuing.pem', '-respout', 'answer.der')
    const text = opensslSays(folder.path, 'ocsp', '-respin', 'answer.der', '-resp_text', '-noverify')
    assert.match(text, /OCSP No Check/)
    assert.match(text, /Extended Key Usage:\s+OCSP Signing/)
  })

  const ocspFaults: readonly [FaultKind, RegExp][] = [
    ['wrong-nonce', /Nonce Verify error|nonce in response does not match/i],
    ['status-unknown', /leaf\.pem: unknown/],
    ['status-revoked', /leaf\.pem: revoked[\s\S]*keyCompromise/],
    ['stale', /status expired|WARNING: Status times invalid/i],
    ['wrong-signer', /Response Verify Failure/i],
    ['malformed-json', /Error querying OCSP responder|parse error|asn1 encoding routines/i],
    ['error-503', /Code=503|Error querying OCSP responder/],
  ]
  for (const [kind, expected] of ocspFaults)
    it(`OCSP: ${kind}, once`, async () => {
      sandbox.faults.inject({ kind, path: '/ocsp' })
      assert.match(await ask(), expected)
      assert.match(await ask(), /Response verify OK[\s\S]*leaf\.pem: good/)
    })

  it('OCSP: late, and right', async () => {
    sandbox.faults.inject({ kind: 'slow', path: '/ocsp', milliseconds: 300 })
    const started = performance.now()
    assert.match(await ask(), /leaf\.pem: good/)
    assert.ok(performance.now() - started >= 300)
  })

  it('CRL: stale, of a wrong signer, huge and down', async () => {
    const check = async (): Promise<string> => {
      writeFileSync(join(folder.path, 'list.crl'), await get('/ca/issuing.crl'))
      return opensslAsks(folder.path, 'crl', '-inform', 'DER', '-in', 'list.crl', '-noout', '-nextupdate', '-CAfile', 'issuing.pem')
    }
    const nextUpdate = (text: string): number => Date.parse(/nextUpdate=(.*)/.exec(text)?.[1] ?? '')
    const good = await check()
    assert.match(good, /verify OK/)
    assert.ok(nextUpdate(good) > Date.now())
    sandbox.faults.inject({ kind: 'stale', path: '.crl' })
    const stale = await check()
    assert.match(stale, /verify OK/)
    assert.ok(nextUpdate(stale) < Date.now())
    sandbox.faults.inject({ kind: 'wrong-signer', path: '.crl' })
    assert.match(await check(), /verify failure/)
    sandbox.faults.inject({ kind: 'huge-body', path: '.crl' })
    assert.ok((await get('/ca/issuing.crl')).length >= 10_000_000)
    sandbox.faults.inject({ kind: 'error-503', path: '.crl' })
    assert.equal((await fetch(`${sandbox.url}/ca/issuing.crl`)).status, 503)
    assert.match(await check(), /verify OK/)
  })

  it('faults are set over /control too', async () => {
    const body = JSON.stringify({ kind: 'status-revoked', path: '/ocsp', times: 1 })
    const set = await fetch(`${sandbox.url}/control/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    assert.equal(set.status, 201)
    assert.match(await ask(), /leaf\.pem: revoked/)
    const wrong = await fetch(`${sandbox.url}/control/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'no-such-fault' }),
    })
    assert.equal(wrong.status, 400)
  })

  it('a revoked intermediate is named by the list of the root', async () => {
    const serial = openssl(folder.path, 'x509', '-in', 'issuing.pem', '-noout', '-serial').trim().replace('serial=', '')
    assert.equal(sandbox.revoke(serial, 'cessationOfOperation'), true)
    assert.match(await ask('issuing.pem', 'root.pem'), /issuing\.pem: revoked/)
    writeFileSync(join(folder.path, 'root.crl'), await get('/ca/root.crl'))
    assert.match(openssl(folder.path, 'crl', '-inform', 'DER', '-in', 'root.crl', '-noout', '-text').toUpperCase(), new RegExp(serial))
  })
})
