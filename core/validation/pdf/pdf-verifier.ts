import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { checkedSignature } from '../cms/checked-signature.js'
import { checkSigner, readSignedData } from '../cms/signed-data.js'
import { checkTimeStamp } from '../cms/time-stamp-token.js'
import { concludeDocument, describeSigner } from '../conclude.js'
import { judgeSignature } from '../process/judge-signature.js'
import { isPast } from '../process/judge-time-stamp.js'
import { reportFields, shownTime } from '../process/report-fields.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict, SubIndication } from '../verdict.js'
import { checkByteRange, type CheckedRange } from './byte-range.js'
import { explainChanges, type Change, type Permission } from './changes.js'
import { PdfDocument } from './document.js'
import { MalformedPdf, nameOf, PdfString, type PdfDictionary } from './objects.js'
import { endsLikeRevision, laterRevisionEnds, onlySpaceAfter } from './revisions.js'
import { sameValue } from './same-value.js'
import { dateOf, signatureFields, textOf, type SignatureField } from './signature-fields.js'

const maximumSignatures = 100

/** Signed PDF files: every signature, what it covers, and what was changed after it. */
export class PdfVerifier implements Verifier {
  readonly name = 'pdf'

  recognises(bytes: Uint8Array): boolean {
    return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).includes('%PDF-')
  }

  async verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const anchors = options.trust.map((der) => readCertificate(der))
    let document: PdfDocument
    let fields: SignatureField[]
    try {
      document = PdfDocument.open(buffer)
      fields = signatureFields(document)
    } catch (error) {
      const reason = error instanceof MalformedPdf ? error.what : 'unreadable'
      // A file that names a signature and cannot be read is a broken signed file, not an unsigned one.
      const integrity = buffer.includes('/ByteRange') ? 'broken' : 'none'
      return {
        verdict: 'failed',
        integrity,
        signatures: [],
        findings: [{ code: 'VERIFY-PDF-UNREADABLE', params: { reason } }],
      }
    }
    if (fields.length > maximumSignatures) {
      return { verdict: 'failed', integrity: 'none', signatures: [], findings: [{ code: 'VERIFY-TOO-MANY-SIGNATURES' }] }
    }
    if (fields.length === 0 && buffer.includes('/ByteRange')) {
      // A signature lies in the file and the form no longer leads to it: it was taken out, by whatever means.
      return { verdict: 'failed', integrity: 'broken', signatures: [], findings: [{ code: 'VERIFY-SIGNATURE-REMOVED' }] }
    }
    const revisions = new Revisions(document)
    const signatures: SignatureVerdict[] = []
    for (const field of fields) signatures.push(await new SignatureJudge(document, revisions, field, anchors, options).judge())
    return concludeDocument(signatures)
  }
}

/** Comparisons of two saves one file may cost: a hundred signatures times hundreds of saves is an attack on the verifier. */
const maximumComparisons = 150

/** Prefixes of the file opened as documents, and what changed between them, each once. */
class Revisions {
  private readonly opened = new Map<number, PdfDocument>()
  private readonly compared = new Map<string, readonly Change[]>()
  private comparisons = 0

  constructor(readonly newest: PdfDocument) {}

  at(end: number): PdfDocument {
    let document = this.opened.get(end)
    if (document === undefined) {
      document = end === this.newest.bytes.length ? this.newest : PdfDocument.open(this.newest.bytes.subarray(0, end))
      this.opened.set(end, document)
    }
    return document
  }

  changes(before: PdfDocument, after: PdfDocument, permission: Permission): readonly Change[] {
    const name = `${before.bytes.length} ${after.bytes.length} ${permission.level}`
    const known = permission.locked ? undefined : this.compared.get(name)
    if (known !== undefined) return known
    if (++this.comparisons > maximumComparisons) throw new MalformedPdf('too many saves and signatures', after.bytes.length)
    const found = explainChanges(before, after, permission)
    if (!permission.locked) this.compared.set(name, found)
    return found
  }
}

/** Judges one signature of a document. */
class SignatureJudge {
  private readonly findings: FaultDetail[] = []
  private changes: SignatureVerdict['changes'] = []
  private covers: SignatureVerdict['covers'] = 'unclear'

  constructor(
    private readonly document: PdfDocument,
    private readonly revisions: Revisions,
    private readonly field: SignatureField,
    private readonly anchors: readonly Certificate[],
    private readonly options: VerifyOptions,
  ) {}

  async judge(): Promise<SignatureVerdict> {
    try {
      const range = checkByteRange(this.document, this.field)
      if ('code' in range) return this.failed('FORMAT_FAILURE', range)
      this.compareRevisions(range)
      return nameOf(this.document.resolve(this.field.signature.get('SubFilter'))) === 'ETSI.RFC3161'
        ? this.judgeTimeStamp(range)
        : await this.judgeSignature(range)
    } catch (error) {
      const reason = error instanceof MalformedPdf ? error.what : 'unreadable'
      return this.failed('FORMAT_FAILURE', { code: 'VERIFY-PDF-UNREADABLE', params: { reason } })
    }
  }

  private failed(subIndication: SubIndication, finding: FaultDetail): SignatureVerdict {
    return {
      indication: 'TOTAL-FAILED',
      subIndication,
      level: 'PDF',
      signer: null,
      signedAt: null,
      timeSource: 'none',
      covers: this.covers,
      changes: this.changes,
      findings: [...this.findings, finding],
    }
  }

  private digestOf(range: CheckedRange, algorithm: string): Buffer {
    const { bytes } = this.document
    return createHash(algorithm).update(bytes.subarray(0, range.gapStart)).update(bytes.subarray(range.gapEnd, range.end)).digest()
  }

  /** Fills coverage and changes. Every later save is compared with the one before it, so an edit taken back later still shows. */
  private compareRevisions(range: CheckedRange): void {
    const { bytes } = this.document
    if (!endsLikeRevision(bytes, range.end)) {
      this.covers = 'partial'
      this.changes = [{ revision: 1, kind: 'unreferenced-data', allowed: false }]
      return
    }
    const signed = this.revisions.at(range.end)
    const number = this.field.signatureNumber
    // The signed revision itself must show this signature: else it was slipped under a document it never belonged to.
    if (number === undefined || !sameValue(signed.object(number), this.document.object(number)))
      throw new MalformedPdf('signature not in its own revision', range.end)
    if (!signatureFields(signed).some((field) => field.signatureNumber === number))
      throw new MalformedPdf('signature not in its own revision', range.end)
    if (range.end === bytes.length) {
      this.covers = 'entire-file'
      return
    }
    this.covers = 'entire-revision'
    const permission = permissionOf(signed, this.field)
    const found: { revision: number; kind: string; allowed: boolean }[] = []
    let before = signed
    let lastEnd = range.end
    for (const [index, end] of laterRevisionEnds(this.document, range.end).entries()) {
      const after = this.revisions.at(end)
      const revision = index + 1
      const changes = this.revisions.changes(before, after, permission)
      for (const change of changes) found.push({ revision, ...change })
      before = after
      lastEnd = end
    }
    // The newest section must build on the signed one, and nothing may trail behind the last save.
    if (!this.document.sections.some((section) => section.offset === signed.sections[0]?.offset))
      found.push({ revision: 1, kind: 'object', allowed: false })
    if (!onlySpaceAfter(bytes, lastEnd)) found.push({ revision: found.length + 1, kind: 'unreferenced-data', allowed: false })
    this.changes = found
  }

  private async judgeSignature(range: CheckedRange): Promise<SignatureVerdict> {
    const { signature } = this.field
    const cms = readCms(range.contents)
    if (cms === undefined) return this.failed('FORMAT_FAILURE', { code: 'VERIFY-CMS-MALFORMED', params: { what: 'SignedData' } })
    const [signer, second] = cms.signers
    if (signer === undefined || second !== undefined || cms.content !== undefined || cms.contentType !== '1.2.840.113549.1.7.1') {
      return this.failed('FORMAT_FAILURE', { code: 'VERIFY-CMS-MALFORMED', params: { what: 'one detached signer' } })
    }
    const check = checkSigner(cms, signer, (algorithm) => this.digestOf(range, algorithm))
    const claimed = dateOf(this.document.resolve(signature.get('M')))
    const at = this.options.at ?? new Date()
    const checked = checkedSignature(cms, signer, check, claimed === undefined ? {} : { claimedAt: claimed })
    const judged = await judgeSignature(checked, {
      anchors: this.anchors,
      at,
      revocation: this.options.revocation ?? 'known',
      ...(this.options.source === undefined ? {} : { source: this.options.source }),
    })
    const level = this.levelOf(check.hasSigningCertificate, check.signingTime, judged.stamped, claimed)
    const disallowed = this.changes.some((change) => !change.allowed)
    if (disallowed) this.findings.push({ code: 'VERIFY-CHANGED-AFTER-SIGNING' })
    const verdict =
      disallowed && judged.indication !== 'TOTAL-FAILED'
        ? ({ indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' } as const)
        : judged
    return {
      indication: verdict.indication,
      subIndication: verdict.subIndication,
      level,
      signer: describeSigner(check.certificate),
      ...shownTime(judged.provenAt, checked.claimedAt),
      covers: this.covers,
      changes: this.changes,
      ...reportFields(checked, judged, { at, ...(this.options.qualifier === undefined ? {} : { qualifier: this.options.qualifier }) }),
      findings: [...this.findings, ...judged.findings],
    }
  }

  /** The baseline level actually reached (ETSI EN 319 142-1 clause 6), each reason against it as a finding. */
  private levelOf(hasSigningCertificate: boolean, signingTime: Date | undefined, stamped: boolean, claimed: Date | undefined): string {
    const subFilter = nameOf(this.document.resolve(this.field.signature.get('SubFilter')))
    if (subFilter !== 'ETSI.CAdES.detached') {
      this.findings.push({ code: 'VERIFY-NOT-PADES', params: { subFilter: subFilter ?? '' }, level: 'warning' })
      return 'PDF-PKCS7'
    }
    const against: string[] = []
    if (!hasSigningCertificate) against.push('signing-certificate')
    if (signingTime !== undefined) against.push('signing-time')
    if (claimed === undefined) against.push('M')
    if (this.field.signature.has('Cert')) against.push('Cert')
    for (const what of against) this.findings.push({ code: 'VERIFY-NOT-BASELINE', params: { what }, level: 'warning' })
    if (against.length > 0) return 'PDF-NOT-ETSI'
    return stamped ? 'PAdES-BASELINE-T' : 'PAdES-BASELINE-B'
  }

  private judgeTimeStamp(range: CheckedRange): SignatureVerdict {
    const trimmed = withoutPadding(range.contents)
    const check = trimmed === undefined ? undefined : checkTimeStamp(trimmed, (algorithm) => this.digestOf(range, algorithm), this.anchors)
    if (check?.intact !== true) return this.failed('HASH_FAILURE', check?.findings[0] ?? { code: 'VERIFY-TIME-STAMP-MALFORMED' })
    const disallowed = this.changes.some((change) => !change.allowed)
    if (disallowed) this.findings.push({ code: 'VERIFY-CHANGED-AFTER-SIGNING' })
    const past = isPast(check.at, this.options.at ?? new Date())
    const indication = disallowed ? 'TOTAL-FAILED' : check.trusted && past ? 'TOTAL-PASSED' : 'INDETERMINATE'
    return {
      indication,
      subIndication: disallowed
        ? 'FORMAT_FAILURE'
        : !check.trusted
          ? (check.path?.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND')
          : past
            ? null
            : 'TIMESTAMP_ORDER_FAILURE',
      level: 'DOCUMENT-TIME-STAMP',
      signer: describeSigner(check.certificate),
      signedAt: check.at?.toISOString() ?? null,
      timeSource: check.trusted ? 'time-stamp' : 'claimed',
      covers: this.covers,
      changes: this.changes,
      findings: [...this.findings, ...check.findings],
    }
  }
}

/** The encoding at the start of Contents; what follows must be padding, or a second signature could hide there. */
function withoutPadding(contents: Buffer): Buffer | undefined {
  try {
    const { length } = readSignedData(contents)
    return contents.subarray(length).every((byte) => byte === 0) ? contents.subarray(0, length) : undefined
  } catch {
    return undefined
  }
}

function readCms(contents: Buffer): ReturnType<typeof readSignedData> | undefined {
  const trimmed = withoutPadding(contents)
  return trimmed === undefined ? undefined : readSignedData(trimmed)
}

/** What the signature itself, or the certification it stands in, allows afterwards. */
function permissionOf(document: PdfDocument, field: SignatureField): Permission {
  let level: Permission['level'] | undefined
  const locks: PdfDictionary[] = []
  const certification = document.dictionary(document.dictionary(document.catalog.get('Perms'))?.get('DocMDP'))
  for (const signature of certification === undefined ? [field.signature] : [field.signature, certification]) {
    for (const value of document.array(signature.get('Reference')) ?? []) {
      const reference = document.dictionary(value)
      const method = nameOf(document.resolve(reference?.get('TransformMethod')))
      const parameters = document.dictionary(reference?.get('TransformParams'))
      if (method === 'DocMDP') {
        const allowed = document.resolve(parameters?.get('P'))
        const stated = allowed === 1 || allowed === 3 ? allowed : 2
        // Of two rules the stricter one holds.
        level = level === undefined || stated < level ? stated : level
      } else if (method === 'FieldMDP' && parameters !== undefined) locks.push(parameters)
    }
  }
  const mayFill = (fieldName: string): boolean =>
    locks.every((lock) => {
      const action = nameOf(document.resolve(lock.get('Action')))
      const names = (document.array(lock.get('Fields')) ?? []).map((one) => {
        const text = document.resolve(one)
        return text instanceof PdfString ? textOf(text) : ''
      })
      const listed = names.some((name) => fieldName === name || fieldName.startsWith(`${name}.`))
      return action === 'Include' ? !listed : action === 'Exclude' ? listed : false
    })
  return { level: level ?? 2, mayFill, locked: locks.length > 0 }
}
