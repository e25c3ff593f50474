import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Fault } from '../../core/i18n/fault.js'
import { addSignatureFields } from '../../core/signing/formats/pades/add-signature-fields.js'
import { addDocumentTimeStamp } from '../../core/signing/formats/pades/document-time-stamp.js'
import { renewArchive } from '../../core/signing/formats/pades/renew-archive.js'
import { signPdf, type SignPdfOptions } from '../../core/signing/formats/pades/sign-pdf.js'
import { addValidationData } from '../../core/signing/formats/pades/validation-data.js'
import { evidenceFrom } from '../../core/signing/revocation/collect-evidence.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { pageSource, stampSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createTimeStampClient } from '../../core/signing/tsp/time-stamp-client.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import { PdfStream, PdfString } from '../../core/validation/pdf/objects.js'
import { signatureFields } from '../../core/validation/pdf/signature-fields.js'
import type { DocumentVerdict } from '../../core/validation/verdict.js'
import { openPadesHouse, otherOpinions, type PadesHouse } from './pades-house.js'

function refused(...codes: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error))
    assert.ok(codes.includes(error.code), error.message)
    return true
  }
}

/** Contents of the document security store, by kind. */
function storeOf(pdf: Buffer): { certificates: Buffer[]; ocspResponses: Buffer[]; crls: Buffer[]; entries: string[] } {
  const document = PdfDocument.open(pdf)
  const store = document.dictionary(document.catalog.get('DSS'))
  const streams = (key: string): Buffer[] =>
    (document.array(store?.get(key)) ?? []).map((value) => {
      const stream = document.resolve(value)
      assert.ok(stream instanceof PdfStream)
      return document.decode(stream)
    })
  const entries = [...(document.dictionary(store?.get('VRI'))?.keys() ?? [])]
  return { certificates: streams('Certs'), ocspResponses: streams('OCSPs'), crls: streams('CRLs'), entries }
}

describe('PAdES at every level, with authorities that answer', function () {
  this.timeout(180_000)
  let house: PadesHouse
  let page: Buffer
  let stamp: Buffer
  before(async () => {
    house = await openPadesHouse()
    page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
  })
  after(() => house.close())
  const options = (signer: Signer, more: Partial<SignPdfOptions> = {}): SignPdfOptions => ({
    signer,
    signedAt: new Date(),
    timeStamp: house.timeStamp,
    evidence: house.evidence,
    ...more,
  })
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => createVerifiers().verify('x.pdf', pdf, { trust: [house.root] })

  const keys = { 'rsa-2048': ['B', 'T', 'LT', 'LTA'], 'ec-p256': ['B', 'T', 'LT', 'LTA'], 'rsa-3072': ['LTA'], 'ec-p384': ['LTA'] } as const
  for (const algorithm of ['rsa-2048', 'ec-p256', 'rsa-3072', 'ec-p384'] as const)
    for (const level of keys[algorithm])
      it(`${level} with ${algorithm}: pdfsig, mutool, qpdf and our own verifier agree`, async () => {
        const signer = await house.signer('Company seal', algorithm)
        const signed = await signPdf(page, options(signer, { level, certify: 2 }))
        assert.equal(signed.level, `PAdES-BASELINE-${level}`)
        assert.equal(signed.pdf.subarray(0, page.length).equals(page), true)
        const { pdfsigValid, mutoolIntact, qpdf, words } = otherOpinions(house.folder, signed.pdf)
        assert.deepEqual({ pdfsigValid, mutoolIntact, qpdf }, { pdfsigValid: 1, mutoolIntact: 1, qpdf: 0 }, words)
        const verdict = await verify(signed.pdf)
        assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
        assert.equal(verdict.signatures[0]?.level, `PAdES-BASELINE-${level}`, JSON.stringify(verdict.signatures[0]))
      })

  it('LT carries certificates and status of signer, authority and responders, named by the SHA-1 of Contents', async () => {
    const { pdf } = await signPdf(page, options(await house.signer('Signer'), { level: 'LT' }))
    const store = storeOf(pdf)
    const [field] = signatureFields(PdfDocument.open(pdf))
    const contents = PdfDocument.open(pdf).resolve(field?.signature.get('Contents'))
    assert.ok(contents instanceof PdfString)
    assert.deepEqual(store.entries, [createHash('sha1').update(contents.bytes).digest('hex').toUpperCase()])
    assert.ok(
      store.certificates.some((der) => der.equals(house.root)),
      'root',
    )
    assert.ok(store.certificates.length >= 4, `signer, issuing authority, root, time stamps: ${store.certificates.length}`)
    assert.ok(store.ocspResponses.length + store.crls.length >= 2)
  })

  it('what the store holds already is not written twice', async () => {
    const signer = await house.signer('Twice')
    const once = await signPdf(page, options(signer, { level: 'LT' }))
    const twice = await signPdf(once.pdf, options(signer, { level: 'LT' }))
    const store = storeOf(twice.pdf)
    assert.equal(store.entries.length, 2)
    const names = [...store.certificates, ...store.ocspResponses, ...store.crls].map((der) =>
      createHash('sha256').update(der).digest('hex'),
    )
    assert.equal(new Set(names).size, names.length)
    assert.equal((await addValidationData(twice.pdf, { evidence: house.evidence, at: new Date() })).fields.length, 0)
  })

  it('three signers in their own fields, the seal of the company and an archive stamp: all valid, earlier bytes kept', async () => {
    let pdf = addSignatureFields(
      page,
      ['buyer', 'seller', 'witness'].map((name, index) => ({ name, page: 1, rect: [20 + index * 120, 30, 100, 43] as const })),
    )
    const keep = (next: Buffer): void => {
      assert.equal(next.subarray(0, pdf.length).equals(pdf), true)
      pdf = Buffer.from(next)
      assert.equal(otherOpinions(house.folder, pdf).qpdf, 0)
    }
    for (const [fieldName, algorithm] of [
      ['seller', 'rsa-2048'],
      ['witness', 'ec-p256'],
      ['buyer', 'ec-p384'],
    ] as const) {
      const signer = await house.signer(fieldName, algorithm)
      keep((await signPdf(pdf, options(signer, { level: 'LT', fieldName, appearance: { pdf: stamp }, name: fieldName }))).pdf)
    }
    keep(
      (
        await signPdf(
          pdf,
          options(await house.signer('Company seal'), { level: 'LT', appearance: { page: 1, rect: [20, 90, 140, 60], pdf: stamp } }),
        )
      ).pdf,
    )
    keep((await addDocumentTimeStamp(pdf, { timeStamp: house.timeStamp })).pdf)
    const { pdfsigValid, mutoolIntact, words } = otherOpinions(house.folder, pdf)
    assert.deepEqual({ pdfsigValid, mutoolIntact }, { pdfsigValid: 4, mutoolIntact: 4 }, words)
    const verdict = await verify(pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.equal(verdict.signatures.length, 5)
    for (const signature of verdict.signatures) assert.ok(signature.changes.every((change) => change.allowed))
  })

  it('a document certified against any change still takes evidence, archive stamps and their renewal', async () => {
    const sealed = await signPdf(page, options(await house.signer('Seal'), { level: 'LTA', certify: 1 }))
    const renewed = await renewArchive(sealed.pdf, { timeStamp: house.timeStamp, evidence: house.evidence, at: new Date() })
    assert.equal(renewed.pdf.subarray(0, sealed.pdf.length).equals(sealed.pdf), true)
    const verdict = await verify(renewed.pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.equal(verdict.signatures.length, 3)
    assert.equal(storeOf(renewed.pdf).entries.length, 2)
    await assert.rejects(signPdf(renewed.pdf, options(await house.signer('Late'))), refused('SIGN-PDF-NO-CHANGES-ALLOWED'))
  })

  it('the same input gives the same bytes to sign', async () => {
    const signer = await house.signer('Agent', 'rsa-2048')
    const digests: string[] = []
    const watching: Signer = {
      ...signer,
      signMessage: (message) => {
        digests.push(createHash('sha256').update(message).digest('hex'))
        return signer.signDigest(createHash('sha256').update(message).digest())
      },
    }
    const signedAt = new Date('2026-11-22T10:30:00Z')
    await signPdf(page, { signer: watching, signedAt, reason: 'same' })
    await signPdf(page, { signer: watching, signedAt, reason: 'same' })
    await signPdf(page, { signer: watching, signedAt, reason: 'other' })
    assert.equal(digests[0], digests[1])
    assert.notEqual(digests[0], digests[2])
  })

  describe('a level that cannot be reached is a fault, and nothing is handed out', () => {
    it('nobody to ask', async () => {
      const signer = await house.signer('Alone')
      const signedAt = new Date()
      await assert.rejects(signPdf(page, { signer, signedAt, level: 'T' }), refused('SIGN-TSA-NOT-CONFIGURED'))
      await assert.rejects(
        signPdf(page, { signer, signedAt, level: 'LT', timeStamp: house.timeStamp }),
        refused('SIGN-EVIDENCE-NOT-CONFIGURED'),
      )
    })
    it('the certificate was withdrawn: the key is not even used', async () => {
      const signer = await house.signer('Withdrawn')
      const [own] = signer.certificates
      assert.ok(own !== undefined)
      house.sandbox.revoke(own, 'keyCompromise')
      let used = 0
      const watching: Signer = {
        ...signer,
        signMessage: (message) => (used++, signer.signDigest(createHash('sha256').update(message).digest())),
      }
      await assert.rejects(signPdf(page, options(watching, { level: 'LT' })), refused('SIGN-CERT-REVOKED'))
      assert.equal(used, 0)
    })
    it('OCSP and lists are away', async () => {
      const signer = await house.signer('Offline')
      const away = {
        evidenceFor: () => Promise.resolve({ crls: [], ocspResponses: [], findings: [] }),
        issuersOf: () => Promise.resolve([]),
      }
      await assert.rejects(
        signPdf(page, options(signer, { level: 'LT', evidence: evidenceFrom(away, [house.root]) })),
        refused('SIGN-REVOCATION-UNAVAILABLE'),
      )
    })
    for (const [fault, code] of [
      ['error', 'SIGN-TSA-UNREACHABLE'],
      ['garbage', 'SIGN-TSA-MALFORMED'],
      ['rejected', 'SIGN-TSA-REFUSED'],
      ['wrong-nonce', 'SIGN-TSA-WRONG-NONCE'],
      ['wrong-imprint', 'SIGN-TSA-WRONG-IMPRINT'],
      ['untrusted', 'SIGN-TSA-UNTRUSTED'],
    ] as const)
      it(`the time stamp authority fails: ${fault}`, async () => {
        const client = createTimeStampClient(`${house.sandbox.timeStampUrl}/${fault}`, {
          allowPrivate: [new URL(house.sandbox.url).origin],
          trust: [house.root],
        })
        const signer = await house.signer('Unlucky')
        for (const level of ['T', 'LT', 'LTA'] as const)
          await assert.rejects(signPdf(page, options(signer, { level, timeStamp: client })), refused(code))
        await assert.rejects(addDocumentTimeStamp(page, { timeStamp: client }), refused(code))
      })
    it('the authority answers the signature and is away for the archive stamp', async () => {
      let calls = 0
      const client: SignPdfOptions['timeStamp'] = {
        stamp: (algorithm, digest) =>
          ++calls === 1 ? house.timeStamp.stamp(algorithm, digest) : Promise.reject(new Fault('SIGN-TSA-UNREACHABLE')),
      }
      await assert.rejects(
        signPdf(page, options(await house.signer('Half'), { level: 'LTA', timeStamp: client })),
        refused('SIGN-TSA-UNREACHABLE'),
      )
    })
    it('an authority that stamps something else is caught in the finished file', async () => {
      const lying: SignPdfOptions['timeStamp'] = {
        stamp: (algorithm) => house.timeStamp.stamp(algorithm, createHash('sha256').update('else').digest()),
      }
      await assert.rejects(addDocumentTimeStamp(page, { timeStamp: lying }), refused('SIGN-PDF-CHECK-FAILED'))
    })
    it('a source of keys that fails midway, or answers a wrong signature', async () => {
      const signer = await house.signer('Broken', 'rsa-2048')
      const gone = new Fault('SIGN-TOKEN-MISSING')
      const pulled: Signer = { ...signer, signMessage: () => Promise.reject(gone), signDigest: () => Promise.reject(gone) }
      await assert.rejects(signPdf(page, options(pulled)), refused('SIGN-TOKEN-MISSING'))
      const wrong: Signer = {
        ...signer,
        signMessage: () => Promise.resolve(Buffer.alloc(256, 1)),
        signDigest: () => Promise.resolve(Buffer.alloc(256, 1)),
      }
      await assert.rejects(signPdf(page, options(wrong)), refused('SIGN-SIGNATURE-WRONG'))
    })
  })
})
