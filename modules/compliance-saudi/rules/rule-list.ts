import { xmlRules } from './check-xml.js'

const known = new Set(xmlRules.map((rule) => rule.id))

/** Is there a text of ours for this rule (`fault.BR-KSA-17` in the locale files)? */
export function isKnownRule(id: string): boolean {
  return known.has(id)
}
