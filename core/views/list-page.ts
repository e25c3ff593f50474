import type { CompanyContext } from '../access/context.js'
import { isEndAligned, plainText, showForReader, showValue, type DrawCall, type ShownValue } from './field-control.js'
import { formatDecimal, inDigits } from './format.js'
import { mayPress } from './form-page.js'
import type { ColumnSums, GroupRow, ListResult } from './list-query.js'
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
  const link: Link = (changes) => listAddress(address, { offset: 0, inGroup: undefined, ...changes }, viewId)
  const facets = drawFacets(view, address, call, link)
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
    groups: result.groups?.map((group) => drawGroup(view, address, group, columns, call)),
    footer: columns.some((column) => column.sum === true)
      ? columns.map((column) => ({
          text: column.sum === true ? sumText(column, result.sums, call) : '',
          end: isEndAligned(column),
          label: text(column.label),
        }))
      : undefined,
    pager: drawPager(address, result, call),
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

/** The address of this list with something changed, from its first page. */
type Link = (changes: Partial<ListAddress>) => string

/** What narrows the list, each with the address that takes it off. */
function drawFacets(view: ListView, address: ListAddress, call: ListDrawCall, link: Link): DrawnList['facets'] {
  const text = (key: string): string => call.texts.text(call.shown.locale, key)
  const grouping = view.groupBy?.find((one) => one.column === address.groupBy)
  return [
    ...(address.search === undefined ? [] : [{ label: address.search, kind: 'search', removeHref: link({ search: undefined }) }]),
    ...address.filters.flatMap((name) => {
      const filter = view.filters?.find((one) => one.name === name)
      return filter === undefined
        ? []
        : [{ label: text(filter.label), kind: 'filter', removeHref: link({ filters: address.filters.filter((one) => one !== name) }) }]
    }),
    ...(grouping === undefined ? [] : [{ label: text(grouping.label), kind: 'group', removeHref: link({ groupBy: undefined }) }]),
    ...(address.inGroup === undefined
      ? []
      : [{ label: groupLabel(view, address, address.inGroup, call), kind: 'filter', removeHref: link({}) }]),
    ...Object.keys(address.where ?? {}).map((name) => {
      const column = view.columns.find((one) => one.name === name)
      const { [name]: value, ...rest } = address.where ?? {}
      const label =
        column === undefined ? text('views.facet.link') : `${text(column.label)}: ${showValue(column, { [name]: value }, call).text}`
      return { label, kind: 'filter', removeHref: link({ where: rest }) }
    }),
  ]
}

function drawGroup(
  view: ListView,
  address: ListAddress,
  group: GroupRow,
  columns: readonly ListColumn[],
  call: ListDrawCall,
): NonNullable<DrawnList['groups']>[number] {
  const value = group.value instanceof Date ? group.value.toISOString().slice(0, 10) : plainText(group.value)
  const href = listAddress(address, { offset: 0, inGroup: value }, call.viewId)
  return {
    label: groupLabel(view, address, group.value, call),
    count: formatDecimal(String(group.count), call.shown),
    href,
    rowsHref: `${call.path}${href}&part=rows`,
    cells: columns.slice(1).map((column) => ({ text: sumText(column, group.sums, call), end: isEndAligned(column) })),
  }
}

/** The value that the rows of a group have in common, as people read it. */
function groupLabel(view: ListView, address: ListAddress, value: unknown, call: ListDrawCall): string {
  if (value === null || value === '') return call.texts.text(call.shown.locale, 'views.group.none')
  const column = view.columns.find((one) => one.name === address.groupBy)
  if (column === undefined) return plainText(value)
  return showValue(column, { [column.name]: value }, call).text || plainText(value)
}

function drawPager(address: ListAddress, result: ListResult, { shown, viewId }: ListDrawCall): DrawnList['pager'] {
  const number = (value: number): string => formatDecimal(String(value), shown)
  const at = (offset: number): string => listAddress(address, { offset }, viewId)
  const to = address.offset + (result.groups === undefined ? result.rows.length : result.total)
  return {
    range:
      result.total === 0
        ? inDigits('0', shown)
        : result.groups === undefined
          ? `${number(address.offset + 1)}\u2013${number(to)}`
          : number(result.total),
    total: number(result.total),
    previous: address.offset > 0 ? at(Math.max(0, address.offset - address.limit)) : undefined,
    next: result.groups === undefined && to < result.total ? at(address.offset + address.limit) : undefined,
  }
}

/** The sums of a column, one a line for each currency. One currency is understood; of several each sum says its own. */
function sumText(column: ListColumn, sums: ColumnSums, { shown, decimalsOf }: ListDrawCall): string {
  const found = sums[column.name] ?? []
  return found
    .map(({ amount, currency }) => {
      const places = column.type !== 'money' ? undefined : currency === null ? 2 : decimalsOf(currency)
      const text = formatDecimal(amount, shown, places)
      return found.length === 1 ? text : `${text}\u00a0${currency ?? ''}`
    })
    .join('\n')
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
