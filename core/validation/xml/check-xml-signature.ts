import { Fault, type FaultDetail } from '../../i18n/fault.js'
import type { TreeElement } from '../../xml/tree.js'
import type { Certificate } from '../certificate/certificate.js'
import { algorithmFailure } from '../process/algorithm-strength.js'
import { checkXmlSignatures, type XmlCheckOptions, type XmlSignatureCheck } from './check-signature.js'

/** A file of exactly one signature that covers all of it, as trusted lists are. */
export interface XmlSignatureAnswer {
  /** Null when the file is covered entirely and unchanged. Whether the certificate is to be trusted is the caller's question. */
  readonly failure: FaultDetail | null
  /** Root element, when the signature covers it (its own element aside). */
  readonly covered: TreeElement | undefined
  readonly certificate: Certificate | undefined
  /** Certificates that came with it. */
  readonly certificates: readonly Certificate[]
  readonly claimedAt: Date | undefined
  /** The whole check, for the report. */
  readonly check: XmlSignatureCheck | undefined
}

/**
 * Checks a file that must carry exactly one signature over its root: references, digests, signing certificate, mathematics.
 * Never throws for bad input.
 */
export function checkXmlSignature(xml: Uint8Array, options: XmlCheckOptions = {}): Promise<XmlSignatureAnswer> {
  return Promise.resolve(checkNow(xml, options))
}

/** Such files are read when they are new: the strength of algorithms is judged by now. */
function weaknessOf({ certificate, digestAlgorithm, scheme }: XmlSignatureCheck['checked']): FaultDetail | undefined {
  return certificate === undefined ? undefined : algorithmFailure({ certificate, digestAlgorithm, scheme }, new Date(), false)?.finding
}

function checkNow(xml: Uint8Array, options: XmlCheckOptions): XmlSignatureAnswer {
  const refused = (failure: FaultDetail): XmlSignatureAnswer => ({
    failure,
    covered: undefined,
    certificate: undefined,
    certificates: [],
    claimedAt: undefined,
    check: undefined,
  })
  let checks: XmlSignatureCheck[]
  try {
    checks = checkXmlSignatures(xml, options)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return refused(error.details[0] ?? { code: error.code })
  }
  const [check, second] = checks
  if (check === undefined) return refused({ code: 'VERIFY-NO-SIGNATURE' })
  if (second !== undefined) return refused({ code: 'VERIFY-TOO-MANY-SIGNATURES' })
  const { checked } = check
  const covered =
    checked.failure === null && check.covers === 'entire-file'
      ? check.covered.find((one) => one.element?.parent === undefined)?.element
      : undefined
  const failure =
    checked.failure?.finding ??
    weaknessOf(checked) ??
    (covered === undefined ? { code: 'VERIFY-XML-PARTIAL', params: { covered: '', unsigned: '' } } : null)
  const { certificate, certificates, claimedAt } = checked
  return { failure, covered, certificate, certificates, claimedAt, check }
}
