import type { FaultDetail, FaultParameters } from './fault.js'
import type { Locale, LocalizedText } from './locale.js'

/**
 * Texts of the host and of all loaded modules. Keys are flat (`invoicing.list.empty`, `fault.SA-VAT-01`);
 * `{{name}}` in a text is replaced by the parameter of that name. A key missing in one language is a boot error.
 */
export interface Translator {
  text(locale: Locale, key: string, params?: FaultParameters): string
  /** The text itself, or the key when nothing is registered under it (data may carry user-made labels). */
  fault(locale: Locale, fault: FaultDetail): string
  /** As `fault`, for a page: days stand as the reader writes them, values of the other direction in isolates. Not for logs, APIs, terminals. */
  faultOnPage(locale: Locale, fault: FaultDetail): string
  pick(locale: Locale, text: LocalizedText): string
}
