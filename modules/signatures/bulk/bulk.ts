import { createHash, randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { readTable, type UploadedTable } from '../../../core/files/read-table.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { RequestInput } from '../models/request.js'
import { readTemplate, readVersion } from '../services/template-rows.js'
import { guessMapping, inputOfRow, targetsOf, type BulkOptions } from './columns.js'

export const bulkJob = 'signatures.bulk'

/** What is protected for: the uploaded file till the start, the PINs of a row till its request is made. */
const sheetPurpose = 'signatures.bulk-sheet'
export const pinsPurpose = 'signatures.bulk-pins'

export interface Bulk {
  readonly id: string
  readonly name: string
  readonly templateId: string
  /** The version at upload: every row gets the same document. */
  readonly templateVersionId: string
  readonly fileName: string
  readonly fileSha256: string
  readonly state: 'preview' | 'running' | 'stopped' | 'done'
  /** Target of each column; '' goes nowhere. */
  readonly mapping: readonly string[]
  readonly options: BulkOptions
  readonly total: number
  readonly createdBy: { readonly id: string | null; readonly name: string }
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

export interface BulkProgress {
  readonly done: number
  readonly sent: number
  readonly refused: number
}

/** A row that became a request, or why it did not. `row` as the sheet shows it, the heads being row 1. */
export interface BulkRow {
  readonly row: number
  readonly state: 'ready' | 'made' | 'sent' | 'refused'
  readonly requestId: string | null
  readonly input: RequestInput
  readonly faults: readonly FaultDetail[]
}

interface BulkTableRow {
  company_id: string
  id: string
  name: string
  template_id: string
  template_version_id: string
  file_name: string
  file_sha256: string
  sheet: Buffer | null
  state: Bulk['state']
  mapping: string[]
  options: BulkOptions
  total: number
  created_by: string | null
  created_by_name: string
  created_at: Date
  finished_at: Date | null
}

/**
 * Takes a table of people; nothing is made or sent before `startBulk`.
 * @throws Fault FILE-TABLE-TYPE, FILE-TABLE-LARGE, FILE-TABLE-EMPTY, FILE-TABLE-ROWS, SIGNATURES-TEMPLATE-UNKNOWN
 */
export async function createBulk(
  host: Host,
  context: CompanyContext,
  file: { readonly name: string; readonly bytes: Buffer },
  templateId: string,
): Promise<string> {
  const table = await readTable(file.bytes)
  return host.db.company(context.companyId, async (transaction) => {
    const template = await readTemplate(transaction, templateId)
    const id = randomUUID()
    await transaction.knex('signatures_bulk').insert({
      company_id: transaction.companyId,
      id,
      name: template.name,
      template_id: templateId,
      template_version_id: template.current.id,
      file_name: file.name.slice(0, 200),
      file_sha256: createHash('sha256').update(file.bytes).digest('hex'),
      sheet: await host.signing.protect(context, file.bytes, sheetPurpose),
      mapping: JSON.stringify(guessMapping(template.current, table.heads)),
      total: table.rows.length,
      created_by: context.actor.kind === 'user' ? context.actor.id : null,
      created_by_name: context.actor.name,
      created_at: host.now(),
    })
    return id
  })
}

/** @throws Fault SIGNATURES-BULK-UNKNOWN (404) */
export async function bulkOf(transaction: CompanyTransaction, id: string, options: { lock?: boolean } = {}): Promise<Bulk> {
  const query = transaction.knex<BulkTableRow>('signatures_bulk').where({ company_id: transaction.companyId, id }).first()
  const row = await (options.lock === true ? query.forUpdate() : query)
  if (row === undefined) throw new Fault('SIGNATURES-BULK-UNKNOWN', { status: 404 })
  return {
    id: row.id,
    name: row.name,
    templateId: row.template_id,
    templateVersionId: row.template_version_id,
    fileName: row.file_name,
    fileSha256: row.file_sha256,
    state: row.state,
    mapping: row.mapping,
    options: row.options,
    total: row.total,
    createdBy: { id: row.created_by, name: row.created_by_name },
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  }
}

/** Newest first. */
export async function listBulks(transaction: CompanyTransaction): Promise<Bulk[]> {
  const rows: { id: string }[] = await transaction
    .knex('signatures_bulk')
    .where({ company_id: transaction.companyId })
    .orderBy('created_at', 'desc')
    .limit(100)
    .select('id')
  return Promise.all(rows.map(({ id }) => bulkOf(transaction, id)))
}

/**
 * The file as it was uploaded. It may hold PINs: it is kept protected, and only till the start.
 * @throws Fault SIGNATURES-BULK-STATE (409) after it
 */
export async function tableOf(host: Host, transaction: CompanyTransaction, bulk: Bulk): Promise<UploadedTable> {
  const { companyId } = transaction
  const row = await transaction.knex<BulkTableRow>('signatures_bulk').where({ company_id: companyId, id: bulk.id }).first('sheet')
  if (row?.sheet === undefined || row.sheet === null) throw new Fault('SIGNATURES-BULK-STATE', { status: 409 })
  return readTable(await host.signing.reveal({ companyId }, row.sheet, sheetPurpose))
}

/** Columns and shared options as chosen on the page; only before the start. @throws Fault SIGNATURES-BULK-STATE (409) */
export async function setColumns(
  transaction: CompanyTransaction,
  id: string,
  mapping: readonly string[],
  options: BulkOptions,
): Promise<void> {
  const bulk = await bulkOf(transaction, id, { lock: true })
  if (bulk.state !== 'preview') throw new Fault('SIGNATURES-BULK-STATE', { status: 409 })
  const known = new Set(targetsOf(await readVersion(transaction, bulk.templateVersionId)).map(({ target }) => target))
  await transaction
    .knex('signatures_bulk')
    .where({ company_id: transaction.companyId, id })
    .update({
      mapping: JSON.stringify(mapping.map((target) => (known.has(target) ? target : ''))),
      options: JSON.stringify(options),
    })
}

/**
 * Writes a row for each line of the table and hands them to the job, in one transaction. Rows found wrong stay behind with
 * their faults; the others are sent.
 * @throws Fault SIGNATURES-BULK-STATE (409), SIGNATURES-BULK-NOTHING
 */
export async function startBulk(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  id: string,
  faultsOfRow: (input: RequestInput, row: number) => readonly FaultDetail[],
): Promise<void> {
  const bulk = await bulkOf(transaction, id, { lock: true })
  if (bulk.state !== 'preview') throw new Fault('SIGNATURES-BULK-STATE', { status: 409 })
  const version = await readVersion(transaction, bulk.templateVersionId)
  const table = await tableOf(host, transaction, bulk)
  const rows: { state: string; [column: string]: unknown }[] = []
  for (const [index, cells] of table.rows.entries()) {
    const input = inputOfRow(version, bulk, bulk.mapping, cells)
    const faults = faultsOfRow(input, index + 2)
    const refused = faults.some((fault) => fault.level !== 'warning')
    const { open, pins } = withoutPins(input)
    rows.push({
      company_id: transaction.companyId,
      bulk_id: id,
      row: index + 2,
      input: JSON.stringify(open),
      pins: pins === undefined ? null : await host.signing.protect(context, Buffer.from(JSON.stringify(pins)), pinsPurpose),
      state: refused ? 'refused' : 'ready',
      faults: JSON.stringify(faults),
    })
  }
  if (rows.every(({ state }) => state === 'refused')) throw new Fault('SIGNATURES-BULK-NOTHING')
  await transaction.knex.batchInsert('signatures_bulk_row', rows, 500)
  await transaction.knex('signatures_bulk').where({ company_id: transaction.companyId, id }).update({ state: 'running', sheet: null })
  host.audit.record(transaction, context, {
    action: 'signatures.bulk-started',
    subject: { type: 'signatures.bulk', id, label: bulk.name },
    facts: { file: bulk.fileName, rows: rows.length },
  })
  await addJob(host, transaction, id)
}

/** PINs are kept apart from what pages and results show of a row. */
function withoutPins(input: RequestInput): { open: RequestInput; pins: (string | null)[] | undefined } {
  const pins = input.signers.map(({ pin }) => pin ?? null)
  if (pins.every((pin) => pin === null)) return { open: input, pins: undefined }
  return { open: { ...input, signers: input.signers.map(({ pin: _pin, ...rest }) => rest) }, pins }
}

/** Stops after the few rows that are being sent; it can go on later. */
export async function stopBulk(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction.knex('signatures_bulk').where({ company_id: transaction.companyId, id, state: 'running' }).update({ state: 'stopped' })
}

export async function resumeBulk(host: Host, transaction: CompanyTransaction, id: string): Promise<void> {
  const changed = await transaction
    .knex('signatures_bulk')
    .where({ company_id: transaction.companyId, id, state: 'stopped' })
    .update({ state: 'running' })
  if (changed > 0) await addJob(host, transaction, id)
}

/** Rows that were refused are tried once more: what kept them back may be mended (a mail server, a key). */
export async function retryRefused(host: Host, transaction: CompanyTransaction, id: string): Promise<void> {
  const { companyId } = transaction
  // A row that already made its request goes on with that one.
  await transaction.knex.raw(
    `update signatures_bulk_row set state = case when request_id is null then 'ready' else 'made' end, faults = '[]', attempts = 0
      where company_id = ? and bulk_id = ? and state = 'refused'`,
    [companyId, id],
  )
  await transaction
    .knex('signatures_bulk')
    .where({ company_id: companyId, id })
    .whereIn('state', ['done', 'stopped'])
    .update({ state: 'running', finished_at: null })
  await addJob(host, transaction, id)
}

function addJob(host: Host, transaction: CompanyTransaction, bulkId: string): Promise<void> {
  return host.jobs.add(transaction, bulkJob, { bulkId }, { key: `${bulkJob}:${bulkId}`, queue: `${bulkJob}:${bulkId}` })
}

export async function progressOf(transaction: CompanyTransaction, id: string): Promise<BulkProgress> {
  const rows: { state: BulkRow['state']; count: string }[] = await transaction
    .knex('signatures_bulk_row')
    .where({ company_id: transaction.companyId, bulk_id: id })
    .groupBy('state')
    .select('state')
    .count({ count: '*' })
  const count = (state: BulkRow['state']): number => Number(rows.find((row) => row.state === state)?.count ?? 0)
  return { sent: count('sent'), refused: count('refused'), done: count('sent') + count('refused') }
}

export async function rowsOf(transaction: CompanyTransaction, id: string, state?: BulkRow['state'], limit = 10_000): Promise<BulkRow[]> {
  const rows: { row: number; state: BulkRow['state']; request_id: string | null; input: RequestInput; faults: FaultDetail[] }[] =
    await transaction
      .knex('signatures_bulk_row')
      .where({ company_id: transaction.companyId, bulk_id: id, ...(state === undefined ? {} : { state }) })
      .orderBy('row')
      .limit(limit)
      .select('row', 'state', 'request_id', 'input', 'faults')
  return rows.map((row) => ({ row: row.row, state: row.state, requestId: row.request_id, input: row.input, faults: row.faults }))
}
