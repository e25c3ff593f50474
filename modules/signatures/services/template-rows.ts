import { z } from 'zod'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { PageShape, TemplateField } from '../models/field.js'
import type { TemplateRole } from '../models/role.js'
import type { Template, TemplateContent, TemplateVersion } from '../models/template.js'

export interface TemplateRow {
  company_id: string
  id: string
  name: string
  single: boolean
  locale: Locale
  active: boolean
  origin: string | null
  external_id: string | null
  created_by: string | null
  created_at: Date
  updated_at: Date
}

export interface VersionRow {
  company_id: string
  id: string
  template_id: string
  number: number
  content: TemplateContent
  pdf_sha256: string | null
  pages: PageShape[]
  roles: TemplateRole[]
  fields: TemplateField[]
  used: boolean
  revision: number
  created_by_name: string
  created_at: Date
}

export function versionOf(row: VersionRow, templateName: string): TemplateVersion {
  return {
    id: row.id,
    templateId: row.template_id,
    templateName,
    number: row.number,
    content: row.content,
    pdfSha256: row.pdf_sha256,
    pages: row.pages,
    roles: row.roles,
    fields: row.fields,
    used: row.used,
    revision: row.revision,
    createdByName: row.created_by_name,
    createdAt: row.created_at,
  }
}

/** A template with its newest version. @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404) */
export async function readTemplate(transaction: CompanyTransaction, id: string): Promise<Template> {
  const { companyId } = transaction
  // An id that is none finds nothing, instead of failing in the database.
  if (!z.uuid().safeParse(id).success) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  const row = await transaction.knex<TemplateRow>('signatures_template').where({ company_id: companyId, id }).first()
  const version = await transaction
    .knex<VersionRow>('signatures_template_version')
    .where({ company_id: companyId, template_id: id })
    .orderBy('number', 'desc')
    .first()
  if (row === undefined || version === undefined) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  return {
    id: row.id,
    name: row.name,
    single: row.single,
    locale: row.locale,
    active: row.active,
    current: versionOf(version, row.name),
    externalId: row.external_id,
    createdAt: row.created_at,
  }
}

/** @throws Fault SIGNATURES-TEMPLATE-UNKNOWN (404) */
export async function readVersion(transaction: CompanyTransaction, id: string): Promise<TemplateVersion> {
  const { companyId } = transaction
  const row = await transaction.knex<VersionRow>('signatures_template_version').where({ company_id: companyId, id }).first()
  if (row === undefined) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  const template = await transaction.knex<TemplateRow>('signatures_template').where({ company_id: companyId, id: row.template_id }).first()
  return versionOf(row, template?.name ?? '')
}
