import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { concludeDocument, describeSigner } from '../conclude.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { askedOptions } from '../process/asked-options.js'
import { judgeSignature, type Judgement } from '../process/judge-signature.js'
import { reportFields, shownTime } from '../process/report-fields.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { checkedSignature } from './checked-signature.js'
import { definiteEncoding } from './definite-encoding.js'
import { profileDeviations } from './profile-deviations.js'
import { checkSigner, readSignedData, signerCertificate, type CmsSignedData, type CmsSignerInfo, type SignerCheck } from './signed-data.js'

/** The identifier of SignedData, DER with its header. */
const signedDataIdentifier = Buffer.from('06092a864886f70d010702', 'hex')
const armour = /^\s*-----BEGIN (?:CMS|PKCS7)-----([A-Za-z0-9+/=\s]+)-----END (?:CMS|PKCS7)-----\s*$/

/** CMS files (.p7m, .p7s), DER, BER or PEM: content inside, or beside as `VerifyOptions.content`. */
export class CmsVerifier implements Verifier {
  readonly name = 'cms'

  /** Whether it begins as a ContentInfo of SignedData (RFC 5652, clauses 3 and 5), in DER or PEM. */
  recognises(bytes: Uint8Array): boolean {
    const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64))
    if (start[0] === 0x30) {
      const first = start[1] ?? 0
      const at = first > 0x80 ? 2 + (first & 0x7f) : 2
      return start.subarray(at, at + signedDataIdentifier.length).equals(signedDataIdentifier)
    }
    return /^\s*-----BEGIN (?:CMS|PKCS7)-----/.test(start.toString('latin1'))
  }

  /** A verdict over every signer. `options.content` is what a detached signature signs; without it such a signature is indeterminate. */
  async verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    const { der, notes } = encodingOf(bytes)
    const malformed = (what: string): Omit<DocumentVerdict, 'file'> => ({
      verdict: 'failed',
      integrity: 'broken',
      signatures: [],
      findings: [...notes, { code: 'VERIFY-CMS-MALFORMED', params: { what } }],
    })
    let cms: CmsSignedData
    try {
      cms = readSignedData(der)
    } catch (error) {
      if (error instanceof MalformedDer) return malformed(error.what)
      throw error
    }
    // Bytes behind the structure are signed by nobody; a reader of another format may show just those.
    if (cms.length !== der.length) return malformed('bytes after it')
    if (cms.content !== undefined && options.content !== undefined && !cms.content.equals(options.content)) {
      return { verdict: 'failed', integrity: 'broken', signatures: [], findings: [...notes, { code: 'VERIFY-CONTENT-DIFFERS' }] }
    }
    const anchors = options.trust.map((one) => readCertificate(one))
    const content = cms.content ?? options.content
    const signatures: SignatureVerdict[] = []
    const used = new Set(anchors.map((anchor) => anchor.sha256))
    for (const signer of cms.signers) {
      const one = content === undefined ? withoutContent(cms, signer) : await judgeSigner(cms, signer, content, anchors, options)
      for (const certificate of one.used) used.add(certificate.sha256)
      signatures.push(one.verdict)
    }
    // A responder's certificate lies beside its answer, and in it too.
    const strangers = cms.certificates.filter(
      (certificate) => !used.has(certificate.sha256) && !cms.evidence.ocspResponses.some((response) => response.includes(certificate.der)),
    )
    const unused = strangers.map((certificate): FaultDetail => ({
      code: 'VERIFY-CERT-UNUSED',
      params: { name: certificate.holder },
      level: 'warning',
    }))
    return concludeDocument(signatures, [...notes, ...(content === undefined ? [] : unused)])
  }
}

/** DER of the file. BER is rewritten, which is said; PEM is opened. */
function encodingOf(bytes: Uint8Array): { der: Buffer; notes: readonly FaultDetail[] } {
  let file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file[0] !== 0x30) file = Buffer.from(armour.exec(file.toString('latin1'))?.[1] ?? '', 'base64')
  try {
    // Reads to the last element: a length that is not definite shows wherever it is.
    const outer = DerElement.read(file)
    touch(outer, 0)
    return { der: file, notes: [] }
  } catch {
    try {
      return { der: definiteEncoding(file), notes: [{ code: 'VERIFY-CMS-BER', level: 'warning' }] }
    } catch {
      // What is wrong with it the reader of SignedData says.
      return { der: file, notes: [] }
    }
  }
}

/** The outer levels, where BER is met: ContentInfo, SignedData, the content and its pieces. */
function touch(element: DerElement, depth: number): void {
  if (depth > 5 || !element.constructed) return
  if (element.is(0x24)) throw new MalformedDer('octet string in pieces', element.start)
  for (const child of element.children) touch(child, depth + 1)
}

interface JudgedSigner {
  readonly verdict: SignatureVerdict
  /** Certificates that played a part. */
  readonly used: readonly Certificate[]
}

function withoutContent(cms: CmsSignedData, signer: CmsSignerInfo): JudgedSigner {
  const certificate = quietly(() => signerCertificate(cms, signer))
  const verdict: SignatureVerdict = {
    indication: 'INDETERMINATE',
    subIndication: 'SIGNED_DATA_NOT_FOUND',
    level: 'CMS',
    signer: describeSigner(certificate),
    signedAt: null,
    timeSource: 'none',
    covers: 'unclear',
    changes: [],
    findings: [{ code: 'VERIFY-DETACHED-CONTENT' }],
  }
  return { verdict, used: [] }
}

async function judgeSigner(
  cms: CmsSignedData,
  signer: CmsSignerInfo,
  content: Uint8Array,
  anchors: readonly Certificate[],
  options: VerifyOptions,
): Promise<JudgedSigner> {
  const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(content).digest())
  const checked = checkedSignature(cms, signer, check)
  const asked = askedOptions(options)
  const judged = await judgeSignature(checked, { ...asked, anchors })
  const { level, against } = levelOf(cms, check, judged)
  const deviations = check.failure === null ? (quietly(() => profileDeviations(cms, signer)) ?? []) : []
  const verdict: SignatureVerdict = {
    indication: judged.indication,
    subIndication: judged.subIndication,
    level,
    signer: describeSigner(check.certificate),
    ...shownTime(judged.provenAt, checked.claimedAt),
    covers: 'entire-file',
    changes: [],
    ...reportFields(checked, judged, { at: asked.at, ...(options.qualifier === undefined ? {} : { qualifier: options.qualifier }) }),
    findings: [...judged.findings, ...against, ...deviations],
  }
  const used = [...(judged.path?.chain ?? []), ...(check.certificate === undefined ? [] : [check.certificate]), ...judged.stampCertificates]
  return { verdict, used }
}

/** The baseline level actually reached (ETSI EN 319 122-1 clause 6.3), and what keeps it from being one at all. */
function levelOf(cms: CmsSignedData, check: SignerCheck, judged: Judgement): { level: string; against: readonly FaultDetail[] } {
  const missing = [
    ...(check.hasSigningCertificate ? [] : ['signing-certificate']),
    ...(check.signingTime === undefined ? ['signing-time'] : []),
  ]
  const against = missing.map((what): FaultDetail => ({ code: 'VERIFY-NOT-BASELINE', params: { what }, level: 'warning' }))
  if (missing.length > 0) return { level: check.hasSigningCertificate ? 'CAdES' : 'CMS', against }
  if (!judged.stamped) return { level: 'CAdES-BASELINE-B', against }
  const carries = cms.evidence.crls.length + cms.evidence.ocspResponses.length > 0
  return { level: carries && judged.selfContained ? 'CAdES-BASELINE-LT' : 'CAdES-BASELINE-T', against }
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedDer) return undefined
    throw error
  }
}
