import type { FiredRule } from '../../compliance/index.js'
import { parseLiteral } from '../canonical/literal-value.js'
import { checkStructure } from '../document/check-structure.js'
import { documentRules } from '../rules/document-rules.js'

/**
 * `khatm check --rules eta`: structure, codes and arithmetic of a document or receipt as it stands in the file. Where the structure is
 * broken nothing else is looked at: nobody knows what a field in a wrong place means. Signatures are `khatm verify`'s matter.
 * @throws Fault EG-JSON-… when the file is not JSON that every program reads alike
 */
export function check(bytes: Uint8Array, now: Date): FiredRule[] {
  const document = parseLiteral(bytes)
  const structure = checkStructure(document)
  if (structure.length === 0) return documentRules(document, now)
  return structure.map(({ code, path, params, level }) => ({
    rule: code,
    level: level === 'warning' ? 'warning' : 'error',
    place: path ?? '',
    ...(params === undefined ? {} : { params }),
  }))
}
