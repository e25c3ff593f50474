import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sequence } from '../../signing/der.js'
import { certify, issueCertificate, type TestCertificate } from '../../signing/test/test-authority.js'
import { readCertificate } from '../certificate/certificate.js'
import { checkPath, type PathAnswer } from '../certificate/path.js'
import { readRevocationList } from '../revocation/crl.js'
import type { RevocationMode } from '../revocation/evidence.js'
import { readOcspResponse } from '../revocation/ocsp.js'
import { extension, issueList, issueResponse } from './revocation-authority.js'

const at = new Date('2026-11-22T10:00:00Z')
const days = (count: number): Date => new Date(at.getTime() + count * 86_400_000)
const ocspSigning = '1.3.6.1.5.5.7.3.9'
const noCheck = extension('1.3.6.1.5.5.7.48.1.5', Buffer.from([5, 0]))

describe('revocation', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root })
  const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle })
  const current = { thisUpdate: days(-1), nextUpdate: days(6) }
  const rootList = issueList({ signer: root, ...current })
  interface Asked {
    readonly crls?: readonly Buffer[]
    readonly ocsp?: readonly Buffer[]
    readonly between?: readonly TestCertificate[]
    readonly mode?: RevocationMode
    readonly when?: Date
    readonly until?: Date
    readonly subject?: TestCertificate
  }
  const ask = (asked: Asked): PathAnswer =>
    checkPath({
      certificate: readCertificate((asked.subject ?? leaf).der),
      intermediates: [middle, ...(asked.between ?? [])].map((one) => readCertificate(one.der)),
      anchors: [readCertificate(root.der)],
      at: asked.when ?? at,
      revocation: {
        mode: asked.mode ?? 'required',
        evidence: { crls: asked.crls ?? [], ocspResponses: asked.ocsp ?? [] },
        ...(asked.until === undefined ? {} : { until: asked.until }),
      },
    })
  const told = (answer: PathAnswer): unknown[] => [answer.subIndication, answer.revocation[0]?.status, answer.revocation[0]?.source]
  const response = (wishes: Partial<Parameters<typeof issueResponse>[0]> = {}): Buffer =>
    issueResponse({ certificate: leaf, issuer: middle, signer: middle, producedAt: days(-1), nextUpdate: days(1), ...wishes })

  describe('by lists', () => {
    const listed = (days_: Date, reason?: number, times = current): Buffer =>
      issueList({ signer: middle, ...times, revoked: [{ certificate: leaf, at: days_, ...(reason === undefined ? {} : { reason }) }] })

    it('is good when current lists of every issuer do not list the path', () => {
      const answer = ask({ crls: [rootList, issueList({ signer: middle, ...current })] })
      assert.deepEqual([answer.trusted, ...told(answer)], [true, null, 'good', 'crl'])
      assert.deepEqual(
        answer.revocation.map(({ status }) => status),
        ['good', 'good', 'not-needed'],
      )
    })

    it('stops at a revoked leaf with its time and reason, and at a revoked authority with a sub-indication of its own', () => {
      const answer = ask({ crls: [rootList, listed(days(-3), 1)] })
      assert.deepEqual(told(answer), ['REVOKED', 'revoked', 'crl'])
      assert.deepEqual([answer.revocation[0]?.revokedAt, answer.revocation[0]?.reason], [days(-3).toISOString(), 'keyCompromise'])
      const authority = issueList({ signer: root, ...current, revoked: [{ certificate: middle, at: days(-3) }] })
      assert.equal(ask({ crls: [authority, issueList({ signer: middle, ...current })] }).subIndication, 'REVOKED_CA_NO_POE')
    })

    it('unknown stops a path where it is required and is a warning where it is not', () => {
      for (const crls of [[rootList], [rootList, issueList({ signer: middle, thisUpdate: days(-9), nextUpdate: days(-2) })]]) {
        assert.deepEqual(ask({ crls }).subIndication, 'TRY_LATER')
        const known = ask({ crls, mode: 'known' })
        assert.equal(known.trusted, true)
        assert.ok(known.findings.every((finding) => finding.level === 'warning'))
      }
    })

    it('believes an outdated list that it is revoked, and not one from the future', () => {
      const old = listed(days(-8), undefined, { thisUpdate: days(-8), nextUpdate: days(-2) })
      assert.equal(ask({ crls: [rootList, old, issueList({ signer: middle, ...current })] }).subIndication, 'REVOKED')
      const tomorrow = { thisUpdate: days(1), nextUpdate: days(2) }
      assert.equal(ask({ crls: [rootList, issueList({ signer: middle, ...tomorrow })] }).subIndication, 'TRY_LATER')
    })

    it('asked for a time before the revocation it is good, and tells the revocation', () => {
      const answer = ask({ crls: [rootList, listed(days(-3))], when: days(-5), until: at })
      assert.deepEqual([answer.trusted, ...told(answer)], [true, null, 'good', 'crl'])
      assert.equal(answer.revocation[0]?.revokedAt, days(-3).toISOString())
      assert.equal(ask({ crls: [rootList, listed(days(-3))], when: days(-5) }).subIndication, 'TRY_LATER')
    })

    it('a hold that a newer list lifted is past', () => {
      const held = listed(days(-3), 6, { thisUpdate: days(-2), nextUpdate: days(5) })
      assert.equal(ask({ crls: [rootList, held] }).subIndication, 'REVOKED')
      assert.equal(ask({ crls: [rootList, held, issueList({ signer: middle, ...current })] }).trusted, true)
    })

    it('a list that a stranger signed in the name of the authority says nothing', () => {
      const impostor = issueCertificate({ commonName: 'Middle', ca: true })
      const forged = issueList({ signer: impostor, ...current })
      assert.equal(ask({ crls: [rootList, forged], between: [impostor] }).subIndication, 'TRY_LATER')
    })

    it('an authority that lost its key cannot name a signer who clears it', () => {
      const revoking = issueList({ signer: root, ...current, revoked: [{ certificate: middle, at: days(-3) }] })
      // Middle certifies a key under the name of the root and lets it sign a newer list that does not list Middle.
      const usurper = certify({ commonName: 'Root', issuer: middle, keyUsage: 0b0000_0010 }, 'ec-p256', leaf.publicKey, leaf.privateKey)
      const clearing = issueList({ signer: usurper, issuer: root, thisUpdate: days(-0.5), nextUpdate: days(5) })
      const own = issueList({ signer: middle, ...current })
      assert.equal(ask({ crls: [clearing, own], between: [usurper] }).subIndication, 'TRY_LATER')
      assert.equal(ask({ crls: [clearing, own, revoking], between: [usurper] }).subIndication, 'REVOKED_CA_NO_POE')
    })

    it('a critical extension nobody knows leaves what is not listed unknown, and what is listed revoked', () => {
      const extensions = [extension('1.2.3.4', sequence(), true)]
      assert.equal(ask({ crls: [rootList, issueList({ signer: middle, ...current, extensions })] }).subIndication, 'TRY_LATER')
      const revoked = [{ certificate: leaf, at: days(-3) }]
      assert.equal(ask({ crls: [rootList, issueList({ signer: middle, ...current, extensions, revoked })] }).subIndication, 'REVOKED')
    })
  })

  describe('by OCSP', () => {
    const responder = issueCertificate({ commonName: 'Responder', issuer: middle, extendedKeyUsage: ocspSigning, extra: [noCheck] })

    it('takes the answer of the issuer, with SHA-1 and SHA-256 names', () => {
      for (const digest of ['sha1', 'sha256'] as const) {
        const answer = ask({ crls: [rootList], ocsp: [response({ digest })] })
        assert.deepEqual([answer.trusted, ...told(answer)], [true, null, 'good', 'ocsp'])
      }
      assert.equal(ask({ crls: [rootList], ocsp: [response({ revokedAt: days(-3) })] }).subIndication, 'REVOKED')
    })

    it('takes a responder that the issuer itself certified for it, and no other', () => {
      const by = (signer: TestCertificate): Buffer => response({ signer, certificates: [signer] })
      assert.equal(ask({ crls: [rootList], ocsp: [by(responder)] }).trusted, true)
      const others = {
        'without the purpose': issueCertificate({ commonName: 'Responder', issuer: middle }),
        'of another authority': issueCertificate({
          commonName: 'Responder',
          issuer: root,
          extendedKeyUsage: ocspSigning,
          extra: [noCheck],
        }),
        'of nobody': issueCertificate({ commonName: 'Responder', extendedKeyUsage: ocspSigning, extra: [noCheck] }),
        'that had expired': issueCertificate({
          commonName: 'Responder',
          issuer: middle,
          extendedKeyUsage: ocspSigning,
          notAfter: days(-2),
          extra: [noCheck],
        }),
      }
      for (const [what, other] of Object.entries(others)) {
        assert.equal(ask({ crls: [rootList], ocsp: [by(other)] }).subIndication, 'TRY_LATER', what)
      }
    })

    it('a responder that was revoked does not speak, unless it is trusted for its life', () => {
      const mortal = issueCertificate({ commonName: 'Responder', issuer: middle, extendedKeyUsage: ocspSigning })
      const ocsp = [response({ signer: mortal, certificates: [mortal] })]
      const revoked = [{ certificate: mortal, at: days(-3) }]
      // The list is of middle, so it speaks about the leaf as well: only responses are left to tell its status once it is outdated.
      const old = issueList({ signer: middle, thisUpdate: days(-3), nextUpdate: days(-2), revoked })
      assert.equal(ask({ crls: [rootList], ocsp }).trusted, true)
      assert.equal(ask({ crls: [rootList, old], ocsp }).subIndication, 'TRY_LATER')
    })

    it('an answer for another certificate, an outdated one and a changed one say nothing', () => {
      const other = issueCertificate({ commonName: 'Other', issuer: middle })
      const outdated = response({ producedAt: days(-5), nextUpdate: days(-4) })
      const changed = Buffer.from(response())
      // A digit of the time at which it was produced: the bytes are signed.
      const digit = changed.indexOf('202611')
      changed[digit + 7] = (changed[digit + 7] ?? 0) ^ 1
      for (const ocsp of [response({ certificate: other }), outdated, changed]) {
        assert.equal(ask({ crls: [rootList], ocsp: [ocsp] }).subIndication, 'TRY_LATER')
      }
    })

    it('revoked once is revoked for good, be the answer outdated or a newer one silent; a hold is not', () => {
      const old = { producedAt: days(-5), nextUpdate: days(-4) }
      const revoked = response({ ...old, revokedAt: days(-6), reason: 1 })
      assert.equal(ask({ crls: [rootList], ocsp: [revoked] }).subIndication, 'REVOKED')
      assert.equal(ask({ crls: [rootList], ocsp: [response(), revoked] }).subIndication, 'REVOKED')
      const held = response({ ...old, revokedAt: days(-6), reason: 6 })
      assert.equal(ask({ crls: [rootList], ocsp: [response(), held] }).subIndication, null)
      assert.equal(ask({ crls: [rootList], ocsp: [held] }).subIndication, 'TRY_LATER')
      // Not yet revoked is good, and told.
      const tomorrow = ask({ crls: [rootList], ocsp: [response({ revokedAt: days(1) })] })
      assert.deepEqual([tomorrow.subIndication, tomorrow.revocation[0]?.revokedAt], [null, days(1).toISOString()])
    })

    it('a list that revokes is stronger than an answer that it is good', () => {
      const list = issueList({ signer: middle, ...current, revoked: [{ certificate: leaf, at: days(-3) }] })
      assert.equal(ask({ crls: [rootList, list], ocsp: [response()] }).subIndication, 'REVOKED')
    })
  })

  it('reads what openssl makes: a list, an OCSP response, and one that says revoked', function () {
    this.timeout(180_000)
    const folder = mkdtempSync(join(tmpdir(), 'khatm-revocation-'))
    try {
      const file = (name: string, content = ''): string => {
        writeFileSync(join(folder, name), content)
        return join(folder, name)
      }
      const serial = readCertificate(leaf.der).serialHex.toUpperCase()
      const index = (line: string): string => file('index.txt', `${line}\t/CN=Leaf\n`)
      const issuer = file('middle.pem', middle.pem)
      const key = file('middle.key', middle.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
      const subject = file('leaf.pem', leaf.pem)
      const answer = (line: string): Buffer => {
        const out = join(folder, 'response.der')
        const args = ['-index', index(line), '-CA', issuer, '-rsigner', issuer, '-rkey', key, '-issuer', issuer, '-cert', subject]
        const made = spawnSync('openssl', ['ocsp', ...args, '-ndays', '2', '-respout', out], { encoding: 'utf8' })
        assert.equal(made.status, 0, made.stderr)
        return readFileSync(out)
      }
      const now = new Date()
      const times = { when: now, crls: [issueList({ signer: root, thisUpdate: days(-1), nextUpdate: new Date(now.getTime() + 9e8) })] }
      const good = answer(`V\t350101000000Z\t\t${serial}\tunknown`)
      assert.deepEqual(told(ask({ ...times, ocsp: [good] })), [null, 'good', 'ocsp'])
      assert.ok((readOcspResponse(good).nonce?.length ?? 0) >= 16)
      const revoked = answer(`R\t350101000000Z\t260101000000Z,keyCompromise\t${serial}\tunknown`)
      const { subIndication, revocation } = ask({ ...times, ocsp: [revoked] })
      assert.deepEqual(
        [subIndication, revocation[0]?.reason, revocation[0]?.revokedAt],
        ['REVOKED', 'keyCompromise', '2026-01-01T00:00:00.000Z'],
      )
      const settings = file(
        'ca.cnf',
        `[ca]\ndefault_ca=d\n[d]\ndatabase=${join(folder, 'index.txt')}\ndefault_md=sha256\ndefault_crl_days=3\n`,
      )
      const list = join(folder, 'list.der')
      const made = spawnSync('openssl', ['ca', '-gencrl', '-config', settings, '-cert', issuer, '-keyfile', key, '-out', `${list}.pem`], {
        encoding: 'utf8',
      })
      assert.equal(made.status, 0, made.stderr)
      assert.equal(spawnSync('openssl', ['crl', '-in', `${list}.pem`, '-outform', 'DER', '-out', list]).status, 0)
      assert.equal(
        readRevocationList(readFileSync(list)).find(readCertificate(leaf.der).issuerKey, readCertificate(leaf.der).serialHex)?.reason,
        'keyCompromise',
      )
      assert.equal(ask({ when: now, crls: [...times.crls, readFileSync(list)] }).subIndication, 'REVOKED')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
