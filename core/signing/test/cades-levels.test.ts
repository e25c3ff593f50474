import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, sign as signMessage } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { DerElement } from '../../validation/der-reader.js'
import type { VerifyOptions } from '../../validation/report.js'
import type { RevocationSource } from '../../validation/revocation/evidence.js'
import type { DocumentVerdict } from '../../validation/verdict.js'
import { algorithmIdentifier, context, element, integer, nullValue, objectIdentifier, octetString, sequence, setOf, time } from '../der.js'
import { holdsLikeBefore } from '../formats/cades/checked-form.js'
import { egyptProfile } from '../formats/cades/profiles/egypt.js'
import { signCades, type SignCadesOptions } from '../formats/cades/sign-cades.js'
import { evidenceFrom } from '../revocation/collect-evidence.js'
import type { KeyAlgorithm, SignatureScheme } from '../key.js'
import { signWith } from '../sign-with.js'
import type { Signer } from '../signing-service.js'
import { issueCertificate, signerOf, type TestCertificate } from './test-authority.js'
import { addressExtensions, crlOf, ocspOf, responderOf, stampAuthority, stampClient } from './test-revocation.js'

const content = Buffer.from('{"total":"115.00"}')
const offered = addressExtensions({ ocsp: 'http://127.0.0.1:9/ocsp', crl: 'http://127.0.0.1:9/crl' })
const root = issueCertificate({ commonName: 'Root', ca: true })
const signedAt = new Date()

describe('CAdES levels and forms', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'cades-levels-'))
  const file = (name: string): string => join(folder, name)
  before(() => {
    writeFileSync(file('root.pem'), root.pem)
    writeFileSync(file('content'), content)
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })

  /** `openssl cms -verify -cades`: exit code 0 and what it read as signed. */
  const openssl = (cms: Buffer, detached: boolean): void => {
    writeFileSync(file('cms'), cms)
    const args = [
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      file('cms'),
      '-CAfile',
      file('root.pem'),
      '-purpose',
      'any',
    ]
    const run = spawnSync('openssl', [...args, ...(detached ? ['-content', file('content')] : [])], { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    assert.equal(run.stdout, content.toString())
  }
  const verify = (cms: Buffer, options: Partial<VerifyOptions> = {}): Promise<DocumentVerdict> =>
    createVerifiers().verify('x.p7s', cms, { trust: [root.der], ...options })
  const signer = (algorithm: KeyAlgorithm = 'ec-p256', scheme?: SignatureScheme): Signer =>
    signerOf(issueCertificate({ commonName: 'Signer', algorithm, issuer: root, extra: offered }), [], scheme)
  const sign = (more: Partial<SignCadesOptions> = {}) => signCades(content, { signer: signer(), signedAt, detached: true, ...more })
  const codes = (verdict: DocumentVerdict): string[] =>
    [...verdict.signatures.flatMap((signature) => signature.findings), ...verdict.findings].map((finding) => finding.code)
  const faultOf = (code: string) => (error: unknown) => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.code, code)
    return true
  }

  it('a detached signature is judged over the content given, and over no other', async () => {
    const { cms } = await sign()
    openssl(cms, true)
    const passed = await verify(cms, { content })
    assert.deepEqual([passed.verdict, passed.integrity, passed.signatures[0]?.level], ['passed', 'intact', 'CAdES-BASELINE-B'])
    const other = await verify(cms, { content: Buffer.from('{"total":"915.00"}') })
    assert.deepEqual([other.verdict, other.integrity, other.signatures[0]?.subIndication], ['failed', 'broken', 'HASH_FAILURE'])
    const without = await verify(cms)
    assert.deepEqual([without.verdict, without.integrity, without.signatures[0]?.signer?.name], ['indeterminate', 'none', 'Signer'])
    const inside = await sign({ detached: false })
    const mismatch = await verify(inside.cms, { content: Buffer.from('something else') })
    assert.deepEqual([mismatch.verdict, codes(mismatch)], ['failed', ['VERIFY-CONTENT-DIFFERS']])
  })

  it('SHA-384 and SHA-512 with RSA and ECDSA', async () => {
    for (const algorithm of ['rsa-2048', 'ec-p256', 'ec-p384'] as const) {
      const certificate = issueCertificate({ commonName: 'Signer', algorithm, issuer: root })
      for (const digestAlgorithm of ['sha384', 'sha512'] as const) {
        const own = signerOf(certificate)
        // Signs digests of another length with the same key, as an open signer told so does.
        const one: Signer = {
          ...own,
          digestAlgorithm,
          signMessage: (message) => Promise.resolve(signMessage(digestAlgorithm, message, certificate.privateKey)),
        }
        const { cms } = await sign({ signer: one })
        openssl(cms, true)
        assert.equal((await verify(cms, { content })).verdict, 'passed')
      }
    }
  })

  it('level T and LT by what is asked, or a fault and nothing', async () => {
    const own = issueCertificate({ commonName: 'Signer', issuer: root, extra: offered })
    const authority = stampAuthority(root, { extra: offered })
    const timeStamp = stampClient(authority, signedAt)
    const source = (revoked: boolean): RevocationSource => ({
      evidenceFor: (certificate) =>
        Promise.resolve(
          certificate.holder === 'Time'
            ? { crls: [], ocspResponses: [ocspOf(authority, root, { responder: responderOf(root) })], findings: [] }
            : {
                crls: [crlOf(root, { revoked: revoked ? [{ certificate: own, at: new Date('2026-01-01') }] : [] })],
                ocspResponses: [],
                findings: [],
              },
        ),
      issuersOf: () => Promise.resolve([]),
    })
    const made = await sign({ signer: signerOf(own), level: 'LT', timeStamp, evidence: evidenceFrom(source(false), [root.der]) })
    openssl(made.cms, true)
    const verdict = await verify(made.cms, { content, revocation: 'required' })
    assert.deepEqual([verdict.verdict, verdict.signatures[0]?.level, codes(verdict)], ['passed', 'CAdES-BASELINE-LT', []])
    const printed = spawnSync('openssl', ['cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', file('cms')], { encoding: 'utf8' })
    assert.match(printed.stdout, /crls:\s+d\.crl:[\s\S]*d\.other:[\s\S]*id-ri-ocsp-response|1\.3\.6\.1\.5\.5\.7\.16\.2/)
    await assert.rejects(sign({ level: 'T' }), faultOf('SIGN-TSA-NOT-CONFIGURED'))
    await assert.rejects(sign({ level: 'LT', timeStamp }), faultOf('SIGN-EVIDENCE-NOT-CONFIGURED'))
    const withdrawn = sign({ signer: signerOf(own), level: 'LT', timeStamp, evidence: evidenceFrom(source(true), [root.der]) })
    await assert.rejects(withdrawn, faultOf('SIGN-CERT-REVOKED'))
    const silent: RevocationSource = {
      evidenceFor: () => Promise.resolve({ crls: [], ocspResponses: [], findings: [] }),
      issuersOf: () => Promise.resolve([]),
    }
    await assert.rejects(
      sign({ level: 'LT', timeStamp, evidence: evidenceFrom(silent, [root.der]) }),
      faultOf('SIGN-REVOCATION-UNAVAILABLE'),
    )
  })

  it('further signers beside the first, each over the same content, whatever their keys', async () => {
    let { cms } = await sign({ detached: false })
    cms = (
      await sign({
        signer: signer('rsa-2048', 'rsa-pss'),
        detached: false,
        addTo: cms,
        timeStamp: stampClient(stampAuthority(root), signedAt),
      })
    ).cms
    cms = (await sign({ signer: signer('ec-p384'), detached: false, addTo: cms })).cms
    openssl(cms, false)
    const verdict = await verify(cms)
    assert.deepEqual(
      [verdict.verdict, verdict.signatures.map((one) => one.level).sort()],
      ['passed', ['CAdES-BASELINE-B', 'CAdES-BASELINE-B', 'CAdES-BASELINE-T']],
    )
    await assert.rejects(
      signCades(Buffer.from('other'), { signer: signer(), signedAt, detached: false, addTo: cms }),
      faultOf('SIGN-CMS-BROKEN'),
    )
    await assert.rejects(sign({ addTo: Buffer.from('no structure') }), faultOf('SIGN-CMS-UNREADABLE'))
  })

  it('the Egyptian form: digested data, version 3, one certificate, four attributes, nothing unsigned', async () => {
    const leaf = issueCertificate({ commonName: 'Issuer', algorithm: 'rsa-2048', issuer: root, extra: offered })
    const made = await sign({ signer: signerOf(leaf, [root]), profile: egyptProfile })
    openssl(made.cms, true)
    const data = DerElement.read(made.cms).child(1).child(0)
    assert.equal(data.child(0).smallInteger(), 3)
    assert.equal(data.child(2).child(0).oid(), '1.2.840.113549.1.7.5')
    assert.equal(data.child(2).children.length, 1)
    assert.deepEqual(
      data.child(3).children.map((one) => one.bytes),
      [leaf.der],
    )
    const info = data.child(4).child(0)
    assert.deepEqual(
      info
        .child(3)
        .children.map((one) => one.child(0).oid())
        .sort(),
      [...egyptProfile.signedAttributes].sort(),
    )
    assert.equal(info.child(4).child(0).oid(), '1.2.840.113549.1.1.1')
    assert.equal(info.children.length, 6)
    const verdict = await verify(made.cms, { content })
    assert.deepEqual([verdict.verdict, codes(verdict)], ['passed', ['VERIFY-REVOCATION-UNKNOWN']])
    await assert.rejects(sign({ profile: egyptProfile }), faultOf('SIGN-PROFILE-KEY'))
    await assert.rejects(sign({ signer: signerOf(leaf), profile: egyptProfile, detached: false }), faultOf('SIGN-PROFILE-KEY'))
  })

  it('departures from the Egyptian form that are live are put up with, and said', async () => {
    const leaf = issueCertificate({ commonName: 'Issuer', algorithm: 'rsa-2048', issuer: root, extra: offered })
    // The certificate authority's own certificate inside, and its name in the reference.
    const own = signerOf(leaf, [root])
    const loose = await sign({ signer: own, profile: { ...egyptProfile, signerCertificateOnly: false, issuerSerial: true } })
    const verdict = await verify(loose.cms, { content })
    const said = verdict.signatures[0]?.findings
      .filter((finding) => finding.code === 'VERIFY-PROFILE-DEVIATION')
      .map((finding) => finding.params?.name)
    assert.deepEqual([verdict.verdict, said], ['passed', ['further certificates', 'issuer in the certificate reference']])
    // The attribute's own identifier where the digest's belongs.
    const strange = signedWithReference(leaf, (hash) =>
      sequence(sequence(objectIdentifier('1.2.840.113549.1.9.16.2.47')), octetString(hash)),
    )
    const tolerated = await verify(strange, { content })
    assert.equal(tolerated.verdict, 'passed', JSON.stringify(tolerated))
    assert.ok(codes(tolerated).includes('VERIFY-CMS-REFERENCE-ALGORITHM'))
    const wrong = signedWithReference(leaf, () => sequence(octetString(Buffer.alloc(32))))
    assert.equal((await verify(wrong, { content })).verdict, 'failed')
  })

  it('reads what openssl writes, in indefinite lengths and as PEM too', async () => {
    const leaf = issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root })
    writeFileSync(file('leaf.pem'), leaf.pem)
    writeFileSync(file('leaf.key'), leaf.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const run = (...more: string[]): Buffer => {
      const base = [
        'cms',
        '-sign',
        '-cades',
        '-binary',
        '-in',
        file('content'),
        '-signer',
        file('leaf.pem'),
        '-inkey',
        file('leaf.key'),
        '-md',
        'sha256',
      ]
      const made = spawnSync('openssl', [...base, ...more])
      assert.equal(made.status, 0, made.stderr.toString())
      return made.stdout
    }
    const streamed = run('-nodetach', '-stream', '-outform', 'DER')
    assert.ok(streamed.includes(Buffer.from([0x30, 0x80])))
    const ber = await verify(streamed)
    assert.deepEqual([ber.verdict, codes(ber).includes('VERIFY-CMS-BER')], ['passed', true])
    assert.equal((await verify(run('-nodetach', '-outform', 'DER'))).verdict, 'passed')
    assert.equal((await verify(run('-nodetach', '-outform', 'PEM'))).verdict, 'passed')
    assert.equal((await verify(run('-outform', 'DER'), { content })).verdict, 'passed')
    assert.equal((await verify(run('-outform', 'DER', '-econtent_type', '1.2.840.113549.1.7.5'), { content })).verdict, 'passed')
    const changed = Buffer.from(streamed)
    changed[changed.indexOf('115.00')] = 0x39
    assert.deepEqual([(await verify(changed)).verdict, (await verify(changed)).integrity], ['failed', 'broken'])
  })

  it('a certificate that has no part in the signature is named', async () => {
    const stranger = issueCertificate({ commonName: 'Stranger', ca: true })
    const verdict = await verify(
      (await sign({ signer: signerOf(issueCertificate({ commonName: 'Signer', issuer: root }), [stranger]) })).cms,
      { content },
    )
    assert.deepEqual([verdict.verdict, verdict.findings.map((finding) => finding.params?.name)], ['passed', ['Stranger']])
  })
})

/** A signature in the Egyptian form whose certificate reference is made by hand, signed as it stands. */
function signedWithReference(leaf: TestCertificate, reference: (hash: Buffer) => Buffer): Buffer {
  const certificate = readCertificate(leaf.der)
  const hash = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
  const attribute = (type: string, value: Buffer): Buffer => sequence(objectIdentifier(type), setOf(value))
  const attributes = setOf(
    attribute('1.2.840.113549.1.9.3', objectIdentifier(egyptProfile.contentType)),
    attribute('1.2.840.113549.1.9.4', octetString(hash(content))),
    attribute('1.2.840.113549.1.9.5', time(signedAt)),
    attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(reference(hash(leaf.der))))),
  )
  const digest = algorithmIdentifier('2.16.840.1.101.3.4.2.1')
  const travelling = Buffer.from(attributes)
  travelling[0] = 0xa0
  const info = sequence(
    integer(1),
    sequence(certificate.issuerDer, element(0x02, certificate.serialBytes)),
    digest,
    travelling,
    algorithmIdentifier('1.2.840.113549.1.1.1', nullValue),
    octetString(signMessage('sha256', attributes, leaf.privateKey)),
  )
  const data = sequence(integer(3), setOf(digest), sequence(objectIdentifier(egyptProfile.contentType)), context(0, leaf.der), setOf(info))
  return sequence(objectIdentifier('1.2.840.113549.1.7.2'), context(0, data))
}

describe('many structures of one signer', () => {
  const certificate = issueCertificate({ commonName: 'Signs often', algorithm: 'rsa-2048' })
  const signer = signerOf(certificate)
  const digestOf = (content: Buffer): Buffer => createHash('sha256').update(content).digest()
  const made = async (content: Buffer, by = signer): Promise<Buffer> =>
    (await signCades(content, { signer: by, signedAt: new Date(), detached: true, profile: egyptProfile })).cms

  it('are compared with the first, which was read in full: each byte that is not this document’s own must be the same', async () => {
    const content = Buffer.from('"A""1"')
    const cms = await made(content)
    const like = (bytes: Buffer, digest = digestOf(content)): boolean => holdsLikeBefore(bytes, signer, egyptProfile.contentType, digest)
    assert.ok(like(cms) && like(await made(content)))
    for (let at = 0; at < cms.length; at += 1) {
      const changed = Buffer.from(cms)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.equal(like(changed), false, String(at))
    }
    assert.equal(like(cms, digestOf(Buffer.from('"A""2"'))), false, 'another document')
    assert.equal(like(Buffer.concat([cms, Buffer.alloc(1)])), false, 'a byte behind it')
    assert.equal(
      holdsLikeBefore(cms, signerOf(certificate), egyptProfile.contentType, digestOf(content)),
      false,
      'an opening not seen before',
    )
  })

  it('are the same bytes whether they are put together from their parts or written into the first', async () => {
    const days = ['2026-03-01T10:20:30Z', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z'].map((day) => new Date(day))
    for (const profile of [egyptProfile, undefined]) {
      const plain = { detached: true, ...(profile === undefined ? {} : { profile }) }
      const often = signerOf(certificate)
      for (const [number, signedAt] of days.entries()) {
        const content = Buffer.from(`"A""${String(number)}"`)
        const again = await signCades(content, { ...plain, signer: often, signedAt })
        const first = await signCades(content, { ...plain, signer: signerOf(certificate), signedAt })
        assert.deepEqual(again, first, `${profile?.name ?? 'plain'} ${signedAt.toISOString()}`)
      }
    }
  })

  it('a form of one profile is not written for another, nor for a structure that carries its content', async () => {
    const content = Buffer.from('"A""1"')
    const often = signerOf(certificate)
    const same = { ...egyptProfile, name: 'other', issuerSerial: true }
    const signedAt = new Date()
    await signCades(content, { signer: often, signedAt, detached: true, profile: egyptProfile })
    const other = await signCades(content, { signer: often, signedAt, detached: true, profile: same })
    const fresh = await signCades(content, { signer: signerOf(certificate), signedAt, detached: true, profile: same })
    assert.deepEqual(other, fresh)
    await signCades(content, { signer: often, signedAt, detached: true })
    const inside = await signCades(content, { signer: often, signedAt, detached: false })
    assert.deepEqual(inside, await signCades(content, { signer: signerOf(certificate), signedAt, detached: false }))
  })

  it('a signature of another length than the key has gives nothing', async () => {
    const short = { ...signer, signMessage: async (message: Uint8Array): Promise<Buffer> => (await signWith(signer, message)).subarray(1) }
    await made(Buffer.from('"A""1"'))
    await assert.rejects(made(Buffer.from('"A""2"'), short), { code: 'SIGN-SIGNATURE-WRONG' })
  })

  it('a signer that signs something else after a right signature gives nothing', async () => {
    let count = 0
    const lying = {
      ...signer,
      signMessage: (message: Uint8Array): Promise<Buffer> =>
        signWith(signer, ++count > 1 ? Buffer.concat([message, Buffer.alloc(1)]) : message),
    }
    await made(Buffer.from('"A""1"'), lying)
    await assert.rejects(made(Buffer.from('"A""2"'), lying), { code: 'SIGN-SIGNATURE-WRONG' })
  })
})
