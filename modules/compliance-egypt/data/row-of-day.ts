import { Fault } from '../../../core/i18n/fault.js'

/** A row of a table that the authority or the law changes: it holds from a day, and to a day once its successor or its end is known. */
export interface DatedRow {
  readonly from: string
  readonly to?: string | undefined
}

/**
 * The row that holds on an ISO day; on days before the first one, the first: nothing was filed before it began.
 * @throws Fault EG-TABLE-ENDED on a day after the last row or between two: what held before is not taken for what holds now
 */
export function rowOfDay<Row extends DatedRow>(table: string, rows: readonly Row[], day: string): Row {
  const ordered = rows.toSorted((one, other) => one.from.localeCompare(other.from))
  const begun = ordered.filter(({ from }) => from <= day).at(-1) ?? ordered[0]
  if (begun === undefined || (begun.to !== undefined && begun.to < day)) {
    throw new Fault('EG-TABLE-ENDED', { status: 409, path: 'issueDate', params: { table, day, last: begun?.to ?? '' } })
  }
  return begun
}
