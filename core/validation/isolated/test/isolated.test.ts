import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signCades } from '../../../signing/formats/cades/sign-cades.js'
import { issueCertificate, signerOf } from '../../../signing/test/test-authority.js'
import { IsolatedVerifiers } from '../isolated-verifiers.js'

describe('verifiers in a process of their own', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = issueCertificate({ commonName: 'Signer', issuer: root })
  let dataDir: string
  let isolated: IsolatedVerifiers
  const config = (): { modules: []; dataDir: string; validation: { online: boolean; trustFiles: [] }; allowedPrivateOrigins: [] } => ({
    modules: [],
    dataDir,
    validation: { online: false, trustFiles: [] },
    allowedPrivateOrigins: [],
  })
  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'khatm-isolated-'))
    isolated = new IsolatedVerifiers({ config: config() })
  })
  after(() => {
    isolated.close()
    rmSync(dataDir, { recursive: true })
  })

  it('judge as the command does, by the anchors of the data folder as they stand now', async () => {
    const { cms } = await signCades(Buffer.from('contract'), { signer: signerOf(signer, [root]), signedAt: new Date(), detached: false })
    const before = await isolated.verify({ file: 'contract.p7m', bytes: cms, trust: [] })
    assert.equal(before.verdict, 'indeterminate')
    mkdirSync(join(dataDir, 'trust'), { recursive: true })
    writeFileSync(join(dataDir, 'trust', 'root.pem'), root.pem)
    const after = await isolated.verify({ file: 'contract.p7m', bytes: cms, trust: [] })
    assert.equal(after.verdict, 'passed')
    assert.equal(after.signatures[0]?.signer?.name, 'Signer')
  })

  it('answer several files at once, each with its own verdict', async () => {
    const verdicts = await Promise.all(
      ['a', 'b', 'c'].map((file) => isolated.verify({ file, bytes: Buffer.from(`${file} is no signed file`), trust: [] })),
    )
    assert.deepEqual(
      verdicts.map((verdict) => [verdict.file, verdict.findings[0]?.code]),
      [
        ['a', 'VERIFY-UNKNOWN-FORMAT'],
        ['b', 'VERIFY-UNKNOWN-FORMAT'],
        ['c', 'VERIFY-UNKNOWN-FORMAT'],
      ],
    )
  })

  it('a file that takes too long is answered, and the next meets a fresh process', async () => {
    const { cms } = await signCades(Buffer.alloc(2_000_000), { signer: signerOf(signer, [root]), signedAt: new Date(), detached: false })
    const hasty = new IsolatedVerifiers({ config: config(), timeoutMs: 1 })
    const verdict = await hasty.verify({ file: 'slow', bytes: cms, trust: [] })
    assert.equal(verdict.verdict, 'failed')
    assert.equal(verdict.findings[0]?.code, 'VERIFY-TOO-EXPENSIVE')
    hasty.close()
  })

  it('no file is called bad because the process was slow to start or did not start', async () => {
    // Loading everything takes longer than this file may.
    const quick = new IsolatedVerifiers({ config: config(), timeoutMs: 500 })
    const verdict = await quick.verify({ file: 'note', bytes: Buffer.from('x'), trust: [] })
    quick.close()
    assert.equal(verdict.findings[0]?.code, 'VERIFY-UNKNOWN-FORMAT')
    const never = new IsolatedVerifiers({ config: config(), startTimeoutMs: 1 })
    await assert.rejects(never.verify({ file: 'note', bytes: Buffer.from('x'), trust: [] }), { code: 'VERIFY-BUSY' })
    never.close()
  })

  it('refuse at once when too many wait', async () => {
    const small = new IsolatedVerifiers({ config: config(), queue: 1 })
    const asked = ['a', 'b', 'c', 'd'].map((file) => small.verify({ file, bytes: Buffer.from('x'), trust: [] }))
    const outcomes = await Promise.allSettled(asked)
    small.close()
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    )
  })
})
