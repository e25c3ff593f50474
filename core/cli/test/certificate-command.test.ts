import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { objectIdentifier, sequence } from '../../signing/der.js'
import { issueCertificate } from '../../signing/test/test-authority.js'
import { extension, issueList } from '../../validation/test/revocation-authority.js'
import { installationRoot } from '../../host/load-modules.js'

interface Answer {
  readonly id?: unknown
  readonly verdict?: string
  readonly indication?: string
  readonly subIndication?: string | null
  readonly sentence?: string
  readonly policies?: readonly string[]
  readonly revocationChecked?: boolean
  readonly chain?: readonly { readonly name: string; readonly serial: string; readonly sha256: string }[]
  readonly revocation?: readonly { readonly status: string }[]
  readonly findings?: readonly { readonly code: string; readonly message: string; readonly level?: string }[]
  readonly fault?: { readonly code: string; readonly message: string }
}

describe('khatm certificate', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-certificate-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const command = join(installationRoot, 'bin/khatm.mjs')
  const khatm = (args: readonly string[], input?: string) =>
    spawnSync(process.execPath, [command, 'certificate', ...args], {
      encoding: 'utf8',
      input,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    })
  const answerOf = (text: string): Answer => JSON.parse(text) as Answer

  const policies = extension('2.5.29.32', sequence(sequence(objectIdentifier('1.2.3.4'))))
  const statements = extension(
    '1.3.6.1.5.5.7.1.3',
    sequence(sequence(objectIdentifier('0.4.0.1862.1.1')), sequence(objectIdentifier('0.4.0.1862.1.4'))),
  )
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root, extra: [policies] })
  const leaf = issueCertificate({ commonName: 'Layla', issuer: middle, extra: [policies, statements] })
  const gone = issueCertificate({ commonName: 'Gone', issuer: middle })
  const times = { thisUpdate: new Date('2026-11-21T00:00:00Z'), nextUpdate: new Date('2026-11-30T00:00:00Z') }
  const revoked = file('gone.der', gone.der)
  const lists = [
    file('root.crl', issueList({ signer: root, ...times })),
    file('middle.crl', issueList({ signer: middle, ...times, revoked: [{ certificate: gone, at: times.thisUpdate, reason: 1 }] })),
  ]
  const at = '2026-11-22T10:00:00Z'
  const trust = file('root.der', root.der)
  const chain = file('middle.pem', middle.pem)
  const common = ['--chain', chain, '--trust', trust, '--at', at]
  const crls = lists.flatMap((list) => ['--crl', list])

  it('check passes a good certificate and says to whom it leads', () => {
    const { stdout, status } = khatm([
      'check',
      file('leaf.pem', leaf.pem),
      ...common,
      ...crls,
      '--policy',
      '1.2.3.4',
      '--require-explicit-policy',
      '--json',
    ])
    const answer = answerOf(stdout)
    assert.deepEqual([status, answer.verdict, answer.indication, answer.subIndication], [0, 'passed', 'PASSED', null])
    assert.deepEqual(
      answer.chain?.map(({ name }) => name),
      ['Layla', 'Middle', 'Root'],
    )
    assert.deepEqual([answer.policies, answer.revocation?.map(({ status: one }) => one)], [['1.2.3.4'], ['good', 'good', 'not-needed']])
    assert.equal(answer.sentence, 'The certificate of Layla is valid and not revoked; it leads to Root.')
  })

  it('check without lists says that revocation was not looked at', () => {
    const answer = answerOf(khatm(['check', revoked, ...common, '--json']).stdout)
    assert.deepEqual(
      [answer.verdict, answer.revocationChecked, answer.findings?.map(({ code }) => code)],
      ['passed', false, ['VERIFY-REVOCATION-NOT-ASKED']],
    )
    assert.match(answer.sentence ?? '', /whether it was revoked was not looked at/)
  })

  it('check fails a revoked certificate, in the reader’s language', () => {
    const { stdout, status } = khatm(['check', revoked, ...common, ...crls, '--lang', 'ar'])
    assert.equal(status, 1)
    assert.match(stdout, /أُلغيت شهادة «Gone»/)
  })

  it('stdio answers every line in order and outlives bad ones', () => {
    const asked: unknown[] = [
      { id: 1, pem: leaf.pem, chain: middle.pem, trust: root.pem, at },
      { id: 2, file: revoked, chain, trust, crl: lists, at },
      { id: 3, pem: leaf.pem, trust: root.pem, at },
      { id: 4, pem: leaf.pem, chain, trust, at, policy: '1.9.9', requireExplicitPolicy: true },
      { id: 5, pem: leaf.pem, chain, trust, at, purpose: 'tsa' },
      { id: 6, file: '/nonexistent', trust },
      { id: 7, pem: leaf.pem, at: 'yesterday' },
      { id: 8, trust: 5 },
      { id: 9, pem: leaf.pem, trust: join(folder, 'root.crl') },
    ]
    const lines = [...asked.map((one) => JSON.stringify(one)), 'no json', 'null', '[]', '{"id":{"a":1}}']
    const { stdout, status, stderr } = khatm(['check', '--stdio'], `${lines.join('\n')}\n`)
    assert.equal(status, 0, stderr)
    const answers = stdout.trim().split('\n').map(answerOf)
    assert.deepEqual(
      answers.map(({ id, verdict, subIndication, fault }) => [id, verdict ?? fault?.code, subIndication ?? null]),
      [
        [1, 'passed', null],
        [2, 'failed', 'REVOKED'],
        [3, 'indeterminate', 'NO_CERTIFICATE_CHAIN_FOUND'],
        [4, 'indeterminate', 'CHAIN_CONSTRAINTS_FAILURE'],
        [5, 'indeterminate', 'CHAIN_CONSTRAINTS_FAILURE'],
        [6, 'failed', 'FORMAT_FAILURE'],
        [7, 'VERIFY-TIME-UNREADABLE', null],
        [8, 'VERIFY-REQUEST-UNREADABLE', null],
        [9, 'VERIFY-TRUST-UNREADABLE', null],
        [null, 'VERIFY-REQUEST-UNREADABLE', null],
        [null, 'VERIFY-REQUEST-UNREADABLE', null],
        [null, 'VERIFY-REQUEST-UNREADABLE', null],
        [{ a: 1 }, 'VERIFY-REQUEST-UNREADABLE', null],
      ],
    )
  })

  it('show says in words what a certificate is', () => {
    const { stdout, status } = khatm(['show', file('leaf.pem', leaf.pem)])
    assert.equal(status, 0)
    assert.match(stdout, /^Holder: Layla$/m)
    assert.match(stdout, /^Key: EC prime256v1$/m)
    assert.match(stdout, /^Key usage: signatures, commitment to content \(non-repudiation\)$/m)
    assert.match(stdout, /^Qualified statements: qualified \(EU\), key in a qualified device$/m)
    assert.match(khatm(['show', join(folder, 'leaf.pem'), '--lang', 'ar']).stdout, /^صاحب الشهادة: Layla$/m)
    assert.equal((JSON.parse(khatm(['show', join(folder, 'leaf.pem'), '--json']).stdout) as { holder: string }).holder, 'Layla')
    const wrong = khatm(['show', join(folder, 'root.crl')])
    assert.deepEqual([wrong.status, /^VERIFY-CERT-UNREADABLE /m.test(wrong.stderr)], [1, true])
  })
})
