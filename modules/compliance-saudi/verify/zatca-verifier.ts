import { createHash } from 'node:crypto'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { noEvidence } from '../../../core/validation/revocation/evidence.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { checkPath } from '../../../core/validation/certificate/path.js'
import { verifyDigestSignature } from '../../../core/validation/ecdsa.js'
import type { Verifier, VerifyOptions } from '../../../core/validation/report.js'
import type { DocumentVerdict, SignatureVerdict, SubIndication } from '../../../core/validation/verdict.js'
import { readStampCertificate, type StampCertificate } from '../stamp/certificate.js'
import { checkQr } from './check-qr.js'
import { invoiceFacts, isSimplified } from './invoice-facts.js'
import { readStamped, type StampedFile } from './read-stamped.js'

const level = 'ZATCA-STAMP'

/** Base64 that is its own canonical form: padding bits and stray characters are part of what is checked. */
function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}

/** What is wrong with the cryptography, and which sub-indication of EN 319 102-1 it means. */
interface StampJudgement {
  readonly findings: FaultDetail[]
  readonly subIndication: SubIndication | null
  readonly certificate: StampCertificate | undefined
}

/**
 * Recomputes everything the stamp claims. What it does not see, because nobody hashes it: comments, the XML declaration, quotes and
 * white space inside tags, and white space between the elements of the three blocks that are taken out.
 */
export function judgeStamp(file: StampedFile): StampJudgement {
  const findings: FaultDetail[] = [...file.problems]
  let subIndication: SubIndication | null = findings.length > 0 ? 'FORMAT_FAILURE' : null
  const wrong = (code: string, indication: SubIndication, params?: FaultDetail['params']): void => {
    findings.push(params === undefined ? { code } : { code, params })
    subIndication ??= indication
  }
  const claim = (name: string): string => file.claimed.get(name) ?? ''
  const hash = file.computedHash.toString('base64')
  if (claim('hash') !== hash) wrong('SA-STAMP-HASH', 'HASH_FAILURE', { computed: hash, found: claim('hash') })
  if (claim('propertiesDigest') !== file.computedPropertiesDigest) wrong('SA-STAMP-PROPERTIES', 'HASH_FAILURE')

  let certificate: StampCertificate | undefined
  const der = strictBase64(claim('certificate'))
  try {
    if (der !== undefined) certificate = readStampCertificate(der)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
  const signature = strictBase64(claim('signature'))
  if (certificate === undefined) wrong('SA-CERTIFICATE-UNREADABLE', 'NO_SIGNING_CERTIFICATE_FOUND')
  else {
    if (claim('certificateDigest') !== certificate.digest) wrong('SA-STAMP-CERT-DIGEST', 'HASH_FAILURE')
    if (normalName(claim('issuer')) !== normalName(certificate.issuerName)) wrong('SA-STAMP-ISSUER', 'SIG_CONSTRAINTS_FAILURE')
    if (claim('serial') !== certificate.serialNumber) wrong('SA-STAMP-SERIAL', 'SIG_CONSTRAINTS_FAILURE')
    if (signature === undefined || !isSignatureValid(certificate, file.computedHash, signature)) {
      wrong('SA-STAMP-SIGNATURE', 'SIG_CRYPTO_FAILURE')
    }
  }
  const qr = checkQr(claim('qr'), {
    facts: invoiceFacts(file.invoice),
    simplified: isSimplified(file.invoice),
    hash,
    signature: claim('signature'),
    certificate,
  })
  for (const finding of qr) {
    findings.push(finding)
    if (finding.level !== 'warning') subIndication ??= 'SIG_CONSTRAINTS_FAILURE'
  }
  return { findings, subIndication, certificate }
}

/** ECDSA over the 32 raw bytes of the invoice hash, not over SignedInfo. */
function isSignatureValid(certificate: StampCertificate, hash: Buffer, signature: Buffer): boolean {
  try {
    return verifyDigestSignature({
      publicKeySpki: certificate.publicKey,
      scheme: 'ecdsa',
      digestAlgorithm: 'sha256',
      digest: createHash('sha256').update(hash).digest(),
      message: hash,
      signature,
    })
  } catch {
    // A key that cannot be read verifies nothing.
    return false
  }
}

/** Tools disagree about the space after a comma; nothing else is forgiven. */
function normalName(name: string): string {
  return name.replace(/,\s*(?=[A-Z0-9.]+=)/gi, ', ')
}

function claimedTime(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(Z?)$/.exec(text)
  if (match === null) return null
  const time = new Date(`${match[1] ?? ''}${match[2] === 'Z' ? 'Z' : '+03:00'}`)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

function signatureVerdict(file: StampedFile, judgement: StampJudgement, options: VerifyOptions): SignatureVerdict {
  const certificate = judgement.certificate?.certificate
  const findings = [...judgement.findings]
  const signedAt = claimedTime(file.claimed.get('signingTime') ?? '')
  const verdict = (indication: SignatureVerdict['indication'], subIndication: SubIndication | null): SignatureVerdict => ({
    indication,
    subIndication,
    level,
    signer:
      certificate === undefined
        ? null
        : {
            name: certificate.holder,
            issuer: certificate.issuer,
            serial: certificate.serialDecimal,
            notBefore: certificate.notBefore.toISOString(),
            notAfter: certificate.notAfter.toISOString(),
          },
    signedAt,
    timeSource: signedAt === null ? 'none' : 'claimed',
    covers: 'entire-file',
    changes: [],
    findings,
  })
  if (judgement.subIndication !== null || certificate === undefined) return verdict('TOTAL-FAILED', judgement.subIndication)
  const path = checkPath({
    certificate,
    intermediates: [],
    anchors: options.trust.map((anchor) => readCertificate(anchor)),
    at: options.at ?? new Date(),
    // Stamps carry no evidence of their own: what the caller has at hand counts, and its absence is said.
    revocation: { mode: options.revocation ?? 'known', evidence: options.evidence ?? noEvidence },
  })
  findings.push(...path.findings)
  return path.trusted ? verdict('TOTAL-PASSED', null) : verdict('INDETERMINATE', path.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND')
}

/** Judges XML of the Saudi authority: our own, a supplier's, the authority's cleared copy. */
export function verifyZatca(bytes: Uint8Array, options: VerifyOptions): Omit<DocumentVerdict, 'file'> {
  let file: StampedFile
  try {
    file = readStamped(bytes)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { verdict: 'failed', integrity: 'broken', signatures: [], findings: error.details }
  }
  if (!file.stamped) return { verdict: 'failed', integrity: 'none', signatures: [], findings: [{ code: 'SA-STAMP-ABSENT' }] }
  const signature = signatureVerdict(file, judgeStamp(file), options)
  const broken = signature.indication === 'TOTAL-FAILED'
  return {
    verdict: broken ? 'failed' : signature.indication === 'TOTAL-PASSED' ? 'passed' : 'indeterminate',
    integrity: broken ? 'broken' : 'intact',
    signatures: [signature],
    findings: [],
  }
}

export const zatcaVerifier: Verifier = {
  name: 'zatca',
  recognises(bytes) {
    // CMS and PDF may carry an invoice; what is signed there is theirs to judge.
    if (bytes[0] === 0x30 || Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-') return false
    // The marks stand before the lines of an invoice; a file of hundreds of megabytes is not searched for them.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256 * 1024))
    // Two marks, either of which will do: one damaged byte must lead to a verdict about the stamp, not to "unknown file".
    const isUbl = buffer.includes('UBLExtension') || buffer.includes('schema:xsd:Invoice-2')
    // A generic XAdES signature may stand in the same place of any other UBL document; the Saudi profile has the older property.
    if (!buffer.includes('>reporting:1.0<') && buffer.includes('SigningCertificateV2')) return false
    return isUbl && (buffer.includes('urn:oasis:names:specification:ubl:dsig:enveloped:xades') || buffer.includes('>reporting:1.0<'))
  },
  verify: (bytes, options) => Promise.resolve(verifyZatca(bytes, options)),
}
