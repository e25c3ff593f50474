import { createHash, randomUUID } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import type { CanonicalMethod } from '../../../xml/canonical.js'
import { readTree } from '../../../xml/read-tree.js'
import type { TreeElement } from '../../../xml/tree.js'
import { ecdsaToRaw } from '../../../validation/ecdsa.js'
import { readSignedData } from '../../../validation/cms/signed-data.js'
import { checkDocumentSignatures, checkXmlSignatures, type XmlSignatureCheck } from '../../../validation/xml/check-signature.js'
import { canonicalNames } from '../../../validation/xml/names.js'
import { canonicalBytes, dereference, indexDocument, type SignedDocument } from '../../../validation/xml/signed-document.js'
import { readSignature } from '../../../validation/xml/signature-structure.js'
import type { KeyAlgorithm } from '../../key.js'
import type { EvidenceFor } from '../../revocation/collect-evidence.js'
import { signWith } from '../../sign-with.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { place, type PlacedSignature, type XadesPlacement } from './placement.js'
import { dataTransforms, propertiesId, propertiesTransforms, signatureText, type Computed, type SignatureParts } from './signature-text.js'

/** Baseline levels of XAdES (ETSI EN 319 132-1 clause 6): plain, time-stamped, with validation data. */
export type XadesLevel = 'B' | 'T' | 'LT'

/** How XML is signed as XAdES (ETSI EN 319 132-1). */
export interface SignXadesOptions {
  readonly signer: Signer
  readonly signedAt: Date
  /** T with a time stamp client and B without, unless told. A level that cannot be reached is a fault, never a lower level. */
  readonly level?: XadesLevel
  /** Enveloped in the root unless told. */
  readonly placement?: XadesPlacement
  /** Of references and SignedInfo; exclusive unless told. */
  readonly canonicalization?: Extract<CanonicalMethod, 'exclusive' | 'c14n11'>
  /** DataObjectFormat; by the placement unless told: text/xml or application/octet-stream. */
  readonly mimeType?: string
  readonly timeStamp?: TimeStampClient
  /** At level LT: asked for the signer's path before signing (a revoked key signs nothing) and for all paths after. */
  readonly evidence?: EvidenceFor
  /** Id of the signature; random unless told. An NCName that stands nowhere else in the document. */
  readonly id?: string
}

/** The file with its signature. */
export interface SignedXml {
  readonly xml: Buffer
  readonly level: `XAdES-BASELINE-${XadesLevel}`
  /** Time proven by the time stamp; null at level B. */
  readonly stampedAt: Date | null
  readonly id: string
}

/** Bytes of r and of s (RFC 9231 2.3.6). */
const halves: Readonly<Partial<Record<KeyAlgorithm, number>>> = { 'ec-p256': 32, 'ec-p384': 48, 'ec-secp256k1': 32 }

/**
 * Signs XML (or, detached and enveloping, any content) as XAdES baseline. The signature is put into the text of the document;
 * every other byte stays as it was. The finished file is read anew and checked before it is returned, and signatures that were
 * intact before must be intact after.
 * @throws Fault SIGN-CERT-MISSING, SIGN-TSA-NOT-CONFIGURED, SIGN-EVIDENCE-NOT-CONFIGURED, SIGN-XML-ELEMENT-MISSING,
 * SIGN-XML-NOT-UBL, SIGN-XML-URI, SIGN-XML-ID, SIGN-XML-BREAKS-SIGNATURE, SIGN-XML-CHECK-FAILED, SIGN-SIGNATURE-WRONG, those of
 * the XML reader, and what signer, time stamp client and evidence throw
 */
export async function signXades(content: Uint8Array, options: SignXadesOptions): Promise<SignedXml> {
  const wanted = levelOf(options)
  const { signer } = options
  if (signer.certificates.length === 0) throw new Fault('SIGN-CERT-MISSING', { params: { name: '' }, status: 409 })
  const id = options.id ?? `signature-${randomUUID()}`
  if (!/^[a-z_][\w.-]{0,199}$/i.test(id)) throw new Fault('SIGN-XML-ID', { params: { id: id.slice(0, 200) } })
  const placed = place(content, options.placement ?? { kind: 'enveloped' }, id)
  const parts: SignatureParts = {
    id,
    signer,
    signedAt: options.signedAt,
    canonicalization: options.canonicalization ?? 'exclusive',
    data: placed.data,
    mimeType: options.mimeType ?? placed.mimeType,
    object: placed.object,
  }
  const intact = placed.document === undefined ? [] : intactSignatures(placed.document)
  await wanted.evidence?.([signer.certificates], options.signedAt)

  const digested = { ...digests(parts, placed, content) }
  const value = await signedValue(parts, placed, digested)
  let computed: Computed = { ...digested, value }
  let stampedAt: Date | null = null
  if (wanted.timeStamp !== undefined) {
    const { element } = read(parts, placed, computed)
    const stamped = canonicalBytes(readSignature(element).valueElement, { algorithm: canonicalNames[parts.canonicalization], prefixes: [] })
    const stamp = await wanted.timeStamp.stamp('sha256', createHash('sha256').update(stamped).digest())
    stampedAt = stamp.at
    computed = { ...computed, timeStamp: stamp.token }
    if (wanted.evidence !== undefined) {
      const evidence = {
        signer: await wanted.evidence([signer.certificates], stamp.at),
        timeStamp: await wanted.evidence([authorityPath(stamp.token)], stamp.at),
      }
      computed = { ...computed, evidence }
    }
  }
  const xml = Buffer.from(`${placed.before}${signatureText(parts, computed)}${placed.after}`, 'utf8')
  checkWritten(xml, parts, intact, content)
  return { xml, level: `XAdES-BASELINE-${wanted.level}`, stampedAt, id }
}

interface WantedLevel extends Pick<SignXadesOptions, 'timeStamp' | 'evidence'> {
  readonly level: XadesLevel
}

function levelOf(options: SignXadesOptions): WantedLevel {
  const { timeStamp, evidence } = options
  const level = options.level ?? (timeStamp === undefined ? 'B' : 'T')
  if (level === 'B') return { level }
  if (timeStamp === undefined) throw new Fault('SIGN-TSA-NOT-CONFIGURED', { params: { level } })
  if (level === 'T') return { level, timeStamp }
  if (evidence === undefined) throw new Fault('SIGN-EVIDENCE-NOT-CONFIGURED', { params: { level } })
  return { level, timeStamp, evidence }
}

/** The document with the signature as far as it is known, and the signature in it. */
function read(parts: SignatureParts, placed: PlacedSignature, computed: Computed): { document: SignedDocument; element: TreeElement } {
  const document = indexDocument(readTree(`${placed.before}${signatureText(parts, computed)}${placed.after}`))
  const element = document.ids.get(parts.id)
  if (element === undefined) throw new Fault('SIGN-XML-CHECK-FAILED', { params: { reason: 'id' } })
  return { document, element }
}

function digests(parts: SignatureParts, placed: PlacedSignature, content: Uint8Array): Pick<Computed, 'dataDigest' | 'propertiesDigest'> {
  const { document, element } = read(parts, placed, {})
  const digest = (uri: string, transforms: ReturnType<typeof dataTransforms>): Buffer => {
    const { bytes } = dereference(document, element, { uri, transforms }, content)
    return createHash(parts.signer.digestAlgorithm).update(bytes).digest()
  }
  return {
    dataDigest: digest(parts.data.uri, dataTransforms(parts)),
    propertiesDigest: digest(`#${propertiesId(parts)}`, propertiesTransforms(parts)),
  }
}

async function signedValue(parts: SignatureParts, placed: PlacedSignature, digested: Computed): Promise<Buffer> {
  const { signer } = parts
  const { element } = read(parts, placed, digested)
  const signedInfo = element.children[0]
  if (signedInfo?.kind !== 'element') throw new Fault('SIGN-XML-CHECK-FAILED', { params: { reason: 'SignedInfo' } })
  const message = canonicalBytes(signedInfo, { algorithm: canonicalNames[parts.canonicalization], prefixes: [] })
  const signature = await signWith(signer, message)
  if (signer.scheme !== 'ecdsa') return signature
  const raw = ecdsaToRaw(signature, halves[signer.algorithm] ?? 0)
  if (raw === undefined) throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: '' }, status: 502 })
  return raw
}

/** Certificates of a token, its signer's first. */
function authorityPath(token: Buffer): Buffer[] {
  const { certificates } = readSignedData(token)
  const leaf = certificates.find((one) => !certificates.some((other) => other !== one && other.issuerKey === one.subjectKey))
  return leaf === undefined ? [] : [leaf, ...certificates.filter((one) => one !== leaf)].map((one) => one.der)
}

/** Starts of the signatures that hold now; one that is broken already cannot be broken by us. */
function intactSignatures(document: SignedDocument): string[] {
  return checkDocumentSignatures(document)
    .filter(isIntact)
    .map((check) => valueOf(document.tree.source, check))
}

function isIntact(check: XmlSignatureCheck): boolean {
  const { failure } = check.checked
  return failure === null || failure.finding.code === 'VERIFY-XML-PARTIAL'
}

/** A signature is known by its text: ids may be missing. */
function valueOf(source: string, check: XmlSignatureCheck): string {
  return source.slice(check.element.start, check.element.end)
}

/** Nothing leaves that our own verifier, reading the bytes from their beginning, would not call intact. */
function checkWritten(xml: Buffer, parts: SignatureParts, intact: readonly string[], content: Uint8Array): void {
  const checks = checkXmlSignatures(xml, parts.data.external ? { content } : {})
  const own = checks.find((check) => check.id === parts.id)
  const reason = own === undefined ? 'VERIFY-NO-SIGNATURE' : own.checked.failure?.finding.code
  const partial = reason === 'VERIFY-XML-PARTIAL' && parts.data.uri !== ''
  if (own === undefined || (reason !== undefined && !partial)) {
    if (reason === 'VERIFY-SIGNATURE') throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: '' }, status: 502 })
    throw new Fault('SIGN-XML-CHECK-FAILED', { params: { reason: reason ?? '' }, status: 502 })
  }
  if (own.missing.length > 0) throw new Fault('SIGN-XML-CHECK-FAILED', { params: { reason: own.missing.join(', ') }, status: 502 })
  const source = xml.toString('utf8')
  const still = new Set(checks.filter((check) => isIntact(check)).map((check) => valueOf(source, check)))
  if (intact.some((text) => !still.has(text))) throw new Fault('SIGN-XML-BREAKS-SIGNATURE', { status: 409 })
}
