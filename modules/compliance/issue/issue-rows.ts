import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { postInvoices, type PostOutcome } from '../../invoicing/index.js'
import { demonstrationCompany, demonstrationPrefix } from '../demonstration.js'
import type { InvoiceRow } from './read-rows.js'

/** A row with what became of its posting. */
export interface PostedRow {
  readonly row: InvoiceRow
  readonly context: CompanyContext | undefined
  readonly outcome: PostOutcome
}

/** Invoices that share a posting transaction. */
const batchSize = 50

/**
 * Posts rows in order, up to 50 in one transaction; a bad row is answered with its faults and changes nothing. Every row carries its
 * idempotency key, so a row that was posted by a run that was killed is found again.
 * @param numberOf the number that the row at a place of this run got, once that row is settled: a note may say `"refersTo": "@1"`
 */
export async function* postRows(
  host: Host,
  rows: readonly InvoiceRow[],
  numberOf: (place: number) => Promise<string | undefined>,
): AsyncGenerator<readonly PostedRow[]> {
  const companies = new CompaniesOfRows(host)
  let batch: InvoiceRow[] = []
  let batchCompany: string | undefined
  // Notes go with the number of their original, and are answered as they were given.
  const given = new Map<InvoiceRow, InvoiceRow>()
  const post = async (): Promise<readonly PostedRow[]> =>
    (await postBatch(host, companies, batchCompany, batch)).map((posted) => ({ ...posted, row: given.get(posted.row) ?? posted.row }))
  for (const [index, row] of rows.entries()) {
    const code = companyCode(row)
    const original = originalPlace(row)
    if (batch.length > 0 && (batch.length === batchSize || code !== batchCompany || original !== undefined)) {
      yield await post()
      batch = []
    }
    batchCompany = code
    if (original === undefined) batch.push(row)
    else {
      const named = await withOriginal(row, original, index, numberOf)
      given.set(named, row)
      batch.push(named)
    }
  }
  if (batch.length > 0) yield await post()
}

/** The place a note names its original by; undefined when it names a number, or none. */
function originalPlace({ value }: InvoiceRow): number | undefined {
  if (typeof value !== 'object' || value === null || !('refersTo' in value)) return undefined
  const place = /^@(\d{1,9})$/.exec(String(value.refersTo))?.[1]
  return place === undefined ? undefined : Number(place)
}

/** The row with the number of its original, which must stand before it and have been issued. */
async function withOriginal(
  row: InvoiceRow,
  place: number,
  index: number,
  numberOf: (place: number) => Promise<string | undefined>,
): Promise<InvoiceRow> {
  const number = place >= 1 && place <= index ? await numberOf(place) : undefined
  if (number === undefined) return { ...row, fault: { code: 'ISSUE-ORIGINAL-PLACE', path: 'refersTo', params: { place } } }
  return { ...row, value: { ...(row.value as object), refersTo: number } } // an object: its member was read
}

async function postBatch(
  host: Host,
  companies: CompaniesOfRows,
  code: string | undefined,
  rows: readonly InvoiceRow[],
): Promise<readonly PostedRow[]> {
  const refuse = (faults: readonly FaultDetail[]): PostedRow[] =>
    rows.map((row) => ({ row, context: undefined, outcome: { status: 'invalid', faults: row.fault === undefined ? faults : [row.fault] } }))
  let context: CompanyContext
  try {
    context = await companies.context(code)
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return refuse(error.details)
    throw error
  }
  const good = rows.filter((row) => row.fault === undefined)
  const outcomes = await postInvoices(
    host,
    context,
    good.map((row) => ({ input: row.value, idempotencyKey: row.key })),
  )
  const byRow = new Map(good.map((row, index) => [row, outcomes[index]]))
  return rows.map((row) => ({
    row,
    context,
    outcome: byRow.get(row) ?? { status: 'invalid', faults: row.fault === undefined ? [] : [row.fault] },
  }))
}

function companyCode(row: InvoiceRow): string | undefined {
  const { value } = row
  if (typeof value !== 'object' || value === null || !('company' in value)) return undefined
  return typeof value.company === 'string' ? value.company : undefined
}

/** Companies by the code of the rows; demonstration companies are made when they are asked for. */
class CompaniesOfRows {
  private readonly known = new Map<string | undefined, Promise<CompanyContext>>()

  constructor(private readonly host: Host) {}

  /** @throws Fault ISSUE-COMPANY-MISSING, ACCESS-COMPANY-UNKNOWN with path `company` */
  context(code: string | undefined): Promise<CompanyContext> {
    const known = this.known.get(code)
    if (known !== undefined) return known
    const found = this.find(code).then((company) => this.host.access.systemContext(company.id, 'cli'))
    this.known.set(code, found)
    return found
  }

  private async find(code: string | undefined): Promise<Company> {
    const companies = await this.host.access.companies()
    if (code === undefined) {
      const [only] = companies
      if (only !== undefined && companies.length === 1) return only
      throw new Fault('ISSUE-COMPANY-MISSING', { path: 'company', params: { count: companies.length } })
    }
    if (code.startsWith(demonstrationPrefix)) {
      const company = await demonstrationCompany(this.host, code)
      if (company !== undefined) return company
    }
    const company = companies.find((one) => one.code === code)
    if (company === undefined) throw new Fault('ACCESS-COMPANY-UNKNOWN', { path: 'company', params: { company: code }, status: 404 })
    return company
  }
}
