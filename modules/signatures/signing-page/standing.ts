import type { RequestSigner, SignRequest } from '../models/request.js'

/**
 * What somebody who follows a link is to see. `asked` goes on with proof of identity, consent and document; `finished` shows what was
 * signed, after proof of identity; all others are pages that end.
 */
export type Standing = 'asked' | 'finished' | 'copy' | 'not-yet' | 'declined' | 'delegated' | 'expired' | 'cancelled' | 'ended' | 'unknown'

/** Standing of one signer. Nothing about other people is told: that somebody else declined is `ended`. */
export function standingOf(request: SignRequest, signer: RequestSigner, now: Date): Standing {
  if (request.state === 'draft') return 'unknown'
  if (signer.state === 'delegated') return 'delegated'
  if (signer.state === 'declined') return 'declined'
  if (signer.action === 'copy') return request.state === 'sealed' ? 'copy' : (endOf(request, now) ?? 'not-yet')
  if (signer.state === 'signed' || signer.state === 'approved' || signer.state === 'submitted') return 'finished'
  const end = endOf(request, now)
  if (end !== undefined) return end
  if (signer.state === 'expired') return 'expired'
  if (signer.state === 'waiting') return 'not-yet'
  return 'asked'
}

function endOf(request: SignRequest, now: Date): Standing | undefined {
  if (request.state === 'cancelled') return 'cancelled'
  if (request.state === 'expired') return 'expired'
  if (request.state === 'declined') return 'ended'
  // The job that closes it may not have run yet.
  return request.state === 'sent' && request.expiresAt !== null && request.expiresAt <= now ? 'expired' : undefined
}
