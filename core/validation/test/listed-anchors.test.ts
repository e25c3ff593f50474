import assert from 'node:assert/strict'
import { signCades } from '../../signing/formats/cades/sign-cades.js'
import { signXades } from '../../signing/formats/xades/sign-xades.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { addressExtensions, crlOf, stampAuthority, stampClient } from '../../signing/test/test-revocation.js'
import { createVerifiers } from '../create-verifiers.js'
import type { VerifyOptions } from '../report.js'
import { withPinned } from '../trust/open-trust.js'
import type { Qualifier } from '../trust/qualification.js'
import type { SignatureVerdict } from '../verdict.js'

const day = (text: string): Date => new Date(`${text}T12:00:00Z`)
const authority = issueCertificate({ commonName: 'Listed authority', ca: true })
const stamping = issueCertificate({ commonName: 'Root of stamps', ca: true })
const offered = addressExtensions({ crl: 'http://127.0.0.1:9/crl' })
const own = issueCertificate({ commonName: 'Signer', issuer: authority, extra: offered })
const unit = stampAuthority(stamping, {})

/** A list on which the service of the authority stood until the middle of 2026; the authority of stamps is on none. */
const listed: Qualifier = {
  qualify: () => ({ level: 'not-determined', service: null, statements: [] }),
  qualifyTimeStamp: () => ({ level: 'TSA', service: null, statements: [] }),
  anchorStands: (anchor, at) => (anchor.der.equals(authority.der) ? at < day('2026-07-01') : undefined),
}

async function judge(file: Buffer, options: Partial<VerifyOptions>): Promise<SignatureVerdict> {
  const verdict = await createVerifiers().verify('signed', file, { trust: [authority.der, stamping.der], ...options })
  const [signature] = verdict.signatures
  assert.ok(signature !== undefined, JSON.stringify(verdict))
  return signature
}
const told = (signature: SignatureVerdict): string =>
  [signature.indication, signature.subIndication].filter((one) => one !== null).join(' ')
const codes = (signature: SignatureVerdict): string[] => signature.findings.map((finding) => finding.code)

describe('anchors of trusted lists', () => {
  for (const format of ['CMS', 'XML'] as const) {
    const signed = async (stampedAt?: Date): Promise<Buffer> => {
      const options = {
        signer: signerOf(own, [authority]),
        signedAt: day('2026-03-01'),
        ...(stampedAt === undefined ? {} : { timeStamp: stampClient(unit, stampedAt) }),
      }
      if (format === 'XML') return (await signXades(Buffer.from('<bill><sum>1</sum></bill>'), options)).xml
      return (await signCades(Buffer.from('text'), { ...options, detached: false })).cms
    }

    it(`${format}: a service that ended before the best signature time lends no trust; a proof from its time does`, async () => {
      const plain = await signed()
      assert.equal(told(await judge(plain, { at: day('2026-04-01'), qualifier: listed })), 'TOTAL-PASSED')
      const late = await judge(plain, { at: day('2026-08-01'), qualifier: listed })
      assert.equal(told(late), 'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND')
      assert.equal(codes(late)[0], 'VERIFY-TRUST-SERVICE-ENDED')
      // No list: trusted for itself.
      assert.equal(told(await judge(plain, { at: day('2026-08-01') })), 'TOTAL-PASSED')
      const proven = await signed(day('2026-03-02'))
      assert.equal(told(await judge(proven, { at: day('2026-08-01'), qualifier: listed })), 'TOTAL-PASSED')
    })

    it(`${format}: whom a person pinned is trusted whatever a list says`, async () => {
      const options = { at: day('2026-08-01'), qualifier: withPinned(listed, [authority.der]) }
      assert.equal(told(await judge(await signed(), options)), 'TOTAL-PASSED')
      const other = { at: day('2026-08-01'), qualifier: withPinned(listed, [stamping.der]) }
      assert.equal(told(await judge(await signed(), other)), 'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND')
    })

    it(`${format}: revocation data at hand counts, and makes no file self-contained`, async () => {
      const revoked = crlOf(authority, {
        at: day('2026-04-01'),
        next: day('2026-05-01'),
        revoked: [{ certificate: own, at: day('2026-03-15') }],
      })
      const good = crlOf(authority, { at: day('2026-04-01'), next: day('2026-05-01') })
      const with_ = (list: Buffer): Partial<VerifyOptions> => ({ at: day('2026-04-02'), evidence: { crls: [list], ocspResponses: [] } })
      assert.equal(told(await judge(await signed(), with_(revoked))), 'INDETERMINATE REVOKED_NO_POE')
      const proven = await signed(day('2026-03-02'))
      const judged = await judge(proven, { ...with_(good), revocation: 'required' })
      assert.equal(judged.revocation?.[0]?.status, 'good')
      assert.match(judged.level, /-BASELINE-T$/u)
    })
  }

  it('a stamp is judged by the time it states: its service may have ended since', async () => {
    const stampsEnded: Qualifier = {
      ...listed,
      anchorStands: (anchor, at) => (anchor.der.equals(stamping.der) ? at < day('2026-05-01') : undefined),
    }
    const proven = (stampedAt: Date): Promise<Buffer> =>
      signCades(Buffer.from('text'), {
        signer: signerOf(own, [authority]),
        signedAt: day('2026-03-01'),
        detached: false,
        timeStamp: stampClient(unit, stampedAt),
      }).then((made) => made.cms)
    const early = await judge(await proven(day('2026-03-02')), { at: day('2026-08-01'), qualifier: stampsEnded })
    assert.equal(early.timeSource, 'time-stamp')
    const late = await judge(await proven(day('2026-06-02')), { at: day('2026-08-01'), qualifier: stampsEnded })
    assert.equal(late.timeSource, 'claimed')
    assert.ok(codes(late).includes('VERIFY-TRUST-SERVICE-ENDED'))
  })
})
