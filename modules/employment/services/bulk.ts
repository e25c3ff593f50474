import Papa from 'papaparse'
import { readTable } from '../../../core/files/read-table.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { JobCall } from '../../../core/jobs/jobs.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { escapeFormula } from '../../contacts/index.js'
import type { DocumentKind } from '../models/contract-type.js'
import { prepareContract, sendContract, type ContractInput } from './contracts.js'
import { faultText } from './fault-text.js'
import { targetsOf, valueOfCell } from './table-columns.js'

/** One row of a sending to many: whose document, and what differs from the record. */
export interface BulkRow {
  readonly employeeId: string | null
  /** As the file or the list names the employee. */
  readonly label: string
  readonly input: Omit<ContractInput, 'kind'>
  /** Why the row cannot be sent, found before the start. */
  readonly faults: readonly FaultDetail[]
}

export interface BulkResult {
  readonly label: string
  readonly requestId: string | null
  readonly number: string | null
  readonly faults: readonly FaultDetail[]
}

export interface Bulk {
  readonly id: string
  readonly kind: DocumentKind
  readonly state: 'preview' | 'running' | 'stopped' | 'done'
  readonly rows: readonly BulkRow[]
  readonly total: number
  readonly done: number
  readonly sent: number
  readonly refused: number
  readonly results: readonly BulkResult[]
}

/** Most rows of one sending. */
export const mostRows = 2000

/** Rows of chosen employees, all with the same terms. */
export async function rowsOfEmployees(
  transaction: CompanyTransaction,
  ids: readonly string[],
  input: Omit<ContractInput, 'kind'>,
): Promise<BulkRow[]> {
  const known: { id: string; name: string }[] = await transaction
    .knex('employment_employee as e')
    .joinRaw('join contacts_contact as p on p.company_id = e.company_id and p.id = e.contact_id')
    .where('e.company_id', transaction.companyId)
    .whereRaw('e.id::text = any(?)', [[...ids]])
    .select('e.id', 'p.name')
  const names = new Map(known.map(({ id, name }) => [id, name]))
  return ids.map((id) => {
    const name = names.get(id)
    return name === undefined
      ? { employeeId: null, label: id, input, faults: [{ code: 'EMPLOYMENT-EMPLOYEE-UNKNOWN' }] }
      : { employeeId: id, label: name, input, faults: [] }
  })
}

/**
 * Rows of a CSV or XLSX: a column with the employee's number, further columns with what differs (first day, end, amounts).
 * @throws Fault FILE-TABLE-…, EMPLOYMENT-BULK-NUMBER when no column is the number
 */
export async function rowsOfFile(transaction: CompanyTransaction, bytes: Buffer, kind: DocumentKind, locale: Locale): Promise<BulkRow[]> {
  const table = await readTable(bytes)
  const targets = targetsOf(table.heads)
  const numberAt = targets.indexOf('number')
  if (numberAt < 0) throw new Fault('EMPLOYMENT-BULK-NUMBER', { path: 'file' })
  const employees: { id: string; number: string; name: string }[] = await transaction
    .knex('employment_employee as e')
    .joinRaw('join contacts_contact as p on p.company_id = e.company_id and p.id = e.contact_id')
    .where('e.company_id', transaction.companyId)
    .select('e.id', 'e.number', 'p.name')
  const byNumber = new Map(employees.map((one) => [one.number.toLowerCase(), one]))
  const seen = new Set<string>()
  return table.rows.map((row) => {
    const number = (row[numberAt] ?? '').trim()
    const employee = byNumber.get(number.toLowerCase())
    const changes: Record<string, string | null> = {}
    let effectiveFrom: string | undefined
    for (const [index, target] of targets.entries()) {
      const cell = (row[index] ?? '').trim()
      if (cell === '' || target === '' || target === 'number' || target === 'name') continue
      const value = valueOfCell(target, cell, locale)
      if (target === 'effectiveFrom') effectiveFrom = value
      else changes[['basic', 'housing', 'transport', 'other'].includes(target) ? `pay.${target}` : target] = value
    }
    if (kind === 'amendment') effectiveFrom ??= changes['startDate'] ?? undefined
    const faults: FaultDetail[] = []
    if (employee === undefined) faults.push({ code: 'EMPLOYMENT-BULK-UNKNOWN', path: 'number', params: { number } })
    else if (seen.has(employee.id)) faults.push({ code: 'EMPLOYMENT-BULK-TWICE', path: 'number', params: { number } })
    if (employee !== undefined) seen.add(employee.id)
    return {
      employeeId: employee?.id ?? null,
      label: employee === undefined ? number : employee.name,
      input: { changes, ...(effectiveFrom === undefined ? {} : { effectiveFrom }) },
      faults,
    }
  })
}

/** So many rows are checked in one transaction: none is held for as long as a whole sheet takes. */
const rowsAtOnce = 50

/** Checks every row as it would be sent and stores the sending for its preview. @throws Fault EMPLOYMENT-BULK-EMPTY, EMPLOYMENT-BULK-ROWS */
export async function makeBulk(host: Host, context: CompanyContext, kind: DocumentKind, rows: readonly BulkRow[]): Promise<string> {
  if (rows.length === 0) throw new Fault('EMPLOYMENT-BULK-EMPTY')
  if (rows.length > mostRows) throw new Fault('EMPLOYMENT-BULK-ROWS', { params: { rows: rows.length, most: mostRows } })
  const checked: BulkRow[] = []
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    await host.db.company(context.companyId, async (transaction) => {
      for (const row of rows.slice(from, from + rowsAtOnce)) {
        if (row.employeeId === null || row.faults.length > 0) checked.push(row)
        else checked.push({ ...row, faults: await faultsOfRow(host, context, transaction, kind, row.employeeId, row.input) })
      }
    })
  }
  const [made]: { id: string }[] = await host.db.company(context.companyId, (transaction) =>
    transaction
      .knex('employment_bulk')
      .insert({
        company_id: transaction.companyId,
        kind,
        rows: JSON.stringify(checked),
        total: checked.length,
        created_by_name: context.actor.name,
        created_at: host.now(),
      })
      .returning('id'),
  )
  if (made === undefined) throw new Error('an inserted sending has an id')
  return made.id
}

async function faultsOfRow(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  kind: DocumentKind,
  employeeId: string,
  input: Omit<ContractInput, 'kind'>,
): Promise<readonly FaultDetail[]> {
  try {
    return (await prepareContract(host, transaction, context, employeeId, { ...input, kind })).faults
  } catch (error) {
    if (!(error instanceof Fault) || error.status === 403 || error.status >= 500) throw error
    return error.details
  }
}

/** @throws Fault EMPLOYMENT-BULK-MISSING (404) */
export async function bulkOf(transaction: CompanyTransaction, id: string): Promise<Bulk> {
  const row: Bulk | undefined = await transaction
    .knex('employment_bulk')
    .where('company_id', transaction.companyId)
    .whereRaw('id::text = ?', [id])
    .first(['id', 'kind', 'state', 'rows', 'total', 'done', 'sent', 'refused', 'results'])
  if (row === undefined) throw new Fault('EMPLOYMENT-BULK-MISSING', { status: 404 })
  return row
}

/** Starts, or goes on after a stop. */
export async function startBulk(host: Host, transaction: CompanyTransaction, id: string): Promise<void> {
  const changed = await transaction
    .knex('employment_bulk')
    .where({ company_id: transaction.companyId, id })
    .whereIn('state', ['preview', 'stopped'])
    .update({ state: 'running' })
  if (changed > 0) await host.jobs.add(transaction, 'employment.bulk', { bulkId: id }, { key: `employment.bulk:${id}` })
}

/** Pauses after the row that is being sent. */
export async function stopBulk(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction.knex('employment_bulk').where({ company_id: transaction.companyId, id, state: 'running' }).update({ state: 'stopped' })
}

/**
 * Sends row by row. Killed anywhere and started again it goes on with the row it was at; that row's key finds what was made of it, so
 * that nobody is asked twice. A refused row is told with its reason and the next one follows.
 */
export async function runBulk(host: Host, bulkId: string, call: JobCall): Promise<void> {
  const { context } = call
  for (;;) {
    if (call.signal.aborted) throw new Error('interrupted; the next try goes on from here')
    const now = await host.db.company(context.companyId, (transaction) => bulkOf(transaction, bulkId))
    if (now.state !== 'running') return
    const row = now.rows[now.done]
    if (row === undefined) return
    const result = await sendRow(host, context, bulkId, now, row)
    await host.db.company(context.companyId, async (transaction) => {
      // Only who found the sending at this row may count it on.
      await transaction.knex.raw(
        `update employment_bulk set done = done + 1, sent = sent + ?, refused = refused + ?, results = results || cast(? as jsonb),
           state = case when done + 1 >= total then 'done' else state end
         where company_id = ? and id = ? and done = ?`,
        [result.number === null ? 0 : 1, result.number === null ? 1 : 0, JSON.stringify([result]), transaction.companyId, bulkId, now.done],
      )
    })
  }
}

async function sendRow(host: Host, context: CompanyContext, bulkId: string, bulk: Bulk, row: BulkRow): Promise<BulkResult> {
  const refused = (faults: readonly FaultDetail[]): BulkResult => ({ label: row.label, requestId: null, number: null, faults })
  const errors = row.faults.filter(({ level }) => level !== 'warning')
  if (row.employeeId === null || errors.length > 0) return refused(errors)
  try {
    const request = await sendContract(host, context, row.employeeId, { ...row.input, kind: bulk.kind }, `${bulkId}:${String(bulk.done)}`)
    return { label: row.label, requestId: request.id, number: request.number, faults: [] }
  } catch (error) {
    // A fault of the row is its result; a fault of the house (no database, no Typst) makes the job try again.
    if (!(error instanceof Fault) || error.status >= 500) throw error
    return refused(error.details)
  }
}

/** One line per row: employee, request, and why it was refused. */
export function bulkCsv(host: Host, locale: Locale, results: readonly BulkResult[]): Buffer {
  const csv = Papa.unparse({
    fields: ['row', 'status', 'employee', 'request', 'code', 'message'],
    data: results.map((result, index) => [
      String(index + 1),
      result.number === null ? 'refused' : 'sent',
      escapeFormula(result.label),
      result.number ?? '',
      result.faults.map(({ code }) => code).join('; '),
      escapeFormula(result.faults.map((fault) => faultText(host, locale, fault)).join('; ')),
    ]),
  })
  return Buffer.from(`\ufeff${csv}\r\n`)
}
