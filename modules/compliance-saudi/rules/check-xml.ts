import { toNode, withXml } from '../../../core/xml/read-xml.js'
import { saudiTime } from '../stamp/stamp-invoice.js'
import { headerRules } from './header-rules.js'
import { lineRules } from './line-rules.js'
import { partyRules } from './party-rules.js'
import { subjectOf, type FiredRule, type Rule } from './rule.js'
import { taxRules } from './tax-rules.js'
import { totalRules } from './total-rules.js'

export const xmlRules: readonly Rule[] = [...headerRules, ...partyRules, ...lineRules, ...taxRules, ...totalRules]

/**
 * Business rules of the authority on a file: what is broken, with its place. Schema and stamp are checked elsewhere.
 * @throws Fault XML-… when the file is not XML that may be read
 */
export function checkXml(bytes: Uint8Array, now: Date): FiredRule[] {
  return withXml(bytes, (document) => {
    const subject = subjectOf(toNode(document.root), saudiTime(now))
    return xmlRules.flatMap((rule) => rule.check(subject).map((place) => ({ rule: rule.id, level: rule.level, place })))
  })
}
