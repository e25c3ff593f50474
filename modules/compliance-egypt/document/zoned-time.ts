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
  const offsetAt = offsetsOf(timeZone)
  // The greater offset of the day gives the earlier instant; it counts if the clock really shows that time then.
  const offsets = [offsetAt(asUtc - 86_400_000), offsetAt(asUtc + 86_400_000)].sort((a, b) => b - a)
  const shown = offsets.find((offset) => offsetAt(asUtc - offset) === offset)
  return new Date(asUtc - (shown ?? offsetAt(asUtc - 86_400_000)))
}

const quarterHour = 900_000
/** Of the quarters of an hour that documents were written about: more are not kept. */
const mostKept = 10_000
const kept = new Map<string, Map<number, number>>()

/** What a clock is ahead of UTC, in milliseconds. Clocks are changed at full quarters of an hour (tz database, since 1973): one answer holds for the whole quarter. */
function offsetsOf(timeZone: string): (instant: number) => number {
  const format = formatOf(timeZone)
  const known = kept.get(timeZone) ?? new Map<number, number>()
  kept.set(timeZone, known)
  return (instant) => {
    const quarter = Math.floor(instant / quarterHour)
    const before = known.get(quarter)
    if (before !== undefined) return before
    const start = quarter * quarterHour
    const parts = Object.fromEntries(format.formatToParts(start).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - start
    if (known.size >= mostKept) known.clear()
    known.set(quarter, offset)
    return offset
  }
}

/** `2026-11-22T08:30:00Z`: seconds, UTC. */
export function etaTime(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
