import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { compare, isDecimalText } from '../../../core/money/decimal-text.js'
import { readRequest } from '../../signatures/index.js'
import { jobFields, payFields, personFields, type Employee, type PayInput } from '../models/employee.js'
import { withChanges } from './contracts.js'
import type { RecordChanges } from './contract-values.js'
import { employeeSubject, readEmployee, readPay, saveEmployee } from './employees.js'

interface DocumentRow {
  readonly id: string
  readonly employee_id: string
  readonly kind: string
  readonly request_id: string
  readonly changes: RecordChanges
  readonly previous: RecordChanges | null
  readonly applied_at: Date | null
  readonly undone_at: Date | null
}

/**
 * The seal stands: the employee's record becomes what the document agreed. A document that agrees nothing about the record (an offer,
 * confidentiality) changes nothing. Told twice, it is applied once.
 */
export async function applyCompleted(host: Host, context: CompanyContext, requestId: string): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const document = await documentOf(transaction, { request_id: requestId })
    if (document === undefined || document.applied_at !== null) return
    const request = await readRequest(transaction, requestId)
    // Only what is sealed counts, whoever says that it is complete.
    if (request.state !== 'sealed') return
    const { employee, pay, previous } = await changeRecord(host, transaction, context, document.employee_id, document.changes)
    await transaction
      .knex('employment_document')
      .where({ company_id: transaction.companyId, id: document.id })
      .update({ applied_at: host.now(), previous: JSON.stringify(previous) })
    const changed = Object.keys(previous)
    host.audit.record(transaction, context, {
      action: changed.length === 0 ? 'employment.document-signed-alone' : 'employment.document-signed',
      subject: { type: employeeSubject, id: employee.id, label: employee.name },
      facts: { request: request.number, name: request.name, fields: changed.join(', '), currency: pay.currency },
    })
  })
}

/**
 * Takes back what a signed document changed in the record; the document itself stays as it is. Fields that were changed again since
 * are left alone and named.
 * @throws Fault EMPLOYMENT-DOCUMENT-UNKNOWN (404), EMPLOYMENT-DOCUMENT-NOT-APPLIED (409)
 */
export async function undoApplied(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  documentId: string,
): Promise<string[]> {
  const document = await documentOf(transaction, { id: documentId })
  if (document === undefined) throw new Fault('EMPLOYMENT-DOCUMENT-UNKNOWN', { status: 404 })
  if (document.applied_at === null || document.undone_at !== null || document.previous === null)
    throw new Fault('EMPLOYMENT-DOCUMENT-NOT-APPLIED', { status: 409 })
  const employee = await readEmployee(transaction, document.employee_id)
  const pay = await readPay(host, transaction, document.employee_id)
  const back: Record<string, string | null> = {}
  const left: string[] = []
  for (const [name, before] of Object.entries(document.previous)) {
    if (same(valueOf(name, employee, pay), document.changes[name] ?? null)) back[name] = before
    else left.push(name)
  }
  await changeRecord(host, transaction, context, employee.id, back)
  await transaction
    .knex('employment_document')
    .where({ company_id: transaction.companyId, id: documentId })
    .update({ undone_at: host.now() })
  host.audit.record(transaction, context, {
    action: 'employment.document-undone',
    subject: { type: employeeSubject, id: employee.id, label: employee.name },
    facts: { fields: Object.keys(back).join(', '), left: left.join(', ') },
  })
  return left
}

async function changeRecord(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  employeeId: string,
  changes: RecordChanges,
): Promise<{ employee: Employee; pay: PayInput; previous: Record<string, string | null> }> {
  await transaction.knex('employment_employee').where({ company_id: transaction.companyId, id: employeeId }).forUpdate().first('id')
  const employee = await readEmployee(transaction, employeeId)
  const pay = await readPay(host, transaction, employeeId)
  const previous = Object.fromEntries(
    Object.entries(changes).flatMap(([name, value]) => {
      const before = valueOf(name, employee, pay)
      return same(before, value) ? [] : [[name, before] as const]
    }),
  )
  if (Object.keys(previous).length === 0) return { employee, pay, previous }
  const next = withChanges({ employee, pay }, changes)
  await saveEmployee(host, context, transaction, employeeId, {
    person: Object.fromEntries(personFields.map((field) => [field, next.employee[field]])),
    job: Object.fromEntries(jobFields.map((field) => [field, next.employee[field]])),
    ...(Object.keys(previous).some((name) => name.startsWith('pay.')) ? { pay: next.pay } : {}),
  })
  return { employee: next.employee, pay: next.pay, previous }
}

/** `9000` and `9000.00` are one amount. */
function same(one: string | null, other: string | null): boolean {
  return one === other || (isDecimalText(one) && isDecimalText(other) && compare(one, other) === 0)
}

function valueOf(name: string, employee: Employee, pay: PayInput): string | null {
  const field = name.startsWith('pay.') ? payFields.find((one) => `pay.${one}` === name) : undefined
  // Names of changes are names of fields: they were checked when the document was made.
  const value = name.startsWith('pay.') ? (field === undefined ? null : pay[field]) : employee[name as keyof Employee]
  return value === null ? null : String(value)
}

async function documentOf(
  transaction: CompanyTransaction,
  where: { id: string } | { request_id: string },
): Promise<DocumentRow | undefined> {
  const row: DocumentRow | undefined = await transaction
    .knex('employment_document')
    .where({ company_id: transaction.companyId, ...where })
    .forUpdate()
    .first(['id', 'employee_id', 'kind', 'request_id', 'changes', 'previous', 'applied_at', 'undone_at'])
  return row
}
