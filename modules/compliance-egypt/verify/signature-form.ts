import type { FaultDetail } from '../../../core/i18n/fault.js'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signerCertificate, type CmsSignedData } from '../../../core/validation/cms/signed-data.js'
import { DerElement, MalformedDer } from '../../../core/validation/der-reader.js'
import type { SubIndication } from '../../../core/validation/verdict.js'
import { taxpayersOf } from '../signing/choose-key.js'

const { contentType: digestedData, version } = egyptProfile
const signingCertificateV2 = '1.2.840.113549.1.9.16.2.47'
const sha256 = '2.16.840.1.101.3.4.2.1'
/** rsaEncryption, and sha256WithRSAEncryption as one widespread signer writes it: two names of one thing. */
const rsaWithSha256: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.11'])

export interface Objection {
  readonly finding: FaultDetail
  readonly subIndication: SubIndication
}

/**
 * What the form of ITIDA ("Digital Signature Format for E-Invoice System" 1.1) does not forgive. Deviations that are met in documents the
 * authority has accepted are warnings of the CMS verifier.
 * @param issuer registration number the signer's certificate must carry; undefined for a service provider
 */
export function formObjections(cms: CmsSignedData, issuer: string | undefined): Objection[] {
  const found: Objection[] = []
  const object = (code: string, subIndication: SubIndication, params: FaultDetail['params'] = {}): void => {
    found.push({ finding: { code, params }, subIndication })
  }
  if (cms.contentType !== digestedData) object('EG-SIGNATURE-TYPE', 'FORMAT_FAILURE', { found: cms.contentType })
  if (cms.content !== undefined) object('EG-SIGNATURE-CONTENT', 'FORMAT_FAILURE')
  const [signer, ...others] = cms.signers
  if (signer === undefined || others.length > 0) object('EG-SIGNATURE-SIGNERS', 'FORMAT_FAILURE', { count: cms.signers.length })
  if (cms.signers.some((one) => one.unsignedAttributes !== undefined)) object('EG-SIGNATURE-UNSIGNED', 'FORMAT_FAILURE')
  if (signer !== undefined && (signer.digestOid !== sha256 || !rsaWithSha256.has(algorithmOf(signer)))) {
    object('EG-SIGNATURE-ALGORITHM', 'FORMAT_FAILURE')
  }
  // Fields under no signature: what no live document has there is refused, or it could be put in without a word.
  if (cms.version !== version) object('EG-SIGNATURE-VERSION', 'FORMAT_FAILURE', { found: cms.version })
  if (cms.digestAlgorithms.length !== 1) object('EG-SIGNATURE-DIGESTS', 'FORMAT_FAILURE')
  if (cms.hasRevocations || cms.otherCertificates.length > 0) object('EG-SIGNATURE-SURPLUS', 'FORMAT_FAILURE')
  if (signer?.sid.is(0x30) === false) object('EG-SIGNATURE-NAMED', 'FORMAT_FAILURE')
  if (signer !== undefined && !hasReference(signer)) object('EG-SIGNATURE-REFERENCE', 'FORMAT_FAILURE')
  const certificate = signer === undefined ? undefined : namedCertificate(cms, signer)
  // The form wants it inside: who signed is told by nothing else, and a reference to none is a reference that was changed.
  if (signer !== undefined && certificate === undefined) object('EG-SIGNATURE-CERTIFICATE', 'FORMAT_FAILURE')
  if (certificate !== undefined && issuer !== undefined) {
    const taxpayers = taxpayersOf(certificate)
    if (!taxpayers.includes(issuer)) {
      object('EG-SIGNER-OTHER', 'SIG_CONSTRAINTS_FAILURE', { issuer, found: taxpayers.join(', ') || '—' })
    }
  }
  return found
}

/**
 * Whether the signer's certificate is under the signature (RFC 5035): what it says of it the CMS verifier checks, as it says what is wrong
 * with attributes that cannot be read.
 */
function hasReference({ signedAttributes }: CmsSignedData['signers'][number]): boolean {
  return readable(() => signedAttributes?.children.some((attribute) => attribute.child(0).oid() === signingCertificateV2)) ?? false
}

function algorithmOf(signer: CmsSignedData['signers'][number]): string {
  return DerElement.read(signer.signatureAlgorithm).child(0).oid()
}

/** Undefined where the reference to it cannot be read: the CMS verifier says so, and whoever signed is nobody then. */
export function namedCertificate(cms: CmsSignedData, signer: CmsSignedData['signers'][number]): ReturnType<typeof signerCertificate> {
  return readable(() => signerCertificate(cms, signer))
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedDer) return undefined
    throw error
  }
}
