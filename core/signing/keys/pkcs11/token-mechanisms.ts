import type { Handle, Mechanism, PKCS11 } from 'pkcs11js'
import { digestInfoPrefixes, digestLengths, ecdsaFromRaw } from '../../../validation/ecdsa.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../../key.js'
import { encodePss } from '../software/pss-encoding.js'
import { TokenFault } from './token-fault.js'

type Pkcs11js = typeof import('pkcs11js')

/** What a token is to sign; `message` for one that hashes by itself. */
export interface SignWork {
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  readonly digest: Uint8Array
  readonly message?: Uint8Array
}

/** What is given to the token: a mechanism, the bytes it wants, and how its answer becomes ours. */
export interface SignPlan {
  readonly mechanism: Mechanism
  readonly input: Buffer
  finish(signature: Buffer): Buffer
}

const asIs = (signature: Buffer): Buffer => signature

/**
 * Chooses a mechanism among those the token offers. A bare digest is signed where the token lets us; a token that insists on
 * hashing gets the message; one that offers RSA alone gets the block with its padding ready.
 * @throws TokenFault SIGN-TOKEN-NEEDS-MESSAGE, SIGN-TOKEN-MECHANISM
 */
export function planSignature(p: Pkcs11js, offered: ReadonlySet<number>, algorithm: KeyAlgorithm, work: SignWork): SignPlan {
  if (work.digest.length !== digestLengths[work.digestAlgorithm]) {
    throw new TokenFault('SIGN-DIGEST-LENGTH', { digest: work.digestAlgorithm, length: work.digest.length })
  }
  if (algorithm.startsWith('rsa-') !== (work.scheme !== 'ecdsa')) throw new TokenFault('SIGN-ALGORITHM-MISMATCH')
  switch (work.scheme) {
    case 'ecdsa':
      return planEcdsa(p, offered, algorithm, work)
    case 'rsa-pkcs1':
      return planPkcs1(p, offered, Number(algorithm.slice(4)), work)
    case 'rsa-pss':
      return planPss(p, offered, Number(algorithm.slice(4)), work)
  }
}

function planEcdsa(p: Pkcs11js, offered: ReadonlySet<number>, algorithm: KeyAlgorithm, work: SignWork): SignPlan {
  const size = algorithm === 'ec-p384' ? 48 : 32
  const finish = (signature: Buffer): Buffer => ecdsaAnswer(signature, size)
  // FIPS 186-5 6.4.1: a digest wider than the group gives its leftmost bits; some tokens refuse to cut it themselves.
  if (offered.has(p.CKM_ECDSA)) return { mechanism: { mechanism: p.CKM_ECDSA }, input: Buffer.from(work.digest).subarray(0, size), finish }
  const hashing = { sha256: p.CKM_ECDSA_SHA256, sha384: p.CKM_ECDSA_SHA384, sha512: p.CKM_ECDSA_SHA512 }[work.digestAlgorithm]
  if (!offered.has(hashing)) throw noMechanism(work)
  return { mechanism: { mechanism: hashing }, input: messageOf(work), finish }
}

/** PKCS#11 answers r||s (3.1 section 6.3.1); some libraries give the DER form all the same. */
function ecdsaAnswer(signature: Buffer, size: number): Buffer {
  if (signature.length === size * 2) return ecdsaFromRaw(signature)
  if (signature[0] === 0x30 && signature[1] === signature.length - 2) return signature
  throw new TokenFault('SIGN-PROVIDER-FAILED', { reason: 'ECDSA answer' })
}

function planPkcs1(p: Pkcs11js, offered: ReadonlySet<number>, bits: number, work: SignWork): SignPlan {
  const info = Buffer.concat([digestInfoPrefixes[work.digestAlgorithm], work.digest])
  if (offered.has(p.CKM_RSA_PKCS)) return { mechanism: { mechanism: p.CKM_RSA_PKCS }, input: info, finish: asIs }
  const hashing = { sha256: p.CKM_SHA256_RSA_PKCS, sha384: p.CKM_SHA384_RSA_PKCS, sha512: p.CKM_SHA512_RSA_PKCS }[work.digestAlgorithm]
  if (offered.has(hashing)) {
    if (work.message !== undefined || !offered.has(p.CKM_RSA_X_509)) {
      return { mechanism: { mechanism: hashing }, input: messageOf(work), finish: asIs }
    }
  }
  if (!offered.has(p.CKM_RSA_X_509)) throw noMechanism(work)
  // EMSA-PKCS1-v1_5 (RFC 8017 9.2), as wide as the modulus.
  const padding = Buffer.alloc(bits / 8 - info.length - 3, 0xff)
  const block = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info])
  return { mechanism: { mechanism: p.CKM_RSA_X_509 }, input: block, finish: asIs }
}

function planPss(p: Pkcs11js, offered: ReadonlySet<number>, bits: number, work: SignWork): SignPlan {
  const { hashAlg, mgf, hashing } = {
    sha256: { hashAlg: p.CKM_SHA256, mgf: p.CKG_MGF1_SHA256, hashing: p.CKM_SHA256_RSA_PKCS_PSS },
    sha384: { hashAlg: p.CKM_SHA384, mgf: p.CKG_MGF1_SHA384, hashing: p.CKM_SHA384_RSA_PKCS_PSS },
    sha512: { hashAlg: p.CKM_SHA512, mgf: p.CKG_MGF1_SHA512, hashing: p.CKM_SHA512_RSA_PKCS_PSS },
  }[work.digestAlgorithm]
  const parameter = { type: p.CK_PARAMS_RSA_PSS, hashAlg, mgf, saltLen: digestLengths[work.digestAlgorithm] }
  if (offered.has(p.CKM_RSA_PKCS_PSS)) {
    return { mechanism: { mechanism: p.CKM_RSA_PKCS_PSS, parameter }, input: Buffer.from(work.digest), finish: asIs }
  }
  if (offered.has(hashing) && (work.message !== undefined || !offered.has(p.CKM_RSA_X_509))) {
    return { mechanism: { mechanism: hashing, parameter }, input: messageOf(work), finish: asIs }
  }
  if (!offered.has(p.CKM_RSA_X_509)) throw noMechanism(work)
  return { mechanism: { mechanism: p.CKM_RSA_X_509 }, input: encodePss(work.digest, bits, work.digestAlgorithm), finish: asIs }
}

function messageOf(work: SignWork): Buffer {
  if (work.message === undefined) throw new TokenFault('SIGN-TOKEN-NEEDS-MESSAGE')
  return Buffer.from(work.message)
}

function noMechanism(work: SignWork): TokenFault {
  return new TokenFault('SIGN-TOKEN-MECHANISM', { scheme: `${work.scheme} ${work.digestAlgorithm}` })
}

/**
 * Runs a plan on a session that does nothing else.
 * @param authenticate logs in for this one signature, where the key wants it (CKA_ALWAYS_AUTHENTICATE, PKCS#11 3.1 section 5.6.8)
 */
export async function runPlan(library: PKCS11, session: Handle, key: Handle, plan: SignPlan, authenticate?: () => void): Promise<Buffer> {
  library.C_SignInit(session, plan.mechanism, key)
  authenticate?.()
  // Only what the token wrote into it is given on.
  return plan.finish(await library.C_SignAsync(session, plan.input, Buffer.allocUnsafe(1024)))
}
