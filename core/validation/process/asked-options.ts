import type { VerifyOptions } from '../report.js'
import type { JudgeOptions } from './judge-signature.js'

/** What the caller of a verifier asked for, as the validation process takes it. */
export function askedOptions(options: VerifyOptions): Pick<JudgeOptions, 'at' | 'revocation' | 'evidence' | 'source' | 'anchorStands'> {
  const { evidence, qualifier, source } = options
  return {
    at: options.at ?? new Date(),
    revocation: options.revocation ?? 'known',
    ...(evidence === undefined ? {} : { evidence }),
    ...(source === undefined ? {} : { source }),
    ...(qualifier === undefined ? {} : { anchorStands: (anchor, at) => qualifier.anchorStands(anchor, at) }),
  }
}
