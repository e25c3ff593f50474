import { isUuid } from '../../../../core/access/companies.js'
import Papa from 'papaparse'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { JobCall } from '../../../../core/jobs/jobs.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import { parseContact } from '../../models/parse-contact.js'
import { escapeFormula } from '../export.js'
import { identifierSchemes } from '../identifiers.js'
import { checkContact, saveContact } from '../save-contact.js'
import { contactOfRow, guessMapping, type ColumnMapping } from './map-columns.js'
import { readTable, tableType, type UploadedTable } from '../../../../core/files/read-table.js'

/** An import as it stands. */
export interface ContactImport {
  readonly id: string
  readonly fileName: string
  readonly state: 'preview' | 'running' | 'stopped' | 'done' | 'failed'
  readonly mapping: ColumnMapping
  readonly total: number
  readonly done: number
  readonly created: number
  readonly updated: number
  readonly failed: number
  readonly resultSha256: string | null
}

/** A row that was not imported, or was with a warning. `row` counts from 2, as the sheet shows it. */
export interface RowFault {
  readonly row: number
  readonly fault: FaultDetail
}

const batchSize = 50
const previewRows = 100

/** Stores an uploaded table for preview, its columns mapped by guess. @throws Fault CONTACT-IMPORT-… */
export async function createImport(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  file: { readonly name: string; readonly bytes: Buffer },
): Promise<string> {
  const mediaType = tableType(file.bytes)
  const table = await readTable(file.bytes)
  const schemes = (await identifierSchemes(host, context, transaction)).map(({ scheme }) => scheme)
  const stored = await host.files.put(transaction, file.bytes, mediaType)
  const rows: { id: string }[] = await transaction
    .knex('contacts_import')
    .insert({
      company_id: transaction.companyId,
      file_name: file.name.slice(0, 200),
      media_type: mediaType,
      file_sha256: stored.sha256,
      mapping: JSON.stringify(guessMapping(table.heads, schemes)),
      total: table.rows.length,
    })
    .returning('id')
  const [row] = rows
  if (row === undefined) throw new Error('an inserted import has an id')
  return row.id
}

/** @throws Fault CONTACT-IMPORT-UNKNOWN (404) */
export async function importOf(transaction: CompanyTransaction, id: string): Promise<ContactImport> {
  if (!isUuid(id)) throw new Fault('CONTACT-IMPORT-UNKNOWN', { status: 404 })
  const row: ContactImport | undefined = await transaction
    .knex('contacts_import')
    .where({ company_id: transaction.companyId, id })
    .first([
      'id',
      'file_name as fileName',
      'state',
      'mapping',
      'total',
      'done',
      'created',
      'updated',
      'failed',
      'result_sha256 as resultSha256',
    ])
  if (row === undefined) throw new Fault('CONTACT-IMPORT-UNKNOWN', { status: 404 })
  return row
}

export async function tableOf(host: Host, transaction: CompanyTransaction, id: string): Promise<UploadedTable> {
  const row: { file_sha256: string } | undefined = await transaction
    .knex('contacts_import')
    .where({ company_id: transaction.companyId, id })
    .first('file_sha256')
  if (row === undefined) throw new Fault('CONTACT-IMPORT-UNKNOWN', { status: 404 })
  return readTable((await host.files.get(transaction, row.file_sha256)).bytes)
}

/** Checks the first rows as they would be imported. Nothing is written. */
export async function previewImport(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  table: UploadedTable,
  mapping: ColumnMapping,
): Promise<{ faults: RowFault[]; checked: number }> {
  const faults: RowFault[] = []
  const rows = table.rows.slice(0, previewRows)
  for (const [index, row] of rows.entries()) {
    try {
      const given = parseContact(contactOfRow(row, mapping))
      const known = await knownId(transaction, given.reference)
      const checked = await checkContact(host, context, transaction, given, known)
      faults.push(...checked.faults.map((fault) => ({ row: index + 2, fault })))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      faults.push(...error.details.map((fault) => ({ row: index + 2, fault })))
    }
  }
  return { faults, checked: rows.length }
}

/** Hands the import to a job. @throws Fault CONTACT-IMPORT-STATE, CONTACT-IMPORT-NAME when no column is the name */
export async function startImport(host: Host, transaction: CompanyTransaction, id: string, mapping: ColumnMapping): Promise<void> {
  if (!mapping.includes('name') && !mapping.includes('nameAr')) throw new Fault('CONTACT-IMPORT-NAME', { path: 'mapping' })
  const changed = await transaction
    .knex('contacts_import')
    .where({ company_id: transaction.companyId, id })
    .whereIn('state', ['preview', 'stopped'])
    .update({ state: 'running', mapping: JSON.stringify(mapping) })
  if (changed === 0) throw new Fault('CONTACT-IMPORT-STATE', { status: 409 })
  await host.jobs.add(transaction, 'contacts.import', { importId: id }, { key: `contacts.import:${id}` })
}

/** Stops it after the batch that is running; what was imported stays, and it can go on later. */
export async function stopImport(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction.knex('contacts_import').where({ company_id: transaction.companyId, id, state: 'running' }).update({ state: 'stopped' })
}

/**
 * Imports batch by batch, progress committed with each: killed and started again it goes on where it was. A bad row is told with
 * its code and changes nothing; a row whose reference is known changes that contact.
 */
export async function runImport(host: Host, importId: string, call: JobCall): Promise<void> {
  const { context } = call
  const table = await host.db.company(context.companyId, (transaction) => tableOf(host, transaction, importId))
  for (;;) {
    if (call.signal.aborted) throw new Error('interrupted; the next try goes on from here')
    const more = await host.db.company(context.companyId, (transaction) => importBatch(host, context, transaction, importId, table))
    if (!more) return
  }
}

async function importBatch(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  importId: string,
  table: UploadedTable,
): Promise<boolean> {
  const key = { company_id: transaction.companyId, id: importId }
  const now: { state: string; done: number; mapping: ColumnMapping } | undefined = await transaction
    .knex('contacts_import')
    .where(key)
    .forUpdate()
    .first('state', 'done', 'mapping')
  if (now?.state !== 'running') return false
  const faults: RowFault[] = []
  let created = 0
  let updated = 0
  let failed = 0
  const rows = table.rows.slice(now.done, now.done + batchSize)
  for (const [index, row] of rows.entries()) {
    const number = now.done + index + 2
    try {
      const given = parseContact(contactOfRow(row, now.mapping))
      const known = await knownId(transaction, given.reference)
      const saved = await saveContact(host, context, transaction, known, given)
      if (known === undefined) created += 1
      else updated += 1
      faults.push(...saved.warnings.map((fault) => ({ row: number, fault })))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      failed += 1
      faults.push(...error.details.map((fault) => ({ row: number, fault })))
    }
  }
  const done = now.done + rows.length
  await transaction.knex.raw(
    `update contacts_import set done = ?, created = created + ?, updated = updated + ?, failed = failed + ?, errors = errors || cast(? as jsonb)
      where company_id = ? and id = ?`,
    [done, created, updated, failed, JSON.stringify(faults), transaction.companyId, importId],
  )
  if (done < table.rows.length) return true
  await finishImport(host, context, transaction, importId)
  return false
}

async function finishImport(host: Host, context: CompanyContext, transaction: CompanyTransaction, importId: string): Promise<void> {
  const key = { company_id: transaction.companyId, id: importId }
  const faults = await faultsOf(transaction, importId)
  const csv = Papa.unparse({
    fields: ['row', 'level', 'code', 'field', 'message'],
    data: faults.map(({ row, fault }) => [
      String(row),
      fault.level ?? 'error',
      fault.code,
      fault.path ?? '',
      escapeFormula(host.i18n.fault(context.locale, fault)),
    ]),
  })
  const result = await host.files.put(transaction, Buffer.from(`\ufeff${csv}\r\n`), 'text/csv')
  await transaction.knex('contacts_import').where(key).update({ state: 'done', result_sha256: result.sha256 })
  const { created, updated, failed } = await importOf(transaction, importId)
  host.audit.record(transaction, context, {
    action: 'contact.imported',
    subject: { type: 'contacts.import', id: importId },
    facts: { created, updated, failed },
  })
}

export async function faultsOf(transaction: CompanyTransaction, importId: string): Promise<RowFault[]> {
  const row: { errors: RowFault[] } | undefined = await transaction
    .knex('contacts_import')
    .where({ company_id: transaction.companyId, id: importId })
    .first('errors')
  return row?.errors ?? []
}

async function knownId(transaction: CompanyTransaction, reference: string | null): Promise<string | undefined> {
  if (reference === null) return undefined
  const row: { id: string } | undefined = await transaction
    .knex('contacts_contact')
    .where({ company_id: transaction.companyId, reference })
    .orderBy('created_at')
    .first('id')
  return row?.id
}
