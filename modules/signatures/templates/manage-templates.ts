import type { Knex } from 'knex'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { TemplateRoleInput } from '../models/role.js'
import type { TemplateVersion, TextContentInput } from '../models/template.js'
import { readTemplate, versionOf, type TemplateRow, type VersionRow } from '../services/template-rows.js'
import { readPlacement } from './read-placement.js'
import { insertTemplate, requireName, templateSubject } from './create-template.js'
import { lockNewest, saveParts } from './versions.js'
import { readTextContent } from './written/read-content.js'

/** Versions of a template, newest first. @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404) */
export async function listVersions(transaction: CompanyTransaction, templateId: string): Promise<TemplateVersion[]> {
  const template = await readTemplate(transaction, templateId)
  const rows = await transaction
    .knex<VersionRow>('signatures_template_version')
    .where({ company_id: transaction.companyId, template_id: templateId })
    .orderBy('number', 'desc')
  return rows.map((row) => versionOf(row, template.name))
}

/** @throws Fault SIGNATURES-TEMPLATE-NAME, SIGNATURES-TEMPLATE-UNKNOWN (404) */
export async function renameTemplate(transaction: CompanyTransaction, templateId: string, name: string): Promise<void> {
  const changed = await rowOf(transaction, templateId).update({ name: requireName(name), updated_at: new Date() })
  if (changed === 0) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
}

/**
 * Roles of a template, by a new revision or, of a used one, a new version. Fields stay; a role that fills some cannot go.
 * @throws Fault SIGNATURES-ROLE-FILLS with path `roles`, SIGNATURES-TEMPLATE-CHANGED (409), faults of readPlacement
 */
export async function saveRoles(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  templateId: string,
  revision: number | undefined,
  roles: readonly TemplateRoleInput[],
): Promise<void> {
  const version = await lockNewest(transaction, templateId)
  const ids = new Set(roles.map(({ id }) => id))
  const left = version.roles.find(({ id }) => !ids.has(id) && version.fields.some((field) => field.role === id))
  if (left !== undefined && version.content.kind !== 'text')
    throw new Fault('SIGNATURES-ROLE-FILLS', { path: 'roles', params: { name: left.name } })
  // Fields of a text are derived from it; what was said about those of a role that is gone goes too.
  const kept = version.content.kind === 'text' ? version.fields.filter(({ role }) => role === 'company' || ids.has(role)) : version.fields
  const placement = readPlacement({ roles, fields: kept }, version.pages)
  if (version.content.kind === 'text') readTextContent(version.content, placement.roles)
  const saved = await saveParts(transaction, context, version, revision ?? version.revision, { ...version, ...placement })
  recordSaved(host, transaction, context, version, saved.versionId)
}

/** What the editor of texts saves. @throws Fault SIGNATURES-TEMPLATE-NOT-TEXT, faults of createTextTemplate, SIGNATURES-TEMPLATE-CHANGED (409) */
export async function saveText(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  versionId: string,
  templateId: string,
  revision: number,
  input: TextContentInput,
): Promise<{ versionId: string; revision: number }> {
  const version = await lockNewest(transaction, templateId)
  if (version.content.kind !== 'text') throw new Fault('SIGNATURES-TEMPLATE-NOT-TEXT', { status: 409 })
  const content = readTextContent(input, version.roles)
  const saved = await saveParts(transaction, context, { id: versionId, templateId }, revision, { ...version, content })
  recordSaved(host, transaction, context, version, saved.versionId)
  return saved
}

function recordSaved(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  before: TemplateVersion,
  versionId: string,
): void {
  // Saving again and again is one change in the log; a new version is told.
  if (versionId === before.id) return
  host.audit.record(transaction, context, {
    action: 'signatures.template-changed',
    subject: { type: templateSubject, id: before.templateId, label: before.templateName },
    facts: { version: before.number + 1 },
  })
}

/** A copy with a name of its own; it starts at version 1 and belongs to nobody's module. @returns its id */
export async function duplicateTemplate(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  templateId: string,
  name: string,
): Promise<string> {
  const template = await readTemplate(transaction, templateId)
  return insertTemplate(host, transaction, context, { name: name.slice(0, 200), locale: template.locale }, template.current)
}

/** @throws Fault SIGNATURES-TEMPLATE-ORIGIN (409) when another template took the code meanwhile */
export async function setTemplateActive(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  templateIds: readonly string[],
  active: boolean,
): Promise<void> {
  for (const id of templateIds) {
    const template = await readTemplate(transaction, id)
    if (template.active === active) continue
    if (active) await requireFreeOrigin(transaction, id)
    await rowOf(transaction, id).update({ active, updated_at: host.now() })
    host.audit.record(transaction, context, {
      action: active ? 'signatures.template-restored' : 'signatures.template-archived',
      subject: { type: templateSubject, id, label: template.name },
    })
  }
}

async function requireFreeOrigin(transaction: CompanyTransaction, id: string): Promise<void> {
  const row = await rowOf(transaction, id).first('origin')
  if (row?.origin === null || row?.origin === undefined) return
  const other = await transaction
    .knex<TemplateRow>('signatures_template')
    .where({ company_id: transaction.companyId, origin: row.origin, active: true })
    .first('id')
  if (other !== undefined) throw new Fault('SIGNATURES-TEMPLATE-ORIGIN', { status: 409, params: { origin: row.origin } })
}

/** Deletes templates that no request uses. @throws Fault SIGNATURES-TEMPLATE-USED (409) */
export async function deleteTemplates(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  templateIds: readonly string[],
): Promise<void> {
  for (const id of templateIds) {
    const versions = await listVersions(transaction, id)
    const name = versions[0]?.templateName ?? ''
    if (versions.some(({ used }) => used)) throw new Fault('SIGNATURES-TEMPLATE-USED', { status: 409, params: { name } })
    await rowOf(transaction, id).delete()
    host.audit.record(transaction, context, { action: 'signatures.template-deleted', subject: { type: templateSubject, id, label: name } })
  }
}

function rowOf(transaction: CompanyTransaction, id: string): Knex.QueryBuilder<TemplateRow, TemplateRow[]> {
  return transaction.knex<TemplateRow>('signatures_template').where({ company_id: transaction.companyId, id })
}
