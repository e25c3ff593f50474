import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { formatDateTime } from '../../../core/i18n/format.js'
import type { Digits, Locale } from '../../../core/i18n/locale.js'

/** Words of the evidence documents in the language of the request, labels in a second one beside it. */
export class EvidenceWords {
  /** The language of the request first, then English. */
  readonly languages: readonly Locale[]
  readonly digits: Digits

  constructor(
    private readonly host: Pick<Host, 'i18n'>,
    readonly locale: Locale,
    private readonly company: Pick<Company, 'timeZone' | 'digits'>,
  ) {
    this.languages = locale === 'en' ? ['en'] : [locale, 'en']
    // Hashes, certificates and times stand side by side on these pages: one kind of digits for all.
    this.digits = 'latin'
  }

  say(key: string, params: Readonly<Record<string, string | number>> = {}): string {
    return this.host.i18n.text(this.locale, `signatures.evidence.${key}`, params)
  }

  /** The text in each language. */
  pair(key: string, params: Readonly<Record<string, string | number>> = {}): readonly string[] {
    return this.languages.map((language) => this.host.i18n.text(language, `signatures.evidence.${key}`, params))
  }

  /** A text of another part of the module; the key itself where there is none. */
  other(key: string, fallback: string): string {
    const text = this.host.i18n.text(this.locale, key)
    return text === key ? fallback : text
  }

  /** A moment in the company's zone, and in UTC behind it. */
  moment(iso: string): string {
    const at = new Date(iso)
    const local = formatDateTime(at, { locale: this.locale, digits: this.digits, timeZone: this.company.timeZone, seconds: true })
    // Without the comma of the language day and hour are one piece in a line of any direction.
    return `${local.replace(/[,،]/g, '')} ${offsetOf(at, this.company.timeZone)}`
  }

  utc(iso: string): string {
    return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')
  }

  get zone(): string {
    return this.company.timeZone
  }
}

/** `+03:00`, `UTC` */
function offsetOf(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at)
  return parts.find((part) => part.type === 'timeZoneName')?.value.replace('GMT', 'UTC') ?? ''
}

/** Hex in groups of eight: read aloud and compared by eye. */
export function grouped(hex: string): string {
  return hex.match(/.{1,8}/g)?.join(' ') ?? hex
}
