import type { CanonicalMethod } from '../../xml/canonical.js'
import type { DigestAlgorithm, SignatureScheme } from '../../signing/key.js'

/** XML Signature 1.1. */
export const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#'
/** XAdES (ETSI EN 319 132-1, clause 4.3). */
export const xadesNamespace = 'http://uri.etsi.org/01903/v1.3.2#'
/** Later elements of XAdES (ETSI EN 319 132-1, clause 4.3). */
export const xades141Namespace = 'http://uri.etsi.org/01903/v1.4.1#'
const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const more2007 = 'http://www.w3.org/2007/05/xmldsig-more#'

/** Types of references: of the signed properties (EN 319 132-1 4.4.2), of a manifest, of a counter-signature. */
export const referenceTypes = {
  signedProperties: 'http://uri.etsi.org/01903#SignedProperties',
  manifest: `${signatureNamespace}Manifest`,
  counterSigned: 'http://uri.etsi.org/01903#CountersignedSignature',
} as const

/** Transform that leaves the signature itself out (XML Signature 1.1, clause 6.6.4). */
export const envelopedSignature = `${signatureNamespace}enveloped-signature`
/** Exclusive XML Canonicalization 1.0; also the namespace of its InclusiveNamespaces. */
export const exclusiveNamespace = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** The transforms that are taken besides enveloped-signature, with what they mean. Everything else is refused. */
export const canonicalMethods: ReadonlyMap<string, { readonly method: CanonicalMethod; readonly comments: boolean }> = new Map([
  ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315', { method: 'c14n10', comments: false }],
  ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments', { method: 'c14n10', comments: true }],
  ['http://www.w3.org/2006/12/xml-c14n11', { method: 'c14n11', comments: false }],
  ['http://www.w3.org/2006/12/xml-c14n11#WithComments', { method: 'c14n11', comments: true }],
  [exclusiveNamespace, { method: 'exclusive', comments: false }],
  [`${exclusiveNamespace}WithComments`, { method: 'exclusive', comments: true }],
] as const)
/** Algorithm URIs of the canonical forms without comments. */
export const canonicalNames: Readonly<Record<CanonicalMethod, string>> = {
  c14n10: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  c14n11: 'http://www.w3.org/2006/12/xml-c14n11',
  exclusive: exclusiveNamespace,
}

/** Digests by name, also those whose time has passed: changed data is told from old data, and the time of the signature decides. */
export const digestMethods: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  [`${more}sha384`, 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
  [`${signatureNamespace}sha1`, 'sha1'],
  [`${more}md5`, 'md5'],
  [`${more}sha224`, 'sha224'],
])
/** Algorithm URIs of digests (RFC 9231, clause 2.1; XML Encryption 1.1, clause 5.8). */
export const digestNames: Readonly<Record<DigestAlgorithm, string>> = {
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: `${more}sha384`,
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
}

const digests: readonly DigestAlgorithm[] = ['sha256', 'sha384', 'sha512']

/** RFC 9231: how a signature method names scheme and digest. */
export function signatureMethodName(scheme: SignatureScheme, digest: DigestAlgorithm): string {
  switch (scheme) {
    case 'rsa-pkcs1':
      return `${more}rsa-${digest}`
    case 'rsa-pss':
      return `${more2007}${digest}-rsa-MGF1`
    case 'ecdsa':
      return `${more}ecdsa-${digest}`
  }
}

/** The signature methods that are taken. HMAC, MD5 and methods with parameters of their own are not among them. */
export const signatureMethods: ReadonlyMap<string, { readonly scheme: SignatureScheme; readonly digest: string }> = new Map<
  string,
  { readonly scheme: SignatureScheme; readonly digest: string }
>([
  ...(['rsa-pkcs1', 'rsa-pss', 'ecdsa'] as const).flatMap((scheme) =>
    digests.map((digest) => [signatureMethodName(scheme, digest), { scheme, digest }] as const),
  ),
  // Of signatures that are proven to be old; the dated policy of algorithms refuses them otherwise.
  [`${signatureNamespace}rsa-sha1`, { scheme: 'rsa-pkcs1', digest: 'sha1' }],
  [`${more}ecdsa-sha1`, { scheme: 'ecdsa', digest: 'sha1' }],
  [`${more}rsa-sha224`, { scheme: 'rsa-pkcs1', digest: 'sha224' }],
  [`${more}ecdsa-sha224`, { scheme: 'ecdsa', digest: 'sha224' }],
])
