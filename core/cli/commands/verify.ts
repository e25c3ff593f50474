import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { loadModules } from '../../host/load-modules.js'
import { Fault, type FaultDetail } from '../../i18n/fault.js'
import type { Locale } from '../../i18n/locale.js'
import { readCertificateFile } from '../../validation/certificate/certificate.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import type { Verifiers } from '../../validation/report.js'
import type { DocumentVerdict } from '../../validation/verdict.js'
import { commandTexts, configurationOf, languageOf, print, printJson, type GlobalOptions } from '../terminal.js'

interface VerifyCommandOptions extends GlobalOptions {
  readonly trust?: string[]
  readonly at?: string
  readonly stdio?: boolean
}

const maximumFile = 512 * 1024 * 1024
const maximumTrustFile = 64 * 1024 * 1024

/** `khatm verify FILE…`: judges signed files. Needs no database; modules bring the verifiers of their formats. */
export function register(program: Command): void {
  program
    .command('verify [files...]')
    .description('check the signatures of files; exit 0 only when every file passed')
    .option(
      '--trust <pem>',
      'file of certificates (PEM or DER) to trust; may be given again',
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option('--at <time>', 'check as of this time (ISO 8601)')
    .option('--stdio', 'answer one JSON request per line: {"id", "file", "trust"?, "at"?}')
    .option('--json', 'answer as JSON')
    .option('--lang <language>', 'ar, en or bg')
    .action(async (files: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<VerifyCommandOptions>()
      const locale = languageOf(options.lang)
      const verifiers = await verifiersOfInstallation(command)
      if (options.stdio === true) return serve(verifiers, locale)
      if (files.length === 0) throw new Fault('VERIFY-NO-FILE')
      const trust = await readTrust(options.trust ?? [])
      const at = options.at === undefined ? undefined : readTime(options.at)
      const verdicts: DocumentVerdict[] = []
      for (const file of files) {
        const verdict = await verifyFile(verifiers, file, trust, at)
        verdicts.push(verdict)
        if (options.json !== true) print(`${file}: ${sentence(verdict, locale)}`, ...details(verdict, locale))
      }
      if (options.json === true) {
        const [only] = verdicts
        printJson(
          verdicts.length === 1 && only !== undefined
            ? withMessages(only, locale)
            : verdicts.map((verdict) => withMessages(verdict, locale)),
        )
      }
      if (verdicts.some((verdict) => verdict.verdict !== 'passed')) process.exitCode = 1
    })
}

async function verifiersOfInstallation(command: Command): Promise<Verifiers> {
  const verifiers = createVerifiers()
  const loaded = await loadModules(configurationOf(command))
  for (const module of loaded.standing()) for (const verifier of module.records.verifiers) verifiers.add(verifier)
  return verifiers
}

async function verifyFile(verifiers: Verifiers, file: string, trust: readonly Buffer[], at: Date | undefined): Promise<DocumentVerdict> {
  let bytes: Buffer
  try {
    const facts = await stat(file)
    // A device or a pipe may never end; a folder holds no signature of its own.
    if (!facts.isFile()) throw new Fault('VERIFY-FILE-KIND', { params: { file } })
    if (facts.size > maximumFile) throw new Fault('VERIFY-FILE-TOO-LARGE')
    bytes = await readFile(file)
  } catch (error) {
    const finding: FaultDetail =
      error instanceof Fault ? { code: error.code, params: error.params } : { code: 'VERIFY-FILE-MISSING', params: { file } }
    return { file, verdict: 'failed', integrity: 'none', signatures: [], findings: [finding] }
  }
  return verifiers.verify(file, bytes, { trust, ...(at === undefined ? {} : { at }) })
}

async function readTrustFile(file: string): Promise<Buffer> {
  const facts = await stat(file)
  if (facts.isCharacterDevice() || facts.size > maximumTrustFile) throw new Fault('VERIFY-FILE-KIND', { params: { file } })
  return readFile(file)
}

/** Certificates of files, or of PEM texts given in their place. */
async function readTrust(sources: readonly string[]): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (const source of sources) {
    try {
      const bytes = source.includes('-----BEGIN') ? Buffer.from(source) : await readTrustFile(source)
      for (const certificate of readCertificateFile(bytes)) found.push(certificate.der)
    } catch (error) {
      throw new Fault('VERIFY-TRUST-UNREADABLE', { params: { file: source.slice(0, 200) }, cause: error })
    }
  }
  return found
}

function readTime(text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw new Fault('VERIFY-TIME-UNREADABLE', { params: { time: text } })
  return time
}

/** The bottom line for a person: one sentence. */
function sentence(verdict: DocumentVerdict, locale: Locale): string {
  const texts = commandTexts()
  const last = verdict.signatures[verdict.signatures.length - 1]
  const worst =
    verdict.signatures.find((signature) => signature.indication === (verdict.verdict === 'failed' ? 'TOTAL-FAILED' : 'INDETERMINATE')) ??
    last
  const reasons = [...(worst?.findings ?? []), ...verdict.findings].filter((finding) => finding.level !== 'warning')
  const [reason] = reasons
  const params = {
    name: (verdict.verdict === 'passed' ? last : worst)?.signer?.name ?? '—',
    level: last?.level ?? '',
    at: last?.signedAt ?? '',
    reason: reason === undefined ? (worst?.subIndication ?? '') : texts.fault(locale, reason),
  }
  return texts.text(locale, `verify.${verdict.verdict}`, params)
}

/** What stands behind it, one line per signature. */
function details(verdict: DocumentVerdict, locale: Locale): string[] {
  return verdict.signatures.flatMap((signature, index) => [
    `  ${index + 1}. ${signature.indication}${signature.subIndication === null ? '' : ` ${signature.subIndication}`} ${signature.level} ${signature.signer?.name ?? ''} ${signature.signedAt ?? ''} (${signature.timeSource}) ${signature.covers}`,
    ...signature.changes.map(
      (change) =>
        `     +${change.revision} ${change.kind}: ${commandTexts().text(locale, change.allowed ? 'verify.change.allowed' : 'verify.change.disallowed')}`,
    ),
    ...signature.findings.map((finding) => `     ${finding.code}: ${commandTexts().fault(locale, finding)}`),
  ])
}

function withMessages(verdict: DocumentVerdict, locale: Locale): object {
  const told = (findings: readonly FaultDetail[]): object[] =>
    findings.map((finding) => ({ ...finding, message: commandTexts().fault(locale, finding) }))
  const signatures = verdict.signatures.map((signature) => ({ ...signature, findings: told(signature.findings) }))
  return { ...verdict, signatures, findings: told(verdict.findings), sentence: sentence(verdict, locale) }
}

interface ServiceRequest {
  readonly file: string
  readonly trust: readonly string[]
  readonly at: string | undefined
}

function parseRequest(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new Fault('VERIFY-REQUEST-UNREADABLE', { cause: error })
  }
}

function readRequest(value: unknown): ServiceRequest {
  if (typeof value !== 'object' || value === null || !('file' in value) || typeof value.file !== 'string')
    throw new Fault('VERIFY-REQUEST-UNREADABLE')
  const trust = 'trust' in value ? value.trust : undefined
  const at = 'at' in value ? value.at : undefined
  const list: unknown[] = Array.isArray(trust) ? trust : trust === undefined || trust === null ? [] : [trust]
  if (!list.every((one) => typeof one === 'string') || (at !== undefined && at !== null && typeof at !== 'string'))
    throw new Fault('VERIFY-REQUEST-UNREADABLE')
  return { file: value.file, trust: list, at: typeof at === 'string' ? at : undefined }
}

/** The long-lived form: one answer per request, in order; a bad request is answered and does not end the service. */
async function serve(verifiers: Verifiers, locale: Locale): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue
    process.stdout.write(`${JSON.stringify(await answer(verifiers, line, locale))}\n`)
  }
}

async function answer(verifiers: Verifiers, line: string, locale: Locale): Promise<object> {
  let id: unknown = null
  try {
    const value = parseRequest(line)
    // A request that is wrong in anything else is still answered under its own name.
    if (typeof value === 'object' && value !== null && 'id' in value) id = value.id
    const request = readRequest(value)
    const trust = await readTrust(request.trust)
    const at = request.at === undefined ? undefined : readTime(request.at)
    return { id, ...withMessages(await verifyFile(verifiers, request.file, trust, at), locale) }
  } catch (error) {
    const fault: FaultDetail =
      error instanceof Fault ? { code: error.code, params: error.params } : { code: 'VERIFY-UNREADABLE', params: { verifier: '' } }
    return { id, fault: { ...fault, message: commandTexts().fault(locale, fault) } }
  }
}
