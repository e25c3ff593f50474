import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { mergeFields } from '../data/merge-fields.js'

/** A fault of a contract in the reader's language, for a file. What is missing is named in it, whoever found it in whatever language. */
export function faultText(host: Host, locale: Locale, fault: FaultDetail): string {
  return host.i18n.fault(locale, namedAnew(locale, fault))
}

/** As `faultText`, for a page: days as they are read, values of the other direction in isolates. */
export function faultOnPage(host: Host, locale: Locale, fault: FaultDetail): string {
  return host.i18n.faultOnPage(locale, namedAnew(locale, fault))
}

function namedAnew(locale: Locale, fault: FaultDetail): FaultDetail {
  const label = fault.code === 'EMPLOYMENT-VALUE-MISSING' ? mergeFields[(fault.path ?? '').replace(/^values\./, '')]?.label : undefined
  return label === undefined ? fault : { ...fault, params: { ...fault.params, name: label[locale] } }
}
