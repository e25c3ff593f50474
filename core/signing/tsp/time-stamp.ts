import type { DigestAlgorithm } from '../key.js'

/** A time stamp token whose imprint, nonce and signer were checked. */
export interface TimeStampToken {
  /** DER ContentInfo (CMS SignedData around TSTInfo). */
  readonly token: Buffer
  /** Proven time. */
  readonly at: Date
  /** Name of the authority as its certificate has it. */
  readonly authority: string
}

/** Gets time stamps. Which authority, and what happens when it is away, the caller decides: nothing is left out silently. */
export interface TimeStampClient {
  /** @throws Fault SIGN-TSA-UNREACHABLE, SIGN-TSA-REFUSED, SIGN-TSA-WRONG-NONCE, SIGN-TSA-WRONG-IMPRINT, SIGN-TSA-WRONG-POLICY, SIGN-TSA-MALFORMED, SIGN-TSA-SIGNATURE, SIGN-TSA-UNTRUSTED, SIGN-TSA-CLOCK */
  stamp(digestAlgorithm: DigestAlgorithm, digest: Uint8Array): Promise<TimeStampToken>
}
