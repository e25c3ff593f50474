import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceRow } from './read-rows.js'

export type ResultStatus = 'accepted' | 'posted' | 'rejected' | 'invalid'

/** One line of `result.ndjson`. */
export interface ResultLine {
  readonly line: number
  /** Named when several files were given. */
  readonly file?: string
  readonly status: ResultStatus
  readonly number?: string
  readonly files?: { readonly legal?: string; readonly pdf?: string }
  readonly faults: readonly { readonly code: string; readonly path?: string; readonly message: string; readonly level?: 'warning' }[]
}

/** What a settled row leaves in the folder. */
export interface ResultFiles {
  readonly legal?: { readonly bytes: Buffer; readonly extension: string }
  readonly pdf?: Buffer
}

/**
 * The output folder. A line of `result.ndjson` is an acknowledgement: its files are on disk before it is written, and the file grows in
 * the order of the rows. Rows that were refused are written once more to `not-issued.ndjson`, to be mended and issued from there.
 */
export class ResultFolder {
  private readonly results: number
  private readonly refused: InvoiceRow[] = []
  /** File names given out in this run. */
  private readonly taken = new Set<string>()

  /** @param prefix begins every name in the folder; the demonstration puts the files of several companies into one */
  constructor(
    private readonly folder: string,
    private readonly message: (fault: FaultDetail) => string,
    private readonly prefix: string = '',
  ) {
    mkdirSync(folder, { recursive: true })
    rmSync(join(folder, `${prefix}not-issued.ndjson`), { force: true })
    this.results = openSync(join(folder, `${prefix}result.ndjson`), 'w')
  }

  /** @returns the line as it was written */
  write(
    row: InvoiceRow,
    outcome: { status: ResultStatus; number?: string; faults: readonly FaultDetail[]; file?: string },
    files: ResultFiles,
  ): ResultLine {
    const stem = outcome.number === undefined ? undefined : this.stemOf(outcome.number, row)
    const written: { legal?: string; pdf?: string } = {}
    if (stem !== undefined && files.legal !== undefined) {
      written.legal = this.store(`${stem}.${files.legal.extension}`, files.legal.bytes)
    }
    if (stem !== undefined && files.pdf !== undefined) written.pdf = this.store(`${stem}.pdf`, files.pdf)
    if (outcome.status === 'invalid') this.refused.push(row)
    const line: ResultLine = {
      line: row.line,
      ...(outcome.file === undefined ? {} : { file: outcome.file }),
      status: outcome.status,
      ...(outcome.number === undefined ? {} : { number: outcome.number }),
      ...(written.legal === undefined && written.pdf === undefined ? {} : { files: written }),
      faults: outcome.faults.map((fault) => ({
        code: fault.code,
        ...(fault.path === undefined ? {} : { path: fault.path }),
        message: this.message(fault),
        ...(fault.level === 'warning' ? { level: 'warning' as const } : {}),
      })),
    }
    writeSync(this.results, `${JSON.stringify(line)}\n`)
    return line
  }

  /** A name for the row's files. Numbers of two companies may be alike: the later row's line tells them apart. */
  private stemOf(number: string, row: InvoiceRow): string {
    const plain = `${this.prefix}${number.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}`
    const names = [plain, `${plain}_line-${String(row.line)}`]
    const stem = names.find((name) => !this.taken.has(name)) ?? `${plain}_${String(this.taken.size)}`
    this.taken.add(stem)
    return stem
  }

  close(): void {
    fsyncSync(this.results)
    closeSync(this.results)
    const again = this.refused.filter((row) => row.value !== undefined).map((row) => `${JSON.stringify(row.value)}\n`)
    if (again.length > 0) writeFileSync(join(this.folder, `${this.prefix}not-issued.ndjson`), again.join(''))
  }

  /** Written aside and renamed, so that a file of that name is always whole. */
  private store(name: string, bytes: Buffer): string {
    const path = join(this.folder, name)
    writeFileSync(`${path}.part`, bytes)
    renameSync(`${path}.part`, path)
    return name
  }
}
