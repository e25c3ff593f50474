import { randomBytes } from 'node:crypto'
import type { KeyReference } from '../key.js'
import type { KeyMaterial } from '../keys/software/key-material.js'
import { SoftwareKeyProvider } from '../keys/software/software-provider.js'
import { wrapKey } from '../keys/software/wrapping.js'
import type { SignOrder } from './csc-protocol.js'

/** Keys that were read from files, kept wrapped in memory by a key of this process alone. */
export class KeyRing {
  private readonly masterKey = randomBytes(32)
  private readonly provider = new SoftwareKeyProvider(() => this.masterKey)
  private readonly references = new Map<string, KeyReference>()

  /** Keeps the key wrapped under a master key that this process alone has and keeps nowhere. */
  add(id: string, material: KeyMaterial): void {
    const pkcs8 = material.privateKey.export({ format: 'der', type: 'pkcs8' })
    const stored = { wrapped: wrapKey(this.masterKey, 'signer', id, pkcs8) }
    pkcs8.fill(0)
    this.references.set(id, { keyId: id, companyId: 'signer', algorithm: material.algorithm, stored })
  }

  /** A signature per hash, in order. @throws RangeError when the key was not added, Fault SIGN-DIGEST-LENGTH, SIGN-ALGORITHM-MISMATCH */
  sign(id: string, order: SignOrder): Promise<readonly Buffer[]> {
    const reference = this.references.get(id)
    if (reference === undefined) throw new RangeError(`key ${id} was not added`)
    const { scheme, digestAlgorithm } = order
    return Promise.all(order.hashes.map((digest) => this.provider.signDigest(reference, { scheme, digestAlgorithm, digest })))
  }

  /** The key can be used no more. */
  forget(id: string): void {
    this.references.delete(id)
    this.provider.forget(id)
  }

  /** Forgets all keys and overwrites the master key. */
  async close(): Promise<void> {
    this.references.clear()
    await this.provider.close()
    this.masterKey.fill(0)
  }
}
