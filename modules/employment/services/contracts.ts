import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { createRequest, readRequest, sendRequest, type SignerInput, type SignRequest } from '../../signatures/index.js'
import { contractTypeOf } from '../data/documents.js'
import { mergeNamesOf } from '../data/merge-fields.js'
import type { ContractType, DocumentKind } from '../models/contract-type.js'
import { jobFields, jobInput, payFields, payInput, personFields, type Employee, type JobInput, type PayInput } from '../models/employee.js'
import type { EmploymentSettings } from '../models/settings.js'
import {
  amendable,
  contractValues,
  isAmendable,
  recordOfMerge,
  untranslated,
  type MissingValue,
  type RecordChanges,
} from './contract-values.js'
import { templateFor } from './contract-templates.js'
import { employeeSubject, parsePart, readEmployee, readPay, saveEmployee, settingsOf } from './employees.js'
import { checkTerms } from './law-checks.js'

/** What a person (or a row of a sending to many) says about one document. */
export interface ContractInput {
  readonly kind: DocumentKind
  /** Day it holds from; of a contract the first day of work. */
  readonly effectiveFrom?: string | undefined
  /** What the record becomes: terms of a contract, or what an amendment changes. Fields of the employee, `pay.basic`, …. */
  readonly changes?: RecordChanges | undefined
  /** Values of the text that the record does not have, by merge name; those of the record are kept there. */
  readonly values?: Readonly<Record<string, string>> | undefined
  /** Who signs for the company, unless the settings say it. */
  readonly representative?: { readonly name?: string | undefined; readonly email?: string | undefined } | undefined
  readonly employeeLocale?: Locale | undefined
  readonly message?: string | undefined
  readonly expiresAt?: string | undefined
}

export interface PreparedContract {
  readonly type: ContractType
  readonly employee: Employee
  readonly changes: RecordChanges
  readonly variables: Readonly<Record<string, string>>
  readonly missing: readonly MissingValue[]
  /** Errors keep it from being sent, warnings are shown. */
  readonly faults: readonly FaultDetail[]
  readonly signers: readonly SignerInput[]
}

/** Kinds whose text tells what somebody is paid: for managers of employment alone. */
export function tellsPay(type: ContractType): boolean {
  return mergeNamesOf(type).some((name) => name.startsWith('pay.'))
}

/** @throws Fault ACCESS-DENIED (403) */
export function requireKind(host: Host, context: CompanyContext, type: ContractType): void {
  host.access.require(context, tellsPay(type) ? 'employment.manager' : 'employment.user')
}

/**
 * A document as it would be sent: the text's values, those that are missing, who signs, and everything the law and the record object to.
 * Nothing is stored.
 * @throws Fault EMPLOYMENT-EMPLOYEE-UNKNOWN (404), ACCESS-DENIED (403)
 */
export async function prepareContract(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  employeeId: string,
  input: ContractInput,
): Promise<PreparedContract> {
  const record = await readEmployee(transaction, employeeId)
  const type = contractTypeOf(record.country, input.kind)
  requireKind(host, context, type)
  const company = await host.access.company(context.companyId)
  const settings = withRepresentative(await settingsOf(host, transaction), input)
  const today = localDay(host.now(), company.timeZone)
  const paid = await readPay(host, transaction, employeeId)
  const changes = changesOf(input, record)
  const told = input.values ?? {}
  const { employee, pay } = withChanges(withTold(record, paid, told), changes)
  const { variables, missing } = contractValues(type, {
    company,
    settings,
    employee,
    pay,
    today,
    effectiveFrom: input.effectiveFrom ?? null,
    changes,
    before: { employee: record, pay: paid },
    told: Object.fromEntries(Object.entries(told).filter(([name, value]) => !(name in recordOfMerge) && value !== '')),
  })
  const faults: FaultDetail[] = missing.map(({ name, label }) => ({
    code: 'EMPLOYMENT-VALUE-MISSING',
    path: `values.${name}`,
    params: { name: label[context.locale] },
  }))
  faults.push(...termFaults({ ...input, changes }, { employee, record }, today, context.locale))
  faults.push(...payFaults(type, pay))
  if (!record.active || record.status === 'left') faults.push({ code: 'EMPLOYMENT-EMPLOYEE-LEFT', params: { name: record.name } })
  const signers = signersOf(settings, employee, input)
  for (const signer of signers) {
    if (signer.name === '' || signer.email === undefined)
      faults.push({ code: `EMPLOYMENT-SIGNER-${signer.role.toUpperCase()}`, path: signer.role })
  }
  return { type, employee, changes, variables, missing, faults, signers }
}

function withRepresentative(settings: EmploymentSettings, { representative }: ContractInput): EmploymentSettings {
  const name = representative?.name ?? ''
  return {
    ...settings,
    ...(name === '' || name === settings.representativeName
      ? {}
      : { representativeName: name, representativeNameAr: name, representativeKeyId: '' }),
    ...(representative?.email === undefined || representative.email === '' ? {} : { representativeEmail: representative.email }),
  }
}

/** A contract agrees its dates whether they are new or not; an amendment what differs from the record. */
function changesOf(input: ContractInput, record: Employee): RecordChanges {
  const changes: Record<string, string | null> = {}
  for (const [name, value] of Object.entries(input.changes ?? {})) {
    if (input.kind === 'amendment' ? isAmendable(name) : ['startDate', 'probationEnd', 'contractKind', 'contractEnd'].includes(name))
      changes[name] = value === '' ? null : value
  }
  if (input.kind === 'contract' && input.effectiveFrom !== undefined && changes['startDate'] === undefined)
    changes['startDate'] = input.effectiveFrom
  if (input.kind === 'contract' && changes['contractKind'] === 'indefinite') changes['contractEnd'] = null
  if (input.kind === 'amendment' && changes['contractKind'] === 'indefinite' && record.contractEnd !== null) changes['contractEnd'] = null
  return input.kind === 'contract' || input.kind === 'amendment' ? changes : {}
}

interface Terms {
  readonly employee: Employee
  readonly pay: PayInput
}

function withTold(employee: Employee, pay: PayInput, told: Readonly<Record<string, string>>): Terms {
  const changes: Record<string, string | null> = {}
  for (const [name, value] of Object.entries(told)) {
    const place = recordOfMerge[name]
    if (place === undefined || value === '') continue
    changes[place.part === 'pay' ? `pay.${place.field}` : place.field] = value
  }
  return withChanges({ employee, pay }, changes)
}

/** @throws Fault EMPLOYMENT-FIELD with the paths of the changes */
export function withChanges({ employee, pay }: Terms, changes: RecordChanges): Terms {
  const job: Record<string, unknown> = Object.fromEntries(jobFields.map((field) => [field, employee[field]]))
  const person: Record<string, unknown> = {}
  const paid: Record<string, unknown> = Object.fromEntries(payFields.map((field) => [field, pay[field]]))
  for (const [name, value] of Object.entries(changes)) {
    if (name.startsWith('pay.')) paid[name.slice(4)] = value
    else if ((personFields as readonly string[]).includes(name)) person[name] = value
    else job[name] = value
  }
  const checked: JobInput = parsePart(jobInput, job)
  // Parts of the person are texts that contacts check when they are stored.
  return {
    employee: { ...employee, ...(person as Partial<Employee>), ...checked, number: employee.number },
    pay: parsePart(payInput, paid),
  }
}

function termFaults(
  input: ContractInput,
  { employee, record }: { readonly employee: Employee; readonly record: Employee },
  today: string,
  locale: Locale,
): FaultDetail[] {
  if (input.kind === 'confidentiality') return []
  if (input.kind === 'amendment') {
    const faults: FaultDetail[] = []
    if (Object.keys(input.changes ?? {}).filter(isAmendable).length === 0)
      faults.push({ code: 'EMPLOYMENT-AMENDMENT-EMPTY', path: 'changes' })
    if (input.effectiveFrom === undefined) faults.push({ code: 'EMPLOYMENT-EFFECTIVE-MISSING', path: 'effectiveFrom' })
    for (const name of untranslated(input.changes ?? {}, record))
      faults.push({ code: 'EMPLOYMENT-AMENDMENT-LANGUAGE', path: `changes.${name}`, params: { name: amendable[name][locale] } })
    // Terms that the amendment leaves are not judged again.
    return [
      ...faults,
      ...checkTerms(employee, today, locale).filter(({ path }) => path !== undefined && path in (input.changes ?? {}) && path in amendable),
    ]
  }
  return checkTerms(employee, today, locale)
}

/** Amounts stand in the text in one currency, that of the law on the day. */
function payFaults(type: ContractType, pay: PayInput): FaultDetail[] {
  if (!tellsPay(type) || pay.currency === type.currency) return []
  return [{ code: 'EMPLOYMENT-PAY-CURRENCY', path: 'currency', params: { currency: pay.currency, wanted: type.currency } }]
}

function signersOf(settings: EmploymentSettings, employee: Employee, input: ContractInput): SignerInput[] {
  const groups = { first: { employer: 1, employee: 2 }, last: { employer: 2, employee: 1 }, together: { employer: 1, employee: 1 } }[
    settings.employerSigns
  ]
  return [
    {
      role: 'employee',
      name: employee.name,
      contactId: employee.contactId,
      group: groups.employee,
      ...(employee.email === null ? {} : { email: employee.email }),
      ...(employee.mobile === null ? {} : { phone: employee.mobile }),
      ...localeOf(input.employeeLocale ?? employee.locale),
    },
    {
      role: 'employer',
      name: settings.representativeName,
      group: groups.employer,
      ...(settings.representativeEmail === '' ? {} : { email: settings.representativeEmail }),
      ...(settings.representativePhone === '' ? {} : { phone: settings.representativePhone }),
      ...(settings.representativeKeyId === '' ? {} : { keyId: settings.representativeKeyId }),
    },
  ]
}

function localeOf(locale: Locale | null): { locale?: Locale } {
  return locale === null ? {} : { locale }
}

/**
 * Makes the request of a document as a draft and binds it to the employee, in the caller's transaction. Values that were asked for are
 * kept in the record. With `onceKey` a second call answers with what the first made.
 * @throws Fault with everything that keeps it from being sent
 */
export async function draftContract(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  employeeId: string,
  input: ContractInput,
  onceKey?: string,
): Promise<string> {
  const { companyId, knex } = transaction
  if (onceKey !== undefined) {
    // One at a time for an employee: who comes second finds what the first made, though both began at once.
    await knex('employment_employee').where({ company_id: companyId, id: employeeId }).forUpdate().first('id')
    const made: { request_id: string } | undefined = await knex('employment_document')
      .where({ company_id: companyId, once_key: onceKey })
      .first('request_id')
    if (made !== undefined) return made.request_id
  }
  const prepared = await prepareContract(host, transaction, context, employeeId, input)
  Fault.throwIfAny(prepared.faults)
  await keepTold(host, transaction, context, employeeId, input.values ?? {})
  const { type, employee, changes } = prepared
  const name = `${type.name[context.locale]} · ${employee.name}`
  const templateId = await templateFor(host, transaction, context, type)
  const requestId = await createRequest(host, transaction, context, {
    templateId,
    name: name.slice(0, 200),
    signers: [...prepared.signers],
    variables: { ...prepared.variables },
    source: { type: employeeSubject, id: employeeId, label: employee.name.slice(0, 200) },
    ...(input.message === undefined || input.message === '' ? {} : { message: { body: input.message } }),
    ...(input.expiresAt === undefined ? {} : { expiresAt: input.expiresAt }),
    metadata: { employment: { kind: type.kind, country: type.country } },
  })
  await knex('employment_document').insert({
    company_id: companyId,
    employee_id: employeeId,
    kind: type.kind,
    country: type.country,
    template_id: templateId,
    request_id: requestId,
    effective_from: input.effectiveFrom ?? employee.startDate,
    effective_to: type.kind === 'contract' || type.kind === 'amendment' ? employee.contractEnd : null,
    changes: JSON.stringify(changes),
    once_key: onceKey ?? null,
    created_by_name: context.actor.name,
    created_at: host.now(),
  })
  host.audit.record(transaction, context, {
    action: 'employment.document-made',
    subject: { type: employeeSubject, id: employeeId, label: employee.name },
    facts: { document: type.name[context.locale], kind: type.kind },
  })
  return requestId
}

/** One click: the draft and its sending. Killed between the two it goes on where it was when it is called again with the same key. */
export async function sendContract(
  host: Host,
  context: CompanyContext,
  employeeId: string,
  input: ContractInput,
  onceKey?: string,
): Promise<SignRequest> {
  const requestId = await host.db.company(context.companyId, (transaction) =>
    draftContract(host, transaction, context, employeeId, input, onceKey),
  )
  const request = await host.db.company(context.companyId, (transaction) => readRequest(transaction, requestId))
  return request.state === 'draft' ? sendRequest(host, context, requestId) : request
}

async function keepTold(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  employeeId: string,
  told: Readonly<Record<string, string>>,
): Promise<void> {
  const kept = Object.entries(told).filter(([name, value]) => name in recordOfMerge && value !== '')
  if (kept.length === 0) return
  const employee = await readEmployee(transaction, employeeId)
  const pay = await readPay(host, transaction, employeeId)
  const next = withTold(employee, pay, Object.fromEntries(kept))
  const paid = kept.some(([name]) => name.startsWith('pay.'))
  await saveEmployee(host, context, transaction, employeeId, {
    person: Object.fromEntries(personFields.map((field) => [field, next.employee[field]])),
    job: Object.fromEntries(jobFields.map((field) => [field, next.employee[field]])),
    ...(paid ? { pay: next.pay } : {}),
  })
}
