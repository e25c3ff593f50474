import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { CmsVerifier } from '../../../core/validation/cms/cms-verifier.js'
import { checkSigner, readSignedData, type CmsSignedData } from '../../../core/validation/cms/signed-data.js'
import { concludeDocument } from '../../../core/validation/conclude.js'
import { MalformedDer } from '../../../core/validation/der-reader.js'
import type { Verifier, VerifyOptions } from '../../../core/validation/report.js'
import type { DocumentVerdict, SignatureVerdict } from '../../../core/validation/verdict.js'
import { canonicalTextOf } from '../canonical/canonical-text.js'
import { itemsOf, memberOf, parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'
import { checkStructure } from '../document/check-structure.js'
import { brokenIdentities } from '../taxes/identities.js'
import { formObjections, namedCertificate } from './signature-form.js'
import { verifyReceipt } from './verify-receipt.js'

const cmsVerifier = new CmsVerifier()

type Verdict = Omit<DocumentVerdict, 'file'>

/**
 * Judges a document of the Egyptian authority. The signed text has no braces and no difference between a number and its text, so the
 * structure is judged first: a signature counts only for a document whose shape is the one its text can have. White space between
 * the tokens of the file is not signed and is not judged.
 */
export async function verifyEta(bytes: Uint8Array, options: VerifyOptions): Promise<Verdict> {
  let document: LiteralValue
  let text: Buffer
  try {
    document = parseLiteral(bytes)
    const structure = checkStructure(document)
    if (structure.length > 0) return refused('broken', structure)
    if (memberOf(document, 'seller') !== undefined) return verifyReceipt(document)
    text = canonicalTextOf(document)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return refused('broken', error.details)
  }
  const signatures = itemsOf(memberOf(document, 'signatures'))
  if (signatures.length === 0) return refused('none', [{ code: 'EG-SIGNATURE-ABSENT' }])
  if (signatures.filter((one) => textAt(one, 'signatureType') === 'I').length !== 1) {
    return refused('broken', [{ code: 'EG-SIGNATURE-ISSUER', path: 'signatures' }])
  }
  const judged: SignatureVerdict[] = []
  for (const [index, signature] of signatures.entries()) {
    judged.push(...(await judge(signature, `signatures[${String(index)}]`, document, text, options)))
  }
  return concludeDocument(judged, [...contentFindings(document), ...sameSigner(judged)])
}

/** The letters I and S are under no signature: anyone can put the issuer's own beside itself as that of a service provider. */
function sameSigner(judged: readonly SignatureVerdict[]): FaultDetail[] {
  const signers = judged.flatMap(({ signer }) => (signer === null ? [] : [`${signer.serial} ${signer.issuer}`]))
  return new Set(signers).size === signers.length ? [] : [{ code: 'EG-SIGNATURE-SAME', path: 'signatures', level: 'warning' }]
}

async function judge(
  signature: LiteralValue,
  path: string,
  document: LiteralValue,
  text: Buffer,
  options: VerifyOptions,
): Promise<readonly SignatureVerdict[]> {
  const value = textAt(signature, 'value') ?? ''
  const der = Buffer.from(value, 'base64')
  const cms = der.toString('base64') === value ? readCms(der) : undefined
  // A structure that cannot be read has no signer to speak of.
  if (cms === undefined) return [unreadable(path)]
  const objections = formObjections(cms, textAt(signature, 'signatureType') === 'I' ? (textAt(document, 'issuer', 'id') ?? '') : undefined)
  const { signatures, findings } = await cmsVerifier.verify(der, { ...options, content: text })
  if (signatures.length === 0) return [{ ...unreadable(path), findings: findings.map((finding) => ({ ...finding, path })) }]
  return signatures.map((one): SignatureVerdict => {
    const doubts = timeDoubts(cms, options.at ?? new Date())
    const all = [
      ...one.findings,
      ...findings,
      ...[...objections.map(({ finding }) => finding), ...doubts].map((finding) => ({ ...finding, path })),
    ]
    const [first] = objections
    if (first === undefined && doubts.length > 0 && one.indication === 'TOTAL-PASSED')
      return { ...one, level: levelName(one.level), indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE', findings: all }
    if (first === undefined || one.indication === 'TOTAL-FAILED') return { ...one, level: levelName(one.level), findings: all }
    return { ...one, level: levelName(one.level), indication: 'TOTAL-FAILED', subIndication: first.subIndication, findings: all }
  })
}

function levelName(level: string): string {
  return level.startsWith('CAdES') ? `ITIDA-${level}` : level
}

/**
 * The time a signer states is his own word, but one that cannot be true speaks against him: after the moment of judging (a day's grace
 * for clocks), or outside of the time his certificate is valid in.
 */
function timeDoubts(cms: CmsSignedData, now: Date): FaultDetail[] {
  const [signer] = cms.signers
  if (signer === undefined) return []
  const certificate = namedCertificate(cms, signer)
  const { signingTime } = checkSigner(cms, signer, () => Buffer.alloc(0))
  if (signingTime === undefined || certificate === undefined) return []
  const stated = signingTime.toISOString()
  if (signingTime.getTime() > now.getTime() + 86_400_000) return [{ code: 'EG-SIGNED-LATER', params: { stated } }]
  const { notBefore, notAfter } = certificate
  if (signingTime >= notBefore && signingTime <= notAfter) return []
  return [{ code: 'EG-SIGNED-OUTSIDE', params: { stated, from: notBefore.toISOString(), until: notAfter.toISOString() } }]
}

/** Amounts that contradict each other, and a version that asks for no signature: told, for the signature is about bytes. */
function contentFindings(document: LiteralValue): FaultDetail[] {
  const findings = brokenIdentities(document).map(({ path, name, stated, expected }): FaultDetail => ({
    code: 'EG-AMOUNT-DIFFERS',
    path,
    params: { rule: name, stated, expected },
    level: 'warning',
  }))
  // Where the list of signatures stands is under no signature; the authority's own files have it last.
  if (document.kind === 'object' && document.members.at(-1)?.name !== 'signatures')
    findings.push({ code: 'EG-SIGNATURES-PLACE', path: 'signatures', level: 'warning' })
  if (textAt(document, 'documentTypeVersion') === '0.9')
    findings.push({ code: 'EG-VERSION-TRIAL', path: 'documentTypeVersion', level: 'warning' })
  return findings
}

function readCms(der: Buffer): CmsSignedData | undefined {
  try {
    const cms = readSignedData(der)
    return cms.length === der.length ? cms : undefined
  } catch (error) {
    if (error instanceof MalformedDer) return undefined
    throw error
  }
}

function unreadable(path: string): SignatureVerdict {
  return {
    indication: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    level: 'ITIDA',
    signer: null,
    signedAt: null,
    timeSource: 'none',
    covers: 'unclear',
    changes: [],
    findings: [{ code: 'EG-SIGNATURE-UNREADABLE', path }],
  }
}

function refused(integrity: DocumentVerdict['integrity'], findings: readonly FaultDetail[]): Verdict {
  return { verdict: 'failed', integrity, signatures: [], findings }
}

/** Names only these documents have; one of them may be damaged. */
const marks = ['taxpayerActivityCode', 'invoiceLines', 'documentTypeVersion', 'signatureType', 'deviceSerialNumber', 'receiptType']

export const etaVerifier: Verifier = {
  name: 'eta',
  recognises(bytes) {
    const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64 * 1024))
    // A byte order mark, or one damaged byte, must lead to a verdict about the document, not to "unknown file".
    if (!/^[\s\S]{0,4}\{|^\s*\{/.test(start.subarray(0, 64).toString('latin1')) && !start.includes('"issuer"')) return false
    return marks.filter((mark) => start.includes(`"${mark}"`)).length >= 2
  },
  verify: verifyEta,
}
