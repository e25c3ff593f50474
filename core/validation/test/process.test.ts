import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { signCades } from '../../signing/formats/cades/sign-cades.js'
import { evidenceFrom } from '../../signing/revocation/collect-evidence.js'
import { issueCertificate, signerOf, type TestCertificate } from '../../signing/test/test-authority.js'
import { addressExtensions, crlOf, ocspOf, responderOf, stampAuthority, stampClient, tokenOf } from '../../signing/test/test-revocation.js'
import { readCertificate } from '../certificate/certificate.js'
import { createVerifiers } from '../create-verifiers.js'
import { judgeSignature, type CheckedSignature } from '../process/judge-signature.js'
import type { VerifyOptions } from '../report.js'
import { noEvidence, type RevocationSource } from '../revocation/evidence.js'
import type { SignatureVerdict } from '../verdict.js'

const day = (text: string): Date => new Date(`${text}T12:00:00Z`)
const content = Buffer.from('the signed text')
/** Addresses are named so that a status can be asked for; nothing is asked in these tests. */
const offered = addressExtensions({ ocsp: 'http://127.0.0.1:9/ocsp', crl: 'http://127.0.0.1:9/crl' })

const root = issueCertificate({ commonName: 'Root', ca: true })
const own = issueCertificate({
  commonName: 'Signer',
  issuer: root,
  notBefore: day('2026-01-01'),
  notAfter: day('2026-06-30'),
  extra: offered,
})
const authority = stampAuthority(root, { extra: offered })

async function signed(stampedAt?: Date, by: TestCertificate = own, stampBy: TestCertificate = authority): Promise<Buffer> {
  const timeStamp = stampedAt === undefined ? {} : { timeStamp: stampClient(stampBy, stampedAt) }
  return (await signCades(content, { signer: signerOf(by), signedAt: day('2026-03-01'), detached: false, ...timeStamp })).cms
}

async function judge(cms: Buffer, options: Partial<VerifyOptions> & { readonly at: Date }): Promise<SignatureVerdict> {
  const verdict = await createVerifiers().verify('signed.p7m', cms, { trust: [root.der], ...options })
  const [signature] = verdict.signatures
  assert.ok(signature !== undefined, JSON.stringify(verdict))
  return signature
}
const told = (signature: SignatureVerdict): string =>
  [signature.indication, signature.subIndication].filter((one) => one !== null).join(' ')
const codes = (signature: SignatureVerdict): string[] => signature.findings.map((finding) => finding.code)
const crls = (...lists: Buffer[]): Partial<VerifyOptions> => ({ evidence: { crls: lists, ocspResponses: [] } })

describe('validation process (EN 319 102-1)', () => {
  it('without a stamp the certificate must hold now: an ended one leaves open when the signature was made', async () => {
    const cms = await signed()
    assert.equal(told(await judge(cms, { at: day('2026-04-01') })), 'TOTAL-PASSED')
    assert.equal(told(await judge(cms, { at: day('2026-09-01') })), 'INDETERMINATE OUT_OF_BOUNDS_NO_POE')
    assert.equal(told(await judge(cms, { at: day('2025-09-01') })), 'INDETERMINATE OUT_OF_BOUNDS_NO_POE')
    // A list from before the end says that it was good as long as it lasted.
    const last = crlOf(root, { at: day('2026-06-29'), next: day('2026-12-31') })
    assert.equal(told(await judge(cms, { at: day('2026-09-01'), ...crls(last) })), 'INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED')
  })

  it('a trusted stamp from the life of the certificate saves it; one from outside of that does not', async () => {
    const saved = await judge(await signed(day('2026-03-02')), { at: day('2026-09-01') })
    assert.equal(told(saved), 'TOTAL-PASSED')
    assert.deepEqual([saved.level, saved.timeSource, saved.provenAt], ['CAdES-BASELINE-T', 'time-stamp', day('2026-03-02').toISOString()])
    assert.equal(told(await judge(await signed(day('2026-07-02')), { at: day('2026-09-01') })), 'INDETERMINATE OUT_OF_BOUNDS_NO_POE')
    const early = await judge(await signed(day('2025-12-02')), { at: day('2026-09-01') })
    assert.equal(told(early), 'TOTAL-FAILED NOT_YET_VALID')
  })

  it('a stamp that is untrusted, of a later time, or broken lends no time', async () => {
    const stranger = stampAuthority(issueCertificate({ commonName: 'Nobody', ca: true }))
    const untrusted = await judge(await signed(day('2026-03-02'), own, stranger), { at: day('2026-04-01') })
    assert.deepEqual([told(untrusted), untrusted.timeSource], ['TOTAL-PASSED', 'claimed'])
    assert.ok(codes(untrusted).includes('VERIFY-CHAIN-NOT-FOUND'))
    const later = await judge(await signed(day('2026-05-02')), { at: day('2026-04-01') })
    assert.deepEqual([later.timeSource, codes(later).includes('VERIFY-TIME-STAMP-LATER')], ['claimed', true])
    const other = {
      stamp: async () => ({
        token: await tokenOf(authority, createHash('sha256').update('x').digest(), day('2026-03-02')),
        at: day('2026-03-02'),
        authority: '',
      }),
    }
    const { cms } = await signCades(content, { signer: signerOf(own), signedAt: day('2026-03-01'), detached: false, timeStamp: other })
    const broken = await judge(cms, { at: day('2026-04-01') })
    assert.equal(told(broken), 'INDETERMINATE SIG_CONSTRAINTS_FAILURE')
    assert.ok(codes(broken).includes('VERIFY-TIME-STAMP-IMPRINT'))
  })

  it('the authority of a stamp: for stamps and nothing else, and still in its life when the stamp is read', async () => {
    const forAll = issueCertificate({ commonName: 'Any', issuer: root, keyUsage: 0b1000_0000 })
    assert.equal((await judge(await signed(day('2026-03-02'), own, forAll), { at: day('2026-04-01') })).timeSource, 'claimed')
    const brief = stampAuthority(root, { notBefore: day('2026-01-01'), notAfter: day('2026-05-01'), extra: offered })
    const cms = await signed(day('2026-03-02'), own, brief)
    assert.equal((await judge(cms, { at: day('2026-04-01') })).timeSource, 'time-stamp')
    const ended = await judge(cms, { at: day('2026-06-01') })
    assert.deepEqual([ended.timeSource, ended.timeStamps?.[0]?.trusted], ['claimed', false])
  })

  it('withdrawn: nobody knows without a stamp, harmless after the proven time, unsaved before it', async () => {
    const list = (at: Date): Partial<VerifyOptions> =>
      crls(crlOf(root, { at: day('2026-05-20'), next: day('2026-12-31'), revoked: [{ certificate: own, at, reason: 1 }] }))
    const at = day('2026-05-21')
    const bare = await judge(await signed(), { at, ...list(day('2026-04-15')) })
    assert.equal(told(bare), 'INDETERMINATE REVOKED_NO_POE')
    assert.deepEqual([bare.revocation?.[0]?.status, bare.revocation?.[0]?.reason], ['revoked', 'keyCompromise'])
    const stamped = await judge(await signed(day('2026-03-02')), { at, ...list(day('2026-04-15')) })
    assert.equal(told(stamped), 'TOTAL-PASSED')
    assert.ok(codes(stamped).includes('VERIFY-REVOKED-LATER'))
    assert.equal(told(await judge(await signed(day('2026-04-20')), { at, ...list(day('2026-04-15')) })), 'INDETERMINATE REVOKED_NO_POE')
  })

  it('withdrawn before a stamp that the signer signed over the content: signed afterwards, and failed', async () => {
    const verdictWith = async (contentAt: Date, at: Date): Promise<string> => {
      const list = crlOf(root, { at: day('2026-05-20'), next: day('2026-12-31'), revoked: [{ certificate: own, at: day('2026-04-15') }] })
      const digest = createHash('sha256').update(content).digest()
      const checked: CheckedSignature = {
        failure: null,
        certificate: readCertificate(own.der),
        certificates: [],
        digestAlgorithm: 'sha256',
        scheme: 'ecdsa',
        claimedAt: undefined,
        timeStamps: [{ kind: 'content', token: await tokenOf(authority, digest, contentAt), stamped: () => digest }],
        evidence: at < day('2026-07-01') ? { crls: [list], ocspResponses: [] } : noEvidence,
      }
      const judged = await judgeSignature(checked, { anchors: [readCertificate(root.der)], at, revocation: 'known' })
      return `${judged.indication} ${judged.subIndication ?? ''}`
    }
    assert.equal(await verdictWith(day('2026-04-20'), day('2026-05-21')), 'TOTAL-FAILED REVOKED')
    assert.equal(await verdictWith(day('2026-04-10'), day('2026-05-21')), 'INDETERMINATE REVOKED_NO_POE')
    assert.equal(await verdictWith(day('2026-07-10'), day('2026-08-21')), 'TOTAL-FAILED EXPIRED')
  })

  it('stamps out of order: what covers the content is not younger than what covers the signature', async () => {
    const digest = createHash('sha256').update(content).digest()
    const stamp = async (kind: 'content' | 'signature', at: Date): Promise<CheckedSignature['timeStamps'][number]> => ({
      kind,
      token: await tokenOf(authority, digest, at),
      stamped: () => digest,
    })
    const checked = async (first: Date, second: Date): Promise<string | null> => {
      const signature: CheckedSignature = {
        failure: null,
        certificate: readCertificate(own.der),
        certificates: [],
        digestAlgorithm: 'sha256',
        scheme: 'ecdsa',
        claimedAt: undefined,
        timeStamps: [await stamp('content', first), await stamp('signature', second)],
        evidence: noEvidence,
      }
      return (await judgeSignature(signature, { anchors: [readCertificate(root.der)], at: day('2026-05-01'), revocation: 'known' }))
        .subIndication
    }
    assert.equal(await checked(day('2026-03-01'), day('2026-03-02')), null)
    assert.equal(await checked(day('2026-03-02'), day('2026-03-01')), 'TIMESTAMP_ORDER_FAILURE')
  })

  it('a withdrawn authority of stamps: older stamps hold when its key was not the reason (RFC 3161 section 4)', async () => {
    const cms = await signed(day('2026-03-02'))
    const list = (reason?: number, by: TestCertificate = authority): Partial<VerifyOptions> =>
      crls(
        crlOf(root, {
          at: day('2026-05-20'),
          next: day('2026-12-31'),
          revoked: [{ certificate: by, at: day('2026-04-15'), ...(reason === undefined ? {} : { reason }) }],
        }),
      )
    assert.equal((await judge(cms, { at: day('2026-05-21'), ...list(5) })).timeSource, 'time-stamp')
    assert.equal((await judge(cms, { at: day('2026-05-21'), ...list(1) })).timeSource, 'claimed')
    // Without a reason nobody knows whether the key was it.
    assert.equal((await judge(cms, { at: day('2026-05-21'), ...list() })).timeSource, 'claimed')
    // Revoked is not better than expired: a certificate that has ended proves nothing alone.
    const short = stampAuthority(root, { extra: offered, notAfter: day('2026-05-15') })
    const ended = await signed(day('2026-03-02'), own, short)
    assert.equal((await judge(ended, { at: day('2026-05-21') })).timeSource, 'claimed')
    assert.equal((await judge(ended, { at: day('2026-05-21'), ...list(5, short) })).timeSource, 'claimed')
  })

  it('an unknown status: a warning by default, TRY_LATER where it is required', async () => {
    const cms = await signed()
    const known = await judge(cms, { at: day('2026-04-01') })
    assert.deepEqual([told(known), codes(known)], ['TOTAL-PASSED', ['VERIFY-REVOCATION-UNKNOWN']])
    const required = await judge(cms, { at: day('2026-04-01'), revocation: 'required' })
    assert.equal(told(required), 'INDETERMINATE TRY_LATER')
    const fresh = crls(crlOf(root, { at: day('2026-03-31'), next: day('2026-04-07') }))
    const settled = await judge(cms, { at: day('2026-04-01'), revocation: 'required', ...fresh })
    assert.deepEqual([told(settled), settled.revocation?.[0]?.source], ['TOTAL-PASSED', 'crl'])
    const stale = await judge(cms, { at: day('2026-05-01'), revocation: 'required', ...fresh })
    assert.equal(told(stale), 'INDETERMINATE TRY_LATER')
    const silent = issueCertificate({ commonName: 'Signer', issuer: root })
    const nowhere = await judge(await signed(undefined, silent), { at: day('2026-04-01') })
    assert.deepEqual(codes(nowhere), ['VERIFY-REVOCATION-NOT-OFFERED'])
  })

  it('servers are asked for what the file does not carry, and for nothing else', async () => {
    const asked: string[] = []
    const middle = issueCertificate({ commonName: 'Issuing', ca: true, issuer: root, extra: offered })
    const leaf = issueCertificate({ commonName: 'Signer', issuer: middle, extra: offered })
    const source: RevocationSource = {
      evidenceFor: (certificate) => {
        asked.push(`status of ${certificate.holder}`)
        const responses =
          certificate.holder === 'Signer' ? [ocspOf(leaf, middle, { at: day('2026-04-01'), responder: responderOf(middle) })] : []
        return Promise.resolve({
          crls: [],
          ocspResponses: responses,
          findings: [{ code: 'SIGN-CRL-UNREACHABLE', params: {}, level: 'warning' as const }],
        })
      },
      issuersOf: (certificate) => {
        asked.push(`issuer of ${certificate.holder}`)
        return Promise.resolve(certificate.holder === 'Signer' ? [readCertificate(middle.der)] : [])
      },
    }
    const judged = await judge(await signed(undefined, leaf), {
      at: day('2026-04-01'),
      source,
      ...crls(crlOf(root, { at: day('2026-03-31'), next: day('2026-04-07') })),
    })
    assert.deepEqual(asked, ['issuer of Signer', 'status of Signer'])
    assert.deepEqual([told(judged), judged.revocation?.map((status) => status.source)], ['TOTAL-PASSED', ['ocsp', 'crl', 'none']])
    assert.deepEqual(codes(judged), [])
  })

  it('level LT carries all it needs: it passes years later without asking, though certificate and evidence have ended', async () => {
    const at = day('2026-03-02')
    const source: RevocationSource = {
      evidenceFor: (certificate) => {
        const one = certificate.holder === 'Time' ? authority : own
        return Promise.resolve({
          crls: [crlOf(root, { at })],
          ocspResponses: [ocspOf(one, root, { at, responder: responderOf(root) })],
          findings: [],
        })
      },
      issuersOf: () => Promise.resolve([]),
    }
    const made = await signCades(content, {
      signer: signerOf(own),
      signedAt: at,
      detached: false,
      level: 'LT',
      timeStamp: stampClient(authority, at),
      evidence: evidenceFrom(source, [root.der]),
    })
    assert.equal(made.level, 'CAdES-BASELINE-LT')
    const soon = await judge(made.cms, { at: new Date(at.getTime() + 60_000), revocation: 'required' })
    assert.deepEqual([told(soon), soon.level, codes(soon)], ['TOTAL-PASSED', 'CAdES-BASELINE-LT', []])
    const late = await judge(made.cms, { at: day('2028-03-02') })
    assert.deepEqual([told(late), late.timeSource], ['TOTAL-PASSED', 'time-stamp'])
  })

  it('a key that was fine when it signed is fine for a proven time, and not without one', async () => {
    const strong = issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root, notAfter: day('2034-01-01') })
    const late = stampAuthority(root)
    assert.equal(
      told(await judge(await signed(undefined, strong), { at: day('2029-06-01') })),
      'INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
    )
    assert.equal(told(await judge(await signed(day('2026-03-02'), strong, late), { at: day('2029-06-01') })), 'TOTAL-PASSED')
  })
})
