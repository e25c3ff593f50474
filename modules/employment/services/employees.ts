import { isUuid } from '../../../core/access/companies.js'
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { isIban } from '../../../core/identity/iban.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { fixed, trim } from '../../../core/money/decimal-text.js'
import { contactInput, findContact, saveContact, type Contact } from '../../contacts/index.js'
import {
  jobColumns,
  jobFields,
  jobInput,
  payFields,
  payInput,
  personInput,
  type Employee,
  type JobInput,
  type PayInput,
  type PersonInput,
} from '../models/employee.js'
import { employmentSettings, type EmploymentSettings } from '../models/settings.js'
import { checkIdentity } from './identity-numbers.js'
import { checkTerms } from './law-checks.js'

export const employeeSubject = 'employment.employee'

export interface EmployeeInput {
  readonly person: unknown
  readonly job: unknown
  /** Left as it is when not given: who may not see the pay does not change it. */
  readonly pay?: unknown
  /** An existing contact that becomes the employee. */
  readonly contactId?: string
}

export interface SavedEmployee {
  readonly employee: Employee
  readonly warnings: readonly FaultDetail[]
}

/** Settings as stored, defaults for the rest. */
export async function settingsOf(host: Host, transaction: CompanyTransaction): Promise<EmploymentSettings> {
  return employmentSettings.parse(await host.settings.get(transaction, 'employment'))
}

/** @throws Fault EMPLOYMENT-FIELD with paths of the input */
export function parsePart<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.')
    return path === 'name' ? { code: 'EMPLOYMENT-NAME', path } : { code: 'EMPLOYMENT-FIELD', path, params: { reason: issue.message } }
  })
  throw new Fault(details[0]?.code ?? 'EMPLOYMENT-FIELD', { path: details[0]?.path, details })
}

interface EmployeeRow {
  readonly id: string
  readonly contact_id: string
  readonly number: string
  readonly active: boolean
}

/** With the person it is; undefined for an unknown id. */
export async function findEmployee(transaction: CompanyTransaction, id: string): Promise<Employee | undefined> {
  if (!isUuid(id)) return undefined
  const row: (EmployeeRow & Record<string, unknown>) | undefined = await transaction
    .knex('employment_employee')
    .where({ company_id: transaction.companyId, id })
    .first(['id', 'contact_id', 'number', 'active', ...Object.values(jobColumns)])
  if (row === undefined) return undefined
  const contact = await findContact(transaction, row.contact_id)
  if (contact === undefined) return undefined
  const job = Object.fromEntries(jobFields.map((field) => [field, row[jobColumns[field]] ?? null]))
  return {
    // The columns are those of the input, as they were checked when stored.
    ...(job as unknown as JobInput),
    hoursWeek: typeof job['hoursWeek'] === 'string' ? trim(job['hoursWeek']) : null,
    ...personOf(contact),
    id: row.id,
    contactId: row.contact_id,
    number: row.number,
    active: row.active,
  }
}

/** @throws Fault EMPLOYMENT-EMPLOYEE-UNKNOWN (404) */
export async function readEmployee(transaction: CompanyTransaction, id: string): Promise<Employee> {
  const employee = await findEmployee(transaction, id)
  if (employee === undefined) throw new Fault('EMPLOYMENT-EMPLOYEE-UNKNOWN', { status: 404 })
  return employee
}

function personOf(contact: Contact): PersonInput {
  const { name, nameAr, email, mobile, street, city, country, locale } = contact
  return { name, nameAr, email, mobile, street, city, addressCountry: country, locale }
}

/** What an employee is paid; nothing yet in the company's currency when no row is there. */
export async function readPay(host: Host, transaction: CompanyTransaction, employeeId: string): Promise<PayInput> {
  const row: PayInput | undefined = await transaction
    .knex('employment_pay')
    .where({ company_id: transaction.companyId, employee_id: employeeId })
    .first([...payFields])
  if (row !== undefined) {
    const amount = (value: string | null): string | null => (value === null ? null : fixed(value, minorUnits(row.currency)))
    return { ...row, basic: amount(row.basic), housing: amount(row.housing), transport: amount(row.transport), other: amount(row.other) }
  }
  const { currency } = await host.access.company(transaction.companyId)
  return { basic: null, housing: null, transport: null, other: null, currency, iban: null }
}

/**
 * Creates or changes an employee and the contact it is.
 * @throws Fault EMPLOYMENT-EMPLOYEE-UNKNOWN (404), or everything that is wrong with paths of the form: EMPLOYMENT-FIELD,
 * EMPLOYMENT-NUMBER-TAKEN, EMPLOYMENT-IDENTITY-…, EMPLOYMENT-IBAN, EMPLOYMENT-LAW-… by confirmed rows, faults of contacts
 */
export async function saveEmployee(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string | undefined,
  given: EmployeeInput,
): Promise<SavedEmployee> {
  const person = parsePart(personInput, given.person)
  const job = parsePart(jobInput, given.job)
  const pay = given.pay === undefined ? undefined : parsePart(payInput, given.pay)
  const before = id === undefined ? undefined : await readEmployee(transaction, id)
  const employeeId = before?.id ?? randomUUID()
  const number = job.number ?? before?.number ?? (await nextNumber(host, transaction))
  const faults = await faultsOf(host, context, transaction, { job: { ...job, number }, pay, employeeId })
  if (before === undefined && given.contactId !== undefined)
    faults.push(...(await contactFaults(transaction, given.contactId, person.name)))
  Fault.throwIfAny(faults)

  const contactId = await savePerson(host, context, transaction, before?.contactId ?? given.contactId, person)
  const row: Record<string, unknown> = { number, updated_at: host.now() }
  for (const field of jobFields) if (field !== 'number') row[jobColumns[field]] = job[field]
  const key = { company_id: transaction.companyId, id: employeeId }
  if (before === undefined) {
    await transaction.knex('employment_employee').insert({ ...row, ...key, contact_id: contactId, created_at: host.now() })
  } else await transaction.knex('employment_employee').where(key).update(row)
  if (pay !== undefined) await storePay(transaction, employeeId, pay)
  const employee: Employee = { ...job, ...person, id: employeeId, contactId, number, active: before?.active ?? true }
  host.audit.record(transaction, context, {
    action: before === undefined ? 'employment.employee-created' : 'employment.employee-changed',
    subject: { type: employeeSubject, id: employeeId, label: person.name },
    // Names of fields alone: the log is read by more people than the identity and the pay.
    facts: before === undefined ? { number } : { fields: changedFields(before, employee).join(', ') },
  })
  return { employee, warnings: faults }
}

export async function storePay(transaction: CompanyTransaction, employeeId: string, pay: PayInput): Promise<void> {
  const row = Object.fromEntries(payFields.map((field) => [field, pay[field]]))
  await transaction
    .knex('employment_pay')
    .insert({ company_id: transaction.companyId, employee_id: employeeId, ...row })
    .onConflict(['company_id', 'employee_id'])
    .merge([...payFields])
}

async function faultsOf(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  { job, pay, employeeId }: { job: JobInput; pay: PayInput | undefined; employeeId: string },
): Promise<FaultDetail[]> {
  const { timeZone } = await host.access.company(context.companyId)
  const day = localDay(host.now(), timeZone)
  const faults: FaultDetail[] = []
  if (job.identityNumber !== null && job.identityType === null)
    faults.push({ code: 'EMPLOYMENT-IDENTITY-TYPE-MISSING', path: 'identityType' })
  if (job.identityNumber !== null && job.identityType !== null) {
    const { identityType: type, identityNumber: number, birthDate, gender } = job
    faults.push(...checkIdentity({ type, number, birthDate, gender }, day))
  }
  if (pay !== undefined && pay.iban !== null && !isIban(pay.iban)) faults.push({ code: 'EMPLOYMENT-IBAN', path: 'iban' })
  if (job.contractKind === 'indefinite' && job.contractEnd !== null)
    faults.push({ code: 'EMPLOYMENT-CONTRACT-END-INDEFINITE', path: 'contractEnd' })
  if (job.birthDate !== null && job.birthDate > day) faults.push({ code: 'EMPLOYMENT-BIRTH-FUTURE', path: 'birthDate' })
  // A law that forbids a term stops the contract, not the record: people enter what was agreed before them.
  faults.push(
    ...checkTerms(job, day, context.locale).map((fault): FaultDetail =>
      fault.code.includes('-LAW-') ? { ...fault, level: 'warning' } : fault,
    ),
  )
  const taken: unknown = await transaction
    .knex('employment_employee')
    .where({ company_id: transaction.companyId, number: job.number })
    .whereNot({ id: employeeId })
    .first('id')
  if (taken !== undefined) faults.push({ code: 'EMPLOYMENT-NUMBER-TAKEN', path: 'number', params: { number: job.number ?? '' } })
  if (job.managerId !== null) faults.push(...(await managerFaults(transaction, job.managerId, employeeId)))
  return faults
}

/** One person is one employee. */
async function contactFaults(transaction: CompanyTransaction, contactId: string, name: string): Promise<FaultDetail[]> {
  const taken: unknown = await transaction
    .knex('employment_employee')
    .where({ company_id: transaction.companyId, contact_id: contactId })
    .first('id')
  return taken === undefined ? [] : [{ code: 'EMPLOYMENT-CONTACT-TAKEN', path: 'contactId', params: { name } }]
}

/** A manager is somebody else, and not somebody who reports to this employee. */
async function managerFaults(transaction: CompanyTransaction, managerId: string, employeeId: string): Promise<FaultDetail[]> {
  const seen = new Set([employeeId])
  for (let next: string | null = managerId; next !== null;) {
    if (seen.has(next)) return [{ code: 'EMPLOYMENT-MANAGER-CIRCLE', path: 'managerId' }]
    seen.add(next)
    const row: { manager_id: string | null } | undefined = await transaction
      .knex('employment_employee')
      .where({ company_id: transaction.companyId, id: next })
      .first('manager_id')
    if (row === undefined) return [{ code: 'EMPLOYMENT-EMPLOYEE-UNKNOWN', path: 'managerId' }]
    next = row.manager_id
  }
  return []
}

async function savePerson(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  contactId: string | undefined,
  person: PersonInput,
): Promise<string> {
  const before = contactId === undefined ? undefined : await findContact(transaction, contactId)
  const { addressCountry, ...rest } = person
  const { id: _id, active: _active, ...kept } = before ?? { id: '', active: true }
  const changed = { ...kept, ...rest, country: addressCountry }
  const same =
    before !== undefined &&
    Object.entries({ ...rest, country: addressCountry }).every(([name, value]) => before[name as keyof Contact] === value)
  if (same) return before.id
  const given = contactInput.parse({ kind: 'person', role: 'contact', ...changed })
  return (await saveContact(host, context, transaction, before?.id, given)).contact.id
}

function changedFields(before: Employee, after: Employee): string[] {
  return (Object.keys(after) as (keyof Employee)[]).filter((field) => (before[field] ?? null) !== (after[field] ?? null))
}

/** The next free number: prefix and at least four digits. */
async function nextNumber(host: Host, transaction: CompanyTransaction): Promise<string> {
  const { numberPrefix } = await settingsOf(host, transaction)
  const { rows } = await transaction.knex.raw<{ rows: { last: number | null }[] }>(
    `select max(cast(substr(number, ?) as integer)) as last from employment_employee
      where company_id = ? and left(number, ?) = ? and substr(number, ?) ~ '^[0-9]{1,9}$'`,
    [numberPrefix.length + 1, transaction.companyId, numberPrefix.length, numberPrefix, numberPrefix.length + 1],
  )
  return `${numberPrefix}${String((rows[0]?.last ?? 0) + 1).padStart(4, '0')}`
}

/** Archives or brings back. */
export async function setActive(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  ids: readonly string[],
  active: boolean,
): Promise<void> {
  const changed: { id: string; number: string }[] = await transaction
    .knex('employment_employee')
    .where('company_id', transaction.companyId)
    .whereIn('id', [...ids])
    .where('active', !active)
    .update({ active, updated_at: host.now() })
    .returning(['id', 'number'])
  for (const { id, number } of changed) {
    host.audit.record(transaction, context, {
      action: active ? 'employment.employee-restored' : 'employment.employee-archived',
      subject: { type: employeeSubject, id, label: number },
    })
  }
}
