import type { Knex } from 'knex'
import type { RecordRule } from '../access/access.js'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { plainText } from './field-control.js'
import { columnSql, idSql, orderOf, whereEqual } from './list-columns.js'
import type { ListAddress } from './list-request.js'
import type { ListView, Model, RecordValues } from './view.js'

/** What a list query is made for. */
export interface ListScope {
  readonly transaction: CompanyTransaction
  readonly context: CompanyContext
  readonly model: Model
  /** Its columns may bring their own SQL. */
  readonly view?: ListView
  readonly rules: readonly RecordRule[]
  readonly now: Date
}

/** A group of records with its sums. */
export interface GroupRow {
  /** Null is the group of records without a value. */
  readonly value: unknown
  readonly count: number
  readonly sums: ColumnSums
}

/** One amount, or one of each currency where rows have several. Amounts of different currencies are never added. */
export type ColumnSums = Readonly<Record<string, readonly { readonly amount: string; readonly currency: string | null }[]>>

/** What a list found; `rows` are those of the page asked for, `total` and `sums` of all. */
export interface ListResult {
  readonly rows: readonly RecordValues[]
  readonly total: number
  readonly sums: ColumnSums
  readonly groups?: readonly GroupRow[]
}

const mostGroups = 200

function base(scope: ListScope): Knex.QueryBuilder {
  let query: Knex.QueryBuilder = scope.transaction.knex(scope.model.table)
  if (scope.model.from !== undefined) query = scope.model.from(query)
  for (const rule of scope.rules) rule.apply(query, scope.context, scope.transaction)
  return query
}

async function conditions(scope: ListScope, view: ListView, address: ListAddress, query: Knex.QueryBuilder): Promise<void> {
  const { model } = scope
  for (const word of (address.search ?? '')
    .split(/\s+/)
    .filter((part) => part !== '')
    .slice(0, 8)) {
    const pattern = `%${word.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
    const columns = (await Promise.all(model.searchColumns.map((column) => columnSql(scope, column)))).map(
      (sql, index) => sql ?? model.searchColumns[index] ?? '',
    )
    void query.where((any) => {
      for (const sql of columns) void any.orWhereRaw(`(${sql})::text ilike ?`, [pattern])
    })
  }
  for (const name of address.filters) {
    const where = view.filters?.find((filter) => filter.name === name)?.where
    if (typeof where === 'function') where(query, scope.context, scope.now)
    else if (where !== undefined) for (const [column, value] of Object.entries(where)) await whereEqual(scope, query, column, value)
  }
  for (const [column, value] of Object.entries(address.where ?? {})) await whereEqual(scope, query, column, value)
  if (address.groupBy !== undefined && address.inGroup !== undefined) {
    const sql = await columnSql(scope, address.groupBy)
    if (sql !== undefined) {
      if (address.inGroup === '') void query.whereRaw(`coalesce((${sql})::text, '') = ''`)
      else void query.whereRaw(`(${sql})::text = ?`, [address.inGroup])
    }
  }
}

interface SummedColumn {
  readonly name: string
  readonly sql: string
  /** Which rows count. */
  readonly of: string | undefined
  /** Where the row has its currency. */
  readonly currency: string | undefined
}

async function sumColumns(scope: ListScope, view: ListView): Promise<SummedColumn[]> {
  const found: SummedColumn[] = []
  for (const { sum, sumOf, name, currencyField } of view.columns) {
    if (sum !== true) continue
    const sql = await columnSql(scope, name)
    const currency = currencyField === undefined ? undefined : await columnSql(scope, currencyField)
    if (sql !== undefined) found.push({ name, sql, of: sumOf, currency })
  }
  return found
}

/** Two statements for a page (count with sums, rows); for a grouped list one for the folded groups and one for the whole. */
export async function queryList(given: ListScope, view: ListView, address: ListAddress): Promise<ListResult> {
  const scope = { ...given, view }
  const { knex } = scope.transaction
  const sums = await sumColumns(scope, view)
  // All sums of a view are in the currency of the row, where one of them is.
  const currency = sums.find((column) => column.currency !== undefined)?.currency ?? 'null::text'
  const sumSql = sums
    .map(
      ({ sql, of }, index) => `, coalesce(sum(${sql})${of === undefined ? '' : ` filter (where ${of})`}, 0)::text as "s${String(index)}"`,
    )
    .join('')
  const namedSums = (rows: readonly Record<string, unknown>[]): ColumnSums =>
    Object.fromEntries(
      sums.map(({ name }, index) => [
        name,
        (rows.length === 0 ? [{}] : rows).map((row: Record<string, unknown>) => ({
          amount: plainText(row[`s${String(index)}`] ?? '0'),
          currency: typeof row['of_currency'] === 'string' ? row['of_currency'] : null,
        })),
      ]),
    )
  const countOf = (rows: readonly Record<string, unknown>[]): number => rows.reduce((count, row) => count + Number(row['n']), 0)

  const whole = base(scope)
  await conditions(scope, view, address, whole)
  const counted: unknown = await whole
    .clone()
    .select(knex.raw(`${currency} as of_currency, count(*)::text as n${sumSql}`))
    .groupByRaw('1')
    .orderByRaw('count(*) desc, 1')
  const head = rowsOf(counted)
  const total = countOf(head)

  if (address.groupBy !== undefined && address.inGroup === undefined) {
    const sql = await columnSql(scope, address.groupBy)
    if (sql !== undefined) {
      const grouped: unknown = await whole
        .clone()
        .select(knex.raw(`${sql} as value, ${currency} as of_currency, count(*)::text as n${sumSql}`))
        .groupByRaw('1, 2')
        .orderByRaw('1, 2')
        .limit(mostGroups)
      const byValue = new Map<string, Record<string, unknown>[]>()
      for (const row of rowsOf(grouped)) {
        const value = plainText(row['value'])
        byValue.set(value, [...(byValue.get(value) ?? []), row])
      }
      const groups = [...byValue.values()].map((rows) => ({
        value: rows[0]?.['value'],
        count: countOf(rows),
        sums: namedSums(rows),
      }))
      return { rows: [], total, sums: namedSums(head), groups }
    }
  }
  // A search that found nothing is not gone through a second time.
  const rows = total > address.offset ? await page(scope, view, address, whole) : []
  return { rows, total, sums: namedSums(head) }
}

async function page(scope: ListScope, view: ListView, address: ListAddress, whole: Knex.QueryBuilder): Promise<RecordValues[]> {
  const { knex } = scope.transaction
  const query = whole.clone().select(knex.raw(`"${scope.model.table}".*`))
  for (const [name, sql] of Object.entries(scope.model.select ?? {})) void query.select(knex.raw(`${sql} as "${name}"`))
  for (const { name, sql } of view.columns) if (sql !== undefined) void query.select(knex.raw(`${sql} as "${name}"`))
  if (address.sort === undefined && scope.model.offered !== undefined && view.columns.length === 0)
    void query.orderByRaw(scope.model.offered)
  for (const key of await orderOf(scope, address.sort)) void query.orderByRaw(key)
  const rows: unknown = await query.offset(address.offset).limit(address.limit)
  return rowsOf(rows).map(withCamelNames)
}

/** Ids of everything a list shows, for "select all": bounded, refused beyond. @throws Fault VIEW-TOO-MANY */
export async function queryIds(given: ListScope, view: ListView, address: ListAddress, most: number): Promise<string[]> {
  const scope = { ...given, view }
  const query = base(scope)
  await conditions(scope, view, address, query)
  const found: unknown = await query.select(scope.transaction.knex.raw(`${idSql(scope.model)} as id`)).limit(most + 1)
  const rows = rowsOf(found)
  if (rows.length > most) throw new Fault('VIEW-TOO-MANY', { params: { most } })
  return rows.map((row) => String(row['id']))
}

/**
 * Which of these ids the actor may touch: RLS hides other companies, rules hide what the actor may not see.
 * The caller answers 404 for the rest, as if they were not there.
 */
export async function visibleIds(scope: ListScope, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const query = base(scope)
  await whereEqual(scope, query, 'id', ids)
  const rows: unknown[] = await query.select(scope.transaction.knex.raw(`${idSql(scope.model)} as id`))
  return new Set(rows.filter(isRow).map((row) => String(row['id'])))
}

/** Records for a relation's combobox or the palette. */
export async function searchRecords(
  scope: ListScope,
  search: string,
  where: Readonly<Record<string, unknown>>,
  limit: number,
): Promise<RecordValues[]> {
  const view: ListView = { id: '', kind: 'list', model: scope.model.name, title: '', columns: [], empty: { text: '' } }
  const address: ListAddress = { search, filters: [], offset: 0, limit, where }
  const query = base(scope)
  await conditions(scope, view, address, query)
  return page(scope, view, address, query)
}

function rowsOf(answer: unknown): Record<string, unknown>[] {
  return Array.isArray(answer) ? answer.filter(isRow) : []
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Rows under their column names and in camelCase too: models name records by either. */
function withCamelNames(row: Record<string, unknown>): RecordValues {
  const both: Record<string, unknown> = { ...row }
  for (const [name, value] of Object.entries(row)) {
    if (name.includes('_')) both[name.replace(/_([a-z\d])/g, (_match, letter: string) => letter.toUpperCase())] ??= value
  }
  return both
}
