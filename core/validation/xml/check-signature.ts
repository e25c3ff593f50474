import { createHash, timingSafeEqual } from 'node:crypto'
import { Fault, type FaultDetail } from '../../i18n/fault.js'
import { isWithin, type TreeElement } from '../../xml/tree.js'
import { weakestDigest } from '../algorithm-policy.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { MalformedDer } from '../der-reader.js'
import type { CarriedTimeStamp, CheckedSignature } from '../process/judge-signature.js'
import { noEvidence } from '../revocation/evidence.js'
import type { SignatureVerdict } from '../verdict.js'
import { coverageOf, holdsComment } from './coverage.js'
import { digestMethods, referenceTypes, signatureMethods, xadesNamespace } from './names.js'
import { namesCertificate, readQualifyingProperties, type QualifyingProperties } from './qualifying-properties.js'
import { malformed, refuse, Refusal } from './refusal.js'
import {
  canonicalBytes,
  dereference,
  readSignedDocument,
  type DetachedContent,
  type Referenced,
  type SignedDocument,
} from './signed-document.js'
import { attributeOf, isSignatureElement, readSignature, type WrittenSignature } from './signature-structure.js'
import { checkSignatureValue } from './signature-value.js'

/** What does not lie in the file. */
export interface XmlCheckOptions {
  readonly content?: DetachedContent
  /** Further certificates among which the signer's may be (DER). */
  readonly certificates?: readonly Buffer[]
}

/** One thing a signature covers. */
export interface CoveredData {
  readonly uri: string
  /** Where it lies in the file; undefined for content from outside. */
  readonly element: TreeElement | undefined
  readonly what: Referenced
}

/** What the mathematics and the references say of one signature; whom to trust is asked later. */
export interface XmlSignatureCheck {
  readonly checked: CheckedSignature
  readonly element: TreeElement
  readonly id: string | null
  /** Signed data, the signature's own properties left out. Only what was found unchanged. */
  readonly covered: readonly CoveredData[]
  readonly covers: SignatureVerdict['covers']
  /** The properties of XAdES are there and signed. */
  readonly xades: boolean
  /** What keeps it from the baseline (EN 319 132-1 table 2), in words of the standard. */
  readonly missing: readonly string[]
  /** Worth knowing, and no reason against it. */
  readonly warnings: readonly FaultDetail[]
}

/** Bytes that all references of a file may digest together: many references to much would keep a verifier busy for minutes. */
const maximumDigested = (sizeOfFile: number): number => 8 * 1024 * 1024 + 4 * sizeOfFile
/** Signatures of one document; one with more is refused. */
export const maximumSignatures = 32

/**
 * Checks every XML signature of a document (counter-signatures aside): references, digests, the signing certificate and the
 * mathematics; trust in the certificate is not part of it.
 * @throws Fault XML-… for a document that cannot be read, VERIFY-TOO-MANY-SIGNATURES
 */
export function checkXmlSignatures(bytes: Uint8Array, options: XmlCheckOptions = {}): XmlSignatureCheck[] {
  return checkDocumentSignatures(readSignedDocument(bytes), options)
}

/** The same over a document that is read already. */
export function checkDocumentSignatures(document: SignedDocument, options: XmlCheckOptions = {}): XmlSignatureCheck[] {
  const own = document.signatures.filter((element) => !isCounterSignature(element))
  if (own.length > maximumSignatures) throw new Fault('VERIFY-TOO-MANY-SIGNATURES', { status: 400 })
  const work: Work = { digested: 0, limit: maximumDigested(document.tree.source.length) }
  return own.map((element) => checkOne(document, element, options, work))
}

/** Anybody may add one among the unsigned properties: it is named in the report and judged by nobody. */
function isCounterSignature(element: TreeElement): boolean {
  return element.parent?.local === 'CounterSignature' && element.parent.namespace === xadesNamespace && isInsideSignature(element.parent)
}

function isInsideSignature(element: TreeElement): boolean {
  for (let at = element.parent; at !== undefined; at = at.parent) if (isSignatureElement(at, 'Signature')) return true
  return false
}

interface Work {
  digested: number
  readonly limit: number
}

interface Draft {
  certificate: Certificate | undefined
  certificates: readonly Certificate[]
  digestAlgorithm: string | undefined
  scheme: string | undefined
  properties: QualifyingProperties | undefined
  covered: CoveredData[]
  covers: SignatureVerdict['covers']
  timeStamps: readonly CarriedTimeStamp[]
  missing: readonly string[]
  warnings: FaultDetail[]
}

function checkOne(document: SignedDocument, element: TreeElement, options: XmlCheckOptions, work: Work): XmlSignatureCheck {
  const draft: Draft = {
    certificate: undefined,
    certificates: [],
    digestAlgorithm: undefined,
    scheme: undefined,
    properties: undefined,
    covered: [],
    covers: 'unclear',
    timeStamps: [],
    missing: [],
    warnings: [],
  }
  let failure: CheckedSignature['failure'] = null
  try {
    check(document, element, options, draft, work)
  } catch (error) {
    failure = failureOf(error)
  }
  const { properties } = draft
  return {
    checked: {
      failure,
      certificate: draft.certificate,
      certificates: draft.certificates,
      digestAlgorithm: draft.digestAlgorithm,
      scheme: draft.scheme,
      claimedAt: properties?.claimedAt,
      timeStamps: draft.timeStamps,
      evidence: properties?.evidence ?? noEvidence,
    },
    element,
    id: attributeOf(element, 'Id') ?? null,
    covered: draft.covered,
    covers: draft.covers,
    xades: properties !== undefined,
    missing: draft.missing,
    warnings: draft.warnings,
  }
}

function failureOf(error: unknown): NonNullable<CheckedSignature['failure']> {
  if (error instanceof Refusal) return error.failure
  if (error instanceof Fault) {
    const [detail] = error.details
    return { subIndication: 'FORMAT_FAILURE', finding: detail ?? { code: error.code } }
  }
  if (error instanceof MalformedDer)
    return { subIndication: 'FORMAT_FAILURE', finding: { code: 'VERIFY-XML-STRUCTURE', params: { what: error.what } } }
  throw error
}

function check(document: SignedDocument, element: TreeElement, options: XmlCheckOptions, draft: Draft, work: Work): void {
  const signature = readSignature(element)
  const method = signatureMethods.get(signature.signatureMethod)
  draft.scheme = method?.scheme
  const properties = readQualifyingProperties(signature)
  const referenceDigests = checkReferences(document, signature, properties, options, draft, work)
  if (method === undefined) throw refuse('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: signature.signatureMethod.slice(0, 200) })
  draft.digestAlgorithm = weakestDigest([method.digest, ...referenceDigests])
  const bound = properties !== undefined && isBound(document, signature, properties)
  // Properties nobody signed say nothing: neither time nor certificate is taken from them.
  if (bound) draft.properties = properties
  else if (properties !== undefined) draft.warnings.push({ code: 'VERIFY-XML-PROPERTIES-UNSIGNED', level: 'warning' })
  findCertificate(signature, draft.properties, options, draft)
  if (draft.certificate === undefined) throw refuse('NO_SIGNING_CERTIFICATE_FOUND', 'VERIFY-SIGNER-CERT-MISSING')
  const outcome = checkSignatureValue(
    signature.signatureMethod,
    canonicalBytes(signature.signedInfo, signature.canonicalization),
    draft.certificate,
    signature.value,
  )
  if (outcome === 'invalid') throw refuse('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNATURE')
  if (outcome !== 'valid') throw refuse('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: signature.signatureMethod })
  draft.timeStamps = (draft.properties?.timeStamps ?? []).map(({ token, canonicalization }) => {
    const stamped = canonicalBytes(signature.valueElement, canonicalization)
    return { token, kind: 'signature', stamped: (algorithm) => createHash(algorithm).update(stamped).digest() }
  })
  draft.warnings.push(...(draft.properties?.findings ?? []))
  draft.missing = missingForBaseline(signature, draft.properties)
  const coverage = coverageOf(document, signature, draft.covered)
  draft.covers = coverage.covers
  if (coverage.unsigned !== undefined)
    throw refuse('SIG_CONSTRAINTS_FAILURE', 'VERIFY-XML-PARTIAL', { covered: coverage.covered, unsigned: coverage.unsigned })
  // Comments are signed only by an xpointer reference with a canonicalisation that keeps them, which is rare: it is told all the same.
  if (draft.covered.some((one) => one.element !== undefined && holdsComment(one.element, element)))
    draft.warnings.push({ code: 'VERIFY-XML-COMMENTS', level: 'warning' })
  if (coverage.covers === 'partial')
    draft.warnings.push({ code: 'VERIFY-XML-WRAPPER', params: { covered: coverage.covered }, level: 'warning' })
}

/** Compares the digests of all references. @returns the names of the digests used */
function checkReferences(
  document: SignedDocument,
  signature: WrittenSignature,
  properties: QualifyingProperties | undefined,
  options: XmlCheckOptions,
  draft: Draft,
  work: Work,
): ReadonlySet<string> {
  const used = new Set<string>()
  let external = 0
  for (const reference of signature.references) {
    if (reference.type === referenceTypes.manifest) throw refuse('SIG_CONSTRAINTS_FAILURE', 'VERIFY-XML-MANIFEST')
    const { what, bytes } = dereference(document, signature.element, reference, options.content)
    // Content from outside costs its digest alone.
    if (what.kind !== 'external') work.digested += bytes.length
    if (work.digested > work.limit) throw new Fault('XML-TOO-LARGE', { params: { size: work.digested, limit: work.limit }, status: 413 })
    if (what.kind === 'external' && typeof options.content !== 'function' && ++external > 1)
      throw refuse('SIGNED_DATA_NOT_FOUND', 'VERIFY-DETACHED-CONTENT')
    const name = digestMethods.get(reference.digestMethod)
    if (name === undefined) throw refuse('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: reference.digestMethod.slice(0, 200) })
    const digest = createHash(name).update(bytes).digest()
    if (digest.length !== reference.digest.length || !timingSafeEqual(digest, reference.digest)) throw refuse('HASH_FAILURE', 'VERIFY-HASH')
    used.add(name)
    const element = what.kind === 'element' ? what.element : what.kind === 'document' ? document.tree.root : undefined
    if (reference.type === referenceTypes.signedProperties) {
      // 4.4.2: the type is a claim; what it points at must be this signature's own properties.
      if (element === undefined || element !== properties?.signedProperties) throw malformed('reference to SignedProperties')
    } else if (!isOwnPart(signature, properties, element)) draft.covered.push({ uri: reference.uri ?? '', element, what })
    if (element !== undefined && isSignatureElement(element, 'Manifest')) throw refuse('SIG_CONSTRAINTS_FAILURE', 'VERIFY-XML-MANIFEST')
  }
  if (draft.covered.length === 0) throw refuse('SIGNED_DATA_NOT_FOUND', 'VERIFY-XML-NOTHING-SIGNED')
  return used
}

/** KeyInfo and properties describe the signature; they are not what somebody wanted to sign. */
function isOwnPart(signature: WrittenSignature, properties: QualifyingProperties | undefined, element: TreeElement | undefined): boolean {
  if (element === undefined) return false
  if (properties !== undefined && isWithin(element, properties.element)) return true
  if (element === signature.keyInfo || element === signature.element) return true
  return element.parent !== undefined && signature.objects.includes(element.parent) && isSignatureElement(element, 'SignatureProperties')
}

function isBound(document: SignedDocument, signature: WrittenSignature, properties: QualifyingProperties): boolean {
  return signature.references.some(
    (reference) =>
      reference.type === referenceTypes.signedProperties &&
      reference.uri?.startsWith('#') === true &&
      document.ids.get(reference.uri.slice(1)) === properties.signedProperties,
  )
}

function findCertificate(
  signature: WrittenSignature,
  properties: QualifyingProperties | undefined,
  options: XmlCheckOptions,
  draft: Draft,
): void {
  const own = signature.certificates.map(readOwn)
  const all = [...own, ...(properties?.certificates ?? []), ...(options.certificates ?? []).map((der) => readCertificate(der))]
  draft.certificates = all
  const [first] = properties?.signingCertificate?.references ?? []
  if (first !== undefined) {
    draft.certificate = all.find((certificate) => namesCertificate(first, certificate))
    if (draft.certificate === undefined && own.length > 0) {
      draft.certificate = own[0]
      throw refuse('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNING-CERT-REFERENCE')
    }
    return
  }
  // Plain XMLDSig: the certificate that issued none of the others is the signer's.
  draft.certificate = own.find((one) => !own.some((other) => other !== one && other.issuerKey === one.subjectKey)) ?? own[0]
}

function readOwn(der: Buffer): Certificate {
  try {
    return readCertificate(der)
  } catch {
    throw malformed('X509Certificate')
  }
}

/** EN 319 132-1 clause 6.3, the rows of level B. */
function missingForBaseline(signature: WrittenSignature, properties: QualifyingProperties | undefined): string[] {
  if (properties === undefined) return ['SignedProperties']
  const missing: string[] = []
  if (properties.claimedAt === undefined) missing.push('SigningTime')
  if (properties.signingCertificate?.version !== 2) missing.push('SigningCertificateV2')
  const data = signature.references.filter((reference) => reference.type !== referenceTypes.signedProperties)
  if (data.some((reference) => reference.type !== referenceTypes.counterSigned && !properties.formats.has(reference.id ?? '')))
    missing.push('DataObjectFormat')
  if (signature.certificates.length === 0) missing.push('X509Certificate')
  return missing
}
