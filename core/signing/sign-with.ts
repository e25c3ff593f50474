import { hash } from 'node:crypto'
import type { Signer } from './signing-service.js'

/** Signs bytes the fastest way the signer offers. */
export function signWith(signer: Signer, message: Uint8Array): Promise<Buffer> {
  if (signer.signMessage !== undefined) return signer.signMessage(message)
  return signer.signDigest(hash(signer.digestAlgorithm, message, 'buffer'))
}
