import { algorithmIdentifier, context, element, integer, nullValue } from './der.js'
import { oidOfDigest } from '../validation/signature-algorithm.js'
import { digestLengths } from '../validation/ecdsa.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from './key.js'

const ecdsaOids = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' } as const
const rsaOids = { sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12', sha512: '1.2.840.113549.1.1.13' } as const

/** AlgorithmIdentifier of a digest (RFC 5754: parameters absent). */
export function digestIdentifier(digest: DigestAlgorithm): Buffer {
  return algorithmIdentifier(oidOfDigest[digest])
}

/** signatureAlgorithm of certificates, requests and CMS (RFC 4055, RFC 5758; PSS with explicit parameters). */
export function signatureIdentifier(scheme: SignatureScheme, digest: DigestAlgorithm): Buffer {
  switch (scheme) {
    case 'ecdsa':
      return algorithmIdentifier(ecdsaOids[digest])
    case 'rsa-pkcs1':
      return algorithmIdentifier(rsaOids[digest], nullValue)
    case 'rsa-pss': {
      const hash = algorithmIdentifier(oidOfDigest[digest], nullValue)
      const mask = algorithmIdentifier('1.2.840.113549.1.1.8', hash)
      const salt = integer(digestLengths[digest])
      return algorithmIdentifier('1.2.840.113549.1.1.10', element(0x30, context(0, hash), context(1, mask), context(2, salt)))
    }
  }
}

/** How a key signs unless told otherwise. */
export function defaultScheme(algorithm: KeyAlgorithm): SignatureScheme {
  return algorithm.startsWith('rsa-') ? 'rsa-pkcs1' : 'ecdsa'
}

/** The digest that fits the key's strength: SHA-384 for P-384, SHA-256 for all others (NIST SP 800-57 part 1, table 3). */
export function defaultDigest(algorithm: KeyAlgorithm): DigestAlgorithm {
  return algorithm === 'ec-p384' ? 'sha384' : 'sha256'
}

/** Whether a key of that algorithm can sign so. */
export function schemeFits(algorithm: KeyAlgorithm, scheme: SignatureScheme): boolean {
  return algorithm.startsWith('rsa-') === (scheme !== 'ecdsa')
}
