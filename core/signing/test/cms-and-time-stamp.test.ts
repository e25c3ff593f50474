import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { signCades } from '../formats/cades/sign-cades.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import type { KeyAlgorithm, SignatureScheme } from '../key.js'
import { createTimeStampClient } from '../tsp/time-stamp-client.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, typstPdf } from './typst-pdf.js'

const root = issueCertificate({ commonName: 'Root', ca: true })
const content = Buffer.from('{"total":"115.00"}')

describe('CAdES', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cades-'))
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const ways: readonly [KeyAlgorithm, SignatureScheme | undefined][] = [
    ['rsa-2048', undefined],
    ['rsa-2048', 'rsa-pss'],
    ['ec-p256', undefined],
    ['ec-p384', undefined],
    ['ec-secp256k1', undefined],
  ]
  for (const [algorithm, scheme] of ways) {
    it(`is accepted by openssl cms -verify -cades: ${algorithm} ${scheme ?? ''}`, async () => {
      const signer = signerOf(issueCertificate({ commonName: 'Signer', algorithm, issuer: root }), [], scheme)
      writeFileSync(join(folder, 'root.pem'), root.pem)
      writeFileSync(join(folder, 'content'), content)
      for (const detached of [true, false]) {
        const { cms, level } = await signCades(content, { signer, signedAt: new Date(), detached })
        assert.equal(level, 'CAdES-BASELINE-B')
        writeFileSync(join(folder, 'cms'), cms)
        const args = [
          'cms',
          '-verify',
          '-cades',
          '-binary',
          '-inform',
          'DER',
          '-in',
          join(folder, 'cms'),
          '-CAfile',
          join(folder, 'root.pem'),
          '-purpose',
          'any',
        ]
        const run = spawnSync('openssl', [...args, ...(detached ? ['-content', join(folder, 'content')] : [])], { encoding: 'utf8' })
        assert.equal(run.status, 0, run.stderr)
        assert.equal(run.stdout, content.toString())
        const verdict = await createVerifiers().verify('cms', cms, { trust: [root.der] })
        assert.equal(verdict.verdict, detached ? 'indeterminate' : 'passed')
      }
    })
  }
})

/** A time stamp authority that is `openssl ts`, and one that lies. */
describe('time stamps', function () {
  const folder = mkdtempSync(join(tmpdir(), 'tsa-'))
  let server: Server
  let url: string
  let lie: 'none' | 'replay' | 'refuse' | 'garbage' | 'error' = 'none'
  let first: Buffer | undefined
  before(async () => {
    const authority = issueCertificate({
      commonName: 'Time',
      algorithm: 'rsa-2048',
      issuer: root,
      extendedKeyUsage: '1.3.6.1.5.5.7.3.8',
      keyUsage: 0b1000_0000,
    })
    writeFileSync(join(folder, 'tsa.pem'), authority.pem)
    writeFileSync(join(folder, 'root.pem'), root.pem)
    writeFileSync(join(folder, 'key.pem'), authority.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    writeFileSync(join(folder, 'serial'), '01\n')
    writeFileSync(
      join(folder, 'tsa.cnf'),
      `[tsa]\ndefault_tsa=t\n[t]\nserial=${folder}/serial\nsigner_cert=${folder}/tsa.pem\nsigner_key=${folder}/key.pem\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256,sha384,sha512\ness_cert_id_alg=sha256\n`,
    )
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (lie === 'error') {
          response.writeHead(500).end()
          return
        }
        writeFileSync(join(folder, 'query'), Buffer.concat(chunks))
        execFileSync(
          'openssl',
          ['ts', '-reply', '-queryfile', join(folder, 'query'), '-config', join(folder, 'tsa.cnf'), '-out', join(folder, 'reply')],
          { stdio: 'ignore' },
        )
        let reply: Buffer = readFileSync(join(folder, 'reply'))
        first ??= reply
        if (lie === 'replay') reply = first
        if (lie === 'garbage') reply = Buffer.from('no answer')
        if (lie === 'refuse') reply = Buffer.from('30053003020102', 'hex')
        response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(reply)
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    url = `http://127.0.0.1:${address.port}`
  })
  after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  afterEach(() => {
    lie = 'none'
  })
  const digest = createHash('sha256').update('document').digest()
  const client = () => createTimeStampClient(`${url}/tsa`, { allowPrivate: [url], trust: [root.der] })
  const refused = (code: string) => (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, code)
    return true
  }

  it('makes PAdES level T that openssl ts and the verifier accept', async () => {
    const signer = signerOf(issueCertificate({ commonName: 'Seal', issuer: root }))
    const signed = await signPdf(typstPdf(pageSource), { signer, signedAt: new Date(), timeStamp: client() })
    assert.equal(signed.level, 'PAdES-BASELINE-T')
    const verdict = await createVerifiers().verify('t.pdf', signed.pdf, { trust: [root.der] })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.deepEqual([verdict.signatures[0]?.level, verdict.signatures[0]?.timeSource], ['PAdES-BASELINE-T', 'time-stamp'])
    const stamp = await client().stamp('sha256', digest)
    writeFileSync(join(folder, 'token'), stamp.token)
    const run = spawnSync(
      'openssl',
      ['ts', '-verify', '-digest', digest.toString('hex'), '-in', join(folder, 'token'), '-token_in', '-CAfile', join(folder, 'root.pem')],
      { encoding: 'utf8' },
    )
    assert.match(run.stdout + run.stderr, /Verification: OK/)
  })

  it('refuses what a wrong or lying authority says', async () => {
    await client().stamp('sha256', digest)
    lie = 'replay'
    await assert.rejects(client().stamp('sha256', createHash('sha256').update('other').digest()), refused('SIGN-TSA-WRONG-IMPRINT'))
    first = undefined
    lie = 'none'
    await client().stamp('sha256', digest)
    lie = 'replay'
    await assert.rejects(client().stamp('sha256', digest), refused('SIGN-TSA-WRONG-NONCE'))
    lie = 'garbage'
    await assert.rejects(client().stamp('sha256', digest), refused('SIGN-TSA-MALFORMED'))
    lie = 'refuse'
    await assert.rejects(client().stamp('sha256', digest), refused('SIGN-TSA-REFUSED'))
    lie = 'error'
    await assert.rejects(client().stamp('sha256', digest), refused('SIGN-TSA-UNREACHABLE'))
    lie = 'none'
    const stranger = issueCertificate({ commonName: 'Another root', ca: true })
    await assert.rejects(
      createTimeStampClient(url, { allowPrivate: [url], trust: [stranger.der] }).stamp('sha256', digest),
      refused('SIGN-TSA-UNTRUSTED'),
    )
    await assert.rejects(
      createTimeStampClient(url, { allowPrivate: [url], now: () => new Date('2030-01-01') }).stamp('sha256', digest),
      refused('SIGN-TSA-CLOCK'),
    )
    await assert.rejects(
      createTimeStampClient('http://127.0.0.1:1', { allowPrivate: ['http://127.0.0.1:1'] }).stamp('sha256', digest),
      refused('SIGN-TSA-UNREACHABLE'),
    )
  })

  it('leaves no half-signed file when the authority is away', async () => {
    const signer = signerOf(issueCertificate({ commonName: 'Seal', issuer: root }))
    lie = 'error'
    await assert.rejects(
      signPdf(typstPdf(pageSource), { signer, signedAt: new Date(), timeStamp: client() }),
      refused('SIGN-TSA-UNREACHABLE'),
    )
  })
})
