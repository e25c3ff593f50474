import { latinDigits } from './format.js'
import type { ListRequest, ListView } from './view.js'

/** Names of the address's own parameters; every other one is a condition of a link (`?contact=…`). */
const own = new Set(['q', 'f', 'g', 'in', 's', 'o', 'n', 'view', 'fav'])
const largestPage = 400

/** What the address of a list asks for. */
export interface ListAddress extends ListRequest {
  /** Value of the group whose rows are asked for (`in=` with `g=`). */
  readonly inGroup?: string
}

/** Reads the address of a list. Unknown filters, groups and sort columns are dropped: an old favourite still opens. */
export function readListAddress(view: ListView, query: URLSearchParams): ListAddress {
  const filterNames = new Set((view.filters ?? []).map((filter) => filter.name))
  const given = query.getAll('f').filter((name) => filterNames.has(name))
  const untouched = [...query.keys()].every((name) => name === 'view')
  const groups = new Set((view.groupBy ?? []).map((group) => group.column))
  const groupBy = query.get('g') ?? ''
  const where: Record<string, unknown> = {}
  for (const [name, value] of query) if (!own.has(name) && /^[A-Z_]\w{0,60}$/i.test(name)) where[name] = value
  const search = latinDigits(query.get('q') ?? '')
    .trim()
    .slice(0, 200)
  const inGroup = query.get('in')
  return {
    ...(search === '' ? {} : { search }),
    filters: untouched ? (view.defaultFilters ?? []) : [...new Set(given)],
    ...(groups.has(groupBy) ? { groupBy } : {}),
    ...(sortOf(view, query.get('s')) ?? {}),
    offset: boundedInteger(query.get('o'), 0, 10_000_000, 0),
    limit: boundedInteger(query.get('n'), 1, largestPage, view.pageSize ?? 80),
    ...(Object.keys(where).length === 0 ? {} : { where }),
    ...(inGroup === null ? {} : { inGroup }),
  }
}

function sortOf(view: ListView, given: string | null): Pick<ListRequest, 'sort'> | undefined {
  const [column = '', direction] = (given ?? '').split(':')
  const known = view.columns.some((one) => one.name === column && one.sortable !== false)
  if (known) return { sort: { column, direction: direction === 'desc' ? 'desc' : 'asc' } }
  return view.defaultSort === undefined ? undefined : { sort: view.defaultSort }
}

function boundedInteger(text: string | null, least: number, most: number, otherwise: number): number {
  if (text === null || !/^\d{1,9}$/.test(text)) return otherwise
  return Math.min(most, Math.max(least, Number(text)))
}

/** The address of a list with some parts changed. A filter list is always written, so that defaults stay off once touched. */
export function listAddress(address: ListAddress, changes: Partial<ListAddress>, viewId?: string): string {
  const next = { ...address, ...changes }
  const query = new URLSearchParams()
  if (viewId !== undefined) query.set('view', viewId)
  if (next.search !== undefined && next.search !== '') query.set('q', next.search)
  for (const filter of next.filters) query.append('f', filter)
  if (next.filters.length === 0) query.append('f', '')
  if (next.groupBy !== undefined) query.set('g', next.groupBy)
  if (next.inGroup !== undefined) query.set('in', next.inGroup)
  if (next.sort !== undefined) query.set('s', `${next.sort.column}:${next.sort.direction}`)
  if (next.offset > 0) query.set('o', String(next.offset))
  for (const [name, value] of Object.entries(next.where ?? {})) query.set(name, String(value))
  return `?${query.toString()}`
}
