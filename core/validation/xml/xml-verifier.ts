import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { readCertificate } from '../certificate/certificate.js'
import { concludeDocument, describeSigner } from '../conclude.js'
import { askedOptions } from '../process/asked-options.js'
import { judgeSignature, type Judgement } from '../process/judge-signature.js'
import { reportFields, shownTime } from '../process/report-fields.js'
import type { Verifier, VerifyOptions } from '../report.js'
import type { DocumentVerdict, SignatureVerdict } from '../verdict.js'
import { checkXmlSignatures, type XmlSignatureCheck } from './check-signature.js'

/** XML with signatures inside (XMLDSig, XAdES): enveloped, enveloping, detached beside their data or over `options.content`. */
export class XmlVerifier implements Verifier {
  readonly name = 'xml'

  /** Whether it begins like XML, with or without byte order mark. */
  recognises(bytes: Uint8Array): boolean {
    // Two-byte encodings are XML too; reading them is refused with a reason, which is better than "unknown".
    const head = Buffer.from(bytes.subarray(0, 64))
      .toString('latin1')
      .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)|\0/gu, '')
    return /^[ \t\r\n]*<[A-Za-z_?!\x80-\xff]/u.test(head)
  }

  /** A verdict over every XML signature of the document. `options.content` is what a detached signature refers to. */
  async verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    let checks: XmlSignatureCheck[]
    try {
      checks = checkXmlSignatures(bytes, options.content === undefined ? {} : { content: options.content })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { verdict: 'failed', integrity: 'none', signatures: [], findings: error.details }
    }
    const anchors = options.trust.map((der) => readCertificate(der))
    const asked = askedOptions(options)
    const signatures: SignatureVerdict[] = []
    for (const check of checks) {
      const { checked } = check
      const judged = await judgeSignature(checked, { ...asked, anchors })
      signatures.push({
        indication: judged.indication,
        subIndication: judged.subIndication,
        level: levelOf(check, judged),
        signer: describeSigner(checked.certificate),
        ...shownTime(judged.provenAt, checked.claimedAt),
        covers: check.covers,
        changes: [],
        ...reportFields(checked, judged, { at: asked.at, ...(options.qualifier === undefined ? {} : { qualifier: options.qualifier }) }),
        name: check.id,
        findings: [...judged.findings, ...baselineFindings(check), ...check.warnings],
      })
    }
    return concludeDocument(signatures)
  }
}

function levelOf(check: XmlSignatureCheck, judged: Judgement): string {
  if (!check.xades) return 'XMLDSig'
  if (check.missing.length > 0) return 'XAdES'
  return `XAdES-BASELINE-${judged.stamped ? (judged.selfContained ? 'LT' : 'T') : 'B'}`
}

function baselineFindings(check: XmlSignatureCheck): FaultDetail[] {
  if (!check.xades) return []
  return check.missing.map((what) => ({ code: 'VERIFY-NOT-BASELINE', params: { what }, level: 'warning' }))
}
