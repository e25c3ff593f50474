import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { Translator } from '../../../core/i18n/translator.js'
import { isUnproven } from '../../../core/validation/conclude.js'
import { changeText, isWithdrawalOpen } from '../../../core/validation/plain-sentence.js'
import type { DocumentVerdict, SignatureVerdict, SubIndication } from '../../../core/validation/verdict.js'

/** `good`: rely on it. `doubt`: intact, but something cannot be known. `bad`: do not rely on it. */
export type Tone = 'good' | 'doubt' | 'bad'

/** A verdict in words, for page and paper alike; everything is text in the reader's language. */
export interface ReportView {
  readonly file: string
  readonly tone: Tone
  /** Signed under an authority for practice. */
  readonly practice: boolean
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
  readonly day: (iso: string) => string
  /** SHA-256 (lower-case hex) of anchors that are for practice: what stands on them has no legal effect. */
  readonly practice: ReadonlySet<string>
}

/** Words for a verdict. */
export function reportView(verdict: DocumentVerdict, options: ViewOptions): ReportView {
  const { texts, locale } = options
  const kind = headlineKind(verdict)
  const practice = verdict.signatures.some((signature) =>
    (signature.certificates ?? []).some((certificate) => certificate.trustAnchor && options.practice.has(certificate.sha256)),
  )
  const signers = verdict.signatures.filter((signature) => signature.level !== 'DOCUMENT-TIME-STAMP')
  const names = [...new Set(signers.map((signature) => signature.signer?.name ?? '').filter((name) => name !== ''))]
  const last = signers[signers.length - 1] ?? verdict.signatures[verdict.signatures.length - 1]
  const joined = new Intl.ListFormat(locale, { type: 'conjunction' }).format(names.map((name) => isolate(name)))
  const params = { names: joined, at: last?.signedAt === null || last === undefined ? '' : options.moment(last.signedAt) }
  const open = tones[kind] === 'good' && verdict.signatures.some(isWithdrawalOpen)
  // Nobody is told to rely on what has no legal effect, nor on what was not fully checked.
  const advice = [...(practice ? ['practice'] : []), ...(open ? ['open'] : practice && tones[kind] === 'good' ? [] : [kind])]
  return {
    file: verdict.file,
    tone: tones[kind],
    practice,
    headline: texts.text(locale, `verification.headline.${kind}`, params),
    advice: advice.map((name) => texts.text(locale, `verification.advice.${name}`)).join(' '),
    signatures: verdict.signatures.map((signature, index) => signatureView(signature, index + 1, options)),
    notes: verdict.findings.map((finding) => texts.faultOnPage(locale, finding)),
  }
}

type HeadlineKind = keyof typeof tones

const tones = {
  passed: 'good',
  added: 'good',
  undated: 'good',
  changed: 'bad',
  altered: 'bad',
  revoked: 'bad',
  certificate: 'bad',
  invalid: 'bad',
  untrusted: 'doubt',
  unknown: 'doubt',
  detached: 'doubt',
  undecided: 'doubt',
  stamped: 'doubt',
  unsigned: 'doubt',
  unreadable: 'bad',
} as const satisfies Readonly<Record<string, Tone>>

/** Failures that mean: the bytes are not the signed ones. */
const alteredBy: ReadonlySet<SubIndication | null> = new Set(['HASH_FAILURE', 'SIG_CRYPTO_FAILURE'])
const withdrawnBy: ReadonlySet<SubIndication | null> = new Set(['REVOKED', 'REVOKED_NO_POE'])
const outOfTime: ReadonlySet<SubIndication | null> = new Set(['EXPIRED', 'NOT_YET_VALID'])

const unsignedCodes: ReadonlySet<string> = new Set(['VERIFY-NO-SIGNATURE', 'VERIFY-UNKNOWN-FORMAT', 'VERIFY-ASIC-NOT-A-CONTAINER'])

/** Additions that belong to signing itself: nobody calls the document changed for them. */
const ofSigning = new Set(['signature', 'signature-field', 'time-stamp', 'validation-data'])

const untrustedReasons = new Set(['NO_CERTIFICATE_CHAIN_FOUND', 'CERTIFICATE_CHAIN_GENERAL_FAILURE', 'NO_SIGNING_CERTIFICATE_FOUND'])

/** Which of the few things that can be said is said first. */
export function headlineKind(verdict: DocumentVerdict): HeadlineKind {
  const { signatures, integrity, findings } = verdict
  if (verdict.verdict === 'passed') return passedKind(signatures)
  if (signatures.length === 0) {
    const unsigned = findings.some(({ code }) => unsignedCodes.has(code))
    return unsigned && integrity !== 'broken' ? 'unsigned' : 'unreadable'
  }
  if (signatures.some(({ subIndication }) => alteredBy.has(subIndication))) return 'altered'
  if (signatures.some((signature) => signature.changes.some((change) => !change.allowed))) return 'changed'
  // Each signature in a container may hold while the container itself is not the one that was signed.
  if (integrity === 'broken') return findings.some(({ code }) => /^(?:VERIFY-ASIC|SIGNATURES-PACK)-/.test(code)) ? 'altered' : 'invalid'
  if (signatures.some(({ subIndication }) => withdrawnBy.has(subIndication))) return 'revoked'
  if (verdict.verdict === 'failed') return signatures.some(({ subIndication }) => outOfTime.has(subIndication)) ? 'certificate' : 'invalid'
  if (signatures.some(({ subIndication }) => subIndication === 'SIGNED_DATA_NOT_FOUND')) return 'detached'
  if (integrity !== 'intact') return 'undecided'
  if (findings.some(({ code }) => code === 'VERIFY-ONLY-TIME-STAMPED')) return 'stamped'
  const doubtful = signatures.find((signature) => signature.indication === 'INDETERMINATE')
  return doubtful?.subIndication !== null && untrustedReasons.has(doubtful?.subIndication ?? '') ? 'untrusted' : 'unknown'
}

/** “Unchanged since” is said only where nothing but further signatures and their proofs came after the last signature. */
function passedKind(signatures: readonly SignatureVerdict[]): HeadlineKind {
  const last = signatures.filter((signature) => signature.level !== 'DOCUMENT-TIME-STAMP').at(-1)
  if (last?.changes.some((change) => !ofSigning.has(change.kind)) === true) return 'added'
  return last?.signedAt === null ? 'undated' : 'passed'
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
    sentence: say(isUnproven(signature) ? 'verification.signature.open' : `verification.signature.${stamp ? 'stamp-' : ''}${tone}`),
    rows: rowsOf(signature, options),
    changes: changesOf(signature, options),
    chain: (signature.certificates ?? []).map((certificate) => ({
      name: certificate.name,
      issuer: certificate.issuer,
      until: options.day(certificate.notAfter),
      anchor: certificate.trustAnchor,
    })),
    reasons: errors.map((finding) => texts.faultOnPage(locale, finding)),
    // One issuer may stand in the paths of signer and time stamp: the same is said once.
    notes: [...new Set(warnings.map((finding) => texts.faultOnPage(locale, finding)))],
  }
}

function rowsOf(signature: SignatureVerdict, options: ViewOptions): Row[] {
  const { texts, locale, moment } = options
  const rows: Row[] = []
  const add = (key: string, value: string | null | undefined, code = false): void => {
    if (value !== null && value !== undefined && value !== '')
      rows.push({ label: texts.text(locale, `verification.row.${key}`), value, code })
  }
  // Of a container: which of the files in it.
  add('place', /^(?:META-INF\/|[^:]+\.\w+: )/.test(signature.name ?? '') ? signature.name : null, true)
  const known = texts.text(locale, `verification.time.${signature.timeSource}`)
  add('time', signature.signedAt === null ? known : `${moment(signature.signedAt)} – ${known}`)
  const stamps = (signature.timeStamps ?? []).filter((stamp) => stamp.intact && stamp.trusted && stamp.authority !== null)
  add(
    'authority',
    new Intl.ListFormat(locale, { type: 'unit' }).format([...new Set(stamps.map((stamp) => isolate(stamp.authority ?? '')))]),
  )
  add('issuer', signature.certificates?.[1]?.name ?? commonName(signature.signer?.issuer))
  add('serial', signature.signer?.serial, true)
  if (signature.signer !== null) {
    const { notBefore, notAfter } = signature.signer
    add('validity', texts.text(locale, 'verification.validity', { from: options.day(notBefore), until: options.day(notAfter) }))
  }
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
    source: isolate(own.source.toUpperCase()),
    at: at === null ? '' : moment(at),
    since: own.revokedAt === null ? '' : moment(own.revokedAt),
  })
}

/** Each kind of later change once: what happened counts, not in how many saves. */
function changesOf(signature: SignatureVerdict, { texts, locale }: ViewOptions): SignatureView['changes'] {
  const told = new Map<string, { readonly text: string; readonly allowed: boolean }>()
  for (const change of signature.changes) {
    const text = changeText(change, texts, locale, isolate)
    told.set(`${text} ${String(change.allowed)}`, { text, allowed: change.allowed })
  }
  return [...told.values()]
}

function partition(findings: readonly FaultDetail[]): [FaultDetail[], FaultDetail[]] {
  return [findings.filter((finding) => finding.level !== 'warning'), findings.filter((finding) => finding.level === 'warning')]
}

/** What people call an authority; the whole name where it has no common one. */
function commonName(distinguished: string | undefined): string | undefined {
  return /(?:^|, )CN=((?:[^,\\]|\\.)+)/.exec(distinguished ?? '')?.[1] ?? distinguished
}

/** A name inside a sentence of another direction (first strong isolate). */
function isolate(name: string): string {
  return `\u2068${name}\u2069`
}
