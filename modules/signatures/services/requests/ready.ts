import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import { isMailAddress } from '../../../contacts/index.js'
import { defaultDesign } from '../../../seal/index.js'
import { authenticationMethods } from '../../authentication/registry.js'
import type { SignaturePolicy } from '../../hooks.js'
import type { SignRequest } from '../../models/request.js'
import { companyRole, dayOfSigning, type PageShape, type TemplateField } from '../../models/field.js'
import type { Template } from '../../models/template.js'
import { materialise } from '../../templates/materialise.js'
import { checkFields } from '../check-fields.js'
import { readRequest } from '../request-rows.js'
import { readTemplate } from '../template-rows.js'
import { checkLevels, checkPeople } from './check-people.js'
import { settingsOf } from './create-request.js'
import { publicAddress } from './links.js'
import { demandedOf } from './policy.js'
import { isSent, senderValues } from './sender-values.js'
import { followTemplate } from './follow-template.js'

/** A draft as sending would take it, and what keeps it from that. */
export interface Readiness {
  readonly request: SignRequest
  readonly template: Template
  /** Of the draft that was looked at: what is sent must be this one. */
  readonly revision: number
  readonly demanded: ReadonlyMap<string, SignaturePolicy>
  readonly document: { readonly pdf: Buffer; readonly pages: readonly PageShape[]; readonly fields: readonly TemplateField[] } | undefined
  readonly faults: readonly FaultDetail[]
}

/**
 * Everything that keeps a draft from being sent, all at once, with paths in terms of `RequestInput` (`signers[0].email`,
 * `variables.employee.name`) or of its template (`template.fields[3]`). Warnings are among them (`level: 'warning'`). Empty for a
 * request that was sent.
 */
export async function checkReady(host: Host, context: CompanyContext, requestId: string): Promise<FaultDetail[]> {
  const request = await host.db.company(context.companyId, (transaction) => readRequest(transaction, requestId))
  if (request.state !== 'draft') return []
  return [...(await readinessOf(host, context, requestId)).faults]
}

/** The same with what was looked at. The document of a text is rendered, outside of any transaction. */
export async function readinessOf(host: Host, context: CompanyContext, requestId: string): Promise<Readiness> {
  const looked = await host.db.company(context.companyId, async (transaction) => {
    await followTemplate(host, transaction, requestId)
    const request = await readRequest(transaction, requestId)
    const template = await readTemplate(transaction, request.templateId)
    const faults = [...checkPeople(request), ...checkTerms(request, template, host.now())]
    const { demanded, found } = await checkDemands(host, transaction, context, request)
    faults.push(...found, ...(await checkHouse(host, transaction, context, request)))
    const row: { revision: number } | undefined = await transaction
      .knex('signatures_request')
      .where({ company_id: transaction.companyId, id: requestId })
      .first('revision')
    return { request, template, revision: row?.revision ?? 0, demanded, faults }
  })
  const { request, template, faults } = looked
  let document: Readiness['document']
  try {
    document = await materialise(host, context, template.current, request.variables, { number: request.number })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    faults.push(...error.details)
  }
  if (document !== undefined) {
    faults.push(
      ...checkFields({ roles: request.roles, fields: document.fields, pages: document.pages }).map((fault) => ({
        ...fault,
        path: `template.${fault.path ?? ''}`,
      })),
      ...checkValues(request, document.fields),
    )
  }
  return { ...looked, document, faults }
}

function checkTerms(request: SignRequest, template: Template, now: Date): FaultDetail[] {
  const faults: FaultDetail[] = []
  if (!template.active) faults.push({ code: 'SIGNATURES-TEMPLATE-ARCHIVED', path: 'templateId', params: { name: template.name } })
  if (request.name.trim() === '') faults.push({ code: 'SIGNATURES-INPUT-MISSING', path: 'name', params: { field: 'name' } })
  if (request.expiresAt !== null && request.expiresAt <= now) faults.push({ code: 'SIGNATURES-EXPIRY-PAST', path: 'expiresAt' })
  if (request.replyTo !== null && !isMailAddress(request.replyTo))
    faults.push({ code: 'SIGNATURES-EMAIL-WRONG', path: 'replyTo', params: { name: '', value: request.replyTo } })
  return faults
}

async function checkDemands(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
): Promise<{ demanded: Map<string, SignaturePolicy>; found: FaultDetail[] }> {
  const methods = new Map((await authenticationMethods(host, context)).map((method) => [method.name, method]))
  const demanded = new Map<string, SignaturePolicy>()
  for (const signer of request.signers) demanded.set(signer.id, await demandedOf(host, transaction, context, request, signer))
  const { ownProgram } = await settingsOf(host, transaction)
  const found = checkLevels(request, demanded, methods, await host.signing.keys(transaction), host.now(), ownProgram)
  for (const [index, signer] of request.signers.entries()) {
    for (const name of demanded.get(signer.id)?.authentication ?? []) {
      const fault = await methods.get(name)?.unavailable(transaction, { context, request, signer, sessionId: '' })
      // A missing address was told already, with its place.
      if (fault !== undefined && !(fault.code === 'SIGNATURES-METHOD-NO-EMAIL' && request.sendEmail && !signer.inPerson))
        found.push({ ...fault, path: `signers[${String(index)}].${fault.path ?? 'authentication'}` })
    }
  }
  return { demanded, found }
}

/** What of the house must stand before anything is sent. */
async function checkHouse(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
): Promise<FaultDetail[]> {
  const settings = await settingsOf(host, transaction)
  const faults: FaultDetail[] = []
  if (settings.timeStamps === 'required' && host.config.signing.timeStampUrl === null)
    faults.push({ code: 'SIGNATURES-TIME-STAMP-MISSING' })
  if (settings.sealWhenSigned) {
    const design = await defaultDesign(transaction)
    if (design === undefined) faults.push({ code: 'SEAL-DESIGN-MISSING' })
    else if (design.keyId === null) faults.push({ code: 'SEAL-KEY-MISSING', params: { seal: design.name } })
  }
  const mails = request.signers.some((signer) => signer.email !== null)
  if (mails && host.config.smtp.host === null) faults.push({ code: 'SIGNATURES-MAIL-MISSING' })
  try {
    publicAddress(host, await host.access.company(context.companyId))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    faults.push(...error.details)
  }
  return faults
}

/** The sender's own fields: those of the company that must be filled and are not. */
function checkValues(request: SignRequest, fields: readonly TemplateField[]): FaultDetail[] {
  // Whether something stands there is asked, not which day.
  const values = senderValues(request, fields, dayOfSigning)
  return fields
    .filter((field) => field.role === companyRole && isSent(field) && field.required && (values.get(field) ?? '') === '')
    .map((field) => ({
      code: 'SIGNATURES-VALUE-MISSING',
      path: `values.${field.id}`,
      params: { field: field.label === '' ? field.id : field.label },
    }))
}
