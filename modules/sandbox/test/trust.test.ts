import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemOf } from '../ca/certificate.js'
import { startSandbox, type CertificateProfile, type Sandbox } from '../index.js'
import { openssl, opensslAsks, opensslSays, scratch } from './support/unit.js'

describe('sandbox trust services, judged by openssl', () => {
  const folder = scratch()
  let sandbox: Sandbox

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder.path, 'state') })
    writeFileSync(join(folder.path, 'root.pem'), sandbox.trustAnchorsPem)
    for (const name of ['issuing', 'saudi']) {
      const response = await fetch(`${sandbox.url}/ca/${name}.cer`)
      writeFileSync(join(folder.path, `${name}.pem`), pemOf(new Uint8Array(await response.arrayBuffer())))
    }
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })

  const keys: Record<string, () => Buffer> = {
    'P-256': () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'der' }),
    secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'der' }),
    'RSA-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }),
  }

  async function issue(
    profile: CertificateProfile,
    file: string,
    curve = 'P-256',
    more: { days?: number; notBefore?: Date } = {},
  ): Promise<Buffer> {
    const spki = (keys[curve] ?? assert.fail(curve))()
    const [leaf = Buffer.alloc(0)] = await sandbox.issueCertificate({
      spki,
      profile,
      subject: { C: 'SA', O: 'شركة الختم', CN: `${profile} ${curve}` },
      ...more,
    })
    writeFileSync(join(folder.path, file), pemOf(leaf))
    return leaf
  }

  async function fetchTo(url: string, file: string, body?: Buffer, type = 'application/octet-stream'): Promise<number> {
    const response = await fetch(
      url,
      body === undefined ? {} : { method: 'POST', body: new Uint8Array(body), headers: { 'Content-Type': type } },
    )
    writeFileSync(join(folder.path, file), Buffer.from(await response.arrayBuffer()))
    return response.status
  }

  const leafProfiles: readonly [CertificateProfile, string][] = [
    ['seal', 'RSA-2048'],
    ['seal', 'P-256'],
    ['person', 'P-256'],
    ['tsa', 'P-256'],
    ['ocsp', 'P-256'],
    ['e-invoice', 'secp256k1'],
  ]
  for (const [profile, curve] of leafProfiles)
    it(`chain of a ${profile} certificate (${curve}) passes verify -x509_strict`, async () => {
      await issue(profile, 'leaf.pem', curve)
      const issuer = profile === 'e-invoice' ? 'saudi.pem' : 'issuing.pem'
      assert.match(openssl(folder.path, 'verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', issuer, 'leaf.pem'), /leaf\.pem: OK/)
    })

  it('issues to a PKCS#10 request and refuses what is none', async () => {
    openssl(
      folder.path,
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'k.pem',
      '-subj',
      '/C=SA/CN=From request',
      '-out',
      'r.csr',
    )
    const [leaf = Buffer.alloc(0)] = await sandbox.issueCertificate({
      csrPem: readFileSync(join(folder.path, 'r.csr'), 'utf8'),
      profile: 'seal',
    })
    assert.match(new X509Certificate(leaf).subject, /CN=From request/)
    await assert.rejects(sandbox.issueCertificate({ csrPem: 'nonsense', profile: 'seal' }), { code: 'SANDBOX-CSR-INVALID' })
  })

  it('an expired certificate is expired for openssl too', async () => {
    await issue('seal', 'old.pem', 'P-256', { notBefore: new Date(Date.now() - 10 * 86_400_000), days: 5 })
    assert.match(
      opensslSays(folder.path, 'verify', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', 'old.pem'),
      /certificate has expired/,
    )
  })

  it('OCSP says good, revoked and unknown; CRL names the revoked one', async () => {
    const ask = (file: string): Promise<string> =>
      opensslAsks(
        folder.path,
        'ocsp',
        '-issuer',
        'issuing.pem',
        '-cert',
        file,
        '-url',
        sandbox.ocspUrl,
        '-CAfile',
        'root.pem',
        '-verify_other',
        'issuing.pem',
      )
    const revoked = await issue('seal', 'revoked.pem')
    await issue('seal', 'good.pem')
    assert.match(await ask('good.pem'), /Response verify OK[\s\S]*good\.pem: good/)
    assert.equal(sandbox.revoke(revoked, 'keyCompromise'), true)
    assert.match(await ask('revoked.pem'), /Response verify OK[\s\S]*revoked\.pem: revoked[\s\S]*keyCompromise/)
    const unknown = await opensslAsks(
      folder.path,
      'ocsp',
      '-issuer',
      'issuing.pem',
      '-serial',
      '0x1234',
      '-url',
      sandbox.ocspUrl,
      '-CAfile',
      'root.pem',
      '-verify_other',
      'issuing.pem',
    )
    assert.match(unknown, /Response verify OK[\s\S]*unknown/)

    await fetchTo(`${sandbox.url}/ca/issuing.crl`, 'issuing.crl')
    await fetchTo(`${sandbox.url}/ca/root.crl`, 'root.crl')
    assert.match(
      opensslSays(folder.path, 'crl', '-inform', 'DER', '-in', 'issuing.crl', '-noout', '-CAfile', 'issuing.pem'),
      /^(?:verify OK\s*)?$/,
    )
    openssl(folder.path, 'crl', '-inform', 'DER', '-in', 'issuing.crl', '-out', 'issuing.crl.pem')
    openssl(folder.path, 'crl', '-inform', 'DER', '-in', 'root.crl', '-out', 'root.crl.pem')
    const check = (file: string): string =>
      opensslSays(
        folder.path,
        'verify',
        '-crl_check_all',
        '-CRLfile',
        'issuing.crl.pem',
        '-CRLfile',
        'root.crl.pem',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'issuing.pem',
        file,
      )
    assert.match(check('good.pem'), /good\.pem: OK/)
    assert.match(check('revoked.pem'), /certificate revoked/)
  })

  it('OCSP by GET, and malformed or foreign requests', async () => {
    openssl(folder.path, 'ocsp', '-issuer', 'saudi.pem', '-serial', '0x77', '-reqout', 'req.der', '-no_nonce')
    const encoded = encodeURIComponent(readFileSync(join(folder.path, 'req.der')).toString('base64'))
    assert.equal(await fetchTo(`${sandbox.ocspUrl}/${encoded}`, 'resp.der'), 200)
    assert.match(
      openssl(
        folder.path,
        'ocsp',
        '-respin',
        'resp.der',
        '-issuer',
        'saudi.pem',
        '-serial',
        '0x77',
        '-CAfile',
        'root.pem',
        '-no_nonce',
        '-verify_other',
        'saudi.pem',
      ),
      /unknown/,
    )
    await fetchTo(sandbox.ocspUrl, 'bad.der', Buffer.from('nonsense'), 'application/ocsp-request')
    assert.match(opensslSays(folder.path, 'ocsp', '-respin', 'bad.der', '-resp_text', '-noverify'), /malformedrequest/)
    openssl(folder.path, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'f.key', '-subj', '/CN=Foreign', '-out', 'foreign.pem')
    openssl(folder.path, 'ocsp', '-issuer', 'foreign.pem', '-serial', '1', '-reqout', 'foreign.der', '-no_nonce')
    await fetchTo(sandbox.ocspUrl, 'foreign-answer.der', readFileSync(join(folder.path, 'foreign.der')), 'application/ocsp-request')
    assert.match(opensslSays(folder.path, 'ocsp', '-respin', 'foreign-answer.der', '-resp_text', '-noverify'), /unauthorized/)
  })

  describe('time stamps', () => {
    const query = 'application/timestamp-query'
    async function stamp(path: string, ...options: string[]): Promise<string> {
      writeFileSync(join(folder.path, 'data'), 'to be stamped')
      openssl(folder.path, 'ts', '-query', '-data', 'data', '-cert', '-out', 'q.tsq', ...(options.length > 0 ? options : ['-sha256']))
      await fetchTo(`${sandbox.timeStampUrl}${path}`, 'r.tsr', readFileSync(join(folder.path, 'q.tsq')), query)
      return opensslSays(
        folder.path,
        'ts',
        '-verify',
        '-queryfile',
        'q.tsq',
        '-in',
        'r.tsr',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'issuing.pem',
      )
    }

    for (const digest of ['-sha256', '-sha384', '-sha512'])
      it(`verify with ${digest}`, async () => {
        assert.match(await stamp('', digest), /Verification: OK/)
      })
    it('refuse SHA-1, an unknown policy and nonsense, each with its failure bit', async () => {
      const reply = (): string => openssl(folder.path, 'ts', '-reply', '-in', 'r.tsr', '-text')
      await stamp('', '-sha1')
      assert.match(reply(), /Rejected[\s\S]*unrecognized or unsupported algorithm/)
      await stamp('', '-sha256', '-tspolicy', '1.2.3.4')
      assert.match(reply(), /Rejected[\s\S]*requested TSA policy is not supported/)
      await fetchTo(sandbox.timeStampUrl, 'r.tsr', Buffer.from('nonsense'), query)
      assert.match(reply(), /Rejected[\s\S]*data submitted has the wrong format/)
    })
    const faulty: readonly [string, RegExp][] = [
      ['wrong-nonce', /nonce mismatch/],
      ['wrong-imprint', /message imprint mismatch/],
      ['untrusted', /Verification: FAILED[\s\S]*certificate verify error/],
      ['rejected', /Verification: FAILED/],
    ]
    for (const [fault, expected] of faulty)
      it(`fault ${fault} is seen by openssl`, async () => {
        assert.match(await stamp(`/${fault}`), expected)
      })
    it('faults error, garbage and unknown ones', async () => {
      const body = readFileSync(join(folder.path, 'q.tsq'))
      assert.equal(await fetchTo(`${sandbox.timeStampUrl}/error`, 'x', body, query), 500)
      assert.equal(await fetchTo(`${sandbox.timeStampUrl}/garbage`, 'x', body, query), 200)
      assert.equal(readFileSync(join(folder.path, 'x'), 'utf8'), 'this is no time stamp')
      assert.equal(await fetchTo(`${sandbox.timeStampUrl}/no-such`, 'x', body, query), 404)
      assert.equal(await fetchTo(sandbox.timeStampUrl, 'x', body, 'text/plain'), 415)
      sandbox.faults.inject({ kind: 'error-503', path: '/tsa' })
      assert.equal(await fetchTo(sandbox.timeStampUrl, 'x', body, query), 503)
      assert.equal(await fetchTo(sandbox.timeStampUrl, 'x', body, query), 200)
    })
  })
})
