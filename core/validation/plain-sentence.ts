import type { FaultDetail } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import type { DocumentVerdict, SignatureVerdict } from './verdict.js'

/** Findings that say of a passed signature that nobody asked whether its certificates were withdrawn. */
const notAsked: ReadonlySet<string> = new Set(['VERIFY-REVOCATION-UNKNOWN', 'VERIFY-REVOCATION-NOT-OFFERED'])

/** Whether the withdrawal of a certificate is left open. */
export function isWithdrawalOpen(signature: SignatureVerdict): boolean {
  return signature.findings.some((finding) => notAsked.has(finding.code))
}

/** The bottom line for a person who knows nothing of signatures: one sentence, or two where something was not checked. */
export function plainSentence(verdict: DocumentVerdict, texts: Pick<Translator, 'text' | 'fault'>, locale: Locale): string {
  const { signatures } = verdict
  if (verdict.verdict === 'passed') {
    const signed = signatures.filter((signature) => signature.level !== 'DOCUMENT-TIME-STAMP')
    const said = texts.text(locale, 'verify.passed', { names: namesOf(signed, locale), when: whenOf(signed, texts, locale) })
    return signatures.some(isWithdrawalOpen) ? `${said} ${texts.text(locale, 'verify.passed.open')}` : said
  }
  const worst = signatures.find((signature) => signature.indication === (verdict.verdict === 'failed' ? 'TOTAL-FAILED' : 'INDETERMINATE'))
  const reason = reasonOf([...(worst?.findings ?? []), ...verdict.findings])
  const params = {
    name: worst?.signer?.name ?? '—',
    reason: reason === undefined ? (worst?.subIndication ?? '') : texts.fault(locale, reason),
  }
  // Where the mathematics was not done nothing may be called intact.
  const intact = verdict.verdict === 'indeterminate' && verdict.integrity !== 'intact' ? 'verify.undecided' : `verify.${verdict.verdict}`
  return texts.text(locale, intact, params)
}

/** What a time is worth: proven, or only stated. */
export function timeInWords(signature: SignatureVerdict, texts: Pick<Translator, 'text'>, locale: Locale): string {
  if (signature.signedAt === null) return texts.text(locale, 'verify.time.none')
  const at = timeText(signature.signedAt, locale)
  return texts.text(locale, signature.timeSource === 'time-stamp' ? 'verify.time.proven' : 'verify.time.claimed', { at })
}

/** `22 November 2026 at 10:30 UTC` in the reader's language, Latin digits. */
export function timeText(iso: string, locale: Locale): string {
  const language = { ar: 'ar-u-nu-latn', en: 'en-GB', bg: 'bg' }[locale]
  const text = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC', hourCycle: 'h23' }).format(
    new Date(iso),
  )
  const plain = text.replaceAll('\u200f', '')
  // Arabic says “in” twice otherwise, once for the day and once for the hour.
  return `${locale === 'ar' ? plain.replace(' في ', ' الساعة ') : plain} UTC`
}

/** The day alone, in the reader's language, Latin digits. */
export function dayText(iso: string, locale: Locale): string {
  const language = { ar: 'ar-u-nu-latn', en: 'en-GB', bg: 'bg' }[locale]
  return new Intl.DateTimeFormat(language, { dateStyle: locale === 'ar' ? 'long' : 'medium', timeZone: 'UTC' })
    .format(new Date(iso))
    .replaceAll('\u200f', '')
}

/** A later change in words, with the page or the field it is about; `show` dresses a field's name for where it is printed. */
export function changeText(
  { kind, subject }: SignatureVerdict['changes'][number],
  texts: Pick<Translator, 'text'>,
  locale: Locale,
  show: (name: string) => string = (name) => name,
): string {
  const key = `verify.change.kind.${kind}`
  const known = texts.text(locale, key)
  const what = known === key ? kind : known
  if (subject === undefined || subject === '') return what
  if (/^\d+$/.test(subject) && /^(?:page|annotation)-/.test(kind))
    return texts.text(locale, 'verify.change.on-page', { what, page: subject })
  return texts.text(locale, 'verify.change.named', { what, name: show(subject) })
}

function namesOf(signatures: readonly SignatureVerdict[], locale: Locale): string {
  const names = [...new Set(signatures.map((signature) => signature.signer?.name ?? '—'))]
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(names)
}

function whenOf(signatures: readonly SignatureVerdict[], texts: Pick<Translator, 'text'>, locale: Locale): string {
  const last = signatures[signatures.length - 1]
  return last === undefined ? '' : timeInWords(last, texts, locale)
}

function reasonOf(findings: readonly FaultDetail[]): FaultDetail | undefined {
  return findings.find((finding) => finding.level !== 'warning')
}
