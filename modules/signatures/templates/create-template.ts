import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { TemplateRoleInput } from '../models/role.js'
import type { TextContentInput } from '../models/template.js'
import { readPlacement } from './read-placement.js'
import { addVersion, type VersionParts } from './versions.js'
import { readTextContent } from './written/read-content.js'

export const templateSubject = 'signatures.template'

export interface NewTemplate {
  readonly name: string
  readonly locale: Locale
  readonly single?: boolean
  /** Code of a template that a module brings (`SA/contract`): one active template of a company has it. */
  readonly origin?: string
  readonly externalId?: string
}

/** Rows of a template and its first version; answers the template's id. @throws Fault SIGNATURES-TEMPLATE-NAME, SIGNATURES-TEMPLATE-ORIGIN */
export async function insertTemplate(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  template: NewTemplate,
  parts: VersionParts,
): Promise<string> {
  const { companyId, knex } = transaction
  const name = requireName(template.name)
  const now = host.now()
  const [row]: { id: string }[] = await knex('signatures_template')
    .insert({
      company_id: companyId,
      name,
      single: template.single ?? false,
      locale: template.locale,
      origin: template.origin ?? null,
      external_id: template.externalId ?? null,
      created_by: context.actor.id,
      created_at: now,
      updated_at: now,
    })
    .onConflict(knex.raw('(company_id, origin) where origin is not null and active'))
    .ignore()
    .returning('id')
  if (row === undefined) throw new Fault('SIGNATURES-TEMPLATE-ORIGIN', { status: 409, params: { origin: template.origin ?? '' } })
  await addVersion(transaction, context, row.id, 0, parts)
  host.audit.record(transaction, context, {
    action: 'signatures.template-created',
    subject: { type: templateSubject, id: row.id, label: name },
  })
  return row.id
}

/** @throws Fault SIGNATURES-TEMPLATE-NAME */
export function requireName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '' || trimmed.length > 200) throw new Fault('SIGNATURES-TEMPLATE-NAME', { path: 'name' })
  return trimmed
}

/**
 * A template whose text is written here; it is rendered with the values of each request.
 * @returns id of the template
 * @throws Fault with details and paths in terms of the input: `content.clauses[2].body.ar`, `roles[0].id`
 */
export async function createTextTemplate(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  input: {
    readonly name: string
    readonly origin?: string
    readonly externalId?: string
    readonly locale: Locale
    readonly content: TextContentInput
    readonly roles: readonly TemplateRoleInput[]
  },
): Promise<string> {
  const { roles } = readPlacement({ roles: input.roles, fields: [] }, [])
  const content = readTextContent(input.content, roles)
  return insertTemplate(host, transaction, context, input, { content, pdfSha256: null, pages: [], roles, fields: [] })
}
