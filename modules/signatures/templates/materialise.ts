import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { PageShape, TemplateField } from '../models/field.js'
import type { TemplateVersion } from '../models/template.js'
import type { DocumentMarks } from './written/contract-data.js'
import { renderContract } from './written/render-contract.js'

export interface MaterialiseOptions extends DocumentMarks {
  /** A look at the text before all values are known: missing ones stand as their labels. */
  readonly draft?: boolean
}

/**
 * The document of a version: a text is rendered with the values, a file is its stored PDF, byte for byte.
 * @param variables merge values by name: decimal text for numbers and amounts, ISO days for dates
 * @throws Fault SIGNATURES-VARIABLE-MISSING, SIGNATURES-VARIABLE-INVALID (paths `variables.<name>`), FILE-MISSING, faults of Documents
 */
export async function materialise(
  host: Host,
  context: CompanyContext,
  version: TemplateVersion,
  variables: Readonly<Record<string, string>>,
  options: MaterialiseOptions = {},
): Promise<{ pdf: Buffer; pages: PageShape[]; fields: TemplateField[] }> {
  const { content, roles, pdfSha256 } = version
  if (content.kind === 'text') {
    const company = await host.access.company(context.companyId)
    return renderContract(host, company, { content, roles }, variables, { ...options, fields: version.fields })
  }
  if (pdfSha256 === null) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
  const { bytes } = await host.db.company(context.companyId, (transaction) => host.files.get(transaction, pdfSha256))
  return { pdf: bytes, pages: [...version.pages], fields: [...version.fields] }
}
