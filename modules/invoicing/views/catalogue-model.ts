import { isUuid } from '../../../core/access/companies.js'
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { plainText } from '../../../core/views/field-control.js'
import type { Model, RecordValues } from '../../../core/views/view.js'
import { forgetCatalogue } from '../services/catalogue.js'

/** A table people keep by hand (products, taxes, terms): one row, one form. */
export interface CatalogueTable {
  /** `invoicing.product`. */
  readonly model: string
  readonly table: string
  /** Checks and converts form values; its keys are columns. */
  readonly schema: z.ZodObject
  readonly searchColumns: readonly string[]
  readonly label: Model['label']
  readonly offered?: string
  readonly defaults?: RecordValues
  /** Rows of a table of its own below the record (rates of a currency). */
  readonly children?: {
    readonly field: string
    readonly load: (transaction: CompanyTransaction, id: string) => Promise<RecordValues[]>
    readonly save: (transaction: CompanyTransaction, id: string, rows: readonly RecordValues[]) => Promise<void>
  }
  readonly select?: Readonly<Record<string, string>>
}

/** Model of a catalogue table. Every change is an event and makes the company's catalogue be read anew. */
export function catalogueModel(host: Host, definition: CatalogueTable): Model {
  const { table, schema, children } = definition
  const columns = Object.keys(schema.shape)
  return {
    name: definition.model,
    table,
    searchColumns: definition.searchColumns,
    label: definition.label,
    ...(definition.select === undefined ? {} : { select: definition.select }),
    ...(definition.offered === undefined ? {} : { offered: definition.offered }),
    load: async (transaction, _context, id) => {
      const row: RecordValues | undefined = await transaction
        .knex(table)
        .where('company_id', transaction.companyId)
        .whereIn('id', [id].filter(isUuid))
        .first(['id', ...columns])
      if (row === undefined || children === undefined) return row
      return { ...row, [children.field]: await children.load(transaction, id) }
    },
    defaults: () => Promise.resolve({ active: true, ...definition.defaults }),
    save: async (transaction, context, id, values) => {
      const parsed = schema.safeParse(Object.fromEntries(columns.flatMap((column) => (column in values ? [[column, values[column]]] : []))))
      if (!parsed.success) {
        const details = parsed.error.issues.map((issue) => ({
          code: 'INVOICE-CATALOGUE-FIELD',
          path: issue.path.join('.'),
          params: { reason: issue.message },
        }))
        Fault.throwIfAny(details)
      }
      forgetCatalogue(transaction)
      const recordId = id ?? randomUUID()
      const key = { company_id: transaction.companyId, id: recordId }
      // Checked above: what is not data threw.
      const row = parsed.data as Record<string, unknown>
      try {
        if (id === undefined) await transaction.knex(table).insert({ ...row, ...key })
        else if ((await transaction.knex(table).where(key).update(row)) === 0) throw new Fault('INVOICE-CATALOGUE-UNKNOWN', { status: 404 })
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === '23505') {
          throw new Fault('INVOICE-CATALOGUE-TAKEN', { path: 'code', params: { code: plainText(row['code']) }, cause: error })
        }
        throw error
      }
      const rows: unknown = children === undefined ? undefined : values[children.field]
      if (children !== undefined && Array.isArray(rows)) await children.save(transaction, recordId, rows.filter(isRecord))
      host.audit.record(transaction, context, {
        action: id === undefined ? 'catalogue.created' : 'catalogue.changed',
        subject: { type: definition.model, id: recordId, label: definition.label(row) },
      })
      return { id: recordId }
    },
    remove: async (transaction, context, ids) => {
      forgetCatalogue(transaction)
      await transaction
        .knex(table)
        .where('company_id', transaction.companyId)
        .whereIn('id', [...ids])
        .delete()
      for (const id of ids)
        host.audit.record(transaction, context, { action: 'catalogue.deleted', subject: { type: definition.model, id } })
    },
    groups: { read: 'invoicing.reader', write: 'invoicing.manager' },
    auditType: definition.model,
  }
}

function isRecord(value: unknown): value is RecordValues {
  return typeof value === 'object' && value !== null
}
