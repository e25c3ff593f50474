import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCertificate, type Certificate } from '../../core/validation/certificate/certificate.js'
import { checkPath, type PathQuestion } from '../../core/validation/certificate/path.js'
import { MalformedDer } from '../../core/validation/der-reader.js'

/**
 * The Public Key Interoperability Test Suite of NIST (PKITS 1.0.1, certificates of 2011): 224 tests, 246 with their runs under
 * other settings. The certificates and lists come from the Debian package python3-cryptography-vectors; what is expected of
 * each was written down from the PKITS document. Every test sees all certificates and all lists of the suite at once, which
 * is harder than the few files the document hands out: no other way to an anchor may turn up.
 */
const folder = '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data'
const there = existsSync(join(folder, 'certs'))

/** Certificates of the suite are valid from 2010 to 2030. */
const at = new Date('2026-11-22T10:00:00Z')

/** End entities by section; `Valid` and `Invalid` is what the document expects where no run below says otherwise. */
const sections: Readonly<Record<string, string>> = {
  '4.1 signature verification':
    'ValidCertificatePathTest1 InvalidCASignatureTest2 InvalidEESignatureTest3 ValidDSASignaturesTest4 ValidDSAParameterInheritanceTest5 InvalidDSASignatureTest6',
  '4.2 validity periods':
    'InvalidCAnotBeforeDateTest1 InvalidEEnotBeforeDateTest2 Validpre2000UTCnotBeforeDateTest3 ValidGeneralizedTimenotBeforeDateTest4 InvalidCAnotAfterDateTest5 InvalidEEnotAfterDateTest6 Invalidpre2000UTCEEnotAfterDateTest7 ValidGeneralizedTimenotAfterDateTest8',
  '4.3 name chaining':
    'InvalidNameChainingTest1 InvalidNameChainingOrderTest2 ValidNameChainingWhitespaceTest3 ValidNameChainingWhitespaceTest4 ValidNameChainingCapitalizationTest5 ValidNameUIDsTest6 ValidRFC3280MandatoryAttributeTypesTest7 ValidRFC3280OptionalAttributeTypesTest8 ValidUTF8StringEncodedNamesTest9 ValidRolloverfromPrintableStringtoUTF8StringTest10 ValidUTF8StringCaseInsensitiveMatchTest11',
  '4.4 basic revocation':
    'InvalidMissingCRLTest1 InvalidRevokedCATest2 InvalidRevokedEETest3 InvalidBadCRLSignatureTest4 InvalidBadCRLIssuerNameTest5 InvalidWrongCRLTest6 ValidTwoCRLsTest7 InvalidUnknownCRLEntryExtensionTest8 InvalidUnknownCRLExtensionTest9 InvalidUnknownCRLExtensionTest10 InvalidOldCRLnextUpdateTest11 Invalidpre2000CRLnextUpdateTest12 ValidGeneralizedTimeCRLnextUpdateTest13 ValidNegativeSerialNumberTest14 InvalidNegativeSerialNumberTest15 ValidLongSerialNumberTest16 ValidLongSerialNumberTest17 InvalidLongSerialNumberTest18 ValidSeparateCertificateandCRLKeysTest19 InvalidSeparateCertificateandCRLKeysTest20 InvalidSeparateCertificateandCRLKeysTest21',
  '4.5 self-issued certificates':
    'ValidBasicSelfIssuedOldWithNewTest1 InvalidBasicSelfIssuedOldWithNewTest2 ValidBasicSelfIssuedNewWithOldTest3 ValidBasicSelfIssuedNewWithOldTest4 InvalidBasicSelfIssuedNewWithOldTest5 ValidBasicSelfIssuedCRLSigningKeyTest6 InvalidBasicSelfIssuedCRLSigningKeyTest7 InvalidBasicSelfIssuedCRLSigningKeyTest8',
  '4.6 basic constraints':
    'InvalidMissingbasicConstraintsTest1 InvalidcAFalseTest2 InvalidcAFalseTest3 ValidbasicConstraintsNotCriticalTest4 InvalidpathLenConstraintTest5 InvalidpathLenConstraintTest6 ValidpathLenConstraintTest7 ValidpathLenConstraintTest8 InvalidpathLenConstraintTest9 InvalidpathLenConstraintTest10 InvalidpathLenConstraintTest11 InvalidpathLenConstraintTest12 ValidpathLenConstraintTest13 ValidpathLenConstraintTest14 ValidSelfIssuedpathLenConstraintTest15 InvalidSelfIssuedpathLenConstraintTest16 ValidSelfIssuedpathLenConstraintTest17',
  '4.7 key usage':
    'InvalidkeyUsageCriticalkeyCertSignFalseTest1 InvalidkeyUsageNotCriticalkeyCertSignFalseTest2 ValidkeyUsageNotCriticalTest3 InvalidkeyUsageCriticalcRLSignFalseTest4 InvalidkeyUsageNotCriticalcRLSignFalseTest5',
  '4.8 certificate policies':
    'ValidCertificatePathTest1 AllCertificatesNoPoliciesTest2 DifferentPoliciesTest3 DifferentPoliciesTest4 DifferentPoliciesTest5 OverlappingPoliciesTest6 DifferentPoliciesTest7 DifferentPoliciesTest8 DifferentPoliciesTest9 AllCertificatesSamePoliciesTest10 AllCertificatesanyPolicyTest11 DifferentPoliciesTest12 AllCertificatesSamePoliciesTest13 AnyPolicyTest14 UserNoticeQualifierTest15 UserNoticeQualifierTest16 UserNoticeQualifierTest17 UserNoticeQualifierTest18 UserNoticeQualifierTest19 CPSPointerQualifierTest20',
  '4.9 require explicit policy':
    'ValidrequireExplicitPolicyTest1 ValidrequireExplicitPolicyTest2 InvalidrequireExplicitPolicyTest3 ValidrequireExplicitPolicyTest4 InvalidrequireExplicitPolicyTest5 ValidSelfIssuedrequireExplicitPolicyTest6 InvalidSelfIssuedrequireExplicitPolicyTest7 InvalidSelfIssuedrequireExplicitPolicyTest8',
  '4.10 policy mappings':
    'ValidPolicyMappingTest1 InvalidPolicyMappingTest2 ValidPolicyMappingTest3 InvalidPolicyMappingTest4 ValidPolicyMappingTest5 ValidPolicyMappingTest6 InvalidMappingFromanyPolicyTest7 InvalidMappingToanyPolicyTest8 ValidPolicyMappingTest9 InvalidPolicyMappingTest10 ValidPolicyMappingTest11 ValidPolicyMappingTest12 ValidPolicyMappingTest13 ValidPolicyMappingTest14',
  '4.11 inhibit policy mapping':
    'InvalidinhibitPolicyMappingTest1 ValidinhibitPolicyMappingTest2 InvalidinhibitPolicyMappingTest3 ValidinhibitPolicyMappingTest4 InvalidinhibitPolicyMappingTest5 InvalidinhibitPolicyMappingTest6 ValidSelfIssuedinhibitPolicyMappingTest7 InvalidSelfIssuedinhibitPolicyMappingTest8 InvalidSelfIssuedinhibitPolicyMappingTest9 InvalidSelfIssuedinhibitPolicyMappingTest10 InvalidSelfIssuedinhibitPolicyMappingTest11',
  '4.12 inhibit any policy':
    'InvalidinhibitAnyPolicyTest1 ValidinhibitAnyPolicyTest2 inhibitAnyPolicyTest3 InvalidinhibitAnyPolicyTest4 InvalidinhibitAnyPolicyTest5 InvalidinhibitAnyPolicyTest6 ValidSelfIssuedinhibitAnyPolicyTest7 InvalidSelfIssuedinhibitAnyPolicyTest8 ValidSelfIssuedinhibitAnyPolicyTest9 InvalidSelfIssuedinhibitAnyPolicyTest10',
  '4.13 name constraints':
    'ValidDNnameConstraintsTest1 InvalidDNnameConstraintsTest2 InvalidDNnameConstraintsTest3 ValidDNnameConstraintsTest4 ValidDNnameConstraintsTest5 ValidDNnameConstraintsTest6 InvalidDNnameConstraintsTest7 InvalidDNnameConstraintsTest8 InvalidDNnameConstraintsTest9 InvalidDNnameConstraintsTest10 ValidDNnameConstraintsTest11 InvalidDNnameConstraintsTest12 InvalidDNnameConstraintsTest13 ValidDNnameConstraintsTest14 InvalidDNnameConstraintsTest15 InvalidDNnameConstraintsTest16 InvalidDNnameConstraintsTest17 ValidDNnameConstraintsTest18 ValidDNnameConstraintsTest19 InvalidDNnameConstraintsTest20 ValidRFC822nameConstraintsTest21 InvalidRFC822nameConstraintsTest22 ValidRFC822nameConstraintsTest23 InvalidRFC822nameConstraintsTest24 ValidRFC822nameConstraintsTest25 InvalidRFC822nameConstraintsTest26 ValidDNandRFC822nameConstraintsTest27 InvalidDNandRFC822nameConstraintsTest28 InvalidDNandRFC822nameConstraintsTest29 ValidDNSnameConstraintsTest30 InvalidDNSnameConstraintsTest31 ValidDNSnameConstraintsTest32 InvalidDNSnameConstraintsTest33 ValidURInameConstraintsTest34 InvalidURInameConstraintsTest35 ValidURInameConstraintsTest36 InvalidURInameConstraintsTest37 InvalidDNSnameConstraintsTest38',
  '4.14 distribution points':
    'ValiddistributionPointTest1 InvaliddistributionPointTest2 InvaliddistributionPointTest3 ValiddistributionPointTest4 ValiddistributionPointTest5 InvaliddistributionPointTest6 ValiddistributionPointTest7 InvaliddistributionPointTest8 InvaliddistributionPointTest9 ValidNoissuingDistributionPointTest10 InvalidonlyContainsUserCertsTest11 InvalidonlyContainsCACertsTest12 ValidonlyContainsCACertsTest13 InvalidonlyContainsAttributeCertsTest14 InvalidonlySomeReasonsTest15 InvalidonlySomeReasonsTest16 InvalidonlySomeReasonsTest17 ValidonlySomeReasonsTest18 ValidonlySomeReasonsTest19 InvalidonlySomeReasonsTest20 InvalidonlySomeReasonsTest21 ValidIDPwithindirectCRLTest22 InvalidIDPwithindirectCRLTest23 ValidIDPwithindirectCRLTest24 ValidIDPwithindirectCRLTest25 InvalidIDPwithindirectCRLTest26 InvalidcRLIssuerTest27 ValidcRLIssuerTest28 ValidcRLIssuerTest29 ValidcRLIssuerTest30 InvalidcRLIssuerTest31 InvalidcRLIssuerTest32 ValidcRLIssuerTest33 InvalidcRLIssuerTest34 InvalidcRLIssuerTest35',
  '4.15 delta lists':
    'InvaliddeltaCRLIndicatorNoBaseTest1 ValiddeltaCRLTest2 InvaliddeltaCRLTest3 InvaliddeltaCRLTest4 ValiddeltaCRLTest5 InvaliddeltaCRLTest6 ValiddeltaCRLTest7 ValiddeltaCRLTest8 InvaliddeltaCRLTest9 InvaliddeltaCRLTest10',
  '4.16 private extensions': 'ValidUnknownNotCriticalCertificateExtensionTest1 InvalidUnknownCriticalCertificateExtensionTest2',
}

const policy = (number: number): string => `2.16.840.1.101.3.2.1.48.${number}`
type Settings = NonNullable<PathQuestion['policies']>
const explicit: Settings = { requireExplicit: true }
const only = (...numbers: number[]): Settings => ({ acceptable: numbers.map(policy) })

/** Tests that the document runs under several settings, or whose file name does not tell what is expected. */
const runs: Readonly<Record<string, readonly (readonly [settings: Settings, valid: boolean])[]>> = {
  '4.8.1': [
    [explicit, true],
    [{ ...explicit, ...only(1) }, true],
    [{ ...explicit, ...only(2) }, false],
    [{ ...explicit, ...only(1, 2) }, true],
  ],
  '4.8.2': [
    [{}, true],
    [explicit, false],
  ],
  '4.8.3': [
    [{}, true],
    [explicit, false],
    [{ ...explicit, ...only(1, 2) }, false],
  ],
  '4.8.4': [[{}, false]],
  '4.8.5': [[{}, false]],
  '4.8.6': [
    [{}, true],
    [only(1), true],
    [only(2), false],
  ],
  '4.8.7': [[{}, false]],
  '4.8.8': [[{}, false]],
  '4.8.9': [[{}, false]],
  '4.8.10': [
    [{}, true],
    [only(1), true],
    [only(2), true],
  ],
  '4.8.11': [
    [{}, true],
    [only(1), true],
  ],
  '4.8.12': [[{}, false]],
  '4.8.13': [
    [only(1), true],
    [only(2), true],
    [only(3), true],
  ],
  '4.8.14': [
    [only(1), true],
    [only(2), false],
  ],
  '4.8.15': [[{}, true]],
  '4.8.16': [[{}, true]],
  '4.8.17': [[{}, true]],
  '4.8.18': [
    [only(1), true],
    [only(2), true],
  ],
  '4.8.19': [[{}, true]],
  '4.8.20': [[explicit, true]],
  '4.10.1': [
    [only(1), true],
    [only(2), false],
    [{ inhibitMapping: true }, false],
  ],
  '4.10.3': [
    [only(1), false],
    [only(2), true],
  ],
  '4.10.5': [
    [only(1), true],
    [only(6), false],
  ],
  '4.10.6': [
    [only(1), true],
    [only(6), false],
  ],
  '4.10.12': [
    [only(1), true],
    [only(2), true],
  ],
  '4.12.3': [
    [{}, true],
    [{ inhibitAny: true }, false],
  ],
}

describe('NIST PKITS', function () {
  before(function () {
    if (!there) this.skip()
  })
  const files = (name: string): Buffer[] => readdirSync(join(folder, name)).map((file) => readFileSync(join(folder, name, file)))
  const read = (name: string) => readCertificate(readFileSync(join(folder, 'certs', `${name}.crt`)))
  /** The damaged signature of one file has unused bits and is not DER: it is refused already when it is read. */
  const unreadable = 'InvalidDSASignatureTest6'
  const certificateOf = (der: Buffer): Certificate[] => {
    try {
      return [readCertificate(der)]
    } catch (error) {
      if (!(error instanceof MalformedDer)) throw error
      return []
    }
  }
  const suite = there
    ? {
        intermediates: files('certs').flatMap(certificateOf),
        crls: files('crls'),
        anchors: [read('TrustAnchorRootCertificate')],
      }
    : { intermediates: [], crls: [], anchors: [] }
  const check = (leaf: string, policies: Settings, algorithms: 'dated' | 'any' = 'any') =>
    checkPath({
      certificate: read(`${leaf}EE`),
      intermediates: suite.intermediates,
      anchors: suite.anchors,
      at,
      revocation: { mode: 'required', evidence: { crls: suite.crls, ocspResponses: [] } },
      policies,
      algorithms,
    })

  let tests = 0
  for (const [section, leaves] of Object.entries(sections)) {
    const [number = ''] = section.split(' ')
    for (const leaf of leaves.split(' ')) {
      const name = `${number}.${/\d+$/.exec(leaf)?.[0] ?? ''}`
      const expected = runs[name] ?? [[{}, leaf.startsWith('Valid')] as const]
      for (const [index, [settings, valid]] of expected.entries()) {
        tests++
        it(`${name}${expected.length > 1 ? `.${index + 1}` : ''} ${valid ? 'takes' : 'refuses'} ${leaf}`, () => {
          if (leaf === unreadable) {
            assert.throws(() => check(leaf, settings), MalformedDer)
            return
          }
          const answer = check(leaf, settings)
          assert.equal(answer.trusted, valid, JSON.stringify(answer.findings))
          assert.equal(answer.subIndication === null, valid)
          if (!valid) assert.ok(answer.findings.some((finding) => finding.level !== 'warning'))
        })
      }
    }
  }

  it('is complete: 246 runs', () => {
    assert.equal(tests, 246)
  })

  it('refuses DSA with SHA-1 by the dated algorithm policy, whatever the path', () => {
    for (const leaf of ['ValidDSASignaturesTest4', 'ValidDSAParameterInheritanceTest5']) {
      const answer = check(leaf, {}, 'dated')
      assert.deepEqual([answer.trusted, answer.findings[0]?.code], [false, 'VERIFY-CERT-ALGORITHM'])
    }
  })

  it('tells the status of every certificate of a path, and the policies it holds for', () => {
    const answer = check('ValidCertificatePathTest1', {})
    assert.deepEqual(
      answer.revocation.map(({ name, status, source }) => [name, status, source]),
      [
        ['Valid EE Certificate Test1', 'good', 'crl'],
        ['Good CA', 'good', 'crl'],
        ['Trust Anchor', 'not-needed', 'none'],
      ],
    )
    assert.deepEqual(answer.policies, [policy(1)])
  })
})
