import { DerElement } from '../../../validation/der-reader.js'
import { ecdsaFromRaw, ecdsaToRaw } from '../../../validation/ecdsa.js'
import { digestByOid, oidOfDigest } from '../../../validation/signature-algorithm.js'
import { signatureIdentifier } from '../../algorithms.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../../key.js'

/** `signAlgo`, `hashAlgo` and `signAlgoParams` of signatures/signHash (CSC 1.0.4.0 clause 11.9, 2.0.0.2 clause 11.10). */
export interface SignatureAlgorithmNames {
  readonly signAlgo: string
  readonly hashAlgo: string
  /** DER of the parameters, base64; for RSASSA-PSS alone. */
  readonly signAlgoParams?: string
}

const rsaEncryption = '1.2.840.113549.1.1.1'
const rsaPss = '1.2.840.113549.1.1.10'
const ecPublicKey = '1.2.840.10045.2.1'

const withDigest: Readonly<Record<'rsa-pkcs1' | 'ecdsa', Readonly<Record<DigestAlgorithm, string>>>> = {
  'rsa-pkcs1': { sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12', sha512: '1.2.840.113549.1.1.13' },
  ecdsa: { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' },
}

/** Curves by OID, as `key.curve` names them. */
export const curveOids: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  'ec-p256': '1.2.840.10045.3.1.7',
  'ec-p384': '1.3.132.0.34',
  'ec-secp256k1': '1.3.132.0.10',
}

/** Everything a key of that kind can do, as `key.algo` lists it. */
export function offeredAlgorithms(algorithm: KeyAlgorithm): readonly string[] {
  return algorithm.startsWith('rsa-')
    ? [rsaEncryption, ...Object.values(withDigest['rsa-pkcs1']), rsaPss]
    : [ecPublicKey, ...Object.values(withDigest.ecdsa)]
}

/**
 * How to ask for a signature, from what the credential offers (`key.algo`): the algorithm that names its digest before the
 * one that names the key type alone. @returns undefined when the credential does not offer it
 */
export function namesOf(offered: readonly string[], scheme: SignatureScheme, digest: DigestAlgorithm): SignatureAlgorithmNames | undefined {
  const hashAlgo = oidOfDigest[digest]
  if (scheme === 'rsa-pss') {
    // A service that lists rsaEncryption alone speaks of the key and may know PKCS#1 v1.5 only: PSS must be named.
    if (!offered.includes(rsaPss)) return undefined
    return { signAlgo: rsaPss, hashAlgo, signAlgoParams: pssParameters(digest).toString('base64') }
  }
  const signAlgo = [withDigest[scheme][digest], scheme === 'ecdsa' ? ecPublicKey : rsaEncryption].find((oid) => offered.includes(oid))
  return signAlgo === undefined ? undefined : { signAlgo, hashAlgo }
}

/** RSASSA-PSS-params (RFC 4055 3.1) as signatureIdentifier writes them. */
function pssParameters(digest: DigestAlgorithm): Buffer {
  return DerElement.read(signatureIdentifier('rsa-pss', digest), 0, { whole: true }).child(1).bytes
}

/** What a request of signatures/signHash asks for. @returns undefined when names contradict each other or are unknown */
export function readNames(names: {
  readonly signAlgo: string
  readonly hashAlgo?: string | undefined
  readonly signAlgoParams?: string | undefined
}): { readonly scheme: SignatureScheme; readonly digest: DigestAlgorithm } | undefined {
  const named = names.hashAlgo === undefined ? undefined : digestByOid[names.hashAlgo]
  if (names.hashAlgo !== undefined && named === undefined) return undefined
  for (const scheme of ['rsa-pkcs1', 'ecdsa'] as const) {
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      if (withDigest[scheme][digest] === names.signAlgo) return named === undefined || named === digest ? { scheme, digest } : undefined
    }
  }
  if (named === undefined) return undefined
  if (names.signAlgo === rsaEncryption) return { scheme: 'rsa-pkcs1', digest: named }
  if (names.signAlgo === ecPublicKey) return { scheme: 'ecdsa', digest: named }
  if (names.signAlgo !== rsaPss) return undefined
  // One form of the parameters alone: same digest in the mask, salt as long as the digest.
  const expected = pssParameters(named).toString('base64')
  return names.signAlgoParams === expected ? { scheme: 'rsa-pss', digest: named } : undefined
}

const fieldSizes: Readonly<Partial<Record<KeyAlgorithm, number>>> = { 'ec-p256': 32, 'ec-p384': 48, 'ec-secp256k1': 32 }

/**
 * A signature as the rest of the product wants it. The standard does not say how ECDSA is encoded; services answer DER
 * Ecdsa-Sig-Value or r||s of fixed width. @returns undefined when it is neither
 */
export function canonicalSignature(algorithm: KeyAlgorithm, signature: Buffer): Buffer | undefined {
  const size = fieldSizes[algorithm]
  if (size === undefined) return signature.length === Number(algorithm.slice(4)) / 8 ? signature : undefined
  if (ecdsaToRaw(signature, size) !== undefined) return signature
  return signature.length === 2 * size ? ecdsaFromRaw(signature) : undefined
}
