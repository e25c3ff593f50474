import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { Fault } from '../../core/i18n/fault.js'
import type { KeyReference } from '../../core/signing/key.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'

const isFault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault)
  assert.equal(error.code, code)
  return true
}

describe('PKCS#11 tokens that fail', function () {
  this.timeout(180_000)
  if (!softHsmIsHere) {
    it('needs the Debian package softhsm2')
    return
  }
  let token: SoftToken
  let provider: Pkcs11KeyProvider
  let reference: KeyReference
  let publicKey: Buffer

  before(async () => {
    token = new SoftToken()
    token.generate('EC:prime256v1', '01', 'seal')
    token.generate('rsa:3072', '02', 'slow')
    provider = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
    const found = await provider.findKey({ module: 'soft', keyLabel: 'seal' })
    publicKey = found.publicKey
    reference = { keyId: 'seal', companyId: 'company', algorithm: 'ec-p256', stored: found.stored }
  })
  after(async () => {
    await provider.close()
    token.remove()
  })

  const sign = async (by = provider): Promise<void> => {
    const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
    const signature = await by.signDigest(reference, request)
    assert.equal(verifyDigestSignature({ publicKeySpki: publicKey, ...request, signature }), true)
  }

  it('says the token is missing while it is pulled, and signs again when it is back', async () => {
    await sign()
    const away = `${token.folder}/away`
    renameSync(token.tokenFolder, away)
    await assert.rejects(sign(), (error) => error instanceof Fault && ['SIGN-TOKEN-MISSING', 'SIGN-PROVIDER-FAILED'].includes(error.code))
    renameSync(away, token.tokenFolder)
    await sign()
    await Promise.all(Array.from({ length: 20 }, () => sign()))
  })

  it('fails what was under way when the process is killed, and starts another', async () => {
    const pid = provider.processOf('soft')
    assert.ok(pid !== undefined)
    const running = Array.from({ length: 30 }, () =>
      sign().then(
        () => 'signed',
        (error: unknown) => error,
      ),
    )
    process.kill(pid, 'SIGKILL')
    const outcomes = await Promise.all(running)
    for (const outcome of outcomes) if (outcome !== 'signed') isFault('SIGN-PROVIDER-CRASHED')(outcome)
    assert.ok(outcomes.some((outcome) => outcome !== 'signed'))
    await sign()
    assert.notEqual(provider.processOf('soft'), pid)
  })

  it('tries a wrong PIN once, and again only after its file changed', async () => {
    const pinFile = `${token.folder}/other-pin`
    writeFileSync(pinFile, '000000')
    const other = new Pkcs11KeyProvider([{ ...token.configuration(), pinFile }], { warn: () => undefined })
    try {
      for (let round = 0; round < 5; round++) await assert.rejects(sign(other), isFault('SIGN-PIN-WRONG'))
      const [described] = await other.tokens('soft')
      assert.equal(described?.pinLocked, false)
      writeFileSync(pinFile, `${token.pin}\n\n`.trimEnd())
      await sign(other)
    } finally {
      await other.close()
    }
  })

  it('does not try a wrong PIN again after a restart, from another module or beside it, nor one whose answer was lost', async () => {
    const own = new SoftToken()
    own.generate('EC:prime256v1', '01', 'seal')
    const [pinFile, triesFolder] = [`${own.folder}/noted-pin`, `${own.folder}/pin-tries`]
    const config = { ...own.configuration(), pinFile }
    const find = async (module = 'soft'): Promise<void> => {
      const fresh = new Pkcs11KeyProvider([config, { ...config, name: 'second' }], { warn: () => undefined }, { triesFolder })
      try {
        await fresh.findKey({ module, keyLabel: 'seal' })
      } finally {
        await fresh.close()
      }
    }
    try {
      writeFileSync(pinFile, '000000')
      const together = await Promise.allSettled([find(), find('second'), find()])
      for (const one of together) {
        assert.equal(one.status, 'rejected')
        isFault('SIGN-PIN-WRONG')(one.reason)
      }
      // From now on the refused PIN is the right one: whoever tried it again would get in.
      const change = ['--login', '--pin', own.pin, '--change-pin', '--new-pin', '000000']
      execFileSync('pkcs11-tool', ['--module', own.configuration().library, '--token-label', own.label, ...change], { stdio: 'ignore' })
      for (const module of ['soft', 'second']) await assert.rejects(find(module), isFault('SIGN-PIN-WRONG'))
      const [note, second] = readdirSync(triesFolder)
      assert.ok(note !== undefined && second === undefined)
      const text = readFileSync(`${triesFolder}/${note}`, 'utf8')
      assert.equal(text.includes('000000'), false)
      // A process that died between the try and its answer leaves this.
      writeFileSync(`${triesFolder}/${note}`, JSON.stringify({ ...JSON.parse(text), outcome: 'trying', process: 2 ** 30 }))
      await assert.rejects(find(), isFault('SIGN-PIN-UNSURE'))
      writeFileSync(pinFile, '000000\n')
      await Promise.all([find(), find('second')])
    } finally {
      own.remove()
    }
  })

  it('says so when there is no PIN, no module, no library and no such key', async () => {
    const missing = new Pkcs11KeyProvider(
      [
        { ...token.configuration(), pinFile: '/nonexistent/pin' },
        { ...token.configuration('gone'), library: '/nonexistent/library.so' },
      ],
      { warn: () => undefined },
    )
    try {
      await assert.rejects(sign(missing), isFault('SIGN-PIN-MISSING'))
      await assert.rejects(missing.findKey({ module: 'gone' }), isFault('SIGN-MODULE-UNREADABLE'))
      await assert.rejects(missing.findKey({ module: 'unknown' }), isFault('SIGN-MODULE-UNKNOWN'))
      await assert.rejects(provider.findKey({ module: 'soft', keyLabel: 'nobody' }), isFault('SIGN-TOKEN-KEY-MISSING'))
      await assert.rejects(provider.findKey({ module: 'soft' }), isFault('SIGN-TOKEN-KEY-AMBIGUOUS'))
    } finally {
      await missing.close()
    }
  })

  it('shows the PIN in no argument or environment of the token process, and keeps secrets of the host from it', async () => {
    process.env['KHATM_MASTER_KEY_CANARY'] = 'canary'
    try {
      const fresh = new Pkcs11KeyProvider([token.configuration()], { warn: () => undefined })
      await sign(fresh)
      const pid = fresh.processOf('soft')
      assert.ok(pid !== undefined && readdirSync(`/proc/${pid}`).length > 0)
      const visible = readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1')
      assert.equal(visible.includes(token.pin), false)
      assert.equal(visible.includes('canary'), false)
      await fresh.close()
    } finally {
      delete process.env['KHATM_MASTER_KEY_CANARY']
    }
  })
})
