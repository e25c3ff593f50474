const formats = new Map<string, Intl.DateTimeFormat>()

/** Kept, because making one takes longer than writing a document. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const numeric = 'numeric'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formats.set(timeZone, format)
  return format
}

/**
 * The instant of a local date and time. In the hour that a clock lives through twice the earlier instant is meant; a time a clock leaps
 * over counts from before the leap.
 * @param timeZone IANA name: `Africa/Cairo`
 */
export function instantOf(date: string, time: string, timeZone: string): Date {
  const asUtc = Date.parse(`${date}T${time}Z`)
  const format = formatOf(timeZone)
  const offsetAt = (instant: number): number => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - instant
  }
  // The greater offset of the day gives the earlier instant; it counts if the clock really shows that time then.
  const offsets = [offsetAt(asUtc - 86_400_000), offsetAt(asUtc + 86_400_000)].sort((a, b) => b - a)
  const shown = offsets.find((offset) => offsetAt(asUtc - offset) === offset)
  return new Date(asUtc - (shown ?? offsetAt(asUtc - 86_400_000)))
}

/** `2026-11-22T08:30:00Z`: seconds, UTC. */
export function etaTime(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
