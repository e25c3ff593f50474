import { createHash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { checkSigner, readSignedData } from '../../../validation/cms/signed-data.js'
import { DerElement } from '../../../validation/der-reader.js'

/** A finished SignedData taken apart, every part as it was written. */
export interface ExistingSignedData {
  readonly version: number
  readonly contentType: string
  /** DER EncapsulatedContentInfo. */
  readonly encapsulated: Buffer
  /** Content inside; undefined when detached. */
  readonly content: Buffer | undefined
  readonly digestAlgorithms: readonly Buffer[]
  readonly certificates: readonly Buffer[]
  readonly revocations: readonly Buffer[]
  readonly signerInfos: readonly Buffer[]
}

/**
 * Takes a structure apart to which a signer is to be added. Its signatures must hold over the content: a signer does not
 * put a name beside broken ones.
 * @param content what is signed, where the structure does not carry it
 * @throws Fault SIGN-CMS-UNREADABLE, SIGN-CMS-BROKEN
 */
export function takeApart(cms: Buffer, content: Uint8Array | undefined): ExistingSignedData {
  let read: ReturnType<typeof readSignedData>
  try {
    read = readSignedData(cms)
  } catch (error) {
    throw new Fault('SIGN-CMS-UNREADABLE', { cause: error })
  }
  if (read.length !== cms.length) throw new Fault('SIGN-CMS-UNREADABLE')
  const signed = read.content ?? content
  for (const signer of read.signers) {
    const check = signed === undefined ? undefined : checkSigner(read, signer, (algorithm) => createHash(algorithm).update(signed).digest())
    if (check?.failure !== null)
      throw new Fault('SIGN-CMS-BROKEN', { params: { reason: check?.failure.finding.code ?? 'VERIFY-DETACHED-CONTENT' } })
  }
  if (read.content !== undefined && content !== undefined && !read.content.equals(content))
    throw new Fault('SIGN-CMS-BROKEN', { params: { reason: 'VERIFY-HASH' } })
  const data = DerElement.read(cms).child(1).child(0)
  const parts = (tag: number): Buffer[] =>
    data.children
      .slice(3)
      .find((part) => part.is(tag))
      ?.children.map((one) => one.bytes) ?? []
  return {
    version: data.child(0).smallInteger(),
    contentType: read.contentType,
    encapsulated: data.child(2).bytes,
    content: read.content,
    digestAlgorithms: data.child(1).children.map((one) => one.bytes),
    certificates: parts(0xa0),
    revocations: parts(0xa1),
    signerInfos: parts(0x31),
  }
}
