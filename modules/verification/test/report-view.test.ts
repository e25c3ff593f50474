import assert from 'node:assert/strict'
import { join } from 'node:path'
import { coreTextFolders, createTranslator } from '../../../core/i18n/create-translator.js'
import { locales } from '../../../core/i18n/locale.js'
import type { DocumentVerdict, SignatureVerdict } from '../../../core/validation/verdict.js'
import { headlineKind, reportView } from '../services/report-view.js'

const texts = createTranslator([...coreTextFolders(), { owner: 'verification', folder: join(import.meta.dirname, '../i18n') }]).translator
const moment = (iso: string): string => iso.slice(0, 10)
const words = { texts, moment, day: moment, practice: new Set<string>() }

const signature: SignatureVerdict = {
  indication: 'TOTAL-PASSED',
  subIndication: null,
  level: 'PAdES-BASELINE-LT',
  signer: { name: 'سلمى', issuer: 'CN=Root', serial: '7', notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2028-01-01T00:00:00.000Z' },
  signedAt: '2026-03-01T10:00:00.000Z',
  timeSource: 'time-stamp',
  covers: 'entire-revision',
  changes: [{ revision: 1, kind: 'signature', allowed: true }],
  findings: [],
}

function verdictOf(changes: Partial<DocumentVerdict>, ...signatures: Partial<SignatureVerdict>[]): DocumentVerdict {
  return {
    file: 'contract.pdf',
    verdict: 'passed',
    integrity: 'intact',
    findings: [],
    signatures: signatures.map((one) => ({ ...signature, ...one })),
    ...changes,
  }
}

describe('a verdict in words', () => {
  it('says first who signed and when, in every language', () => {
    const verdict = verdictOf({}, {}, { signer: { ...signature.signer, name: 'Ivan' } as SignatureVerdict['signer'] })
    const sentences = locales.map((locale) => reportView(verdict, { ...words, locale }).headline)
    for (const sentence of sentences) {
      assert.match(sentence, /سلمى/)
      assert.match(sentence, /Ivan/)
      assert.match(sentence, /2026-03-01/)
    }
    assert.equal(new Set(sentences).size, locales.length)
  })

  it('tells a later change from an altered file, a withdrawn certificate from an unknown issuer', () => {
    const failed = { verdict: 'failed', integrity: 'broken' } as const
    const tampered = { indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' } as const
    const kinds = [
      headlineKind(verdictOf(failed, { indication: 'TOTAL-FAILED', changes: [{ revision: 1, kind: 'page-content', allowed: false }] })),
      headlineKind(verdictOf(failed, tampered)),
      headlineKind(verdictOf({ verdict: 'failed' }, { indication: 'TOTAL-FAILED', subIndication: 'REVOKED' })),
      headlineKind(verdictOf({ verdict: 'indeterminate' }, { indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' })),
      headlineKind(verdictOf({ verdict: 'indeterminate' }, { indication: 'INDETERMINATE', subIndication: 'TRY_LATER' })),
      headlineKind(verdictOf({ verdict: 'failed', integrity: 'none', findings: [{ code: 'VERIFY-NO-SIGNATURE' }] })),
      headlineKind(verdictOf({ verdict: 'failed', integrity: 'broken', findings: [{ code: 'VERIFY-SIGNATURE-REMOVED' }] })),
    ]
    assert.deepEqual(kinds, ['changed', 'altered', 'revoked', 'untrusted', 'unknown', 'unsigned', 'unreadable'])
  })

  it('calls a file unchanged only where that is known, and altered only where it is', () => {
    const filled = [{ revision: 1, kind: 'form-fill', allowed: true, subject: 'price' }]
    const kinds = [
      headlineKind(verdictOf({}, {})),
      headlineKind(verdictOf({}, { changes: filled })),
      headlineKind(verdictOf({}, { changes: filled }, { changes: [] })),
      headlineKind(verdictOf({}, { signedAt: null, timeSource: 'none' })),
      headlineKind(verdictOf({ verdict: 'failed' }, { indication: 'TOTAL-FAILED', subIndication: 'NOT_YET_VALID' })),
      headlineKind(verdictOf({ verdict: 'failed', integrity: 'broken' }, { indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' })),
      headlineKind(
        verdictOf({ verdict: 'indeterminate', integrity: 'none' }, { indication: 'INDETERMINATE', subIndication: 'SIGNED_DATA_NOT_FOUND' }),
      ),
      headlineKind(
        verdictOf(
          { verdict: 'indeterminate', integrity: 'none' },
          { indication: 'INDETERMINATE', subIndication: 'NO_SIGNING_CERTIFICATE_FOUND' },
        ),
      ),
      headlineKind(
        verdictOf({ verdict: 'indeterminate', findings: [{ code: 'VERIFY-ONLY-TIME-STAMPED' }] }, { level: 'DOCUMENT-TIME-STAMP' }),
      ),
    ]
    assert.deepEqual(kinds, ['passed', 'added', 'passed', 'undated', 'certificate', 'invalid', 'detached', 'undecided', 'stamped'])
  })

  it('nobody is told to rely on a file whose withdrawal was not checked, or that is practice', () => {
    const advice = (verdict: DocumentVerdict, practice: readonly string[] = []): string =>
      reportView(verdict, { ...words, locale: 'en', practice: new Set(practice) }).advice
    assert.equal(advice(verdictOf({}, {})), 'You can rely on it.')
    assert.match(advice(verdictOf({}, { findings: [{ code: 'VERIFY-REVOCATION-UNKNOWN', level: 'warning' }] })), /could not be checked/)
    const anchor = {
      name: 'Root',
      subject: '',
      issuer: '',
      serial: '1',
      notBefore: '',
      notAfter: '2030-01-01',
      sha256: 'ab',
      trustAnchor: true,
    }
    assert.equal(advice(verdictOf({}, { certificates: [anchor] }), ['ab']), 'This is a practice document: it has no legal effect.')
    assert.equal(advice(verdictOf({}, { certificates: [anchor] }), ['cd']), 'You can rely on it.')
  })

  it('names each later change once, with its page or field, and whether it was allowed', () => {
    const changes = [
      { revision: 1, kind: 'form-fill', allowed: true, subject: 'price' },
      { revision: 2, kind: 'form-fill', allowed: true, subject: 'price' },
      { revision: 2, kind: 'annotation-added', allowed: false, subject: '3' },
    ]
    const view = reportView(verdictOf({}, { changes }), { ...words, locale: 'en' })
    assert.deepEqual(view.signatures[0]?.changes, [
      { text: 'form field filled (\u2068price\u2069)', allowed: true },
      { text: 'note or drawing added to a page (page 3)', allowed: false },
    ])
  })

  it('names each later change and whether it was allowed', () => {
    const view = reportView(verdictOf({}, {}), { ...words, locale: 'en' })
    assert.deepEqual(view.signatures[0]?.changes, [{ text: 'signature added', allowed: true }])
  })

  it('has words for every row, tone and sentence it uses', () => {
    const statuses = ['good', 'revoked', 'unknown', 'not-offered'] as const
    for (const locale of locales) {
      for (const status of statuses) {
        const revocation = {
          certificate: '',
          name: '',
          status,
          source: 'ocsp',
          producedAt: null,
          thisUpdate: '2026-03-01T00:00:00Z',
          nextUpdate: null,
          revokedAt: null,
          reason: null,
        } as const
        const qualification = { level: 'QESig', service: null, statements: [] }
        const view = reportView(verdictOf({}, { revocation: [revocation], qualification }), { ...words, locale })
        const said = JSON.stringify(view)
        assert.doesNotMatch(said, /verification\.[a-z]/)
      }
    }
  })
})
