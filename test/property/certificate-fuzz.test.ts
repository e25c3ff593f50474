import assert from 'node:assert/strict'
import fc from 'fast-check'
import { answerQuestion, SourceReader } from '../../core/cli/certificate-question.js'
import { toPem } from '../../core/signing/certificate-request.js'
import { issueCertificate } from '../../core/signing/test/test-authority.js'
import { Fault } from '../../core/i18n/fault.js'
import { readCertificate, type Certificate } from '../../core/validation/certificate/certificate.js'
import { describeCertificate } from '../../core/validation/certificate/certificate-description.js'
import { checkPath, type PathAnswer } from '../../core/validation/certificate/path.js'
import { MalformedDer } from '../../core/validation/der-reader.js'
import { readRevocationList } from '../../core/validation/revocation/crl.js'
import { readOcspResponse } from '../../core/validation/revocation/ocsp.js'
import { extension, issueList, issueResponse } from '../../core/validation/test/revocation-authority.js'
import { context, element, objectIdentifier, sequence } from '../../core/signing/der.js'
import { mutateBytes, mutateStructure, type Step } from './der-mutants.js'

/** Mutants of each kind of file: 10,000 in full (half by bytes, half by structure), a few hundred otherwise. */
const runs = process.env.KHATM_FULL === '1' ? 5000 : 150
const slowest = 2000
const memory = 512 * 1024 * 1024

const at = new Date('2026-11-22T10:00:00Z')
const times = { thisUpdate: new Date('2026-11-21T00:00:00Z'), nextUpdate: new Date('2026-11-30T00:00:00Z') }
const uri = (text: string): Buffer => element(0x86, Buffer.from(text))

describe('mutants of certificates, lists and OCSP responses', function () {
  this.timeout(900_000)
  // Every extension that is read, so that mutants reach every reader.
  const policies = extension('2.5.29.32', sequence(sequence(objectIdentifier('1.2.3.4')), sequence(objectIdentifier('1.2.3.5'))))
  const points = extension('2.5.29.31', sequence(sequence(context(0, context(0, uri('http://list.test/1'))))))
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const middle = issueCertificate({
    commonName: 'Middle',
    ca: true,
    issuer: root,
    pathLength: 0,
    extra: [
      policies,
      extension('2.5.29.33', sequence(sequence(objectIdentifier('1.2.3.4'), objectIdentifier('1.2.3.5')))),
      extension('2.5.29.36', sequence(element(0x80, Buffer.from([0]))), true),
      extension('2.5.29.30', sequence(context(1, sequence(element(0x82, Buffer.from('excluded.test'))))), true),
    ],
  })
  const leaf = issueCertificate({
    commonName: 'Leaf',
    issuer: middle,
    extra: [
      policies,
      points,
      extension('2.5.29.17', sequence(element(0x82, Buffer.from('a.test')))),
      extension('1.3.6.1.5.5.7.1.3', sequence(sequence(objectIdentifier('0.4.0.1862.1.1')))),
    ],
  })
  const gone = issueCertificate({ commonName: 'Gone', issuer: middle, extra: [policies] })
  const list = issueList({ signer: middle, ...times, revoked: [{ certificate: gone, at: times.thisUpdate, reason: 1 }] })
  const rootList = issueList({ signer: root, ...times })
  const ocsp = issueResponse({
    certificate: leaf,
    issuer: middle,
    signer: middle,
    producedAt: times.thisUpdate,
    nextUpdate: times.nextUpdate,
  })
  const read = (der: Buffer): Certificate | undefined => orRefused(() => readCertificate(der))

  /** A reader may refuse bytes in one way only. */
  function orRefused<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (error instanceof MalformedDer) return undefined
      throw error
    }
  }

  const ask = (certificate: Certificate, between: Certificate, crls: readonly Buffer[], ocspResponses: readonly Buffer[]): PathAnswer =>
    checkPath({
      certificate,
      intermediates: [between],
      anchors: [readCertificate(root.der)],
      at,
      revocation: { mode: 'required', evidence: { crls: [rootList, ...crls], ocspResponses } },
    })

  const steps = fc.array(fc.record({ kind: fc.nat(1000), place: fc.nat(100_000), value: fc.nat(100_000) }), { minLength: 1, maxLength: 5 })

  function mutants(source: Buffer, examine: (mutant: Buffer) => void): void {
    for (const mutate of [mutateBytes, mutateStructure]) {
      fc.assert(
        fc.property(steps, (taken: Step[]) => {
          const mutant = mutate(source, taken)
          const started = process.cpuUsage()
          examine(mutant)
          const { user, system } = process.cpuUsage(started)
          assert.ok((user + system) / 1000 < slowest, `${mutant.length} bytes took too long`)
        }),
        { numRuns: runs },
      )
    }
    const { heapUsed, external } = process.memoryUsage()
    assert.ok(heapUsed + external < memory, `${heapUsed + external} bytes`)
  }

  it('the unchanged files are taken and the revoked certificate is not', () => {
    assert.equal(ask(readCertificate(leaf.der), readCertificate(middle.der), [list], []).trusted, true)
    assert.equal(ask(readCertificate(leaf.der), readCertificate(middle.der), [], [ocsp]).trusted, true)
    assert.equal(ask(readCertificate(gone.der), readCertificate(middle.der), [list], []).subIndication, 'REVOKED')
  })

  it('no changed certificate of a signer is trusted', () => {
    mutants(leaf.der, (mutant) => {
      const certificate = read(mutant)
      if (certificate === undefined) return
      describeCertificate(certificate)
      assert.ok(!ask(certificate, readCertificate(middle.der), [list], [ocsp]).trusted || mutant.equals(leaf.der))
    })
  })

  it('no changed certificate of an authority carries trust', () => {
    mutants(middle.der, (mutant) => {
      const authority = read(mutant)
      if (authority === undefined) return
      assert.ok(!ask(readCertificate(leaf.der), authority, [list], [ocsp]).trusted || mutant.equals(middle.der))
    })
  })

  it('no changed list says that a certificate is good, and none clears a revoked one', () => {
    mutants(list, (mutant) => {
      orRefused(() => readRevocationList(mutant))
      assert.ok(!ask(readCertificate(leaf.der), readCertificate(middle.der), [mutant], []).trusted || mutant.equals(list))
      assert.equal(ask(readCertificate(gone.der), readCertificate(middle.der), [mutant], []).trusted, false)
    })
  })

  it('no changed OCSP response says that a certificate is good', () => {
    const original = readOcspResponse(ocsp)
    mutants(ocsp, (mutant) => {
      const response = orRefused(() => readOcspResponse(mutant))
      const { trusted } = ask(readCertificate(leaf.der), readCertificate(middle.der), [], [mutant])
      // Certificates that come with a response are not signed with it.
      assert.ok(!trusted || (response?.tbs.equals(original.tbs) === true && response.signatureValue.equals(original.signatureValue)))
    })
  })

  it('the command answers every mutant with a verdict or a coded fault', () => {
    const sources = new SourceReader()
    const question = {
      chain: [middle.pem],
      trust: [root.pem],
      crl: undefined,
      ocsp: undefined,
      at: at.toISOString(),
      policies: [],
      requireExplicitPolicy: false,
      inhibitPolicyMapping: false,
      inhibitAnyPolicy: false,
      anyAlgorithm: false,
      purpose: 'sign',
    } as const
    assert.equal(answerQuestion({ ...question, file: leaf.pem }, sources).verdict, 'passed')
    mutants(leaf.der, (mutant) => {
      try {
        const { verdict } = answerQuestion({ ...question, file: toPem('CERTIFICATE', mutant) }, sources)
        assert.ok(verdict !== 'passed' || mutant.equals(leaf.der))
      } catch (error) {
        assert.ok(error instanceof Fault, String(error))
      }
    })
  })
})
