import type { Knex } from 'knex'
import { isUuid } from '../access/companies.js'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { plainText } from './field-control.js'
import type { ListScope } from './list-query.js'
import type { ListAddress } from './list-request.js'
import type { Model } from './view.js'

const columnsOfTables = new Map<string, ReadonlyMap<string, TableColumn>>()

/** What the database says of a table's column: an index is used only by conditions and orders that are written as it is. */
interface TableColumn {
  readonly name: string
  readonly type: string
  readonly required: boolean
}

async function tableColumns(transaction: CompanyTransaction, table: string): Promise<ReadonlyMap<string, TableColumn>> {
  const known = columnsOfTables.get(table)
  if (known !== undefined) return known
  const { rows } = await transaction.knex.raw<{ rows: TableColumn[] }>(
    `select attname as name, format_type(atttypid, null) as type, attnotnull as required
       from pg_attribute where attrelid = ?::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  const columns = new Map(rows.map((column) => [column.name, column]))
  columnsOfTables.set(table, columns)
  return columns
}

/** A column of a list as SQL: from the model's `select`, else a column of its table (camelCase is tried as snake_case). */
export async function columnSql(scope: ListScope, name: string): Promise<string | undefined> {
  const { model } = scope
  const selected = model.select?.[name] ?? scope.view?.columns.find((column) => column.name === name)?.sql
  if (selected !== undefined) return selected
  // A condition of an address must not become a way to guess at secrets.
  if (/password|secret/i.test(name)) return undefined
  const column = await plainColumn(scope, name)
  return column === undefined ? undefined : `"${model.table}"."${column.name}"`
}

/** The table's own column of this name, where neither the model nor the view brings SQL for it. */
async function plainColumn(scope: ListScope, name: string): Promise<TableColumn | undefined> {
  const { model, transaction, view } = scope
  if (model.select?.[name] !== undefined || view?.columns.some((column) => column.name === name && column.sql !== undefined) === true)
    return
  const columns = await tableColumns(transaction, model.table)
  return columns.get(name) ?? columns.get(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

/** Names a record: the model's `select.id` where its table has another key, else the table's `id`. */
export function idSql(model: Model): string {
  return model.select?.['id'] ?? `"${model.table}"."id"`
}

/**
 * Keeps the rows whose column has this value, or one of these. What an address brings is never cast by the database: a malformed id finds
 * nothing instead of failing. UUIDs are compared as such, all else as text.
 *
 * @throws Fault VIEW-COLUMN-UNKNOWN
 */
export async function whereEqual(scope: ListScope, query: Knex.QueryBuilder, column: string, value: unknown): Promise<void> {
  const sql = await columnSql(scope, column)
  if (sql === undefined) throw new Fault('VIEW-COLUMN-UNKNOWN', { status: 400, path: column, params: { column } })
  const values = Array.isArray(value) ? value.map(String) : [plainText(value)]
  if (value === null) void query.whereRaw(`(${sql}) is null`)
  else if ((await plainColumn(scope, column))?.type === 'uuid') void query.whereRaw(`${sql} = any(?::uuid[])`, [values.filter(isUuid)])
  else if (Array.isArray(value)) void query.whereRaw(`(${sql})::text = any(?)`, [values])
  else void query.whereRaw(`(${sql})::text = ?`, values)
}

/**
 * Keys of an order, each as SQL with its direction. The last names the record and keeps pages from overlapping when many rows share the
 * others. Rows without a value come last, save under `orders` of the model, which go through an index in both directions.
 */
export async function orderOf(scope: ListScope, sort: ListAddress['sort']): Promise<readonly string[]> {
  const id = idSql(scope.model)
  if (sort === undefined) return [id]
  const keys = scope.model.orders?.[sort.column]
  if (keys !== undefined) return [...keys, id].map((key) => `${key} ${sort.direction}`)
  const sql = await columnSql(scope, sort.column)
  if (sql === undefined) return [id]
  const isFilled = (await plainColumn(scope, sort.column))?.required === true
  return [`${sql} ${sort.direction}${isFilled ? '' : ' nulls last'}`, id]
}
