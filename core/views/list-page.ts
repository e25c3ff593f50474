import type { CompanyContext } from '../access/context.js'
import { isEndAligned, plainText, showForReader, showValue, type DrawCall, type ShownValue } from './field-control.js'
import { formatDecimal, inDigits } from './format.js'
import { mayPress } from './form-page.js'
import type { ColumnSums, ListResult } from './list-query.js'
import { listAddress, type ListAddress } from './list-request.js'
import type { ListColumn, ListView, RecordValues } from './view.js'

/** A list as its template draws it. */
export interface DrawnList {
  readonly columns: readonly {
    name: string
    label: string
    end: boolean
    sortHref: string | undefined
    sorted: 'asc' | 'desc' | undefined
  }[]
  readonly rows: readonly DrawnRow[]
  readonly groups:
    | readonly { label: string; count: string; href: string; rowsHref: string; cells: readonly { text: string; end: boolean }[] }[]
    | undefined
  readonly footer: readonly { text: string; end: boolean; label: string }[] | undefined
  readonly pager: { range: string; total: string; previous: string | undefined; next: string | undefined }
  readonly facets: readonly { label: string; kind: string; removeHref: string }[]
  readonly filters: readonly { label: string; on: boolean; href: string }[]
  readonly groupings: readonly { label: string; on: boolean; href: string }[]
  readonly choices: readonly { name: string; label: string; on: boolean }[]
  readonly bulk: readonly { name: string; label: string; icon: string | undefined; confirm: string | undefined }[]
  readonly search: string
  readonly hiddenParameters: readonly { name: string; value: string }[]
  readonly query: string
  readonly total: number
  readonly untouched: boolean
}

/** A row of the list. */
export interface DrawnRow {
  readonly id: string
  readonly href: string
  readonly label: string
  readonly cells: readonly (ShownValue & { readonly label: string; readonly first: boolean; readonly roomy: boolean })[]
}

/** For whom a list is drawn. */
export interface ListDrawCall extends DrawCall {
  readonly context: CompanyContext
  readonly path: string
  readonly viewId: string | undefined
  readonly chosen: readonly string[] | undefined
  readonly recordLabel: (record: RecordValues) => string
}

/** The columns to be shown: the user's choice, else those that show themselves. */
export function visibleColumns(view: ListView, chosen: readonly string[] | undefined): readonly ListColumn[] {
  return view.columns.filter((column) => {
    if (column.optional === undefined) return true
    return chosen === undefined ? column.optional === 'show' : chosen.includes(column.name)
  })
}

/** Turns an answered list into what its template draws: texts, links of every facet, sorted heads, sums. */
export function drawList(view: ListView, address: ListAddress, result: ListResult, call: ListDrawCall): DrawnList {
  const { texts, shown, viewId } = call
  const text = (key: string): string => texts.text(shown.locale, key)
  const columns = visibleColumns(view, call.chosen)
  const link = (changes: Partial<ListAddress>): string => listAddress(address, { offset: 0, inGroup: undefined, ...changes }, viewId)
  const shownCount = result.groups === undefined ? result.rows.length : result.total
  const number = (value: number): string => formatDecimal(String(value), shown)
  const sumText = (column: ListColumn, sums: ColumnSums): string => {
    const found = sums[column.name] ?? []
    const amount = (sum: string): string => formatDecimal(sum, shown, column.type === 'money' ? 2 : undefined)
    // One currency is understood; of several each sum says its own.
    return found.map((sum) => (found.length === 1 ? amount(sum.amount) : `${amount(sum.amount)}\u00a0${sum.currency ?? ''}`)).join('\n')
  }
  const grouping = view.groupBy?.find((one) => one.column === address.groupBy)
  const groupColumn = view.columns.find((column) => column.name === address.groupBy)
  const groupLabel = (value: unknown): string => {
    if (value === null || value === '') return text('views.group.none')
    if (groupColumn === undefined) return plainText(value)
    return showValue(groupColumn, { [groupColumn.name]: value }, call).text || plainText(value)
  }
  const facets = [
    ...(address.search === undefined ? [] : [{ label: address.search, kind: 'search', removeHref: link({ search: undefined }) }]),
    ...address.filters.flatMap((name) => {
      const filter = view.filters?.find((one) => one.name === name)
      return filter === undefined
        ? []
        : [{ label: text(filter.label), kind: 'filter', removeHref: link({ filters: address.filters.filter((one) => one !== name) }) }]
    }),
    ...(grouping === undefined ? [] : [{ label: text(grouping.label), kind: 'group', removeHref: link({ groupBy: undefined }) }]),
    ...(address.inGroup === undefined ? [] : [{ label: groupLabel(address.inGroup), kind: 'filter', removeHref: link({}) }]),
    ...Object.keys(address.where ?? {}).map((name) => {
      const column = view.columns.find((one) => one.name === name)
      const { [name]: value, ...rest } = address.where ?? {}
      const label =
        column === undefined ? text('views.facet.link') : `${text(column.label)}: ${showValue(column, { [name]: value }, call).text}`
      return { label, kind: 'filter', removeHref: link({ where: rest }) }
    }),
  ]
  const from = address.offset + 1
  const to = address.offset + shownCount
  const previous = Math.max(0, address.offset - address.limit)
  return {
    columns: columns.map((column) => {
      const sorted = address.sort?.column === column.name ? address.sort.direction : undefined
      return {
        name: column.name,
        label: text(column.label),
        end: isEndAligned(column),
        sortHref:
          column.sortable === false ? undefined : link({ sort: { column: column.name, direction: sorted === 'asc' ? 'desc' : 'asc' } }),
        sorted,
      }
    }),
    rows: result.rows.map((record) => drawRow(record, columns, call, mainCurrency(result.sums))),
    groups: result.groups?.map((group) => {
      const value = group.value instanceof Date ? group.value.toISOString().slice(0, 10) : plainText(group.value)
      return {
        label: groupLabel(group.value),
        count: number(group.count),
        href: listAddress(address, { offset: 0, inGroup: value }, viewId),
        rowsHref: `${call.path}${listAddress(address, { offset: 0, inGroup: value }, viewId)}&part=rows`,
        cells: columns.slice(1).map((column) => ({ text: sumText(column, group.sums), end: isEndAligned(column) })),
      }
    }),
    footer: columns.some((column) => column.sum === true)
      ? columns.map((column) => ({
          text: column.sum === true ? sumText(column, result.sums) : '',
          end: isEndAligned(column),
          label: text(column.label),
        }))
      : undefined,
    pager: {
      range:
        result.total === 0
          ? inDigits('0', shown)
          : result.groups === undefined
            ? `${number(from)}\u2013${number(to)}`
            : number(result.total),
      total: number(result.total),
      previous: address.offset > 0 ? listAddress(address, { offset: previous }, viewId) : undefined,
      next:
        result.groups === undefined && to < result.total
          ? listAddress(address, { offset: address.offset + address.limit }, viewId)
          : undefined,
    },
    facets,
    filters: (view.filters ?? []).map((filter) => {
      const on = address.filters.includes(filter.name)
      const filters = on ? address.filters.filter((name) => name !== filter.name) : [...address.filters, filter.name]
      return { label: text(filter.label), on, href: link({ filters }) }
    }),
    groupings: (view.groupBy ?? []).map((group) => {
      const on = group.column === address.groupBy
      return { label: text(group.label), on, href: link({ groupBy: on ? undefined : group.column }) }
    }),
    choices: view.columns
      .filter((column) => column.optional !== undefined)
      .map((column) => ({ name: column.name, label: text(column.label), on: columns.includes(column) })),
    bulk: (view.bulkActions ?? [])
      .filter((button) => mayPress(button, call.context))
      .map((button) => ({
        name: button.name,
        label: text(button.label),
        icon: button.icon,
        confirm: button.confirm === undefined ? undefined : text(button.confirm),
      })),
    search: address.search ?? '',
    hiddenParameters: [...new URLSearchParams(link({ search: undefined }))].map(([name, value]) => ({ name, value })),
    query: listAddress(address, {}, viewId),
    total: result.total,
    // The filters a list begins with are nobody's search: where they leave nothing, it is empty.
    untouched: facets.length === 0 || asItBegins(view, address),
  }
}

function asItBegins(view: ListView, { search, groupBy, where, filters }: ListAddress): boolean {
  const usual = new Set(view.defaultFilters)
  const asUsual = filters.length === usual.size && filters.every((name) => usual.has(name))
  return asUsual && search === undefined && groupBy === undefined && where === undefined
}

/** The currency most of what is listed is in, when there are several: amounts in others say theirs. */
export function mainCurrency(sums: ColumnSums): string | undefined {
  return Object.values(sums).find((sum) => sum.length > 1)?.[0]?.currency ?? undefined
}

/** @param main see `mainCurrency` */
export function drawRow(record: RecordValues, columns: readonly ListColumn[], call: ListDrawCall, main?: string): DrawnRow {
  const id = plainText(record['id'])
  const foreign = ({ currencyField }: ListColumn, text: string): boolean =>
    main !== undefined && currencyField !== undefined && text !== '' && plainText(record[currencyField]) !== main
  return {
    id,
    href: `${call.path}/${encodeURIComponent(id)}`,
    label: call.recordLabel(record),
    cells: columns.map((column, index) => {
      const shown = showForReader(column, record, call)
      return {
        // Links inside a row would compete with the row's own.
        ...(shown.kind === 'link' ? { ...shown, kind: 'text' as const } : shown),
        ...(foreign(column, shown.text) ? { text: `${shown.text}\u00a0${plainText(record[column.currencyField ?? ''])}` } : {}),
        label: call.texts.text(call.shown.locale, column.label),
        first: index === 0,
        // Words may take several lines; numbers, dates and states are read at one glance.
        roomy: column.type === 'text' || column.type === 'multiline' || column.type === 'relation' || column.type === 'tags',
      }
    }),
  }
}
