import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import { type PageShape, type TemplateField, type TemplateFieldInput } from '../models/field.js'
import type { TemplateRole, TemplateRoleInput } from '../models/role.js'
import type { TemplateContent, TemplateVersion } from '../models/template.js'
import { readVersion, versionOf, type TemplateRow, type VersionRow } from '../services/template-rows.js'
import { readPlacement } from './read-placement.js'

export interface VersionParts {
  readonly content: TemplateContent
  readonly pdfSha256: string | null
  readonly pages: readonly PageShape[]
  readonly roles: readonly TemplateRole[]
  readonly fields: readonly TemplateField[]
}

/** Adds a version after `number` and answers its id; the unique number lets one of two who do it at once win. */
export async function addVersion(
  transaction: CompanyTransaction,
  context: Pick<CompanyContext, 'actor'>,
  templateId: string,
  number: number,
  parts: VersionParts,
): Promise<string> {
  const { companyId } = transaction
  const [row] = await transaction
    .knex<VersionRow>('signatures_template_version')
    .insert({ company_id: companyId, template_id: templateId, number: number + 1, created_at: new Date(), ...columnsOf(context, parts) })
    .returning('id')
  if (row === undefined) throw new Error('a version that was inserted has an id')
  return row.id
}

/** JSON columns take text: lists would become arrays of PostgreSQL. */
function columnsOf(context: Pick<CompanyContext, 'actor'>, parts: VersionParts): Record<string, unknown> {
  return {
    content: JSON.stringify(parts.content),
    pdf_sha256: parts.pdfSha256,
    pages: JSON.stringify(parts.pages),
    roles: JSON.stringify(parts.roles),
    fields: JSON.stringify(parts.fields),
    created_by_name: context.actor.name,
  }
}

/**
 * The version that may be edited: the newest, or, when a request uses that, a copy of it with the next number. Requests under way keep
 * the one they were made from. The template's row is locked until the transaction ends.
 * @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404)
 */
export async function editableVersion(
  transaction: CompanyTransaction,
  templateId: string,
  context: Pick<CompanyContext, 'actor'> = { actor: { kind: 'system', id: null, name: '' } },
): Promise<TemplateVersion> {
  const newest = await lockNewest(transaction, templateId)
  if (!newest.used) return newest
  return readVersion(transaction, await addVersion(transaction, context, templateId, newest.number, newest))
}

/** Locks the template and answers with its newest version. @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404) */
export async function lockNewest(transaction: CompanyTransaction, templateId: string): Promise<TemplateVersion> {
  const { companyId } = transaction
  const template = await transaction
    .knex<TemplateRow>('signatures_template')
    .where({ company_id: companyId, id: templateId })
    .forUpdate()
    .first()
  const row = await transaction
    .knex<VersionRow>('signatures_template_version')
    .where({ company_id: companyId, template_id: templateId })
    .orderBy('number', 'desc')
    .forUpdate()
    .first()
  if (template === undefined || row === undefined) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  return versionOf(row, template.name)
}

/**
 * Stores roles and fields of a version. A version that a request uses is not changed: the next one is made, and its id is answered.
 * @param revision of the version as the caller read it
 * @throws Fault SIGNATURES-TEMPLATE-CHANGED (409) when somebody else saved meanwhile, faults of readPlacement
 */
export async function saveFields(
  transaction: CompanyTransaction,
  context: Pick<CompanyContext, 'actor'>,
  versionId: string,
  revision: number,
  input: { readonly roles: readonly TemplateRoleInput[]; readonly fields: readonly TemplateFieldInput[] },
): Promise<{ versionId: string; revision: number }> {
  const version = await readVersion(transaction, versionId)
  const placement = readPlacement(input, version.pages)
  return saveParts(transaction, context, version, revision, { ...version, ...placement })
}

/** As `saveFields`, for all that a version consists of. */
export async function saveParts(
  transaction: CompanyTransaction,
  context: Pick<CompanyContext, 'actor'>,
  version: Pick<TemplateVersion, 'id' | 'templateId'>,
  revision: number,
  parts: VersionParts,
): Promise<{ versionId: string; revision: number }> {
  const { companyId, knex } = transaction
  const newest = await lockNewest(transaction, version.templateId)
  if (newest.id !== version.id || newest.revision !== revision) {
    throw new Fault('SIGNATURES-TEMPLATE-CHANGED', { status: 409, params: { name: newest.templateName } })
  }
  await knex('signatures_template').where({ company_id: companyId, id: version.templateId }).update({ updated_at: new Date() })
  if (newest.used) return { versionId: await addVersion(transaction, context, version.templateId, newest.number, parts), revision: 1 }
  await knex('signatures_template_version')
    .where({ company_id: companyId, id: version.id })
    .update({ ...columnsOf(context, parts), revision: revision + 1 })
  return { versionId: version.id, revision: revision + 1 }
}

/**
 * From now on the version is never changed. Whoever makes a request calls this first and reads the version after it: an editor who
 * saves at the same moment waits, and then makes the next version.
 * @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404)
 */
export async function markUsed(transaction: CompanyTransaction, versionId: string): Promise<void> {
  const changed = await transaction
    .knex('signatures_template_version')
    .where({ company_id: transaction.companyId, id: versionId })
    .update({ used: true })
  if (changed === 0) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
}
