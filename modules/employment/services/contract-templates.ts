import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { createTextTemplate, type TemplateRoleInput, type TextContentInput } from '../../signatures/index.js'
import { mergeFields, mergeNamesOf } from '../data/merge-fields.js'
import type { ContractType } from '../models/contract-type.js'

/** Code of a document's template in signatures; a newer text of the module is a template of its own. */
export function originOf(type: Pick<ContractType, 'country' | 'kind' | 'version'>): string {
  return `employment/${type.country}/${type.kind}/${String(type.version)}`
}

/**
 * The company's template of a document, made from the data when it is not there. What people changed in it stays: the newest version of
 * the template is what is sent.
 */
export async function templateFor(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  type: ContractType,
): Promise<string> {
  const origin = originOf(type)
  const known = async (): Promise<string | undefined> => {
    const row: { id: string } | undefined = await transaction
      .knex('signatures_template')
      .where({ company_id: transaction.companyId, origin, active: true })
      .first('id')
    return row?.id
  }
  const found = await known()
  if (found !== undefined) return found
  try {
    return await createTextTemplate(host, transaction, context, {
      name: type.name[type.prevailing],
      origin,
      locale: type.prevailing,
      content: contentOf(type),
      roles: rolesOf(type),
    })
  } catch (error) {
    // Somebody else sent the first document of this kind at the same moment: his template is everybody's.
    const made = error instanceof Fault && error.code === 'SIGNATURES-TEMPLATE-ORIGIN' ? await known() : undefined
    if (made === undefined) throw error
    return made
  }
}

/** The text as signatures store it, with its merge fields declared. */
export function contentOf(type: ContractType): TextContentInput {
  const { languages, title, preamble, clauses, prevailing, currency } = type
  const fields = mergeNamesOf(type).flatMap((name) => {
    const definition = mergeFields[name]
    if (definition === undefined || definition.builtIn === true) return []
    return [{ name, label: definition.label, type: definition.type, ...(definition.type === 'money' ? { currency } : {}) }]
  })
  return { kind: 'text', languages, title, preamble, clauses, prevailing, mergeFields: fields }
}

const roleNames = {
  ar: { employer: 'صاحب العمل', employee: 'الموظف' },
  en: { employer: 'Employer', employee: 'Employee' },
  bg: { employer: 'Работодател', employee: 'Служител' },
} as const

export function rolesOf(type: ContractType): TemplateRoleInput[] {
  const name = (role: 'employer' | 'employee'): string => type.languages.map((language) => roleNames[language][role]).join(' / ')
  return [
    { id: 'employee', name: name('employee'), action: 'sign', group: 1 },
    { id: 'employer', name: name('employer'), action: 'sign', group: 2 },
  ]
}
