import { readFileSync, statSync } from 'node:fs'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { certificateFacts } from '../validation/process/report-fields.js'
import { readCertificateFile, type Certificate } from '../validation/certificate/certificate.js'
import { checkPath, keyUsageOf, type PathAnswer } from '../validation/certificate/path.js'
import type { RevocationStatus } from '../validation/revocation/evidence.js'
import type { CertificateFacts, SubIndication } from '../validation/verdict.js'

/** What a certificate is to be good for; `any` asks nothing of its key usage. */
export const purposes = ['any', 'sign', 'tsa', 'ocsp'] as const
/** One of `purposes`. */
export type Purpose = (typeof purposes)[number]

/** What is asked of one certificate. A source is the path of a file, or a PEM text in its place. */
export interface CertificateQuestion {
  readonly file: string
  readonly chain: readonly string[]
  readonly trust: readonly string[]
  /** Given: revocation must be known of every certificate of the path. Absent both: it is not looked at. */
  readonly crl: readonly string[] | undefined
  readonly ocsp: readonly string[] | undefined
  readonly at: string | undefined
  readonly policies: readonly string[]
  readonly requireExplicitPolicy: boolean
  readonly inhibitPolicyMapping: boolean
  readonly inhibitAnyPolicy: boolean
  readonly anyAlgorithm: boolean
  readonly purpose: Purpose
}

/** The answer of `khatm certificate check` for one file: the JSON that integrators read. */
export interface CertificateVerdict {
  readonly file: string
  readonly verdict: 'passed' | 'indeterminate' | 'failed'
  /** Of a building block of ETSI EN 319 102-1 (clause 5.2.6 X.509 certificate validation). */
  readonly indication: 'PASSED' | 'INDETERMINATE' | 'FAILED'
  readonly subIndication: SubIndication | null
  readonly chain: readonly CertificateFacts[]
  readonly policies: readonly string[]
  /** False: revocation was not asked about, and a revoked certificate would pass. */
  readonly revocationChecked: boolean
  readonly revocation: readonly RevocationStatus[]
  readonly findings: readonly FaultDetail[]
}

const maximumFile = 64 * 1024 * 1024
const extendedUsages: Readonly<Partial<Record<Purpose, string>>> = { tsa: '1.3.6.1.5.5.7.3.8', ocsp: '1.3.6.1.5.5.7.3.9' }
/** What a certificate can never be cured of by more evidence or another time. */
const failing: ReadonlySet<SubIndication> = new Set(['REVOKED', 'FORMAT_FAILURE'])

interface Source {
  readonly state: string
  readonly bytes: Buffer
  certificates?: readonly Certificate[] | Error
}

/**
 * Files as read, so that a service does not read the same anchors and lists for every question. It reads synchronously: a
 * service answers in order, and asking the file system by turns costs ten times the reading.
 */
export class SourceReader {
  private readonly known = new Map<string, Source>()

  /** @throws Fault VERIFY-FILE-MISSING, VERIFY-FILE-KIND, VERIFY-FILE-TOO-LARGE */
  bytes(source: string): Buffer {
    return this.read(source).bytes
  }

  /** @throws Fault as `bytes`; MalformedDer when it holds no certificates */
  certificates(source: string): readonly Certificate[] {
    const entry = this.read(source)
    if (entry.certificates === undefined) {
      try {
        entry.certificates = readCertificateFile(entry.bytes)
      } catch (error) {
        entry.certificates = error instanceof Error ? error : new Error(String(error))
      }
    }
    if (entry.certificates instanceof Error) throw entry.certificates
    return entry.certificates
  }

  private read(source: string): Source {
    if (source.includes('-----BEGIN')) return this.keep(source, '', () => Buffer.from(source))
    const params = { file: source.slice(0, 200) }
    try {
      const facts = statSync(source)
      // A device or a pipe may never end.
      if (!facts.isFile()) throw new Fault('VERIFY-FILE-KIND', { params })
      if (facts.size > maximumFile) throw new Fault('VERIFY-FILE-TOO-LARGE')
      return this.keep(source, `${facts.mtimeMs} ${facts.size} ${facts.ino}`, () => readFileSync(source))
    } catch (error) {
      if (error instanceof Fault) throw error
      throw new Fault('VERIFY-FILE-MISSING', { params, cause: error })
    }
  }

  private keep(source: string, state: string, read: () => Buffer): Source {
    const found = this.known.get(source)
    if (found?.state === state) return found
    const entry: Source = { state, bytes: read() }
    if (this.known.size >= 4000) this.known.clear()
    if (entry.bytes.length < 1_000_000) this.known.set(source, entry)
    return entry
  }
}

/**
 * Answers one question. Bad certificates are verdicts; only a question that cannot be understood throws.
 * @throws Fault when a file is missing, the time is none, or a trusted certificate cannot be read
 */
export function answerQuestion(question: CertificateQuestion, sources: SourceReader): CertificateVerdict {
  const name = question.file.includes('-----BEGIN') ? 'PEM' : question.file
  const at = question.at === undefined ? new Date() : new Date(question.at)
  if (Number.isNaN(at.getTime())) throw new Fault('VERIFY-TIME-UNREADABLE', { params: { time: question.at?.slice(0, 100) ?? '' } })
  const warnings: FaultDetail[] = []
  const anchors: Certificate[] = []
  for (const source of question.trust) {
    try {
      anchors.push(...sources.certificates(source))
    } catch (error) {
      if (error instanceof Fault) throw error
      throw new Fault('VERIFY-TRUST-UNREADABLE', { params: { file: source.slice(0, 200) }, cause: error })
    }
  }
  const intermediates: Certificate[] = []
  for (const source of question.chain) {
    try {
      intermediates.push(...sources.certificates(source))
    } catch (error) {
      if (error instanceof Fault) throw error
      // What cannot be read carries no path; whether one is missing shows below.
      warnings.push({ code: 'VERIFY-CHAIN-FILE-UNREADABLE', params: { file: source.slice(0, 200) }, level: 'warning' })
    }
  }
  const crls = derOf(question.crl ?? [], 'X509 CRL', sources)
  const ocspResponses = derOf(question.ocsp ?? [], 'OCSP RESPONSE', sources)
  const revocationChecked = question.crl !== undefined || question.ocsp !== undefined
  let leaf: Certificate | undefined
  try {
    const [first, ...others] = sources.certificates(question.file)
    leaf = first
    intermediates.push(...others)
  } catch (error) {
    const finding =
      error instanceof Fault
        ? { code: error.code, params: error.params }
        : { code: 'VERIFY-CERT-UNREADABLE', params: { file: name.slice(0, 200) } }
    return unreadable(name, finding, revocationChecked)
  }
  if (leaf === undefined)
    return unreadable(name, { code: 'VERIFY-CERT-UNREADABLE', params: { file: name.slice(0, 200) } }, revocationChecked)
  if (!revocationChecked) warnings.push({ code: 'VERIFY-REVOCATION-NOT-ASKED', level: 'warning' })
  const usage = extendedUsages[question.purpose]
  const answer = checkPath({
    certificate: leaf,
    intermediates,
    anchors,
    at,
    ...(usage === undefined ? {} : { extendedKeyUsage: usage }),
    ...(revocationChecked ? { revocation: { mode: 'required' as const, evidence: { crls, ocspResponses } } } : {}),
    policies: {
      ...(question.policies.length === 0 ? {} : { acceptable: question.policies }),
      requireExplicit: question.requireExplicitPolicy,
      inhibitMapping: question.inhibitPolicyMapping,
      inhibitAny: question.inhibitAnyPolicy,
    },
    algorithms: question.anyAlgorithm ? 'any' : 'dated',
  })
  if (question.anyAlgorithm) warnings.push({ code: 'VERIFY-ALGORITHMS-NOT-JUDGED', level: 'warning' })
  const subIndication = answer.subIndication ?? (maySign(question.purpose, leaf) ? null : 'CHAIN_CONSTRAINTS_FAILURE')
  const usageFinding = answer.trusted && subIndication !== null ? [{ code: 'VERIFY-CERT-KEY-USAGE', params: { name: leaf.holder } }] : []
  return verdictOf(name, answer, subIndication, anchors, [...answer.findings, ...usageFinding, ...warnings], revocationChecked)
}

/** DER of files that hold DER or PEM blocks of one label. */
function derOf(list: readonly string[], label: string, sources: SourceReader): Buffer[] {
  const found: Buffer[] = []
  for (const source of list) {
    const bytes = sources.bytes(source)
    const text = bytes.subarray(0, 64 * 1024).includes('-----BEGIN') ? bytes.toString('latin1') : ''
    const blocks = [...text.matchAll(new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END`, 'g'))]
    if (blocks.length === 0) found.push(bytes)
    for (const block of blocks) found.push(Buffer.from(block[1] ?? '', 'base64'))
  }
  return found
}

function maySign(purpose: Purpose, leaf: Certificate): boolean {
  if (purpose !== 'sign') return true
  try {
    const usage = keyUsageOf(leaf)
    return usage === undefined || usage(0) || usage(1)
  } catch {
    return false
  }
}

function unreadable(file: string, finding: FaultDetail, revocationChecked: boolean): CertificateVerdict {
  const nothing = { chain: [], policies: [], revocation: [], revocationChecked }
  return { file, verdict: 'failed', indication: 'FAILED', subIndication: 'FORMAT_FAILURE', ...nothing, findings: [finding] }
}

function verdictOf(
  file: string,
  answer: PathAnswer,
  subIndication: SubIndication | null,
  anchors: readonly Certificate[],
  findings: readonly FaultDetail[],
  revocationChecked: boolean,
): CertificateVerdict {
  const verdict = subIndication === null ? 'passed' : failing.has(subIndication) ? 'failed' : 'indeterminate'
  return {
    file,
    verdict,
    indication: verdict === 'passed' ? 'PASSED' : verdict === 'failed' ? 'FAILED' : 'INDETERMINATE',
    subIndication,
    chain: certificateFacts(answer.chain, anchors),
    policies: subIndication === null ? answer.policies : [],
    revocationChecked,
    revocation: answer.revocation,
    findings,
  }
}
