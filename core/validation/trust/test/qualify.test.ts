import assert from 'node:assert/strict'
import { integer, objectIdentifier, octetString, printableString, sequence } from '../../../signing/der.js'
import { issueCertificate, type TestCertificate } from '../../../signing/test/test-authority.js'
import { readCertificate, type Certificate } from '../../certificate/certificate.js'
import { createQualifier } from '../qualify.js'
import { readQualifiedStatements } from '../qc-statements.js'
import type { Criteria, ServicePeriod, TrustList } from '../trust-list.js'

const qualifiedCertificates = 'http://uri.etsi.org/TrstSvc/Svctype/CA/QC'
const compliance = '0.4.0.1862.1.1'
const device = '0.4.0.1862.1.4'
const type = { esign: '0.4.0.1862.1.6.1', eseal: '0.4.0.1862.1.6.2', web: '0.4.0.1862.1.6.3' } as const
const authority = issueCertificate({ commonName: 'Qualified authority', ca: true, notBefore: new Date('2012-01-01T00:00:00Z') })

describe('qualification by trusted lists (ETSI TS 119 615)', () => {
  const signedAt = new Date('2026-03-01T00:00:00Z')

  it('a qualified signature: compliance, device and use stated, the service granted for signatures', () => {
    const answer = qualify(leaf([compliance, device], 'esign'), [period()], signedAt)
    assert.equal(answer.level, 'QESig')
    assert.deepEqual(answer.service, { name: 'Issuing', provider: 'Provider', territory: 'BG', status: 'granted' })
    assert.deepEqual(answer.statements, ['QcCompliance', 'QcSSCD', 'QcType esign'])
  })

  it('without a device it is an advanced signature with a qualified certificate', () => {
    assert.equal(qualify(leaf([compliance], 'esign'), [period()], signedAt).level, 'AdESig-QC')
  })

  it('a seal needs a service for seals', () => {
    assert.equal(qualify(leaf([compliance, device], 'eseal'), [period()], signedAt).level, 'AdESeal')
    assert.equal(qualify(leaf([compliance, device], 'eseal'), [period({ additional: ['ForeSeals'] })], signedAt).level, 'QESeal')
  })

  it('a certificate that claims nothing is not qualified by its issuer being on the list', () => {
    assert.equal(qualify(leaf([], undefined), [period()], signedAt).level, 'AdES')
  })

  it('one that claims everything is not qualified when its issuer is on no list', () => {
    const answer = qualify(leaf([compliance, device], 'esign'), [], signedAt)
    assert.equal(answer.level, 'AdESig')
    assert.equal(answer.service, null)
  })

  it('a service withdrawn before the signature takes the quality away, one withdrawn after it does not', () => {
    const withdrawn = period({ status: 'withdrawn', from: new Date('2026-01-01T00:00:00Z') })
    const periods = [withdrawn, period()]
    assert.equal(qualify(leaf([compliance, device], 'esign'), periods, signedAt).level, 'AdESig')
    assert.equal(qualify(leaf([compliance, device], 'esign'), periods, new Date('2025-12-01T00:00:00Z')).level, 'QESig')
  })

  it('a certificate issued before its service was granted is not qualified', () => {
    const late = period({ from: new Date('2025-06-01T00:00:00Z') })
    assert.equal(qualify(leaf([compliance, device], 'esign'), [late], signedAt).level, 'AdESig')
  })

  it('a statement of a law outside the Union does not qualify', () => {
    const abroad = leaf([compliance, device], 'esign', [statement('0.4.0.1862.1.7', sequence(printableString('UA')))])
    assert.equal(qualify(abroad, [period()], signedAt).level, 'AdESig')
  })

  it('qualifiers of the list overrule the certificate: no device, not qualified, another use', () => {
    const always: Criteria = { kind: 'list', assert: 'atLeastOne', members: [{ kind: 'key-usage', bits: [{ bit: 1, value: true }] }] }
    const withQualifier = (...qualifiers: string[]): ServicePeriod =>
      period({ additional: ['ForeSignatures', 'ForeSeals'], qualifications: [{ qualifiers, criteria: always }] })
    const full = leaf([compliance, device], 'esign')
    assert.equal(qualify(full, [withQualifier('QCNoQSCD')], signedAt).level, 'AdESig-QC')
    assert.equal(qualify(full, [withQualifier('NotQualified')], signedAt).level, 'AdESig')
    assert.equal(qualify(full, [withQualifier('QCForESeal')], signedAt).level, 'QESeal')
    assert.equal(qualify(leaf([], 'esign'), [withQualifier('QCStatement', 'QCWithQSCD')], signedAt).level, 'QESig')
    assert.equal(qualify(full, [withQualifier('QCWithQSCD', 'QCNoQSCD')], signedAt).level, 'AdESig-QC')
  })

  it('criteria choose the certificates: policies, key usage, all and none; an unknown criterion is never met', () => {
    const denied = (criteria: Criteria): string =>
      qualify(
        leaf([compliance, device], 'esign', [], '0.4.0.194112.1.2'),
        [period({ qualifications: [{ qualifiers: ['NotQualified'], criteria }] })],
        signedAt,
      ).level
    const policy: Criteria = { kind: 'policies', oids: ['0.4.0.194112.1.2'] }
    const other: Criteria = { kind: 'policies', oids: ['0.4.0.194112.1.0'] }
    assert.equal(denied({ kind: 'list', assert: 'all', members: [policy] }), 'AdESig')
    assert.equal(denied({ kind: 'list', assert: 'all', members: [policy, other] }), 'QESig')
    assert.equal(denied({ kind: 'list', assert: 'atLeastOne', members: [policy, other] }), 'AdESig')
    assert.equal(denied({ kind: 'list', assert: 'none', members: [other] }), 'AdESig')
    assert.equal(denied({ kind: 'list', assert: 'none', members: [{ kind: 'unknown' }] }), 'QESig')
    assert.equal(denied({ kind: 'list', assert: 'all', members: [] }), 'QESig')
  })

  it('a period with a critical extension that nobody here knows qualifies nothing', () => {
    assert.equal(qualify(leaf([compliance, device], 'esign'), [period({ unknownCriticalExtension: true })], signedAt).level, 'AdESig')
  })

  it('before the regulation a supervised service and the old policy were enough', () => {
    const old = leaf([], undefined, [], '0.4.0.1456.1.1', new Date('2014-01-01T00:00:00Z'))
    const supervised = period({ status: 'undersupervision', from: new Date('2012-06-01T00:00:00Z'), additional: [] })
    assert.equal(qualify(old, [supervised], new Date('2015-01-01T00:00:00Z')).level, 'AdES')
    const person = leaf([compliance], undefined, [], '0.4.0.1456.1.1', new Date('2014-01-01T00:00:00Z'))
    assert.equal(qualify(person, [supervised], new Date('2015-01-01T00:00:00Z')).level, 'QESig')
  })

  it('reads the limit of value, the use and the country of law from a certificate', () => {
    const limit = statement('0.4.0.1862.1.2', sequence(printableString('EUR'), integer(5), integer(3)))
    const facts = readQualifiedStatements(leaf([compliance], 'eseal', [limit]))
    assert.deepEqual(facts.limit, { currency: 'EUR', amount: '5000' })
    assert.deepEqual(facts.uses, ['eseal'])
  })

  it('anchors of the list stand only while their service does', () => {
    const list = listOf([period({ status: 'withdrawn', from: new Date('2026-01-01T00:00:00Z') }), period()])
    const qualifier = createQualifier([list])
    const anchor = readCertificate(authority.der)
    assert.equal(qualifier.anchorStands(anchor, new Date('2025-06-01T00:00:00Z')), true)
    assert.equal(qualifier.anchorStands(anchor, signedAt), false)
    assert.equal(qualifier.anchorStands(readCertificate(issueCertificate({ commonName: 'Elsewhere', ca: true }).der), signedAt), undefined)
  })
})

function statement(oid: string, ...more: Buffer[]): Buffer {
  return sequence(objectIdentifier(oid), ...more)
}

function leaf(
  statements: readonly string[],
  use: keyof typeof type | undefined,
  more: readonly Buffer[] = [],
  policy?: string,
  notBefore?: Date,
): Certificate {
  const content = sequence(
    ...statements.map((oid) => statement(oid)),
    ...(use === undefined ? [] : [statement('0.4.0.1862.1.6', sequence(objectIdentifier(type[use])))]),
    ...more,
  )
  const extra = [sequence(objectIdentifier('1.3.6.1.5.5.7.1.3'), octetString(content))]
  if (policy !== undefined) extra.push(sequence(objectIdentifier('2.5.29.32'), octetString(sequence(sequence(objectIdentifier(policy))))))
  const issued: TestCertificate = issueCertificate({
    commonName: 'Holder',
    issuer: authority,
    extra,
    ...(notBefore === undefined ? {} : { notBefore }),
  })
  return readCertificate(issued.der)
}

function period(changes: Partial<ServicePeriod> = {}): ServicePeriod {
  return {
    name: { en: 'Issuing' },
    type: qualifiedCertificates,
    status: 'granted',
    from: new Date('2017-01-01T00:00:00Z'),
    to: null,
    additional: ['ForeSignatures'],
    qualifications: [],
    unknownCriticalExtension: false,
    ...changes,
  }
}

function listOf(periods: readonly ServicePeriod[]): TrustList {
  const identity = { certificates: [authority.der], keyIdentifiers: [] }
  return {
    version: 6,
    sequence: 1,
    territory: 'BG',
    operator: { en: 'Operator' },
    type: '',
    issuedAt: new Date('2026-01-01T00:00:00Z'),
    nextUpdate: null,
    pointers: [],
    services: periods.length === 0 ? [] : [{ provider: { en: 'Provider' }, territory: 'BG', identity, periods }],
  }
}

function qualify(
  certificate: Certificate,
  periods: readonly ServicePeriod[],
  at: Date,
): ReturnType<ReturnType<typeof createQualifier>['qualify']> {
  return createQualifier([listOf(periods)]).qualify([certificate, readCertificate(authority.der)], at)
}
