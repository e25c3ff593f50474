import { createHash, randomBytes } from 'node:crypto'
import { digestLengths, maskGeneration } from '../../../validation/ecdsa.js'
import type { DigestAlgorithm } from '../../key.js'

/** EMSA-PSS-ENCODE (RFC 8017 9.1.1), MGF1 with the same digest, salt as long as the digest; as wide as the modulus. */
export function encodePss(digest: Uint8Array, modulusBits: number, algorithm: DigestAlgorithm): Buffer {
  const length = digestLengths[algorithm]
  const bits = modulusBits - 1
  const size = Math.ceil(bits / 8)
  const salt = randomBytes(length)
  const hash = createHash(algorithm).update(Buffer.alloc(8)).update(digest).update(salt).digest()
  const block = Buffer.alloc(size - length - 1)
  block[block.length - length - 1] = 1
  salt.copy(block, block.length - length)
  const mask = maskGeneration(hash, block.length, algorithm)
  for (const [index, byte] of mask.entries()) block[index] = (block[index] ?? 0) ^ byte
  block[0] = (block[0] ?? 0) & (0xff >> (8 * size - bits))
  const encoded = Buffer.concat([block, hash, Buffer.from([0xbc])])
  const width = Math.ceil(modulusBits / 8)
  return encoded.length === width ? encoded : Buffer.concat([Buffer.alloc(width - encoded.length), encoded])
}
