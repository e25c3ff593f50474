import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import { isMailAddress } from '../../../contacts/index.js'
import { requestInput, type RequestInput, type SignRequest } from '../../models/request.js'
import { signaturesSettings, type SignaturesSettings } from '../../models/settings.js'
import type { Template } from '../../models/template.js'
import { recordEvent } from '../events.js'
import { readRequest } from '../request-rows.js'
import { readTemplate, readVersion } from '../template-rows.js'
import { draftInput, type DraftInput, type DraftRequest } from './draft-input.js'
import { signerRows } from './draft-rows.js'
import { requestHappened } from './happened.js'
import { takeRequestNumber } from './numbers.js'
import { readInput } from './read-input.js'
import { stored } from './states.js'

/**
 * Makes a draft from a template, with its number. Nothing is sent.
 * @returns its id
 * @throws Fault with details in terms of `RequestInput`: SIGNATURES-INPUT-…, SIGNATURES-TEMPLATE-UNKNOWN (404), SIGNATURES-TEMPLATE-ARCHIVED,
 * SIGNATURES-ROLE-UNKNOWN, SIGNATURES-ROLE-TWICE, SIGNATURES-EMAIL-WRONG
 */
export async function createRequest(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  input: RequestInput,
): Promise<string> {
  const parsed = readInput(requestInput, input)
  const template = await templateOf(transaction, parsed)
  Fault.throwIfAny(wrongPeople(template, parsed))
  return insertDraft(host, transaction, context, template, parsed)
}

/** The template with the version that is asked for. */
async function templateOf(transaction: CompanyTransaction, draft: DraftRequest): Promise<Template> {
  const template = await readTemplate(transaction, draft.templateId)
  if (draft.templateVersionId === undefined) return template
  const version = await readVersion(transaction, draft.templateVersionId)
  if (version.templateId !== template.id) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404, path: 'templateVersionId' })
  return { ...template, current: version }
}

/** A draft of the new-request page, in which everything but the template may still be missing. @returns its id */
export async function startDraft(host: Host, transaction: CompanyTransaction, context: CompanyContext, input: DraftInput): Promise<string> {
  const parsed = readInput(draftInput, input)
  return insertDraft(host, transaction, context, await readTemplate(transaction, parsed.templateId), parsed)
}

/**
 * Replaces what a draft says. What is missing may still be missing; `checkReady` tells of it.
 * @throws Fault SIGNATURES-REQUEST-STATE (409) when it is no draft any more
 */
export async function changeDraft(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  input: DraftInput,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  requireDraft(request)
  const parsed = readInput(draftInput, input)
  const template = await readTemplate(transaction, parsed.templateId)
  await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId })
    .update({
      ...stored(await columnsOf(host, transaction, parsed, template, request)),
      revision: transaction.knex.raw('revision + 1'),
      updated_at: host.now(),
    })
  await writeSigners(host, transaction, context, requestId, template, parsed, request)
}

/** Ends a draft that is not wanted: its number stays taken, its state is `cancelled`. */
export function requireDraft(request: Pick<SignRequest, 'state' | 'number'>): void {
  if (request.state !== 'draft')
    throw new Fault('SIGNATURES-REQUEST-STATE', { status: 409, params: { number: request.number, state: request.state, to: 'draft' } })
}

async function insertDraft(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  template: Template,
  draft: DraftRequest,
): Promise<string> {
  if (!template.active) throw new Fault('SIGNATURES-TEMPLATE-ARCHIVED', { path: 'templateId', params: { name: template.name } })
  const company = await host.access.company(context.companyId)
  const now = host.now()
  const id = randomUUID()
  const number = await takeRequestNumber(transaction, localDay(now, company.timeZone))
  await transaction.knex('signatures_request').insert(
    stored({
      company_id: transaction.companyId,
      id,
      number,
      state: 'draft',
      ...(await columnsOf(host, transaction, draft, template)),
      created_by: context.actor.kind === 'user' ? context.actor.id : null,
      created_by_name: context.actor.name,
      created_at: now,
      updated_at: now,
    }),
  )
  await writeSigners(host, transaction, context, id, template, draft)
  await recordEvent(host, transaction, context, {
    requestId: id,
    type: 'created',
    facts: { number, template: template.name, templateVersion: template.current.number, people: draft.signers.length },
  })
  const request = await readRequest(transaction, id)
  if (request.source !== null) recordOnSource(host, transaction, context, request, 'signatures.requested')
  await requestHappened(host, transaction, context, request, 'sign_request.created')
  return id
}

async function writeSigners(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  template: Template,
  draft: DraftRequest,
  before?: SignRequest,
): Promise<void> {
  const company = await host.access.company(context.companyId)
  const rows = await signerRows(host, transaction, company, requestId, template, draft, before?.signers ?? [])
  await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, request_id: requestId }).delete()
  if (rows.length > 0) await transaction.knex('signatures_signer').insert(rows)
}

/** Columns of the request that a draft's input decides. */
async function columnsOf(
  host: Host,
  transaction: CompanyTransaction,
  draft: DraftRequest,
  template: Template,
  before?: SignRequest,
): Promise<Record<string, unknown>> {
  const settings = await settingsOf(host, transaction)
  return {
    name: draft.name === undefined || draft.name === '' ? template.name : draft.name,
    template_id: template.id,
    template_version_id: template.current.id,
    roles: template.current.roles,
    fields: template.current.fields,
    pages: template.current.pages,
    variables: draft.variables ?? {},
    values: draft.values ?? {},
    message: draft.message ?? {},
    signing_order: draft.order,
    locale: template.locale,
    expires_at: draft.expiresAt === undefined ? null : new Date(draft.expiresAt),
    reminders: draft.reminders === undefined ? remindersOf(settings) : draft.reminders,
    reply_to: draft.replyTo ?? null,
    source_type: draft.source?.type ?? before?.source?.type ?? null,
    source_id: draft.source?.id ?? before?.source?.id ?? null,
    source_label: draft.source?.label ?? before?.source?.label ?? null,
    external_id: draft.externalId ?? null,
    metadata: draft.metadata ?? {},
    completed_redirect_url: draft.completedRedirectUrl ?? null,
    send_email: draft.sendEmail,
    bulk_id: draft.bulkId ?? null,
  }
}

/** The company's own settings. */
export async function settingsOf(host: Host, transaction: CompanyTransaction): Promise<SignaturesSettings> {
  return signaturesSettings.parse(await host.settings.get(transaction, 'signatures'))
}

function remindersOf(settings: SignaturesSettings): SignRequest['reminders'] {
  return settings.reminderFirstDays === 0 ? null : { firstAfterDays: settings.reminderFirstDays, everyDays: settings.reminderEveryDays }
}

/** What of the people cannot be stored in any case, with the places in the caller's own list. */
function wrongPeople(template: Template, draft: DraftRequest): FaultDetail[] {
  const roles = new Set(template.current.roles.map((role) => role.id))
  const seen = new Set<string>()
  return draft.signers.flatMap((signer, index) => {
    const at = `signers[${String(index)}]`
    const faults: FaultDetail[] = []
    if (!roles.has(signer.role)) {
      faults.push({ code: 'SIGNATURES-ROLE-UNKNOWN', path: `${at}.role`, params: { role: signer.role, roles: [...roles].join(', ') } })
    } else if (seen.has(signer.role)) faults.push({ code: 'SIGNATURES-ROLE-TWICE', path: `${at}.role`, params: { role: signer.role } })
    seen.add(signer.role)
    if (signer.email !== undefined && signer.email !== '' && !isMailAddress(signer.email))
      faults.push({ code: 'SIGNATURES-EMAIL-WRONG', path: `${at}.email`, params: { name: signer.name, value: signer.email } })
    return faults
  })
}

/** The record that a request was started from hears of it in its own message log. */
export function recordOnSource(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  action: string,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  if (request.source === null) return
  host.audit.record(transaction, context, {
    action,
    subject: { type: request.source.type, id: request.source.id, label: request.source.label },
    facts: { request: request.number, name: request.name, page: `/app/signatures/request/${request.id}`, ...facts },
  })
}
