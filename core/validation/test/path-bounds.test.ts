import assert from 'node:assert/strict'
import { context, element, objectIdentifier, sequence } from '../../signing/der.js'
import { certify, issueCertificate, type TestCertificate } from '../../signing/test/test-authority.js'
import { readCertificate } from '../certificate/certificate.js'
import { checkPath, type PathAnswer, type PathQuestion } from '../certificate/path.js'
import { extension, issueList } from './revocation-authority.js'

const at = new Date('2026-11-22T10:00:00Z')
const limit = 2000

/** Files made to keep a verifier busy: each is answered within two seconds, with the right answer or a coded refusal. */
describe('bounds of certificate paths', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const ask = (leaf: TestCertificate, between: readonly TestCertificate[], more: Partial<PathQuestion> = {}): PathAnswer => {
    const question = {
      certificate: readCertificate(leaf.der),
      intermediates: between.map((one) => readCertificate(one.der)),
      anchors: [readCertificate(root.der)],
      at,
      ...more,
    }
    const started = process.cpuUsage()
    const answer = checkPath(question)
    const spent = process.cpuUsage(started)
    assert.ok((spent.user + spent.system) / 1000 < limit, `${(spent.user + spent.system) / 1000} ms`)
    return answer
  }
  const again = (of: TestCertificate, issuer: TestCertificate): TestCertificate =>
    certify({ commonName: of.name[2]?.value ?? '', ca: true, issuer }, 'ec-p256', of.publicKey, of.privateKey)

  it('a mesh of authorities that all certify each other: refused without a way out, crossed when there is one', () => {
    const mesh = Array.from({ length: 16 }, (_, index) => issueCertificate({ commonName: `Mesh ${index}`, ca: true }))
    const crossed = mesh.flatMap((one) => mesh.filter((other) => other !== one).map((other) => again(one, other)))
    const [first = root] = mesh
    const last = mesh[mesh.length - 1] ?? root
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: first })
    const lost = ask(leaf, crossed)
    assert.deepEqual([lost.trusted, lost.findings[0]?.code], [false, 'VERIFY-CHAIN-TOO-COMPLEX'])
    const found = ask(leaf, [...crossed, again(last, root)])
    assert.deepEqual([found.trusted, found.chain.length], [true, 4])
  })

  it('a chain of a hundred authorities, and one that is as long as is followed', () => {
    const chain = (length: number): { leaf: TestCertificate; between: TestCertificate[] } => {
      const between: TestCertificate[] = []
      for (let index = 0; index < length; index++) {
        between.push(issueCertificate({ commonName: `Link ${index}`, ca: true, issuer: between[index - 1] ?? root }))
      }
      return { leaf: issueCertificate({ commonName: 'Leaf', issuer: between[length - 1] ?? root }), between }
    }
    const long = chain(100)
    assert.equal(ask(long.leaf, long.between).findings[0]?.code, 'VERIFY-CHAIN-TOO-COMPLEX')
    const fair = chain(12)
    assert.equal(ask(fair.leaf, fair.between).trusted, true)
  })

  it('policies that are mapped crosswise at every level, which would double a tree each time', () => {
    const policies = Array.from({ length: 40 }, (_, index) => `1.2.3.${index}`)
    const asserted = extension('2.5.29.32', sequence(...policies.map((policy) => sequence(objectIdentifier(policy)))))
    const pairs = policies.flatMap((left) => policies.map((right) => sequence(objectIdentifier(left), objectIdentifier(right))))
    const extra = [asserted, extension('2.5.29.33', sequence(...pairs))]
    const between: TestCertificate[] = []
    for (let index = 0; index < 10; index++) {
      between.push(issueCertificate({ commonName: `Link ${index}`, ca: true, issuer: between[index - 1] ?? root, extra }))
    }
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: between[9] ?? root, extra: [asserted] })
    const answer = ask(leaf, between, { policies: { requireExplicit: true, acceptable: ['1.2.3.7'] } })
    assert.deepEqual([answer.trusted, answer.policies], [true, ['1.2.3.7']])
  })

  it('thousands of name limits against thousands of names', () => {
    const limits = Array.from({ length: 3000 }, (_, index) => sequence(element(0x82, Buffer.from(`x${index}.test`))))
    const names = Array.from({ length: 3000 }, (_, index) => element(0x82, Buffer.from(`y${index}.test`)))
    const middle = issueCertificate({
      commonName: 'Middle',
      ca: true,
      issuer: root,
      extra: [extension('2.5.29.30', sequence(context(1, ...limits)), true)],
    })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle, extra: [extension('2.5.29.17', sequence(...names))] })
    assert.equal(ask(leaf, [middle]).trusted, false)
  })

  it('a thousand lists, and lists whose signers wait for each other', () => {
    const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle })
    const times = { thisUpdate: new Date('2026-11-21T00:00:00Z'), nextUpdate: new Date('2026-11-30T00:00:00Z') }
    const stranger = issueCertificate({ commonName: 'Middle', ca: true })
    const lists = Array.from({ length: 1000 }, () => issueList({ signer: stranger, ...times }))
    const signers = Array.from({ length: 6 }, () => issueCertificate({ commonName: 'Middle', issuer: middle, keyUsage: 0b0000_0010 }))
    const waiting = signers.map((signer) => issueList({ signer, ...times }))
    const answer = ask(leaf, [middle, stranger, ...signers], {
      revocation: { mode: 'required', evidence: { crls: [...lists, ...waiting], ocspResponses: [] } },
    })
    assert.equal(answer.trusted, false)
  })

  it('a list of a hundred thousand entries is read once and searched at once', () => {
    const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle })
    const times = { thisUpdate: new Date('2026-11-21T00:00:00Z'), nextUpdate: new Date('2026-11-30T00:00:00Z') }
    const serials = Array.from({ length: 100_000 }, (_, index) => ({ serial: BigInt(index) + 1n, at: times.thisUpdate }))
    const crls = [issueList({ signer: root, ...times }), issueList({ signer: middle, ...times, serials })]
    const more = { revocation: { mode: 'required' as const, evidence: { crls, ocspResponses: [] } } }
    assert.equal(ask(leaf, [middle], more).trusted, true)
  })
})
