const aMinute = 60_000
const maximumServers = 500

/**
 * Servers that did not answer, remembered for a minute: a file with a long chain does not wait for the same silence once per
 * certificate and address. Bounded; the one remembered longest goes first.
 */
export class SilentServers {
  private readonly until = new Map<string, { readonly until: number; readonly reason: string }>()

  /** Why a server did not answer less than a minute ago. */
  reasonOf(url: string, now: Date): string | undefined {
    const origin = originOf(url)
    const known = this.until.get(origin)
    if (known === undefined) return undefined
    if (known.until > now.getTime()) return known.reason
    this.until.delete(origin)
    return undefined
  }

  /** The server of this address gave no answer: it is not asked for a minute. */
  remember(url: string, reason: string, now: Date): void {
    const origin = originOf(url)
    this.until.delete(origin)
    this.until.set(origin, { until: now.getTime() + aMinute, reason })
    const [oldest] = this.until.keys()
    if (this.until.size > maximumServers && oldest !== undefined) this.until.delete(oldest)
  }
}

function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url.slice(0, 200)
  }
}
