/** Date and time of an instant as clocks of a zone show them. */
export interface LocalTime {
  /** `2026-11-22` */
  readonly date: string
  /** `10:30:00` */
  readonly time: string
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Date and time in an IANA zone, a company's as a rule. Latin digits whatever the machine's locale. */
export function localTime(instant: Date, timeZone: string): LocalTime {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE-u-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timeZone, format)
  }
  const [date = '', time = ''] = format.format(instant).split(' ')
  return { date, time }
}

/** ISO day of an instant as calendars of an IANA zone show it. */
export function localDay(instant: Date, timeZone: string): string {
  return localTime(instant, timeZone).date
}
