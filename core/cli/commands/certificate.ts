import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Fault, type FaultDetail } from '../../i18n/fault.js'
import type { Locale } from '../../i18n/locale.js'
import { describeCertificate, type CertificateDescription } from '../../validation/certificate/certificate-description.js'
import { answerQuestion, purposes, SourceReader, type CertificateQuestion, type CertificateVerdict } from '../certificate-question.js'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'

interface CheckOptions extends GlobalOptions {
  readonly chain?: string[]
  readonly trust?: string[]
  readonly crl?: string[]
  readonly ocsp?: string[]
  readonly at?: string
  readonly policy?: string[]
  readonly requireExplicitPolicy?: boolean
  readonly inhibitPolicyMapping?: boolean
  readonly inhibitAnyPolicy?: boolean
  readonly anyAlgorithm?: boolean
  readonly purpose?: string
  readonly stdio?: boolean
}

const again = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

/** `khatm certificate check LEAF` and `khatm certificate show FILE`. Need neither database nor modules. */
export function register(program: Command): void {
  const certificate = program.command('certificate').description('cli.help.certificate')
  certificate
    .command('check [leaf]')
    .description('cli.help.certificate.check')
    .option('--chain <file>', 'cli.help.certificate.check.chain', again)
    .option('--trust <file>', 'cli.help.certificate.check.trust', again)
    .option('--crl <file>', 'cli.help.certificate.check.crl', again)
    .option('--ocsp <file>', 'cli.help.certificate.check.ocsp', again)
    .option('--at <time>', 'cli.help.option.at')
    .option('--policy <oid>', 'cli.help.certificate.check.policy', again)
    .option('--require-explicit-policy', 'cli.help.certificate.check.explicit')
    .option('--inhibit-policy-mapping', 'cli.help.certificate.check.mapping')
    .option('--inhibit-any-policy', 'cli.help.certificate.check.any-policy')
    .option('--any-algorithm', 'cli.help.certificate.check.any-algorithm')
    .option('--purpose <purpose>', 'cli.help.certificate.check.purpose', 'any')
    .option('--stdio', 'cli.help.certificate.check.stdio')
    .option('--json', 'cli.help.option.json')
    .option('--lang <language>', 'cli.help.option.lang')
    .action(async (leaf: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<CheckOptions>()
      const locale = languageOf(options.lang)
      const sources = new SourceReader()
      if (options.stdio === true) return serve(sources, locale)
      if (leaf === undefined) throw new Fault('VERIFY-NO-FILE')
      const verdict = answerQuestion(readRequest({ ...options, file: leaf }), sources)
      if (options.json === true) printJson(withMessages(verdict, locale))
      else print(`${verdict.file}: ${sentence(verdict, locale)}`, ...details(verdict, locale))
      if (verdict.verdict !== 'passed') process.exitCode = 1
    })
  certificate
    .command('show <file>')
    .description('cli.help.certificate.show')
    .option('--json', 'cli.help.option.json')
    .option('--lang <language>', 'cli.help.option.lang')
    .action((file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const locale = languageOf(options.lang)
      let descriptions: CertificateDescription[]
      try {
        descriptions = new SourceReader().certificates(file).map(describeCertificate)
      } catch (error) {
        if (error instanceof Fault) throw error
        throw new Fault('VERIFY-CERT-UNREADABLE', { params: { file }, cause: error })
      }
      if (options.json === true) printJson(descriptions.length === 1 ? descriptions[0] : descriptions)
      else print(...descriptions.flatMap((description, index) => [...(index > 0 ? [''] : []), ...shown(description, locale)]))
    })
}

/** The bottom line for a person: one sentence. */
function sentence(verdict: CertificateVerdict, locale: Locale): string {
  const texts = commandTexts()
  const reason = verdict.findings.find((finding) => finding.level !== 'warning')
  const [leaf] = verdict.chain
  const params = {
    name: leaf?.name ?? verdict.file,
    anchor: verdict.chain[verdict.chain.length - 1]?.name ?? '—',
    reason: reason === undefined ? (verdict.subIndication ?? '') : texts.fault(locale, reason),
  }
  const key = verdict.verdict === 'passed' && !verdict.revocationChecked ? 'passed-unasked' : verdict.verdict
  return texts.text(locale, `certificate.${key}`, params)
}

function details(verdict: CertificateVerdict, locale: Locale): string[] {
  return [
    ...verdict.chain.map((one, index) => {
      const status = verdict.revocation[index]
      const told = status === undefined ? '' : ` · ${commandTexts().text(locale, `certificate.status.${status.status}`)}`
      return `  ${index + 1}. ${one.name} (${one.serial}) ${one.notBefore.slice(0, 10)} – ${one.notAfter.slice(0, 10)}${told}`
    }),
    ...verdict.findings.map((finding) => `     ${finding.code}: ${commandTexts().fault(locale, finding)}`),
  ]
}

function withMessages(verdict: CertificateVerdict, locale: Locale): object {
  const findings = verdict.findings.map((finding) => ({ ...finding, message: commandTexts().fault(locale, finding) }))
  return { ...verdict, findings, sentence: sentence(verdict, locale) }
}

function shown(description: CertificateDescription, locale: Locale): string[] {
  const text = (key: string): string => commandTexts().text(locale, `certificate.show.${key}`)
  const now = new Date().toISOString()
  const state = now < description.notBefore ? 'not-yet' : now > description.notAfter ? 'expired' : 'valid'
  const words = (group: string, names: readonly string[]): string[] =>
    names.map((name) => (/^\d/.test(name) ? name : text(`${group}.${name}`)))
  const rows: [string, readonly string[]][] = [
    ['holder', [description.holder]],
    ['subject', [description.subject]],
    ['issuer', [description.issuer]],
    ['serial', [description.serial]],
    ['validity', [`${description.notBefore} – ${description.notAfter} (${text(state)})`]],
    ['key', [description.key]],
    ['kind', [text(description.authority ? 'authority' : 'end-entity')]],
    ['usage', words('usage', description.usages)],
    ['purpose', words('purpose', description.purposes)],
    ['policies', description.policies],
    ['statements', words('statement', description.qualifiedStatements)],
    ['lists', description.revocationLists],
    ['ocsp', description.ocsp],
    ['sha256', [description.sha256]],
  ]
  return rows
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => `${text(key)}: ${values.join(locale === 'ar' ? '، ' : ', ')}`)
}

/** One source or many; null is as good as absent. */
function listOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (!list.every((one) => typeof one === 'string')) throw new Fault('VERIFY-REQUEST-UNREADABLE')
  return list
}

function flagOf(value: unknown): boolean {
  if (value !== undefined && value !== null && typeof value !== 'boolean') throw new Fault('VERIFY-REQUEST-UNREADABLE')
  return value === true
}

/** A question from the command line or a line of JSON: every member is checked. */
function readRequest(value: unknown): CertificateQuestion {
  if (typeof value !== 'object' || value === null) throw new Fault('VERIFY-REQUEST-UNREADABLE')
  const request = new Map<string, unknown>(Object.entries(value))
  const file = request.get('file') ?? request.get('pem')
  const at = request.get('at') ?? undefined
  if (typeof file !== 'string' || (at !== undefined && typeof at !== 'string')) throw new Fault('VERIFY-REQUEST-UNREADABLE')
  const wanted = request.get('purpose') ?? 'any'
  const purpose = purposes.find((one) => one === wanted)
  if (purpose === undefined)
    throw new Fault('VERIFY-PURPOSE-UNKNOWN', { params: { purpose: JSON.stringify(wanted).slice(0, 50), purposes: purposes.join(', ') } })
  const policies = listOf(request.get('policy') ?? request.get('policies')) ?? []
  const malformed = policies.find((oid) => !/^[0-2](?:\.\d{1,39}){1,40}$/.test(oid))
  if (malformed !== undefined) throw new Fault('VERIFY-POLICY-UNREADABLE', { params: { policy: malformed.slice(0, 100) } })
  return {
    file,
    chain: listOf(request.get('chain')) ?? [],
    trust: listOf(request.get('trust')) ?? [],
    crl: listOf(request.get('crl')),
    ocsp: listOf(request.get('ocsp')),
    at,
    policies,
    requireExplicitPolicy: flagOf(request.get('requireExplicitPolicy')),
    inhibitPolicyMapping: flagOf(request.get('inhibitPolicyMapping')),
    inhibitAnyPolicy: flagOf(request.get('inhibitAnyPolicy')),
    anyAlgorithm: flagOf(request.get('anyAlgorithm')),
    purpose,
  }
}

/** The long-lived form: one answer per request, in order; a bad request is answered and does not end the service. */
async function serve(sources: SourceReader, locale: Locale): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() !== '') process.stdout.write(`${JSON.stringify(answer(sources, line, locale))}\n`)
  }
}

function answer(sources: SourceReader, line: string, locale: Locale): object {
  let id: unknown = null
  try {
    const value: unknown = JSON.parse(line)
    // A request that is wrong in anything else is still answered under its own name.
    if (typeof value === 'object' && value !== null && 'id' in value) id = value.id
    return { id, ...withMessages(answerQuestion(readRequest(value), sources), locale) }
  } catch (error) {
    const fault: FaultDetail = error instanceof Fault ? { code: error.code, params: error.params } : { code: 'VERIFY-REQUEST-UNREADABLE' }
    return { id, fault: { ...fault, message: commandTexts().fault(locale, fault) } }
  }
}
