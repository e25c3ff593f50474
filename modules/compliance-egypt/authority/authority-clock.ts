/** How far the authority's clock was ahead of ours at its last answer, by the place it was asked at. */
const ahead = new Map<string, number>()

/** Notes the `Date` of an answer (RFC 9110 section 6.6.1); one without it, or that cannot be read, changes nothing. */
export function noteClock(api: string, date: string | undefined, now: Date): void {
  const said = Date.parse(date ?? '')
  if (!Number.isNaN(said)) ahead.set(api, said - now.getTime())
}

/** Milliseconds by which the authority's clock is ahead of this host's; negative: behind; 0 until it has answered. */
export function clockAhead(api: string): number {
  return ahead.get(api) ?? 0
}
