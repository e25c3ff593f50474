/** What the authority said about how often it may be called. Times are milliseconds since 1970. */
interface Standing {
  readonly closedUntil: number
}

/** A call that may wait this long is held back; one that must wait longer is put off by its caller. */
export const longestHoldMs = 2_000
/** Beyond this nobody is believed. */
const longestMs = 10 * 60_000
const standings = new Map<string, Standing>()

/** One limit holds for one call of the API, whatever document it is about: names of documents and submissions are left out. */
export function limitName(client: string, method: string, path: string): string {
  const place = path
    .replace(/^api\/v[\d.]+\//, '')
    .split('/')
    .map((part) => (/^(?=.*\d)[\w-]{8,}$|^\d+$/.test(part) || /^[\dA-Z]{20,}$/.test(part) ? '*' : part))
  return [client, method, ...place].join(' ')
}

/**
 * Keeps what an answer says: `X-Rate-Limit-Remaining: 0` closes the call until `X-Rate-Limit-Reset` (a date, or seconds; without it a
 * second), 429 and 503 until Retry-After.
 */
export function noteLimits(
  name: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  retryAt: Date | undefined,
  now: number,
): void {
  const throttled = status === 429 || status === 503
  if (throttled && retryAt !== undefined) close(name, retryAt.getTime(), now)
  else if (headers['x-rate-limit-remaining']?.trim() === '0') close(name, resetOf(headers['x-rate-limit-reset'], now), now)
  else if (status < 400) standings.delete(name)
}

function close(name: string, until: number, now: number): void {
  if (until > now) standings.set(name, { closedUntil: Math.min(until, now + longestMs) })
}

function resetOf(header: string | undefined, now: number): number {
  const text = header?.trim() ?? ''
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text)
    // Small ones are seconds to go, large ones a Unix time.
    return number < 1_000_000 ? now + number * 1000 : number < 1e11 ? number * 1000 : number
  }
  const date = Date.parse(text)
  return Number.isNaN(date) ? now + 1000 : date
}

/** How long this call must be held back; 0 when it may go. */
export function holdOf(name: string, now: number): number {
  const until = standings.get(name)?.closedUntil ?? 0
  // A time further off than any that is believed: this host's clock was set back since, and what is left of the wait nobody knows.
  if (until <= now || until > now + longestMs) {
    standings.delete(name)
    return 0
  }
  return until - now
}
