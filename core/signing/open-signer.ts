import { hash } from 'node:crypto'
import { Fault } from '../i18n/fault.js'
import { digestLengths, verifyDigestSignature } from '../validation/ecdsa.js'
import { defaultDigest, defaultScheme, schemeFits } from './algorithms.js'
import type { ApprovedUse } from './approved-use.js'
import type { SigningLogger } from './key-providers.js'
import type { StoredKey } from './key-store.js'
import type { Key, KeyProvider, KeyUse, SignDigestRequest } from './key.js'
import { sameCertificates } from './same-certificates.js'
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
  /** Throws when the key was stopped or its policy changed since; asked before and after every signature. Nothing to wait for when it is known. */
  readonly requireUsable: (key: Key) => Promise<void> | undefined
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
  const certificates = sameCertificates(stored.key.certificates)
  return signerFor({ ...opening, scheme, digestAlgorithm, certificates, until: Date.now() + openMilliseconds }, uses)
}

interface Opened extends Opening, Pick<Signer, 'scheme' | 'digestAlgorithm' | 'certificates'> {
  /** Milliseconds since 1970. */
  readonly until: number
}

/** What every signature of one opening is asked with. */
type Asked = Omit<SignDigestRequest, 'digest' | 'message'>

function signerFor(opened: Opened, uses: readonly KeyUse[]): Signer {
  const { stored, scheme, digestAlgorithm, approved } = opened
  const { waits } = opened.options
  const asked: Asked = {
    scheme,
    digestAlgorithm,
    uses,
    ...(waits === undefined ? {} : { waits }),
    ...(opened.askedBy === undefined ? {} : { askedBy: opened.askedBy }),
  }
  const sign = (digest: Uint8Array, message?: Uint8Array): Promise<Buffer> => {
    const request = message === undefined ? { ...asked, digest } : { ...asked, digest, message }
    return approved === undefined ? makeSignature(opened, request) : approved.release(() => makeSignature(opened, request))
  }
  return {
    algorithm: stored.key.algorithm,
    scheme,
    digestAlgorithm,
    certificates: opened.certificates,
    signDigest: (digest) => sign(digest),
    signMessage: (message) => sign(hash(digestAlgorithm, message, 'buffer'), message),
    forUse: (index) => {
      const use = uses[index]
      if (use === undefined) throw new RangeError(`use ${String(index)} of ${String(uses.length)}`)
      return signerFor(opened, [use])
    },
  }
}

async function makeSignature(opened: Opened, request: SignDigestRequest): Promise<Buffer> {
  const { stored, provider, requireUsable } = opened
  const { key } = stored
  const before = requireUsable(key)
  if (before !== undefined) await before
  const { scheme, digestAlgorithm, digest, message } = request
  if (digest.length !== digestLengths[digestAlgorithm]) {
    throw new Fault('SIGN-DIGEST-LENGTH', { params: { digest: digestAlgorithm, length: digest.length } })
  }
  if (Date.now() > opened.until) throw new Fault('SIGN-SIGNER-EXPIRED', { params: { name: key.name }, status: 409 })
  const signature = await provider.signDigest(stored.reference, request)
  const made = { publicKeySpki: key.publicKey, scheme, digestAlgorithm, digest, signature }
  if (!verifyDigestSignature(message === undefined ? made : { ...made, message })) {
    opened.logger.error({ key: key.id, provider: key.provider }, 'a key provider returned a signature that does not verify')
    throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: key.name }, status: 502 })
  }
  // A token or a person may have taken minutes: what was stopped meanwhile gives no signature.
  const after = requireUsable(key)
  if (after !== undefined) await after
  return signature
}
