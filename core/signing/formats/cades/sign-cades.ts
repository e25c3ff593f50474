import { createHash, hash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { checkSigner, readSignedData } from '../../../validation/cms/signed-data.js'
import type { EvidenceFor } from '../../revocation/collect-evidence.js'
import { signWith } from '../../sign-with.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient, TimeStampToken } from '../../tsp/time-stamp.js'
import { takeApart } from './existing-signed-data.js'
import { fillForm, holdsLikeBefore, rememberForm } from './checked-form.js'
import type { CmsProfile } from './profiles/profile.js'
import { assemble, certificateSet, encapsulate, revocationSet, versionOf } from './signed-data.js'
import { createSignerInfo, partsOf } from './signer-info.js'

const idData = '1.2.840.113549.1.7.1'

/** Baseline levels of CAdES (ETSI EN 319 122-1 clause 6) that are written. */
export type CadesLevel = 'B' | 'T' | 'LT'

/** How content is signed as CAdES (ETSI EN 319 122-1). A level that cannot be reached is a fault, never a lower level. */
export interface SignCadesOptions {
  readonly signer: Signer
  /** Goes into the signing-time attribute. */
  readonly signedAt: Date
  /** The content stays outside. */
  readonly detached: boolean
  /** T when a time stamp client is given and B without, unless told. */
  readonly level?: CadesLevel
  /** Needed from level T. */
  readonly timeStamp?: TimeStampClient
  /** Needed for level LT: `evidenceFrom(source, anchors)`. */
  readonly evidence?: EvidenceFor
  /** A form an authority prescribes, instead of plain CAdES. */
  readonly profile?: CmsProfile
  /** An existing structure to which this signer is added beside the others (parallel signatures). */
  readonly addTo?: Buffer
}

/** The signature. */
export interface SignedCades {
  /** DER ContentInfo. */
  readonly cms: Buffer
  readonly level: `CAdES-BASELINE-${CadesLevel}`
  /** Proven time from level T. */
  readonly stampedAt?: Date
}

/**
 * CAdES baseline signature over bytes (ETSI EN 319 122-1): detached or encapsulated, alone or beside other signers. The
 * level asked for is the level returned, or there is a fault and no signature. The finished bytes are read again and
 * checked before they leave.
 * @throws Fault SIGN-TSA-NOT-CONFIGURED, SIGN-EVIDENCE-NOT-CONFIGURED, SIGN-PROFILE-KEY, SIGN-CMS-UNREADABLE,
 *   SIGN-CMS-BROKEN, SIGN-SIGNATURE-WRONG, SIGN-CMS-CHECK-FAILED, and what signer, time stamp client and evidence throw
 */
export async function signCades(content: Uint8Array, options: SignCadesOptions): Promise<SignedCades> {
  const { signer, profile } = options
  const wanted = wantedLevel(options)
  if (profile !== undefined) checkProfile(profile, options, wanted.level)
  const existing = options.addTo === undefined ? undefined : takeApart(options.addTo, content)
  const contentType = existing?.contentType ?? profile?.contentType ?? idData
  // Evidence first: a revoked key does not sign, and an unreachable server costs no time stamp.
  if (wanted.evidence !== undefined) await wanted.evidence([signer.certificates], options.signedAt)

  const contentDigest = hash(signer.digestAlgorithm, content, 'buffer')
  const plain = wanted.level === 'B' && options.detached && existing === undefined
  const filled = plain ? fillForm(signer, profile, contentType, contentDigest, options.signedAt) : undefined
  if (filled !== undefined) {
    const cms = filled.finish(await signWith(signer, filled.attributes))
    checkLikeBefore({ cms, content, contentDigest, contentType, signer })
    return { cms, level: 'CAdES-BASELINE-B' }
  }
  const made = await createSignerInfo({
    signer,
    contentDigest,
    contentType,
    signingTime: options.signedAt,
    checkedByCaller: true,
    ...(profile === undefined ? {} : { issuerSerial: profile.issuerSerial }),
    ...(wanted.timeStamp === undefined ? {} : { timeStamp: wanted.timeStamp }),
  })
  const evidence = await wanted.evidence?.([signer.certificates, ...authorityPaths(made.stamp)], made.stamp?.at ?? options.signedAt)
  const revocations = revocationSet(evidence ?? { crls: [], ocspResponses: [] }, existing?.revocations)
  const cms = assemble({
    version: Math.max(profile?.version ?? 1, existing?.version ?? 1, versionOf(contentType, revocations)),
    digestAlgorithms: [...(existing?.digestAlgorithms ?? []), made.digestAlgorithm],
    encapsulated: existing?.encapsulated ?? encapsulate(contentType, options.detached ? undefined : content),
    certificateSet: certificatesOf(options, existing?.certificates, evidence?.certificates),
    ...(revocations === undefined ? {} : { revocations }),
    signerInfos: [...(existing?.signerInfos ?? []), made.signerInfo],
  })
  const readInFull = checkLikeBefore({ cms, content, contentDigest, contentType, signer, before: existing?.signerInfos.length ?? 0 })
  if (readInFull && plain) rememberForm(cms, signer, profile, contentType, partsOf(signer.certificates).publicKey)
  return { cms, level: `CAdES-BASELINE-${wanted.level}`, ...(made.stamp === undefined ? {} : { stampedAt: made.stamp.at }) }
}

function wantedLevel(options: SignCadesOptions): {
  readonly level: CadesLevel
  readonly timeStamp?: TimeStampClient
  readonly evidence?: EvidenceFor
} {
  const { timeStamp, evidence } = options
  const level = options.level ?? (timeStamp === undefined ? 'B' : 'T')
  if (level === 'B') return { level }
  if (timeStamp === undefined) throw new Fault('SIGN-TSA-NOT-CONFIGURED', { params: { level } })
  if (level === 'T') return { level, timeStamp }
  if (evidence === undefined) throw new Fault('SIGN-EVIDENCE-NOT-CONFIGURED', { params: { level } })
  return { level, timeStamp, evidence }
}

function checkProfile(profile: CmsProfile, options: SignCadesOptions, level: CadesLevel): void {
  const { signer } = options
  const fits =
    signer.scheme === profile.scheme &&
    signer.digestAlgorithm === profile.digestAlgorithm &&
    options.detached === profile.detached &&
    (level === 'B' || profile.unsignedAttributes) &&
    options.addTo === undefined
  if (!fits)
    throw new Fault('SIGN-PROFILE-KEY', { params: { profile: profile.name, scheme: profile.scheme, digest: profile.digestAlgorithm } })
}

/** `[0]` of the structure; that of one signer alone was built when his certificates were read. */
function certificatesOf(
  { signer, profile }: SignCadesOptions,
  before: readonly Buffer[] | undefined,
  more: readonly Buffer[] | undefined,
): Buffer {
  const alone = profile?.signerCertificateOnly === true
  if (before === undefined && more === undefined)
    return alone ? partsOf(signer.certificates).ownSet : partsOf(signer.certificates).certificateSet
  const own = alone ? signer.certificates.slice(0, 1) : signer.certificates
  return certificateSet([...(before ?? []), ...own, ...(more ?? [])])
}

/** Certificates of a token, the authority's own first. */
function authorityPaths(stamp: TimeStampToken | undefined): Buffer[][] {
  if (stamp === undefined) return []
  const { certificate, certificates } = readTimeStampCertificates(stamp.token)
  return [[certificate, ...certificates.filter((one) => !one.equals(certificate))]]
}

function readTimeStampCertificates(token: Buffer): { certificate: Buffer; certificates: Buffer[] } {
  const cms = readSignedData(token)
  const [signer] = cms.signers
  const digest = (algorithm: string): Buffer =>
    createHash(algorithm)
      .update(cms.content ?? '')
      .digest()
  const certificate = signer === undefined ? undefined : checkSigner(cms, signer, digest).certificate
  if (certificate === undefined) throw new Fault('SIGN-CHAIN-INCOMPLETE', { params: { name: '' }, status: 409 })
  return { certificate: certificate.der, certificates: cms.certificates.map((one) => one.der) }
}

interface Finished {
  readonly cms: Buffer
  readonly content: Uint8Array
  readonly contentDigest: Buffer
  readonly contentType: string
  readonly signer: Signer
  /** Signers that were there before. */
  readonly before?: number
}

/**
 * Of many documents in a row of one signer the first is read in full, the others are compared with it.
 * @returns whether it was read in full
 * @throws as checkFinished
 */
function checkLikeBefore({ cms, content, contentDigest, contentType, signer, before = 0 }: Finished): boolean {
  if (holdsLikeBefore(cms, signer, contentType, contentDigest)) return false
  const digestOf = (algorithm: string): Buffer =>
    algorithm === signer.digestAlgorithm ? contentDigest : createHash(algorithm).update(content).digest()
  checkFinished(cms, content, digestOf, before + 1)
  return true
}

/**
 * What was signed is verified before it leaves: the finished bytes, as a reader will find them, with the key of the certificate
 * that lies in them.
 * @throws Fault SIGN-SIGNATURE-WRONG, SIGN-CMS-CHECK-FAILED
 */
function checkFinished(cms: Buffer, content: Uint8Array, digestOf: (algorithm: string) => Buffer, signers: number): void {
  const read = readSignedData(cms)
  const failures = read.signers.map((signer) => checkSigner(read, signer, digestOf).failure).filter((failure) => failure !== null)
  const carries = read.content === undefined || read.content.equals(content)
  if (failures.some(({ finding }) => finding.code === 'VERIFY-SIGNATURE'))
    throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: '' }, status: 502 })
  if (!carries || failures.length > 0 || read.signers.length !== signers || read.length !== cms.length)
    throw new Fault('SIGN-CMS-CHECK-FAILED', { status: 500 })
}
