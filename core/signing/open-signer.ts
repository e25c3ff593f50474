import { createHash } from 'node:crypto'
import { Fault } from '../i18n/fault.js'
import { digestLengths, verifyDigestSignature } from '../validation/ecdsa.js'
import { defaultDigest, defaultScheme, schemeFits } from './algorithms.js'
import type { ApprovedUse } from './approved-use.js'
import type { SigningLogger } from './key-providers.js'
import type { StoredKey } from './key-store.js'
import type { Key, KeyProvider, KeyUse } from './key.js'
import type { OpenOptions, Signer } from './signing-service.js'

/** An opened key serves this long; a batch that takes longer opens again, and so meets the policy again. */
const openMilliseconds = 10 * 60_000

/** A key for uses that its policy allowed. */
export interface Opening {
  readonly stored: StoredKey
  readonly provider: KeyProvider
  readonly uses: readonly KeyUse[]
  readonly options: OpenOptions
  /** Name of the actor. */
  readonly askedBy?: string
  /** Where another person had to allow it. */
  readonly approved?: ApprovedUse
  /** Throws when the key was stopped or its policy changed since; asked before and after every signature. */
  readonly requireUsable: (key: Key) => Promise<void>
  readonly logger: SigningLogger
}

/**
 * The signer of an opened key.
 * @throws Fault SIGN-ALGORITHM-MISMATCH; signing itself SIGN-DIGEST-LENGTH, SIGN-SIGNER-EXPIRED, SIGN-SIGNATURE-WRONG and those of the provider
 */
export function openSigner(opening: Opening): Signer {
  const { stored, options, uses } = opening
  const { algorithm } = stored.key
  const scheme = options.scheme ?? defaultScheme(algorithm)
  const digestAlgorithm = options.digestAlgorithm ?? defaultDigest(algorithm)
  if (!schemeFits(algorithm, scheme)) throw new Fault('SIGN-ALGORITHM-MISMATCH', { params: { algorithm, scheme } })
  return signerFor({ ...opening, scheme, digestAlgorithm, until: Date.now() + openMilliseconds }, uses)
}

interface Opened extends Opening, Pick<Signer, 'scheme' | 'digestAlgorithm'> {
  /** Milliseconds since 1970. */
  readonly until: number
}

function signerFor(opened: Opened, uses: readonly KeyUse[]): Signer {
  const { stored, scheme, digestAlgorithm, approved } = opened
  const sign = (digest: Uint8Array, message?: Uint8Array): Promise<Buffer> => {
    const make = (): Promise<Buffer> => makeSignature(opened, uses, digest, message)
    return approved === undefined ? make() : approved.release(make)
  }
  return {
    algorithm: stored.key.algorithm,
    scheme,
    digestAlgorithm,
    certificates: stored.key.certificates,
    signDigest: (digest) => sign(digest),
    signMessage: (message) => sign(createHash(digestAlgorithm).update(message).digest(), message),
    forUse: (index) => {
      const use = uses[index]
      if (use === undefined) throw new RangeError(`use ${String(index)} of ${String(uses.length)}`)
      return signerFor(opened, [use])
    },
  }
}

async function makeSignature(opened: Opened, uses: readonly KeyUse[], digest: Uint8Array, message?: Uint8Array): Promise<Buffer> {
  const { stored, provider, options, scheme, digestAlgorithm, requireUsable } = opened
  const { key } = stored
  await requireUsable(key)
  if (digest.length !== digestLengths[digestAlgorithm]) {
    throw new Fault('SIGN-DIGEST-LENGTH', { params: { digest: digestAlgorithm, length: digest.length } })
  }
  if (Date.now() > opened.until) throw new Fault('SIGN-SIGNER-EXPIRED', { params: { name: key.name }, status: 409 })
  const whole = message === undefined ? {} : { message }
  const signature = await provider.signDigest(stored.reference, {
    scheme,
    digestAlgorithm,
    digest,
    uses,
    ...(options.waits === undefined ? {} : { waits: options.waits }),
    ...(opened.askedBy === undefined ? {} : { askedBy: opened.askedBy }),
    ...whole,
  })
  if (!verifyDigestSignature({ publicKeySpki: key.publicKey, scheme, digestAlgorithm, digest, signature, ...whole })) {
    opened.logger.error({ key: key.id, provider: key.provider }, 'a key provider returned a signature that does not verify')
    throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: key.name }, status: 502 })
  }
  // A token or a person may have taken minutes: what was stopped meanwhile gives no signature.
  await requireUsable(key)
  return signature
}
