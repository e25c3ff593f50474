import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, URL-safe. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret: its SHA-256. Secrets are random, so no slow hash is needed. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether two texts are equal, in a time that tells nothing of where they differ or how long they are. */
export function sameText(one: string, other: string): boolean {
  const left = createHash('sha256').update(one).digest()
  const right = createHash('sha256').update(other).digest()
  return timingSafeEqual(left, right)
}

/**
 * Token that every form of a session carries. Derived from the session's secret, which only the HttpOnly cookie holds: a page
 * of another site can neither read nor compute it, and nothing is stored.
 */
export function formToken(sessionSecret: string): string {
  return createHash('sha256').update(`form token of ${sessionSecret}`).digest('base64url')
}
