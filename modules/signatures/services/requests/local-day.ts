/** ISO day of an instant as calendars of an IANA zone show it. */
export function localDay(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE-u-nu-latn', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(instant)
}
