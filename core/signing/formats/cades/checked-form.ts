import { hash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { readSignedData, type CmsSignerInfo } from '../../../validation/cms/signed-data.js'
import type { DerElement } from '../../../validation/der-reader.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import { time } from '../../der.js'
import type { Signer } from '../../signing-service.js'
import type { CmsProfile } from './profiles/profile.js'

const oid = { messageDigest: '1.2.840.113549.1.9.4', signingTime: '1.2.840.113549.1.9.5' } as const

const writtenTime = /^\d{12}(?:\d\d)?Z$/

interface Range {
  readonly start: number
  readonly end: number
}

/** A finished structure that the full reader has taken, and where two of one signer differ. */
interface CheckedForm {
  readonly bytes: Buffer
  /** What it was written with, beside the certificates and the content type. */
  readonly profile: CmsProfile | undefined
  readonly scheme: Signer['scheme']
  readonly digestAlgorithm: Signer['digestAlgorithm']
  /** Content of message-digest, signing-time and signature, in this order, from front to back. */
  readonly open: readonly Range[]
  readonly digest: Range
  readonly time: Range
  readonly signature: Range
  /** The signed attributes as they travel. */
  readonly attributes: Range
  readonly publicKey: Buffer
}

/** By the certificates of an opened signer and the content type. */
const forms = new WeakMap<readonly Buffer[], Map<string, CheckedForm>>()

/**
 * Whether a finished structure is, but for digest, time and signature, byte for byte one that the full reader has checked, and
 * those hold: the digest is the content's, and the signature verifies over the attributes as they lie in the finished bytes, with the key
 * of the certificate in them. Then every statement the reader made about that one is true of this one.
 * False says nothing: the full reader decides.
 */
export function holdsLikeBefore(cms: Buffer, signer: Signer, contentType: string, contentDigest: Uint8Array): boolean {
  const form = forms.get(signer.certificates)?.get(contentType)
  if (form?.bytes.length !== cms.length || !sameElsewhere(cms, form)) return false
  if (!cms.subarray(form.digest.start, form.digest.end).equals(contentDigest)) return false
  if (!writtenTime.test(cms.toString('latin1', form.time.start, form.time.end))) return false
  const message = Buffer.from(cms.subarray(form.attributes.start, form.attributes.end))
  // What is signed is the SET OF and not the [0] it travels as (RFC 5652 5.4).
  message[0] = 0x31
  const { scheme, digestAlgorithm } = signer
  const digest = hash(digestAlgorithm, message, 'buffer')
  const signature = cms.subarray(form.signature.start, form.signature.end)
  return verifyDigestSignature({ publicKeySpki: form.publicKey, scheme, digestAlgorithm, digest, signature, message })
}

function sameElsewhere(cms: Buffer, form: CheckedForm): boolean {
  let from = 0
  for (const { start, end } of form.open) {
    if (cms.compare(form.bytes, from, start, from, start) !== 0) return false
    from = end
  }
  return cms.compare(form.bytes, from, form.bytes.length, from, cms.length) === 0
}

/** The next structure of a signer, but for its signature. */
export interface FilledForm {
  /** The SET OF that is signed. */
  readonly attributes: Buffer
  /** @throws Fault SIGN-SIGNATURE-WRONG for one of another length than the key has */
  readonly finish: (signature: Uint8Array) => Buffer
}

/**
 * Writes the next structure into a copy of one that the full reader has taken: the same bytes as if it were put together from its parts,
 * for digest, time and signature keep their places where their lengths stay. That is so with RSA; a DER signature of ECDSA changes its length.
 * Undefined where there is none like it yet.
 */
export function fillForm(
  signer: Signer,
  profile: CmsProfile | undefined,
  contentType: string,
  contentDigest: Uint8Array,
  signedAt: Date,
): FilledForm | undefined {
  const form = forms.get(signer.certificates)?.get(contentType)
  if (form === undefined || form.scheme === 'ecdsa') return undefined
  if (form.profile !== profile || form.scheme !== signer.scheme || form.digestAlgorithm !== signer.digestAlgorithm) return undefined
  const at = time(signedAt)
  // Of the year 2050 another type of time is written, which is longer.
  if (at.length !== form.time.end - form.time.start + 2 || contentDigest.length !== form.digest.end - form.digest.start) return undefined
  const cms = Buffer.from(form.bytes)
  cms.set(contentDigest, form.digest.start)
  cms.set(at, form.time.start - 2)
  const attributes = Buffer.from(cms.subarray(form.attributes.start, form.attributes.end))
  // What is signed is the SET OF and not the [0] it travels as (RFC 5652 5.4).
  attributes[0] = 0x31
  return {
    attributes,
    finish: (signature) => {
      if (signature.length !== form.signature.end - form.signature.start)
        throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: '' }, status: 502 })
      cms.set(signature, form.signature.start)
      return cms
    },
  }
}

/** Keeps a structure with one signer and no content inside, of level B, that the full reader has just taken. */
export function rememberForm(cms: Buffer, signer: Signer, profile: CmsProfile | undefined, contentType: string, publicKey: Buffer): void {
  const read = readSignedData(cms)
  const [info, another] = read.signers
  if (info === undefined || another !== undefined || read.content !== undefined || info.unsignedAttributes !== undefined) return
  const { signedAttributes } = info
  const digest = valueRange(signedAttributes, oid.messageDigest)
  const time = valueRange(signedAttributes, oid.signingTime)
  if (signedAttributes === undefined || digest === undefined || time === undefined) return
  const signature = signatureRange(cms, info)
  const form: CheckedForm = {
    bytes: Buffer.from(cms),
    profile,
    scheme: signer.scheme,
    digestAlgorithm: signer.digestAlgorithm,
    open: [digest, time, signature].sort((left, right) => left.start - right.start),
    digest,
    time,
    signature,
    attributes: { start: signedAttributes.start, end: signedAttributes.end },
    publicKey,
  }
  const known = forms.get(signer.certificates) ?? new Map<string, CheckedForm>()
  forms.set(signer.certificates, known.set(contentType, form))
}

function valueRange(attributes: DerElement | undefined, type: string): Range | undefined {
  const value = attributes?.children
    .find((attribute) => attribute.child(0).oid() === type)
    ?.child(1)
    .child(0)
  return value === undefined ? undefined : { start: value.contentStart, end: value.end }
}

/** It stands last in a structure without unsigned attributes. */
function signatureRange(cms: Buffer, info: CmsSignerInfo): Range {
  return { start: cms.length - info.signature.length, end: cms.length }
}
