import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCertificate } from '../certificate/certificate.js'
import { checkPath } from '../certificate/path.js'
import { boolean, context, element, objectIdentifier, octetString, sequence } from '../../signing/der.js'
import { certify, issueCertificate, type CertificateWishes, type TestCertificate } from '../../signing/test/test-authority.js'
import { encodeName } from '../../signing/certificate-request.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const at = new Date('2026-11-22T10:00:00Z')
const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value))
const directory = (organisation: string): Buffer =>
  context(
    4,
    encodeName([
      { type: 'C', value: 'SA' },
      { type: 'O', value: organisation },
    ]),
  )
const dns = (name: string): Buffer => element(0x82, Buffer.from(name))
const uri = (name: string): Buffer => element(0x86, Buffer.from(name))
const ip = (...bytes: number[]): Buffer => element(0x87, Buffer.from(bytes))
const mail = (name: string): Buffer => element(0x81, Buffer.from(name))
const nameConstraints = (kind: 0 | 1, names: readonly Buffer[], critical = true): Buffer =>
  extension('2.5.29.30', sequence(context(kind, ...names.map((name) => sequence(name)))), critical)
const alternative = (...names: Buffer[]): Buffer => extension('2.5.29.17', sequence(...names))

interface Case {
  readonly title: string
  readonly root?: Partial<CertificateWishes>
  readonly middle?: Partial<CertificateWishes>
  readonly leaf?: Partial<CertificateWishes>
  readonly good: boolean
  /** openssl judges otherwise by default, for the reason given. */
  readonly differs?: string
}

const past = new Date('2025-06-01T00:00:00Z')
const future = new Date('2030-01-01T00:00:00Z')
const cases: readonly Case[] = [
  { title: 'a plain chain', good: true },
  { title: 'an expired leaf', leaf: { notAfter: past }, good: false },
  { title: 'a leaf not yet valid', leaf: { notBefore: future }, good: false },
  { title: 'an expired intermediate', middle: { notAfter: past }, good: false },
  { title: 'an intermediate not yet valid', middle: { notBefore: future }, good: false },
  { title: 'an expired root', root: { notAfter: past }, good: false },
  { title: 'an intermediate that is no CA', middle: { ca: false, keyUsage: 0b0000_0100 }, good: false },
  { title: 'a CA without the right to sign certificates', middle: { keyUsage: 0b1000_0000 }, good: false },
  { title: 'a root with path length 0', root: { pathLength: 0 }, good: false },
  { title: 'an intermediate with path length 0', middle: { pathLength: 0 }, good: true },
  { title: 'a critical extension nobody knows', leaf: { extra: [extension('1.2.3.4.5', sequence(), true)] }, good: false },
  { title: 'an unknown extension that is not critical', leaf: { extra: [extension('1.2.3.4.5', sequence())] }, good: true },
  { title: 'a critical unknown extension of a CA', middle: { extra: [extension('1.2.3.4.5', sequence(), true)] }, good: false },
  { title: 'a permitted directory name', middle: { extra: [nameConstraints(0, [directory('Khatm tests')])] }, good: true },
  { title: 'a directory name outside', middle: { extra: [nameConstraints(0, [directory('Others')])] }, good: false },
  { title: 'a directory name outside, not critical', middle: { extra: [nameConstraints(0, [directory('Others')], false)] }, good: false },
  { title: 'an excluded directory name', middle: { extra: [nameConstraints(1, [directory('Khatm tests')])] }, good: false },
  {
    title: 'limits of the root reach the leaf',
    root: { extra: [nameConstraints(0, [dns('a.test')])] },
    leaf: { extra: [alternative(dns('b.test'))] },
    good: false,
  },
  {
    title: 'a host inside',
    middle: { extra: [nameConstraints(0, [dns('a.test')])] },
    leaf: { extra: [alternative(dns('x.a.test'))] },
    good: true,
  },
  {
    title: 'a host that only ends alike',
    middle: { extra: [nameConstraints(0, [dns('a.test')])] },
    leaf: { extra: [alternative(dns('xa.test'))] },
    good: false,
  },
  {
    title: 'an address inside',
    middle: { extra: [nameConstraints(0, [mail('a.test')])] },
    leaf: { extra: [alternative(mail('x@a.test'))] },
    good: true,
  },
  {
    title: 'an address outside',
    middle: { extra: [nameConstraints(0, [mail('a.test')])] },
    leaf: { extra: [alternative(mail('x@b.test'))] },
    good: false,
  },
  {
    title: 'a limited kind of name that is not compared',
    middle: { extra: [nameConstraints(0, [element(0x88, Buffer.from([0x2a]))])] },
    leaf: { extra: [alternative(element(0x88, Buffer.from([0x2a])))] },
    good: false,
  },
  {
    title: 'a URI inside',
    middle: { extra: [nameConstraints(0, [uri('.a.test')])] },
    leaf: { extra: [alternative(uri('https://x.a.test:8443/y'))] },
    good: true,
  },
  {
    title: 'a URI whose user part looks like a host inside',
    middle: { extra: [nameConstraints(0, [uri('.a.test')])] },
    leaf: { extra: [alternative(uri('https://x.a.test@b.test/'))] },
    good: false,
  },
  {
    title: 'a URI without a host where hosts are excluded',
    middle: { extra: [nameConstraints(1, [uri('.a.test')])] },
    leaf: { extra: [alternative(uri('urn:a'))] },
    good: false,
  },
  {
    title: 'an IP address inside a network',
    middle: { extra: [nameConstraints(0, [ip(10, 0, 0, 0, 255, 0, 0, 0)])] },
    leaf: { extra: [alternative(ip(10, 1, 2, 3))] },
    good: true,
  },
  {
    title: 'an IP address outside a network',
    middle: { extra: [nameConstraints(0, [ip(10, 0, 0, 0, 255, 0, 0, 0)])] },
    leaf: { extra: [alternative(ip(11, 1, 2, 3))] },
    good: false,
  },
  {
    title: 'a policy asked for, not critical',
    middle: { extra: [extension('2.5.29.36', sequence(element(0x80, Buffer.from([0]))))] },
    good: false,
    differs: 'it looks at policies only when told to',
  },
]

describe('certificate paths', function () {
  this.timeout(180_000)
  const chainOf = (wanted: Case): { root: TestCertificate; middle: TestCertificate; leaf: TestCertificate } => {
    const root = issueCertificate({ commonName: 'Root', ca: true, ...wanted.root })
    const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root, ...wanted.middle })
    return { root, middle, leaf: issueCertificate({ commonName: 'Leaf', issuer: middle, ...wanted.leaf }) }
  }
  const check = (leaf: Buffer, between: readonly Buffer[], anchors: readonly Buffer[], when = at) =>
    checkPath({
      certificate: readCertificate(leaf),
      intermediates: between.map((der) => readCertificate(der)),
      anchors: anchors.map((der) => readCertificate(der)),
      at: when,
    })
  const trusts = (leaf: Buffer, between: Buffer, anchor: Buffer): boolean => {
    try {
      return check(leaf, [between], [anchor]).trusted
    } catch {
      return false
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'khatm-path-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const openssl = (leaf: TestCertificate, between: readonly TestCertificate[], root: TestCertificate): boolean => {
    const file = (name: string, certificates: readonly TestCertificate[]): string => {
      writeFileSync(join(folder, name), certificates.map((one) => one.pem).join(''))
      return join(folder, name)
    }
    const args = ['verify', '-attime', String(at.getTime() / 1000), '-CAfile', file('root', [root])]
    if (between.length > 0) args.push('-untrusted', file('between', between))
    return spawnSync('openssl', [...args, file('leaf', [leaf])]).status === 0
  }

  for (const wanted of cases) {
    it(`${wanted.good ? 'takes' : 'refuses'} ${wanted.title}${wanted.differs === undefined ? ', as openssl does' : ''}`, () => {
      const { root, middle, leaf } = chainOf(wanted)
      const answer = check(leaf.der, [middle.der], [root.der])
      assert.equal(answer.trusted, wanted.good, JSON.stringify(answer.findings))
      if (!wanted.good) assert.ok(answer.findings.length > 0 && answer.subIndication !== null)
      if (wanted.differs === undefined) assert.equal(openssl(leaf, [middle], root), wanted.good)
    })
  }

  it('refuses a CA without basicConstraints', () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const middle = issueCertificate({ commonName: 'Middle', ca: false, issuer: root, keyUsage: 0b0000_0100 })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle })
    assert.equal(check(leaf.der, [middle.der], [root.der]).trusted, false)
  })

  it('refuses a signature by another key of the same name', () => {
    const { root, middle } = chainOf({ title: '', good: false })
    const impostor = issueCertificate({ commonName: 'Middle', ca: true })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: impostor })
    const answer = check(leaf.der, [middle.der, impostor.der], [root.der])
    assert.equal(answer.trusted, false)
    assert.equal(openssl(leaf, [middle], root), false)
  })

  it('refuses every single changed bit of an intermediate', () => {
    const { root, middle, leaf } = chainOf({ title: '', good: true })
    for (let bit = 0; bit < middle.der.length * 8; bit += 13) {
      const changed = Buffer.from(middle.der)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(trusts(leaf.der, changed, root.der), false, `bit ${bit}`)
    }
  })

  it('chains names whatever their case, spaces and string type', () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const spelled = {
      ...root,
      name: [
        { type: 'C', value: 'SA' },
        { type: 'O', value: 'KHATM   tests ' },
        { type: 'CN', value: 'rOOT' },
      ],
    }
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: spelled })
    assert.equal(check(leaf.der, [], [root.der]).trusted, true)
    const stranger = { ...root, name: [...root.name.slice(0, 2), { type: 'CN', value: 'Root2' }] }
    assert.equal(check(issueCertificate({ commonName: 'Leaf', issuer: stranger }).der, [], [root.der]).trusted, false)
  })

  it('takes a leaf that is an anchor, while it is valid', () => {
    const own = issueCertificate({ commonName: 'Self' })
    assert.equal(check(own.der, [], [own.der]).trusted, true)
    assert.equal(check(own.der, [], [own.der], new Date('2040-01-01T00:00:00Z')).trusted, false)
    assert.equal(check(own.der, [own.der], []).trusted, false)
  })

  it('ends in circles of cross-certificates and finds the good way past a bad one', () => {
    const a = issueCertificate({ commonName: 'A', ca: true })
    const b = issueCertificate({ commonName: 'B', ca: true })
    const aByB = certify({ commonName: 'A', ca: true, issuer: b }, 'ec-p256', a.publicKey, a.privateKey)
    const bByA = certify({ commonName: 'B', ca: true, issuer: a }, 'ec-p256', b.publicKey, b.privateKey)
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: a })
    const root = issueCertificate({ commonName: 'Root', ca: true })
    assert.equal(check(leaf.der, [aByB.der, bByA.der, a.der, b.der], [root.der]).trusted, false)
    const aByRoot = certify({ commonName: 'A', ca: true, issuer: root }, 'ec-p256', a.publicKey, a.privateKey)
    const expired = certify({ commonName: 'A', ca: true, issuer: root, notAfter: past }, 'ec-p256', a.publicKey, a.privateKey)
    assert.equal(check(leaf.der, [aByB.der, bByA.der, expired.der, aByRoot.der], [root.der]).trusted, true)
  })

  it('answers in time when a thousand certificates bear one name', () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const own = issueCertificate({ commonName: 'Maze', ca: true })
    const maze = Array.from({ length: 1000 }, () =>
      certify({ commonName: 'Maze', ca: true, issuer: own }, 'ec-p256', own.publicKey, own.privateKey),
    )
    const others = Array.from({ length: 30 }, () => issueCertificate({ commonName: 'Maze', ca: true, issuer: own }))
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: own })
    const spent = timeSpent()
    assert.equal(
      check(
        leaf.der,
        [...maze, ...others].map((one) => one.der),
        [root.der],
      ).trusted,
      false,
    )
    assert.ok(spent() < 2000)
  })

  it('refuses an extension that is not DER, a version without extensions and doubled extensions', () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const crooked = issueCertificate({
      commonName: 'Middle',
      ca: true,
      issuer: root,
      extra: [extension('2.5.29.30', Buffer.from([0x30, 0x05, 1]))],
    })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: crooked })
    assert.equal(check(leaf.der, [crooked.der], [root.der]).trusted, false)
    const twice = issueCertificate({ commonName: 'Leaf', extra: [extension('2.5.29.14', octetString(Buffer.alloc(20)))] })
    assert.throws(() => readCertificate(twice.der))
  })
})
