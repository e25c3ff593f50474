import { readFile, stat } from 'node:fs/promises'
import type { Configuration } from '../../config/schema.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { createOnlineSource } from '../signing/revocation/online-source.js'
import { readCertificateFile } from '../validation/certificate/certificate.js'
import type { Verifiers, VerifyOptions } from '../validation/report.js'
import type { RevocationEvidence, RevocationSource } from '../validation/revocation/evidence.js'
import { openTrust, withPinned, type Trust } from '../validation/trust/open-trust.js'
import type { DocumentVerdict } from '../validation/verdict.js'

const maximumFile = 512 * 1024 * 1024
const maximumTrustFile = 64 * 1024 * 1024

/** What is asked of the verifiers, as a command line or a request line gives it. */
export interface VerifyRequest {
  readonly file: string
  /** Files of certificates, or PEM texts. */
  readonly trust: readonly string[]
  readonly at: string | undefined
  /** File that a detached signature signs. */
  readonly content: string | undefined
  readonly online: boolean
  readonly revocation: 'known' | 'required'
  /** Files of further evidence. */
  readonly crl: readonly string[]
  readonly ocsp: readonly string[]
}

/** Verifies files as requests ask for it. What the installation trusts is read once, and one memory of answers serves all. */
export class FileVerification {
  private readonly source: RevocationSource
  private trusted: Trust | undefined

  constructor(
    private readonly verifiers: Verifiers,
    private readonly config: Configuration,
  ) {
    this.source = createOnlineSource({ allowPrivate: config.allowedPrivateOrigins })
  }

  /**
   * Never throws for what is in the file; wrong options are faults.
   * @throws Fault VERIFY-TRUST-UNREADABLE, VERIFY-TIME-UNREADABLE, VERIFY-EVIDENCE-UNREADABLE, TRUST-FILE-UNREADABLE
   */
  async verify(request: VerifyRequest): Promise<DocumentVerdict> {
    const options = await this.optionsOf(request)
    try {
      const bytes = await readSignedFile(request.file)
      const content = await contentOf(request)
      return await this.verifiers.verify(request.file, bytes, { ...options, ...(content === undefined ? {} : { content }) })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const finding: FaultDetail = { code: error.code, params: error.params }
      return { file: request.file, verdict: 'failed', integrity: 'none', signatures: [], findings: [finding] }
    }
  }

  private async optionsOf(request: VerifyRequest): Promise<VerifyOptions> {
    const { dataDir, validation } = this.config
    this.trusted ??= openTrust({ dataDir, trustFiles: validation.trustFiles, now: new Date() })
    const evidence: RevocationEvidence = { crls: await readEvidence(request.crl), ocspResponses: await readEvidence(request.ocsp) }
    const named = await readTrust(request.trust)
    const { qualifier } = this.trusted
    return {
      trust: [...named, ...this.trusted.anchors],
      revocation: request.revocation,
      ...(evidence.crls.length + evidence.ocspResponses.length === 0 ? {} : { evidence }),
      ...(request.at === undefined ? {} : { at: readTime(request.at) }),
      ...(request.online ? { source: this.source } : {}),
      ...(qualifier === undefined ? {} : { qualifier: withPinned(qualifier, named) }),
    }
  }
}

async function readSignedFile(file: string): Promise<Buffer> {
  const facts = await stat(file).catch((error: unknown) => {
    throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
  })
  // A device or a pipe may never end; a folder holds no signature of its own.
  if (!facts.isFile()) throw new Fault('VERIFY-FILE-KIND', { params: { file } })
  if (facts.size > maximumFile) throw new Fault('VERIFY-FILE-TOO-LARGE')
  return readFile(file).catch((error: unknown) => {
    throw new Fault('VERIFY-FILE-MISSING', { params: { file }, cause: error })
  })
}

/** The content of a detached signature: told, or the file of the same name without .p7s, .p7m or .sig beside it. */
async function contentOf(request: VerifyRequest): Promise<Buffer | undefined> {
  if (request.content !== undefined) return readSignedFile(request.content)
  const beside = /^(.+)\.(?:p7s|p7m|sig)$/i.exec(request.file)?.[1]
  if (beside === undefined) return undefined
  const there = await stat(beside).then(
    (facts) => facts.isFile(),
    () => false,
  )
  return there ? readSignedFile(beside) : undefined
}

/** Certificates of files, or of PEM texts given in their place. */
async function readTrust(sources: readonly string[]): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (const source of sources) {
    try {
      const bytes = source.includes('-----BEGIN') ? Buffer.from(source) : await readSmallFile(source)
      for (const certificate of readCertificateFile(bytes)) found.push(certificate.der)
    } catch (error) {
      throw new Fault('VERIFY-TRUST-UNREADABLE', { params: { file: source.slice(0, 200) }, cause: error })
    }
  }
  return found
}

/** Lists and answers, DER or PEM. */
async function readEvidence(files: readonly string[]): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (const file of files) {
    try {
      const bytes = await readSmallFile(file)
      const text = bytes[0] === 0x30 ? '' : bytes.toString('latin1')
      const blocks = [...text.matchAll(/-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END/g)]
      const read = bytes[0] === 0x30 ? [bytes] : blocks.map((block) => Buffer.from(block[1] ?? '', 'base64'))
      if (read.length === 0) throw new RangeError('neither DER nor PEM')
      found.push(...read)
    } catch (error) {
      throw new Fault('VERIFY-EVIDENCE-UNREADABLE', { params: { file }, cause: error })
    }
  }
  return found
}

async function readSmallFile(file: string): Promise<Buffer> {
  const facts = await stat(file)
  if (facts.isCharacterDevice() || facts.size > maximumTrustFile) throw new Fault('VERIFY-FILE-KIND', { params: { file } })
  return readFile(file)
}

function readTime(text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw new Fault('VERIFY-TIME-UNREADABLE', { params: { time: text } })
  return time
}
