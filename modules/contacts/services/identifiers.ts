import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { IdentifierScheme } from '../hooks.js'

/** Schemes every company has, without a country: the value is free text. */
export const generalSchemes: readonly IdentifierScheme[] = [
  scheme('VAT', { ar: 'الرقم الضريبي', en: 'Tax ID', bg: 'ДДС №' }, 'both'),
  scheme('CRN', { ar: 'السجل التجاري', en: 'Company Registry', bg: 'Фирмен регистър' }, 'company'),
  scheme('NAT', { ar: 'رقم الهوية الوطنية', en: 'National ID', bg: 'Национален идентификатор' }, 'person'),
  scheme('PAS', { ar: 'رقم جواز السفر', en: 'Passport', bg: 'Паспорт' }, 'person'),
  scheme('GLN', { ar: 'رقم الموقع العالمي', en: 'GLN', bg: 'GLN' }, 'company'),
  scheme('OTH', { ar: 'معرّف آخر', en: 'Other ID', bg: 'Друг идентификатор' }, 'both'),
]

function scheme(code: string, title: IdentifierScheme['title'], appliesTo: IdentifierScheme['appliesTo']): IdentifierScheme {
  return { scheme: code, country: null, title, appliesTo, validate: () => [] }
}

/** All schemes of the company: those of its modules, and general ones they do not bring. */
export async function identifierSchemes(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<IdentifierScheme[]> {
  const brought = await host.hooks.collect('contact.identifiers', undefined, { context, transaction })
  const codes = new Set(brought.map((item) => item.scheme))
  return [...brought, ...generalSchemes.filter((item) => !codes.has(item.scheme))]
}

export interface IdentifierHolder {
  readonly kind: 'person' | 'company'
  readonly country: string | null
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
}

/** Faults of a contact's identifiers; a scheme of a country is judged by that country's rules, when the contact lives there or nowhere. */
export function identifierFaults(holder: IdentifierHolder, schemes: readonly IdentifierScheme[]): FaultDetail[] {
  const seen = new Set<string>()
  return holder.identifiers.flatMap(({ scheme: code, value }, index): FaultDetail[] => {
    const path = `identifiers[${String(index)}]`
    const key = `${code} ${value}`
    if (seen.has(key)) return [{ code: 'CONTACT-IDENTIFIER-TWICE', path: `${path}.value`, params: { scheme: code, value } }]
    seen.add(key)
    const named = schemes.filter((item) => item.scheme === code)
    if (named.length === 0) return [{ code: 'CONTACT-IDENTIFIER-SCHEME', path: `${path}.scheme`, params: { scheme: code } }]
    const rule =
      named.find((item) => item.country === holder.country) ?? named.find((item) => item.country === null || holder.country === null)
    if (rule === undefined) return []
    if (rule.appliesTo !== 'both' && rule.appliesTo !== holder.kind) {
      return [{ code: 'CONTACT-IDENTIFIER-KIND', path: `${path}.scheme`, params: { scheme: code, kind: holder.kind }, level: 'warning' }]
    }
    return rule.validate(value).map((fault) => ({ ...fault, path: `${path}.value` }))
  })
}
