import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { Translator } from '../../../core/i18n/translator.js'
import type { DocumentVerdict, SignatureVerdict } from '../../../core/validation/verdict.js'

/** `good`: rely on it. `doubt`: intact, but something cannot be known. `bad`: do not rely on it. */
export type Tone = 'good' | 'doubt' | 'bad'

/** A verdict in words, for page and paper alike; everything is text in the reader's language. */
export interface ReportView {
  readonly file: string
  readonly tone: Tone
  /** The one sentence. */
  readonly headline: string
  /** What to do now. */
  readonly advice: string
  readonly signatures: readonly SignatureView[]
  /** On the file as a whole. */
  readonly notes: readonly string[]
}

export interface SignatureView {
  readonly number: number
  readonly tone: Tone
  readonly title: string
  readonly sentence: string
  readonly rows: readonly Row[]
  readonly changes: readonly { readonly text: string; readonly allowed: boolean }[]
  readonly chain: readonly { readonly name: string; readonly issuer: string; readonly until: string; readonly anchor: boolean }[]
  readonly reasons: readonly string[]
  readonly notes: readonly string[]
}

/** `code` values are numbers, codes and Latin names: one left-to-right piece. */
export interface Row {
  readonly label: string
  readonly value: string
  readonly code: boolean
}

export interface ViewOptions {
  readonly texts: Translator
  readonly locale: Locale
  /** ISO time in words of the reader: day, hour and zone. */
  readonly moment: (iso: string) => string
}

/** Words for a verdict. */
export function reportView(verdict: DocumentVerdict, options: ViewOptions): ReportView {
  const { texts, locale } = options
  const kind = headlineKind(verdict)
  const signers = verdict.signatures.filter((signature) => signature.level !== 'DOCUMENT-TIME-STAMP')
  const names = [...new Set(signers.map((signature) => signature.signer?.name ?? '').filter((name) => name !== ''))]
  const last = signers[signers.length - 1]
  const joined = new Intl.ListFormat(locale, { type: 'conjunction' }).format(names.map((name) => isolate(name)))
  const params = { names: joined, at: last?.signedAt === null || last === undefined ? '' : options.moment(last.signedAt) }
  return {
    file: verdict.file,
    tone: tones[kind],
    headline: texts.text(locale, `verification.headline.${kind}`, params),
    advice: texts.text(locale, `verification.advice.${kind}`, params),
    signatures: verdict.signatures.map((signature, index) => signatureView(signature, index + 1, options)),
    notes: verdict.findings.map((finding) => texts.fault(locale, finding)),
  }
}

type HeadlineKind = 'passed' | 'changed' | 'altered' | 'revoked' | 'untrusted' | 'unknown' | 'unsigned' | 'unreadable'

const tones: Readonly<Record<HeadlineKind, Tone>> = {
  passed: 'good',
  changed: 'bad',
  altered: 'bad',
  revoked: 'bad',
  untrusted: 'doubt',
  unknown: 'doubt',
  unsigned: 'doubt',
  unreadable: 'bad',
}

const untrustedReasons = new Set(['NO_CERTIFICATE_CHAIN_FOUND', 'CERTIFICATE_CHAIN_GENERAL_FAILURE', 'NO_SIGNING_CERTIFICATE_FOUND'])

/** Which of the few things that can be said is said first. */
export function headlineKind(verdict: DocumentVerdict): HeadlineKind {
  if (verdict.verdict === 'passed') return 'passed'
  if (verdict.signatures.length === 0) {
    const unsigned = verdict.findings.some(({ code }) => code === 'VERIFY-NO-SIGNATURE' || code === 'VERIFY-UNKNOWN-FORMAT')
    return unsigned && verdict.integrity !== 'broken' ? 'unsigned' : 'unreadable'
  }
  if (verdict.signatures.some((signature) => signature.changes.some((change) => !change.allowed))) return 'changed'
  if (verdict.integrity === 'broken') return 'altered'
  if (verdict.signatures.some(({ subIndication }) => subIndication === 'REVOKED' || subIndication === 'REVOKED_NO_POE')) return 'revoked'
  if (verdict.verdict === 'failed') return 'altered'
  const doubtful = verdict.signatures.find((signature) => signature.indication === 'INDETERMINATE')
  return doubtful?.subIndication !== null && untrustedReasons.has(doubtful?.subIndication ?? '') ? 'untrusted' : 'unknown'
}

function signatureView(signature: SignatureVerdict, number: number, options: ViewOptions): SignatureView {
  const { texts, locale } = options
  const say = (key: string, params: Readonly<Record<string, string>> = {}): string => texts.text(locale, key, params)
  const stamp = signature.level === 'DOCUMENT-TIME-STAMP'
  const name = signature.signer?.name ?? say('verification.signer.unknown')
  const tone: Tone = signature.indication === 'TOTAL-PASSED' ? 'good' : signature.indication === 'TOTAL-FAILED' ? 'bad' : 'doubt'
  const [errors, warnings] = partition(signature.findings)
  return {
    number,
    tone,
    title: stamp ? say('verification.title.time-stamp', { name: isolate(name) }) : isolate(name),
    sentence: say(`verification.signature.${stamp ? 'stamp-' : ''}${tone}`),
    rows: rowsOf(signature, options),
    changes: signature.changes.map((change) => ({
      text: kindText(texts, locale, change.kind),
      allowed: change.allowed,
    })),
    chain: (signature.certificates ?? []).map((certificate) => ({
      name: certificate.name,
      issuer: certificate.issuer,
      until: options.moment(certificate.notAfter),
      anchor: certificate.trustAnchor,
    })),
    reasons: errors.map((finding) => texts.fault(locale, finding)),
    notes: warnings.map((finding) => texts.fault(locale, finding)),
  }
}

function rowsOf(signature: SignatureVerdict, options: ViewOptions): Row[] {
  const { texts, locale, moment } = options
  const rows: Row[] = []
  const add = (key: string, value: string | null | undefined, code = false): void => {
    if (value !== null && value !== undefined && value !== '')
      rows.push({ label: texts.text(locale, `verification.row.${key}`), value, code })
  }
  const known = texts.text(locale, `verification.time.${signature.timeSource}`)
  add('time', signature.signedAt === null ? known : `${moment(signature.signedAt)} – ${known}`)
  const stamps = (signature.timeStamps ?? []).filter((stamp) => stamp.intact && stamp.trusted && stamp.authority !== null)
  add('authority', [...new Set(stamps.map((stamp) => stamp.authority ?? ''))].join('، '), true)
  add('issuer', signature.signer?.issuer, true)
  add('serial', signature.signer?.serial, true)
  if (signature.signer !== null) add('validity', `${moment(signature.signer.notBefore)} – ${moment(signature.signer.notAfter)}`)
  add('withdrawn', withdrawal(signature, options))
  add('covers', texts.text(locale, `verification.covers.${signature.covers}`))
  add('level', signature.level, true)
  const { qualification, algorithms } = signature
  if (qualification !== null && qualification !== undefined) {
    add('qualification', texts.text(locale, `verification.qualification.${qualification.level}`))
    if (qualification.service !== null)
      add('service', `${qualification.service.name} (${qualification.service.provider}, ${qualification.service.territory})`, true)
  }
  if (algorithms !== null && algorithms !== undefined)
    add('algorithms', `${algorithms.digest}, ${algorithms.scheme}, ${algorithms.key}`, true)
  add('result', `${signature.indication}${signature.subIndication === null ? '' : ` / ${signature.subIndication}`}`, true)
  return rows
}

/** Whether the signer's certificate was withdrawn, and how that is known. */
function withdrawal(signature: SignatureVerdict, { texts, locale, moment }: ViewOptions): string | null {
  const [own] = signature.revocation ?? []
  if (own === undefined || own.status === 'not-needed') return null
  const at = own.thisUpdate ?? own.producedAt
  return texts.text(locale, `verification.withdrawn.${own.status}`, {
    source: own.source.toUpperCase(),
    at: at === null ? '' : moment(at),
    since: own.revokedAt === null ? '' : moment(own.revokedAt),
  })
}

function kindText(texts: Translator, locale: Locale, kind: string): string {
  const key = `verify.change.kind.${kind}`
  const text = texts.text(locale, key)
  return text === key ? kind : text
}

function partition(findings: readonly FaultDetail[]): [FaultDetail[], FaultDetail[]] {
  return [findings.filter((finding) => finding.level !== 'warning'), findings.filter((finding) => finding.level === 'warning')]
}

/** A name inside a sentence of another direction (first strong isolate). */
function isolate(name: string): string {
  return `\u2068${name}\u2069`
}
