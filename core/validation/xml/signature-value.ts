import { constants, verify } from 'node:crypto'
import type { Certificate } from '../certificate/certificate.js'
import type { Outcome } from '../signature-algorithm.js'
import { signatureMethods } from './names.js'

/** Bytes of r and of s by curve (RFC 9231 2.3.6: each as long as the order of the curve). */
const halves: Readonly<Record<string, number>> = {
  prime256v1: 32,
  secp256k1: 32,
  brainpoolP256r1: 32,
  secp384r1: 48,
  brainpoolP384r1: 48,
  brainpoolP512r1: 64,
  secp521r1: 66,
}

/** Checks the value of an XML signature over the canonical SignedInfo. Bad bytes never throw. HMAC is no method here; how strong the others are is judged by the time of the signature. */
export function checkSignatureValue(method: string, message: Uint8Array, certificate: Certificate, value: Uint8Array): Outcome {
  const named = signatureMethods.get(method)
  if (named === undefined) return 'unsupported'
  try {
    const key = certificate.publicKey()
    if (named.scheme === 'ecdsa') {
      if (key.asymmetricKeyType !== 'ec') return 'invalid'
      const half = halves[key.asymmetricKeyDetails?.namedCurve ?? '']
      if (half === undefined) return 'unsupported'
      // A shorter or longer pair is another encoding of the same numbers: one signature, one form.
      if (value.length !== 2 * half) return 'invalid'
      return verify(named.digest, message, { key, dsaEncoding: 'ieee-p1363' }, value) ? 'valid' : 'invalid'
    }
    if (key.asymmetricKeyType !== 'rsa') return 'invalid'
    if (named.scheme === 'rsa-pkcs1')
      return verify(named.digest, message, { key, padding: constants.RSA_PKCS1_PADDING }, value) ? 'valid' : 'invalid'
    // RFC 9231 2.3.10: MGF1 with the same digest, salt as long as the digest.
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    return verify(named.digest, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, value) ? 'valid' : 'invalid'
  } catch {
    return 'invalid'
  }
}
