import { createHmac, timingSafeEqual } from 'node:crypto'

export const signatureHeader = 'khatm-signature'
/** A receiver takes no message that was signed longer ago. */
export const toleranceSeconds = 300

/**
 * `t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", hexadecimal>`: the scheme that Stripe and DocuSeal made known. The time is
 * of the try, so that a receiver can refuse what was recorded and sent again by somebody else.
 */
export function signMessage(secret: string, body: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000)
  return `t=${String(seconds)},v1=${mac(secret, seconds, body)}`
}

/** What a receiver does; here for tests and for those who write one in TypeScript. */
export function holdsSignature(secret: string, body: string, header: string, now: Date): boolean {
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header)
  if (parts === null) return false
  const seconds = Number(parts[1])
  if (Math.abs(now.getTime() / 1000 - seconds) > toleranceSeconds) return false
  return timingSafeEqual(Buffer.from(parts[2] ?? '', 'hex'), Buffer.from(mac(secret, seconds, body), 'hex'))
}

function mac(secret: string, seconds: number, body: string): string {
  return createHmac('sha256', secret)
    .update(`${String(seconds)}.${body}`)
    .digest('hex')
}
