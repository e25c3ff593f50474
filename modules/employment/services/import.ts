import { readTable, type UploadedTable } from '../../../core/files/read-table.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { JobCall } from '../../../core/jobs/jobs.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { employmentCountries, jobFields, payFields, personFields } from '../models/employee.js'
import { findEmployee, readPay, saveEmployee } from './employees.js'
import { targetsOf, valueOfCell, type EmployeeTarget } from './table-columns.js'

export interface EmployeeImport {
  readonly id: string
  readonly fileName: string
  readonly state: 'preview' | 'running' | 'stopped' | 'done'
  readonly mapping: readonly EmployeeTarget[]
  readonly total: number
  readonly done: number
  readonly created: number
  readonly updated: number
  readonly failed: number
  readonly errors: readonly ImportFault[]
}

/** `row` counts from 2, as the sheet shows it. */
export interface ImportFault {
  readonly row: number
  readonly fault: FaultDetail
}

const previewRows = 50
const batchSize = 25

class TakenBack extends Error {}

/** Stores an uploaded table, its columns mapped by guess. @throws Fault FILE-TABLE-… */
export async function createImport(host: Host, transaction: CompanyTransaction, file: { name: string; bytes: Buffer }): Promise<string> {
  const table = await readTable(file.bytes)
  const stored = await host.files.put(transaction, file.bytes, 'application/octet-stream')
  const [row]: { id: string }[] = await transaction
    .knex('employment_import')
    .insert({
      company_id: transaction.companyId,
      file_name: file.name.slice(0, 200),
      file_sha256: stored.sha256,
      mapping: JSON.stringify(targetsOf(table.heads)),
      total: table.rows.length,
      created_at: host.now(),
    })
    .returning('id')
  if (row === undefined) throw new Error('an inserted import has an id')
  return row.id
}

/** @throws Fault EMPLOYMENT-IMPORT-UNKNOWN (404) */
export async function importOf(transaction: CompanyTransaction, id: string): Promise<EmployeeImport> {
  const row: EmployeeImport | undefined = await transaction
    .knex('employment_import')
    .where('company_id', transaction.companyId)
    .whereRaw('id::text = ?', [id])
    .first(['id', 'file_name as fileName', 'state', 'mapping', 'total', 'done', 'created', 'updated', 'failed', 'errors'])
  if (row === undefined) throw new Fault('EMPLOYMENT-IMPORT-UNKNOWN', { status: 404 })
  return row
}

export async function tableOf(host: Host, transaction: CompanyTransaction, id: string): Promise<UploadedTable> {
  const row: { file_sha256: string } | undefined = await transaction
    .knex('employment_import')
    .where({ company_id: transaction.companyId, id })
    .first('file_sha256')
  if (row === undefined) throw new Fault('EMPLOYMENT-IMPORT-UNKNOWN', { status: 404 })
  return readTable((await host.files.get(transaction, row.file_sha256)).bytes)
}

/** Imports the first rows and takes everything back: what is told is exactly what would happen. */
export async function previewImport(
  host: Host,
  context: CompanyContext,
  table: UploadedTable,
  mapping: readonly EmployeeTarget[],
): Promise<{ faults: ImportFault[]; checked: number }> {
  const faults: ImportFault[] = []
  const rows = table.rows.slice(0, previewRows)
  await host.db
    .company(context.companyId, async (transaction) => {
      for (const [index, row] of rows.entries())
        faults.push(...(await importRow(host, context, transaction, row, mapping, index + 2)).faults)
      throw new TakenBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error
    })
  return { faults, checked: rows.length }
}

/** @throws Fault EMPLOYMENT-IMPORT-STATE (409), EMPLOYMENT-IMPORT-NAME when no column is the name */
export async function startImport(
  host: Host,
  transaction: CompanyTransaction,
  id: string,
  mapping: readonly EmployeeTarget[],
): Promise<void> {
  if (!mapping.includes('name') && !mapping.includes('nameAr')) throw new Fault('EMPLOYMENT-IMPORT-NAME', { path: 'mapping' })
  const changed = await transaction
    .knex('employment_import')
    .where({ company_id: transaction.companyId, id })
    .whereIn('state', ['preview', 'stopped'])
    .update({ state: 'running', mapping: JSON.stringify(mapping) })
  if (changed === 0) throw new Fault('EMPLOYMENT-IMPORT-STATE', { status: 409 })
  await host.jobs.add(transaction, 'employment.import', { importId: id }, { key: `employment.import:${id}` })
}

export async function stopImport(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction
    .knex('employment_import')
    .where({ company_id: transaction.companyId, id, state: 'running' })
    .update({ state: 'stopped' })
}

/** Imports some rows at a time, progress committed with them: killed and started again it goes on where it was. */
export async function runImport(host: Host, importId: string, call: JobCall): Promise<void> {
  const { context } = call
  const table = await host.db.company(context.companyId, (transaction) => tableOf(host, transaction, importId))
  for (;;) {
    if (call.signal.aborted) throw new Error('interrupted; the next try goes on from here')
    const more = await host.db.company(context.companyId, async (transaction) => {
      const key = { company_id: transaction.companyId, id: importId }
      await transaction.knex('employment_import').where(key).forUpdate().first('id')
      const now = await importOf(transaction, importId)
      if (now.state !== 'running') return false
      const rows = table.rows.slice(now.done, now.done + batchSize)
      const count = { created: 0, updated: 0, failed: 0 }
      const faults: ImportFault[] = []
      for (const [index, row] of rows.entries()) {
        const outcome = await importRow(host, context, transaction, row, now.mapping, now.done + index + 2)
        count[outcome.result] += 1
        faults.push(...outcome.faults)
      }
      const done = now.done + rows.length
      await transaction.knex.raw(
        `update employment_import set done = ?, created = created + ?, updated = updated + ?, failed = failed + ?,
           errors = errors || cast(? as jsonb), state = case when ? >= total then 'done' else state end
         where company_id = ? and id = ?`,
        [done, count.created, count.updated, count.failed, JSON.stringify(faults), done, transaction.companyId, importId],
      )
      return done < now.total
    })
    if (!more) return
  }
}

/** A row whose number is known changes that employee; cells that are empty leave what is there. A bad row changes nothing. */
async function importRow(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  row: readonly string[],
  mapping: readonly EmployeeTarget[],
  number: number,
): Promise<{ result: 'created' | 'updated' | 'failed'; faults: ImportFault[] }> {
  const given = cellsOf(row, mapping, context.locale)
  try {
    const known: { id: string } | undefined =
      given['number'] === undefined
        ? undefined
        : await transaction.knex('employment_employee').where({ company_id: transaction.companyId, number: given['number'] }).first('id')
    // Everything that may be refused is refused before the first write of the row.
    const warnings = await saveRow(host, context, transaction, known?.id, given)
    return { result: known === undefined ? 'created' : 'updated', faults: warnings.map((fault) => ({ row: number, fault })) }
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500) throw error
    return { result: 'failed', faults: error.details.map((fault) => ({ row: number, fault })) }
  }
}

function cellsOf(row: readonly string[], mapping: readonly EmployeeTarget[], locale: Locale): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [index, target] of mapping.entries()) {
    const cell = (row[index] ?? '').trim()
    if (target !== '' && cell !== '') given[target] = valueOfCell(target, cell, locale)
  }
  if (given['name'] === undefined && given['nameAr'] !== undefined) given['name'] = given['nameAr']
  return given
}

async function saveRow(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string | undefined,
  given: Readonly<Record<string, string>>,
): Promise<readonly FaultDetail[]> {
  const company = await host.access.company(context.companyId)
  const before = id === undefined ? undefined : await findEmployee(transaction, id)
  const stored = id === undefined ? undefined : await readPay(host, transaction, id)
  const country = employmentCountries.find((one) => one === company.country) ?? 'SA'
  const merge = (fields: readonly string[], kept: object | undefined, defaults: Record<string, unknown> = {}): Record<string, unknown> => {
    const old = new Map<string, unknown>(Object.entries(kept ?? defaults))
    return Object.fromEntries(fields.map((field) => [field, given[field] ?? old.get(field)]))
  }
  const saved = await saveEmployee(host, context, transaction, id, {
    person: merge(personFields, before),
    job: merge(jobFields, before, { country, ...(given['contractEnd'] === undefined ? {} : { contractKind: 'fixed' }) }),
    ...(payFields.some((field) => given[field] !== undefined) ? { pay: merge(payFields, stored, { currency: company.currency }) } : {}),
  })
  return saved.warnings
}
