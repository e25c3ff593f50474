import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandbox, type Sandbox } from '../../sandbox/index.js'
import { lintCertificate, redacted } from '../law/lint-certificate.js'

describe('Lint of certificates by Egyptian law (Art. 20)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'khatm-egypt-lint-'))
  let sandbox: Sandbox
  before(async () => {
    sandbox = await startSandbox({ dataDir: folder })
  })
  after(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const issue = async (bits: number, profile: 'egypt-invoice' | 'e-invoice', rin?: string): Promise<Buffer> => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
    const [leaf] = await sandbox.issueCertificate({
      spki: publicKey.export({ type: 'spki', format: 'der' }),
      subject: [
        { type: 'C', value: 'EG' },
        ...(rin === undefined ? [] : [{ type: 'ORGANIZATIONIDENTIFIER', value: rin }]),
        { type: 'CN', value: 'شركة المثال' },
      ],
      profile,
    })
    return leaf ?? Buffer.alloc(0)
  }
  const states = (der: Buffer): Record<string, string> => Object.fromEntries(lintCertificate(der).map(({ code, state }) => [code, state]))

  it('has all ten items; licence, address and capacity that are not in it are no pass', async () => {
    const items = lintCertificate(await issue(2048, 'egypt-invoice', 'VATEG-113317713'))
    assert.deepEqual([...new Set(items.map(({ item }) => item))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0])
    const open = items.filter(({ state }) => state !== 'present').map(({ item, state }) => `${String(item)} ${state}`)
    assert.deepEqual(open, ['2 register', '3 register', '5 register'])
  })

  it('a weak key, a certificate that is not for signatures, one that names no taxpayer', async () => {
    assert.equal(states(await issue(1024, 'egypt-invoice'))['EG-LINT-KEY'], 'missing')
    assert.equal(states(await issue(2048, 'e-invoice'))['EG-LINT-USAGE'], 'missing')
    for (const wrong of [undefined, '113317713', 'VATEG-1133177', 'VATEG-113317713 and VATEG-222222222', 'VATSA-113317713'])
      assert.equal(states(await issue(2048, 'egypt-invoice', wrong))['EG-LINT-TAXPAYER'], 'missing', wrong)
  })

  it("does not repeat a person's national number", () => {
    assert.equal(redacted('NID 29001011234567, unit 5'), 'NID 290•••••••••67, unit 5')
    assert.equal(redacted('113317713'), '113317713')
  })
})
