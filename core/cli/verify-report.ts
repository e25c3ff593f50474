import type { FaultDetail } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import { changeText, dayText, isWithdrawalOpen, plainSentence, timeInWords, timeText } from '../validation/plain-sentence.js'
import type { DocumentVerdict, SignatureVerdict } from '../validation/verdict.js'
import { commandTexts } from './terminal.js'

/** A verdict with its sentence and every finding in the reader's language: the JSON of `khatm verify`. */
export function withMessages(verdict: DocumentVerdict, locale: Locale): object {
  const told = (findings: readonly FaultDetail[]): object[] =>
    findings.map((finding) => ({ ...finding, message: commandTexts().fault(locale, finding) }))
  const signatures = verdict.signatures.map((signature) => ({ ...signature, findings: told(signature.findings) }))
  return { ...verdict, signatures, findings: told(verdict.findings), sentence: plainSentence(verdict, commandTexts(), locale) }
}

type Row = readonly [label: string, text: string]

/** The verdict for a person: the sentence, then for each signature who, when, with what, what came later, what is open. */
export function reportLines(verdict: DocumentVerdict, locale: Locale): string[] {
  const texts = commandTexts()
  const lines = [`${verdict.file}: ${plainSentence(verdict, texts, locale)}`]
  for (const [index, signature] of verdict.signatures.entries()) {
    const rows = rowsOf(signature, locale)
    const width = Math.max(...rows.map(([label]) => label.length)) + 2
    lines.push('')
    for (const [number, [label, text]] of rows.entries()) {
      const head = number === 0 ? `${index + 1}.`.padEnd(4) : '    '
      lines.push(`  ${head}${label.padEnd(width)}${text}`)
    }
  }
  const own = verdict.findings.filter((finding) => verdict.signatures.length > 0 || finding.level === 'warning')
  if (own.length > 0) lines.push('', ...own.map((finding) => `  ${finding.code}  ${texts.fault(locale, finding)}`))
  return lines
}

function rowsOf(signature: SignatureVerdict, locale: Locale): Row[] {
  const texts = commandTexts()
  const label = (name: string): string => texts.text(locale, `cli.verify.${name}`)
  const { signer } = signature
  const rows: Row[] = [[label('signer'), signer?.name ?? '—']]
  rows.push([label('time'), timeInWords(signature, texts, locale)])
  for (const stamp of signature.timeStamps ?? []) rows.push([label('stamp'), stampText(stamp, locale)])
  rows.push([label('kind'), [signature.level, ...algorithmText(signature)].join(' · ')])
  if (signer !== null) {
    const params = {
      issuer: shortIssuer(signature, signer.issuer),
      from: dayText(signer.notBefore, locale),
      until: dayText(signer.notAfter, locale),
      serial: signer.serial,
    }
    rows.push([label('certificate'), texts.text(locale, 'cli.verify.certificate-text', params)])
  }
  if ((signature.certificates ?? []).length > 1)
    rows.push([label('chain'), (signature.certificates ?? []).map((one) => one.name).join(' ← ')])
  rows.push(...withdrawalRows(signature, locale))
  if (signature.qualification) rows.push([label('qualification'), signature.qualification.level])
  rows.push([label('covers'), texts.text(locale, `cli.verify.covers.${signature.covers}`)])
  rows.push(...changeRows(signature, label('after'), locale))
  const result = signature.subIndication === null ? signature.indication : `${signature.indication} ${signature.subIndication}`
  rows.push([label('result'), result])
  const said = new Set<string>()
  for (const finding of signature.findings) {
    const head = finding.level === 'warning' ? label('note') : label('wrong')
    const text = `${texts.fault(locale, finding)} [${finding.code}]`
    // One issuer may stand in the paths of signer and time stamp.
    if (said.has(text)) continue
    said.add(text)
    rows.push([head, text])
  }
  return rows
}

function stampText(stamp: NonNullable<SignatureVerdict['timeStamps']>[number], locale: Locale): string {
  const state = !stamp.intact ? 'broken' : stamp.trusted ? 'trusted' : 'untrusted'
  const params = { authority: stamp.authority ?? '—', at: stamp.at === null ? '—' : timeText(stamp.at, locale) }
  return commandTexts().text(locale, `cli.verify.stamp.${state}`, params)
}

function algorithmText(signature: SignatureVerdict): string[] {
  const { algorithms } = signature
  return algorithms === undefined || algorithms === null ? [] : [`${algorithms.digest} ${algorithms.scheme}`, algorithms.key]
}

function shortIssuer(signature: SignatureVerdict, issuer: string): string {
  return signature.certificates?.[1]?.name ?? issuer
}

/** What is known of withdrawal, one row for each certificate whose status was looked at. */
function withdrawalRows(signature: SignatureVerdict, locale: Locale): Row[] {
  const texts = commandTexts()
  const head = texts.text(locale, 'cli.verify.withdrawn')
  const looked = (signature.revocation ?? []).filter((status) => status.status === 'good' || status.status === 'revoked')
  const rows = looked.map((status): Row => {
    const at = status.status === 'revoked' ? status.revokedAt : (status.thisUpdate ?? status.producedAt)
    const params = { name: status.name, source: status.source.toUpperCase(), at: at === null ? '—' : timeText(at, locale) }
    return [head, texts.text(locale, `cli.verify.withdrawn.${status.status}`, params)]
  })
  return isWithdrawalOpen(signature) ? [...rows, [head, texts.text(locale, 'cli.verify.withdrawn.open')]] : rows
}

function changeRows(signature: SignatureVerdict, head: string, locale: Locale): Row[] {
  const texts = commandTexts()
  if (signature.changes.length === 0) {
    // Of bytes that are not the signed ones nothing of the kind can be said.
    return signature.covers === 'entire-file' && signature.indication !== 'TOTAL-FAILED'
      ? [[head, texts.text(locale, 'cli.verify.after.nothing')]]
      : []
  }
  return signature.changes.map((change): Row => {
    return [
      head,
      `${changeText(change, texts, locale)}: ${texts.text(locale, change.allowed ? 'verify.change.allowed' : 'verify.change.disallowed')}`,
    ]
  })
}
