import type { FaultDetail } from '../../i18n/fault.js'
import { algorithmIdentifier, nullValue } from '../../signing/der.js'
import { egyptProfile } from '../../signing/formats/cades/profiles/egypt.js'
import type { CmsProfile } from '../../signing/formats/cades/profiles/profile.js'
import { DerElement } from '../der-reader.js'
import type { CmsSignedData, CmsSignerInfo } from './signed-data.js'
import { schemeOf } from './signature-scheme.js'

/** Forms that are recognised by their content type. */
const profiles: readonly CmsProfile[] = [egyptProfile]

const digestIdentifiers = { sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2', sha512: '2.16.840.1.101.3.4.2.3' } as const
const signingCertificateV2 = '1.2.840.113549.1.9.16.2.47'

/**
 * Where a signature that follows a prescribed form departs from it. Warnings: what is live departs in small ways and is accepted.
 * Each field that lies under no signature is held against the form byte for byte, so that none can be changed without a word.
 */
export function profileDeviations(cms: CmsSignedData, signer: CmsSignerInfo): readonly FaultDetail[] {
  const profile = profiles.find((one) => one.contentType === cms.contentType)
  if (profile === undefined) return []
  const types = (signer.signedAttributes?.children ?? []).map((attribute) => attribute.child(0).oid())
  const missing = profile.signedAttributes.filter((type) => !types.includes(type))
  const extra = types.filter((type) => !profile.signedAttributes.includes(type))
  const digest = algorithmIdentifier(digestIdentifiers[profile.digestAlgorithm])
  const what = [
    ...(cms.version === profile.version ? [] : [`version ${String(cms.version)}`]),
    ...(isList(cms.digestAlgorithms, digest) ? [] : ['announced digest algorithms']),
    ...(signer.digestAlgorithm.equals(digest) ? [] : ['parameters of the digest algorithm']),
    ...(signer.sid.is(0x30) ? [] : ['signer by key identifier']),
    ...(cms.otherCertificates.length > 0 ? ['other kinds of certificates'] : []),
    ...(cms.hasRevocations ? ['revocation data'] : []),
    ...(profile.detached && cms.content !== undefined ? ['content inside'] : []),
    ...(profile.signerCertificateOnly && cms.certificates.length > 1 ? ['further certificates'] : []),
    ...(cms.signers.length > 1 ? ['several signers'] : []),
    ...(!profile.unsignedAttributes && signer.unsignedAttributes !== undefined ? ['unsigned attributes'] : []),
    ...(schemeOf(signer.signatureAlgorithm) === profile.scheme ? [] : ['signature algorithm']),
    // Outside of what is signed: a reader must learn that another name of the same algorithm stands there.
    ...(profile.signatureAlgorithm === algorithmOf(signer) ? [] : ['signature algorithm by another name']),
    ...(profile.scheme !== 'rsa-pkcs1' || hasNull(signer.signatureAlgorithm) ? [] : ['signature algorithm without NULL']),
    ...(!profile.issuerSerial && namesIssuer(signer.signedAttributes) ? ['issuer in the certificate reference'] : []),
    ...missing.map((type) => `without ${type}`),
    ...extra.map((type) => `with ${type}`),
  ]
  return what.map((one) => ({ code: 'VERIFY-PROFILE-DEVIATION', params: { profile: profile.name, name: one }, level: 'warning' as const }))
}

function isList(found: readonly Buffer[], only: Buffer): boolean {
  return found.length === 1 && found[0]?.equals(only) === true
}

function hasNull(algorithm: Uint8Array): boolean {
  return DerElement.read(algorithm).children[1]?.bytes.equals(nullValue) === true
}

function algorithmOf(signer: CmsSignerInfo): string {
  return DerElement.read(signer.signatureAlgorithm).child(0).oid()
}

function namesIssuer(attributes: DerElement | undefined): boolean {
  const reference = attributes?.children.find((attribute) => attribute.child(0).oid() === signingCertificateV2)
  if (reference === undefined) return false
  const identifier = reference.child(1).child(0).child(0).child(0)
  return identifier.children[identifier.child(0).is(0x30) ? 2 : 1] !== undefined
}
