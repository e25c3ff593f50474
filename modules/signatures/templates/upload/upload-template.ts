import type { CompanyContext } from '../../../../core/access/context.js'
import { findTextTags, type TextTag } from '../../../../core/documents/text-tags.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { Locale } from '../../../../core/i18n/locale.js'
import { coverTags } from '../../../../core/signing/formats/pades/forms/cover-tags.js'
import type { TemplateField, TemplateFieldInput } from '../../models/field.js'
import type { TemplateRoleInput } from '../../models/role.js'
import type { TemplateContent } from '../../models/template.js'
import { readPlacement } from '../read-placement.js'
import { insertTemplate, templateSubject } from '../create-template.js'
import { lockNewest, saveParts } from '../versions.js'
import { fieldsOfForm } from './form-fields.js'
import { placementOfTags } from './tag-fields.js'
import { readDocument, type ReadDocument, type UploadedFile } from './read-document.js'

export interface UploadInput {
  readonly name: string
  readonly file: UploadedFile
  /** For one request; not listed. */
  readonly single?: boolean
  readonly locale?: Locale
  readonly roles?: readonly TemplateRoleInput[]
  readonly fields?: readonly TemplateFieldInput[]
  readonly externalId?: string
  /** Fields of the file's own form become fields to fill; so unless told. */
  readonly takeFormFields?: boolean
}

/**
 * A template from a PDF or a Word document. Fields and roles come from the call or, where it tells none, from what is found in the file.
 * Reading and converting is done before the transaction.
 * @returns id of the template
 * @throws Fault of readDocument (path `file`), of readPlacement, SIGNATURES-TEMPLATE-NAME
 */
export async function uploadTemplate(host: Host, context: CompanyContext, input: UploadInput): Promise<string> {
  const read = await readDocument(input.file)
  const found = await foundIn(host, context, read, input)
  const placement = readPlacement(found, read.pages)
  // Nobody should sign a page full of braces: where fields came from tags, the tags are covered.
  const document = found.tags.length === 0 ? read : { ...read, pdf: coverTags(read.pdf, found.tags) }
  return host.db.company(context.companyId, async (transaction) => {
    const stored = await storeDocument(host, transaction, document)
    return insertTemplate(
      host,
      transaction,
      context,
      {
        name: input.name.trim() === '' ? titleOf(document.fileName) : input.name,
        locale: input.locale ?? context.locale,
        ...(input.single === undefined ? {} : { single: input.single }),
        ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
      },
      { ...stored, pages: document.pages, ...placement },
    )
  })
}

/**
 * Puts another document under the fields of a template. Fields stay where they still lie on a page; a used version is followed by the
 * next one.
 * @returns labels of the fields that found no page any more
 * @throws Fault SIGNATURES-TEMPLATE-NOT-FILE (409) for a text, SIGNATURES-TEMPLATE-CHANGED (409), faults of readDocument
 */
export async function replaceDocument(
  host: Host,
  context: CompanyContext,
  templateId: string,
  file: UploadedFile,
): Promise<readonly string[]> {
  const document = await readDocument(file)
  return host.db.company(context.companyId, async (transaction) => {
    const version = await lockNewest(transaction, templateId)
    if (version.content.kind === 'text') throw new Fault('SIGNATURES-TEMPLATE-NOT-FILE', { status: 409 })
    const kept = fieldsOnPages(version.fields, document.pages.length)
    const ids = new Set(kept.map(({ id }) => id))
    const fields = kept.map((field) => ({ ...field, conditions: field.conditions.filter((condition) => ids.has(condition.field)) }))
    const stored = await storeDocument(host, transaction, document)
    await saveParts(transaction, context, version, version.revision, { ...version, ...stored, pages: document.pages, fields })
    host.audit.record(transaction, context, {
      action: 'signatures.template-replaced',
      subject: { type: templateSubject, id: templateId, label: version.templateName },
      facts: { file: document.fileName },
    })
    return version.fields.filter(({ id }) => !ids.has(id)).map(({ id, label }) => (label === '' ? id : label))
  })
}

function fieldsOnPages(fields: readonly TemplateField[], pages: number): TemplateField[] {
  return fields
    .map((field) => ({ ...field, areas: field.areas.filter(({ page }) => page <= pages) }))
    .filter(({ areas }) => areas.length > 0)
}

async function storeDocument(
  host: Host,
  transaction: CompanyTransaction,
  document: ReadDocument,
): Promise<{ content: TemplateContent; pdfSha256: string }> {
  const { fileName, pdf, source } = document
  const { sha256 } = await host.files.put(transaction, pdf, 'application/pdf')
  if (source === null) return { content: { kind: 'pdf', fileName }, pdfSha256: sha256 }
  const word = await host.files.put(transaction, source, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document')
  return { content: { kind: 'docx', fileName, sourceSha256: word.sha256 }, pdfSha256: sha256 }
}

async function foundIn(
  host: Host,
  context: CompanyContext,
  document: ReadDocument,
  input: UploadInput,
): Promise<{ roles: readonly TemplateRoleInput[]; fields: readonly TemplateFieldInput[]; tags: readonly TextTag[] }> {
  const first: TemplateRoleInput = { id: 'signer', name: host.i18n.text(input.locale ?? context.locale, 'signatures.template.first-role') }
  if (input.fields === undefined && input.roles === undefined) {
    const tags = await findTextTags(document.pdf)
    const tagged = placementOfTags(tags, first)
    if (tagged.fields.length > 0) return { ...tagged, tags }
  }
  const roles = input.roles ?? [first]
  if (input.fields !== undefined || input.takeFormFields === false) return { roles, fields: input.fields ?? [], tags: [] }
  const signing = roles.find(({ action }) => action === undefined || action === 'sign')
  return { roles, fields: signing === undefined ? [] : fieldsOfForm(document.formFields, signing.id), tags: [] }
}

/** `عقد عمل.pdf` is called `عقد عمل`. */
function titleOf(fileName: string): string {
  return (
    fileName
      .replace(/\.[a-z0-9]{1,5}$/i, '')
      .replaceAll('_', ' ')
      .trim()
      .slice(0, 200) || fileName
  )
}
