import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkedSignature } from '../cms/checked-signature.js'
import { checkSigner } from '../cms/signed-data.js'
import { describeSigner } from '../conclude.js'
import { askedOptions } from '../process/asked-options.js'
import { judgeSignature, type CheckedSignature, type Judgement, type JudgeOptions } from '../process/judge-signature.js'
import { isPast, judgeTimeStamp } from '../process/judge-time-stamp.js'
import { certificateFacts, reportFields, shownTime } from '../process/report-fields.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import type { VerifyOptions } from '../report.js'
import type { SignatureVerdict, SubIndication } from '../verdict.js'
import { archivedEvidence } from './archived-evidence.js'
import { baselineLevel } from './baseline-level.js'
import { checkByteRange, type CheckedRange } from './byte-range.js'
import type { Change } from './changes/kinds.js'
import { readContents, withoutPadding } from './cms-contents.js'
import type { PdfDocument } from './document.js'
import { MalformedPdf, nameOf } from './objects.js'
import { permissionOf } from './permission.js'
import { endsLikeRevision, laterRevisionEnds, onlySpaceAfter, type Revisions } from './revisions.js'
import { sameValue } from './same-value.js'
import { dateOf, signatureFields, type SignatureField } from './signature-fields.js'
import { readValidationData, type ValidationData } from './validation-data.js'

/** The file that a signature is judged in. */
export interface JudgeContext {
  readonly document: PdfDocument
  readonly revisions: Revisions
  readonly anchors: readonly Certificate[]
  readonly at: Date
  readonly options: VerifyOptions
  /** The file is encrypted: what later saves changed cannot be read. */
  readonly encrypted: boolean
}

/** What lies behind a signature in the file. */
export interface Behind {
  readonly data: ValidationData
  /** Intact document time stamps that cover it, oldest first, with the evidence each covers. */
  readonly stamps: readonly CoveringStamp[]
}

/** A document time stamp, and the validation data it covers. */
export interface CoveringStamp {
  readonly at: Date | undefined
  /** Trusted and unaltered: its time is proven. */
  readonly proves: boolean
  readonly data: ValidationData
}

/** Judges one signature or document time stamp of a PDF: first what lies in the file, then whom and when to believe. */
export class SignatureJudge {
  private readonly findings: FaultDetail[] = []
  private changes: SignatureVerdict['changes'] = []
  private covers: SignatureVerdict['covers'] = 'unclear'
  private notAnalysed = false
  private failure: SignatureVerdict | undefined
  /** Undefined when the byte range is not sound. */
  range: CheckedRange | undefined

  constructor(
    private readonly context: JudgeContext,
    readonly field: SignatureField,
  ) {}

  /** Whether it is a document time stamp (ISO 32000-2, clause 12.8.5). */
  get isDocumentTimeStamp(): boolean {
    return nameOf(this.context.document.resolve(this.field.signature.get('SubFilter'))) === 'ETSI.RFC3161'
  }

  /** Byte range, coverage and later changes. */
  examine(): void {
    try {
      const range = checkByteRange(this.context.document, this.field)
      if ('code' in range) {
        this.failure = this.failed('FORMAT_FAILURE', range)
        return
      }
      this.range = range
      this.compareRevisions(range)
    } catch (error) {
      this.failure = this.unreadable(error)
    }
  }

  /** The revision this signature made; undefined when there is no such revision. */
  get revision(): PdfDocument | undefined {
    return this.range === undefined || this.covers === 'partial' || this.covers === 'unclear'
      ? undefined
      : this.context.revisions.at(this.range.end)
  }

  /**
   * The verdict over this signature, knowing what stands behind it; of a document time stamp also the time it proves. What cannot
   * be read fails, and nothing is thrown.
   */
  async judge(behind: Behind): Promise<{ verdict: SignatureVerdict; stamp: CoveringStamp | undefined }> {
    if (this.failure !== undefined || this.range === undefined)
      return { verdict: this.failure ?? this.failed('FORMAT_FAILURE', { code: 'VERIFY-BYTE-RANGE' }), stamp: undefined }
    try {
      return this.isDocumentTimeStamp
        ? await this.judgeTimeStamp(this.range, behind)
        : { verdict: await this.judgeSignature(this.range, behind), stamp: undefined }
    } catch (error) {
      return { verdict: this.unreadable(error), stamp: undefined }
    }
  }

  private unreadable(error: unknown): SignatureVerdict {
    const reason = error instanceof MalformedPdf ? error.what : 'unreadable'
    return this.failed('FORMAT_FAILURE', { code: 'VERIFY-PDF-UNREADABLE', params: { reason } })
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
      name: this.field.name,
      findings: [...this.findings, finding],
    }
  }

  private digestOf(range: CheckedRange, algorithm: string): Buffer {
    const { bytes } = this.context.document
    return createHash(algorithm).update(bytes.subarray(0, range.gapStart)).update(bytes.subarray(range.gapEnd, range.end)).digest()
  }

  /** Fills coverage and changes. Every later save is compared with the one before it, so an edit taken back later still shows. */
  private compareRevisions(range: CheckedRange): void {
    const { document, revisions, encrypted } = this.context
    const { bytes } = document
    if (!endsLikeRevision(bytes, range.end)) {
      this.covers = 'partial'
      this.changes = [{ revision: 1, kind: 'unreferenced-data', allowed: false }]
      return
    }
    const signed = revisions.at(range.end)
    const number = this.field.signatureNumber
    // The signed revision itself must show this signature: else it was slipped under a document it never belonged to.
    if (number === undefined || !sameValue(signed.object(number), document.object(number)))
      throw new MalformedPdf('signature not in its own revision', range.end)
    if (range.end === bytes.length) {
      this.covers = 'entire-file'
      return
    }
    this.covers = 'entire-revision'
    if (encrypted) {
      this.notAnalysed = !onlySpaceAfter(bytes, range.end)
      const [then, now] = [signed, document].map((one) => one.resolve(one.trailer.get('Encrypt')))
      if (!sameValue(then, now) || !sameValue(signed.trailer.get('Root'), document.trailer.get('Root')))
        this.changes = [{ revision: 1, kind: 'encryption', allowed: false }]
      return
    }
    const own = signatureFields(signed).find((field) => field.signatureNumber === number)
    if (own === undefined) throw new MalformedPdf('signature not in its own revision', range.end)
    const permission = permissionOf(signed, own)
    const found: { revision: number; kind: string; allowed: boolean; subject?: string }[] = []
    const note = (revision: number, change: Change): number => found.push({ revision, ...change })
    let before = signed
    let revision = 0
    for (const end of laterRevisionEnds(document, range.end)) {
      const after = revisions.at(end)
      revision++
      const explained = revisions.changes(before, after, permission)
      for (const change of explained.changes) note(revision, change)
      for (const finding of explained.findings) if (this.findings.length < 100) this.findings.push(finding)
      before = after
    }
    // The newest section must build on the signed one, and nothing may trail behind the last save.
    if (!document.sections.some((section) => section.offset === signed.sections[0]?.offset))
      note(1, { kind: 'cross-reference', allowed: false })
    if (!onlySpaceAfter(bytes, before.bytes.length)) note(revision + 1, { kind: 'unreferenced-data', allowed: false })
    this.changes = found
  }

  private judgeOptions(behind: Behind): JudgeOptions {
    const { anchors, at, options } = this.context
    const [earliest] = behind.stamps
      .filter((stamp) => stamp.proves)
      .map((stamp) => stamp.at)
      .filter((time) => time !== undefined)
      .sort((left, right) => left.getTime() - right.getTime())
    return {
      ...askedOptions(options),
      anchors,
      at,
      ...(earliest === undefined ? {} : { existedAt: earliest }),
    }
  }

  /** What the changes make of an indication that the signature alone earned. */
  private concluded(
    judged: Pick<SignatureVerdict, 'indication' | 'subIndication'>,
  ): Pick<SignatureVerdict, 'indication' | 'subIndication'> {
    const { indication, subIndication } = judged
    if (this.changes.some((change) => !change.allowed)) {
      this.findings.push({ code: 'VERIFY-CHANGED-AFTER-SIGNING' })
      return indication === 'TOTAL-FAILED' ? { indication, subIndication } : { indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' }
    }
    if (!this.notAnalysed) return { indication, subIndication }
    this.findings.push({ code: 'VERIFY-PDF-ENCRYPTED-CHANGES' })
    return indication === 'TOTAL-PASSED'
      ? { indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' }
      : { indication, subIndication }
  }

  private async judgeSignature(range: CheckedRange, behind: Behind): Promise<SignatureVerdict> {
    const { document, at, options } = this.context
    const { signature } = this.field
    const cms = readContents(range.contents)
    if (cms === undefined) return this.failed('FORMAT_FAILURE', { code: 'VERIFY-CMS-MALFORMED', params: { what: 'SignedData' } })
    const [signer, second] = cms.signers
    if (signer === undefined || second !== undefined || cms.content !== undefined || cms.contentType !== '1.2.840.113549.1.7.1') {
      return this.failed('FORMAT_FAILURE', { code: 'VERIFY-CMS-MALFORMED', params: { what: 'one detached signer' } })
    }
    const check = checkSigner(cms, signer, (algorithm) => this.digestOf(range, algorithm))
    const claimed = this.context.encrypted ? undefined : dateOf(document.resolve(signature.get('M')))
    const checkedWith = ({ certificates, evidence }: Pick<ValidationData, 'certificates' | 'evidence'>): CheckedSignature =>
      checkedSignature(cms, signer, check, {
        certificates,
        evidence: joined(evidence, archivedEvidence(signer)),
        ...(claimed === undefined ? {} : { claimedAt: claimed }),
      })
    const checked = checkedWith(behind.data)
    const how = this.judgeOptions(behind)
    const judged = await judgeSignature(checked, how)
    const { level, findings } = baselineLevel({
      signature,
      signer,
      check,
      claimed: claimed ?? (this.context.encrypted && signature.has('M') ? at : undefined),
      stamped: judged.stamped || behind.stamps.length > 0,
      selfContained: judged.selfContained,
      archived: judged.selfContained && (await this.isArchived(judged, behind, checkedWith, how)),
    })
    const verdict = this.concluded(judged)
    return {
      ...verdict,
      level,
      signer: describeSigner(check.certificate),
      ...shownTime(judged.provenAt, checked.claimedAt),
      covers: this.covers,
      changes: this.changes,
      ...reportFields(checked, judged, { at, ...(options.qualifier === undefined ? {} : { qualifier: options.qualifier }) }),
      name: this.field.name,
      findings: [...this.findings, ...judged.findings, ...findings],
    }
  }

  /** Whether a document time stamp covers all the evidence that made the signature self-contained. */
  private async isArchived(
    judged: Judgement,
    behind: Behind,
    checkedWith: (data: ValidationData) => CheckedSignature,
    how: JudgeOptions,
  ): Promise<boolean> {
    if (!judged.selfContained) return false
    const { source: _, ...offline } = how
    for (const { data } of behind.stamps) {
      if (sizeOf(data) === sizeOf(behind.data)) return true
      const covered = await judgeSignature(checkedWith(data), offline)
      if (covered.selfContained) return true
    }
    return false
  }

  private async judgeTimeStamp(
    range: CheckedRange,
    behind: Behind,
  ): Promise<{ verdict: SignatureVerdict; stamp: CoveringStamp | undefined }> {
    const { anchors, at } = this.context
    const token = withoutPadding(range.contents)
    if (token === undefined) return { verdict: this.failed('FORMAT_FAILURE', { code: 'VERIFY-TIME-STAMP-MALFORMED' }), stamp: undefined }
    const stamped = (algorithm: string): Buffer => this.digestOf(range, algorithm)
    const judged = await judgeTimeStamp(
      { token, kind: 'document', stamped },
      { ...this.judgeOptions(behind), certificates: behind.data.certificates, carried: behind.data.evidence },
    )
    if (!judged.intact)
      return { verdict: this.failed('HASH_FAILURE', judged.findings[0] ?? { code: 'VERIFY-TIME-STAMP-MALFORMED' }), stamp: undefined }
    // Seen from the time of validation a stamp of a later time does not exist yet.
    const past = isPast(judged.at, at)
    const { indication, subIndication } = this.concluded(
      !judged.trusted
        ? { indication: 'INDETERMINATE', subIndication: judged.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND' }
        : past
          ? { indication: 'TOTAL-PASSED', subIndication: null }
          : { indication: 'INDETERMINATE', subIndication: 'TIMESTAMP_ORDER_FAILURE' },
    )
    const proves = indication === 'TOTAL-PASSED'
    const verdict: SignatureVerdict = {
      indication,
      subIndication,
      level: 'DOCUMENT-TIME-STAMP',
      signer: describeSigner(judged.authority),
      signedAt: judged.at?.toISOString() ?? null,
      timeSource: proves ? 'time-stamp' : 'claimed',
      covers: this.covers,
      changes: this.changes,
      claimedAt: null,
      provenAt: proves ? (judged.at?.toISOString() ?? null) : null,
      certificates: certificateFacts(judged.path?.chain ?? [], anchors),
      timeStamps: [
        {
          kind: 'document',
          at: judged.at?.toISOString() ?? null,
          authority: judged.authority?.holder ?? null,
          intact: true,
          trusted: judged.trusted,
        },
      ],
      revocation: judged.path?.revocation ?? [],
      qualification: null,
      name: this.field.name,
      findings: [...this.findings, ...judged.findings],
    }
    const revision = this.revision
    const stamp = revision === undefined ? undefined : { at: judged.at, proves, data: readValidationData([revision]) }
    return { verdict, stamp }
  }
}

function joined(left: RevocationEvidence, right: RevocationEvidence): RevocationEvidence {
  if (right.crls.length + right.ocspResponses.length === 0) return left
  return { crls: [...left.crls, ...right.crls], ocspResponses: [...left.ocspResponses, ...right.ocspResponses] }
}

function sizeOf({ certificates, evidence }: ValidationData): number {
  return certificates.length + evidence.crls.length + evidence.ocspResponses.length
}
