import type { FaultDetail } from '../../i18n/fault.js'
import { readCertificate } from '../certificate/certificate.js'
import { concludeDocument } from '../conclude.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { PdfDocument } from './document.js'
import { checkDrawn } from './drawn.js'
import { encryptedSignatures } from './encrypted.js'
import { MalformedPdf } from './objects.js'
import { checkHeader, Revisions } from './revisions.js'
import { signatureFields, type SignatureField } from './signature-fields.js'
import { removedSignatures } from './signature-objects.js'
import { SignatureJudge, type CoveringStamp, type JudgeContext } from './signature-judge.js'
import { readValidationData, type ValidationData } from './validation-data.js'

const maximumSignatures = 100

type Answer = Omit<DocumentVerdict, 'file'>

/** Signed PDF files: every signature, what it covers, what was changed after it, and since when it is known to exist. */
export class PdfVerifier implements Verifier {
  readonly name = 'pdf'

  /** Whether the first 1,024 bytes hold the header, as readers allow (ISO 32000-1, annex H.3, note 13). */
  recognises(bytes: Uint8Array): boolean {
    return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).includes('%PDF-')
  }

  /** A verdict over every signature and time stamp of the PDF, oldest first, with what was changed after each. */
  async verify(bytes: Uint8Array, options: VerifyOptions): Promise<Answer> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const failed = (integrity: DocumentVerdict['integrity'], code: string, params: Record<string, string> = {}): Answer => ({
      verdict: 'failed',
      integrity,
      signatures: [],
      findings: [{ code, params }],
    })
    let document: PdfDocument
    let fields: readonly SignatureField[]
    let encrypted: boolean
    let findings: readonly FaultDetail[]
    try {
      findings = checkHeader(buffer)
      document = PdfDocument.open(buffer)
      encrypted = document.trailer.has('Encrypt')
      fields = encrypted ? encryptedSignatures(document) : signatureFields(document)
      findings = [...findings, ...findingsOf(document, encrypted)]
      if (fields.length > 0 && !encrypted) checkDrawn(document)
    } catch (error) {
      const reason = error instanceof MalformedPdf ? error.what : 'unreadable'
      // A file that names a signature and cannot be read is a broken signed file, not an unsigned one.
      return failed(buffer.includes('/ByteRange') ? 'broken' : 'none', 'VERIFY-PDF-UNREADABLE', { reason })
    }
    if (fields.length > maximumSignatures) return failed('none', 'VERIFY-TOO-MANY-SIGNATURES')
    // A signature lies in the file and the form does not lead to it: it was taken out, by whatever means.
    if (fields.length === 0 && removedSignatures(document, new Set(), 0).length > 0) return failed('broken', 'VERIFY-SIGNATURE-REMOVED')
    const context: JudgeContext = {
      document,
      revisions: new Revisions(document),
      anchors: options.trust.map((der) => readCertificate(der)),
      at: options.at ?? new Date(),
      options,
      encrypted,
    }
    const answer = await judgeAll(context, fields, findings)
    const unknown = answer.signatures.some((signature) => signature.findings.some(({ code }) => code === 'VERIFY-PDF-ENCRYPTED-CHANGES'))
    return unknown && answer.integrity === 'intact' ? { ...answer, integrity: 'none' } : answer
  }
}

/**
 * Judges from the newest to the oldest: what a document time stamp proves to have existed is judged as of its time
 * (ETSI EN 319 102-1 clause 5.6.2), and so is the older time stamp below it. Told in the order of the form.
 */
async function judgeAll(context: JudgeContext, fields: readonly SignatureField[], findings: readonly FaultDetail[]): Promise<Answer> {
  const judges = fields.map((field) => new SignatureJudge(context, field))
  for (const judge of judges) judge.examine()
  const revisions = judges.flatMap((judge) => (judge.isDocumentTimeStamp && judge.revision !== undefined ? [judge.revision] : []))
  const data = storedData(context, revisions)
  const unreadable: FaultDetail[] =
    data.unreadable === 0 ? [] : [{ code: 'VERIFY-DSS-UNREADABLE', params: { count: data.unreadable }, level: 'warning' }]
  const removed = removedAfter(context, judges)
  const verdicts = new Map<SignatureJudge, SignatureVerdict>()
  const stamps: { covers: number; stamp: CoveringStamp }[] = []
  for (const judge of [...judges].sort((left, right) => (right.range?.end ?? 0) - (left.range?.end ?? 0))) {
    const end = judge.range?.end ?? Infinity
    const covering = stamps.filter((one) => one.covers >= end).map((one) => one.stamp)
    const { verdict, stamp } = await judge.judge({ data, stamps: covering })
    verdicts.set(judge, verdict)
    if (stamp !== undefined && judge.range !== undefined) stamps.unshift({ covers: judge.range.gapStart, stamp })
  }
  const answer = concludeDocument(
    judges.flatMap((judge) => verdicts.get(judge) ?? []),
    [...findings, ...unreadable, ...removed],
  )
  return removed.length === 0 ? answer : { ...answer, verdict: 'failed', integrity: 'broken' }
}

/** A later signature that was taken out again: who cleared the last one may have cleared more. */
function removedAfter({ document, encrypted }: JudgeContext, judges: readonly SignatureJudge[]): FaultDetail[] {
  if (encrypted) return []
  const inForm = new Set(judges.map((judge) => judge.field.signatureNumber ?? -1))
  const signedEnd = Math.max(...judges.map((judge) => judge.range?.end ?? 0))
  return removedSignatures(document, inForm, signedEnd).length === 0 ? [] : [{ code: 'VERIFY-SIGNATURE-REMOVED' }]
}

function storedData({ document, encrypted }: JudgeContext, revisions: readonly PdfDocument[]): ValidationData {
  if (encrypted) return readValidationData([])
  try {
    return readValidationData([document, ...revisions])
  } catch {
    return readValidationData([])
  }
}

/** What is worth knowing of the file as such. */
function findingsOf(document: PdfDocument, encrypted: boolean): FaultDetail[] {
  if (encrypted) return [{ code: 'VERIFY-PDF-ENCRYPTED', level: 'warning' }]
  const { catalog } = document
  const findings: FaultDetail[] = []
  // Some readers draw an XFA form instead of the pages, and others do not know of it.
  if (document.dictionary(catalog.get('AcroForm'))?.has('XFA') === true) findings.push({ code: 'VERIFY-PDF-XFA', level: 'warning' })
  // A script that runs on opening may show another thing than what was signed, by the day or by the reader.
  const opening = document.dictionary(catalog.get('OpenAction'))
  const scripted = opening?.has('JS') === true || document.dictionary(catalog.get('Names'))?.has('JavaScript') === true || catalog.has('AA')
  if (scripted) findings.push({ code: 'VERIFY-PDF-SCRIPT', level: 'warning' })
  return findings
}
