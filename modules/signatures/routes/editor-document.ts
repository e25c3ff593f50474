import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import { unstorableAt } from '../../../core/db/storable-text.js'
import type { Host } from '../../../core/host/module.js'
import { faultOfIssues } from '../../../core/http/api-router.js'
import { FileAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { templateField } from '../models/field.js'
import { templateRole } from '../models/role.js'
import type { TemplateVersion } from '../models/template.js'
import { checkFields, type CheckedFields } from '../services/check-fields.js'

/** What the editor sends: the whole of roles and fields, and what it was made from. */
export const editedDocument = z
  .object({
    versionId: z.uuid(),
    revision: z.number().int().min(0),
    roles: z.array(templateRole).max(50),
    fields: z.array(templateField).max(2000),
  })
  .strict()
export type EditedDocument = z.infer<typeof editedDocument>

/** @throws Fault SIGNATURES-EDITOR-DOCUMENT (400) with the places that are wrong, in terms of the document */
export function readEdited(call: Pick<PageCall, 'files'>): EditedDocument {
  const file = call.files.find(({ field }) => field === 'document')
  let value: unknown
  try {
    value = JSON.parse(file?.bytes.toString('utf8') ?? '')
  } catch (cause) {
    throw new Fault('SIGNATURES-EDITOR-DOCUMENT', { status: 400, cause })
  }
  const unstorable = unstorableAt(value)
  if (unstorable !== undefined) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400, path: unstorable })
  const parsed = editedDocument.safeParse(value)
  if (!parsed.success) throw faultOfIssues(parsed.error, 'SIGNATURES-EDITOR-DOCUMENT')
  return parsed.data
}

/** What is wrong so far, in the reader's words. */
export function findings(host: Host, context: CompanyContext, checked: CheckedFields): readonly object[] {
  return checkFields(checked).map((fault) => ({
    code: fault.code,
    path: fault.path ?? '',
    level: fault.level ?? 'error',
    text: host.i18n.faultOnPage(context.locale, fault),
  }))
}

/** The document as the editor loads it. */
export function loaded(
  host: Host,
  context: CompanyContext,
  version: TemplateVersion,
  drawn: { readonly pages: TemplateVersion['pages']; readonly fields: TemplateVersion['fields'] },
): object {
  const { roles } = version
  return {
    versionId: version.id,
    revision: version.revision,
    number: version.number,
    used: version.used,
    pages: drawn.pages,
    roles,
    fields: drawn.fields,
    findings: findings(host, context, { roles, fields: drawn.fields, pages: drawn.pages }),
  }
}

export function json(value: object): FileAnswer {
  return new FileAnswer(Buffer.from(JSON.stringify(value)), 'application/json; charset=utf-8', 'editor.json', 'inline')
}
