import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { makePrint } from '../../invoicing/index.js'
import { followRows, printNow, type Feed, type FollowOptions, type SettledRow } from './follow.js'
import { postRows } from './issue-rows.js'
import type { InvoiceRow } from './read-rows.js'
import { ResultFolder, type ResultLine } from './results.js'

export interface IssueOptions extends FollowOptions {
  readonly folder: string
  /** Begins the name of every file in the folder. */
  readonly prefix?: string
  /** Names the file of a row in the results, when there are several. */
  readonly fileOf?: (row: InvoiceRow) => string
  readonly message: (fault: FaultDetail) => string
  readonly onResult?: (line: ResultLine, count: number) => void
}

export interface IssueSummary {
  readonly accepted: number
  readonly posted: number
  readonly rejected: number
  readonly invalid: number
}

/** Rows that may be posted ahead of the first unsettled one: bounds memory, keeps the workers busy. */
const lead = 400

/** Posts, follows and writes rows, in order. @returns counts by status */
export async function issueRows(host: Host, rows: readonly InvoiceRow[], options: IssueOptions): Promise<IssueSummary> {
  const summary = { accepted: 0, posted: 0, rejected: 0, invalid: 0 }
  const results = new ResultFolder(options.folder, options.message, options.prefix)
  const feed: Feed = { rows: [], settled: 0, done: false, left: false }
  const numbers: (string | undefined)[] = []
  let count = 0
  const posting = fill(host, rows, feed, numbers, options)
  // A failure of the posting must not be lost while rows before it are still followed.
  posting.catch(() => undefined)
  try {
    for await (const settled of followRows(host, feed, options)) {
      const line = writeRow(results, settled, options)
      summary[line.status] += 1
      count += 1
      numbers.push(settled.status === 'rejected' ? undefined : settled.number)
      options.onResult?.(line, count)
    }
    await posting
  } finally {
    feed.left = true
    results.close()
  }
  return summary
}

async function fill(
  host: Host,
  rows: readonly InvoiceRow[],
  feed: Feed,
  numbers: readonly (string | undefined)[],
  options: IssueOptions,
): Promise<void> {
  const numberOf = async (place: number): Promise<string | undefined> => {
    while (numbers.length < place && !feed.left) await pause(20)
    return numbers[place - 1]
  }
  try {
    for await (const batch of postRows(host, rows, numberOf)) {
      if (options.pdf && !options.submit) await printNow(host, batch, makePrint)
      feed.rows.push(...batch)
      while (feed.rows.length - feed.settled > lead && !feed.left) await pause(20)
      if (feed.left) return
    }
  } finally {
    feed.done = true
  }
}

function writeRow(results: ResultFolder, settled: SettledRow, options: IssueOptions): ResultLine {
  const { posted, status, number, faults, files } = settled
  const file = options.fileOf?.(posted.row)
  return results.write(
    posted.row,
    { status, faults, ...(number === undefined ? {} : { number }), ...(file === undefined ? {} : { file }) },
    { ...(files.legal === undefined ? {} : { legal: files.legal }), ...(options.pdf && files.pdf !== undefined ? { pdf: files.pdf } : {}) },
  )
}
