import { randomUUID } from 'node:crypto'
import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { NewCompany } from './access.js'
import type { Company } from './context.js'

interface CompanyRow {
  id: string
  code: string
  name: string
  name_ar: string | null
  country: string
  currency: string
  time_zone: string
  locale: Company['locale']
  digits: Company['digits']
  sandbox: boolean
  identifiers: Company['identifiers']
  address: Company['address']
  phone: string | null
  email: string | null
  website: string | null
}

/** A company read less than this ago is answered as it was read. */
const freshForMs = 2000
/**
 * One read less than this ago is answered as it was read and read again meanwhile. Work inside a transaction asks for its company too:
 * would every such question take a connection of its own, a full pool of transactions would wait for itself.
 */
const usableForMs = 30_000

interface KeptCompany {
  readonly readAt: number
  readonly company: Company
}

/** Companies of this database, read from the host's table and kept for a moment; what this process changes is seen at once. */
export class Companies {
  private readonly kept = new Map<string, KeptCompany>()
  private readonly reading = new Map<string, Promise<Company>>()

  constructor(
    private readonly db: Database,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** All companies, read now, ordered by name. */
  async list(): Promise<Company[]> {
    const rows = await this.db.host((knex) => knex<CompanyRow>('core_company').orderBy('name').select('*'))
    return rows.map(companyOf)
  }

  /** The company, from memory for a short while; another host's change is seen after that. @throws Fault ACCESS-COMPANY-UNKNOWN */
  async byId(id: string): Promise<Company> {
    const kept = this.kept.get(id)
    const age = kept === undefined ? Infinity : this.clock() - kept.readAt
    if (kept === undefined || age > usableForMs) return this.read(id)
    // A failed second reading leaves the first; the next question reads again.
    if (age > freshForMs) this.read(id).catch(() => undefined)
    return kept.company
  }

  /** Reads the row; questions that come meanwhile share the answer. */
  private read(id: string): Promise<Company> {
    const running = this.reading.get(id)
    if (running !== undefined) return running
    const reading = this.readRow(id).finally(() => {
      if (this.reading.get(id) === reading) this.reading.delete(id)
    })
    this.reading.set(id, reading)
    return reading
  }

  private async readRow(id: string): Promise<Company> {
    const row = isUuid(id) ? await this.db.host((knex) => knex<CompanyRow>('core_company').where({ id }).first('*')) : undefined
    if (row === undefined) {
      this.kept.delete(id)
      throw unknown(id)
    }
    const company = companyOf(row)
    // A change by this process while the row was being read has dropped this reading: it must not come back.
    if (this.reading.has(id)) this.kept.set(id, { readAt: this.clock(), company })
    return company
  }

  /** The company of a code (`demo-eg`), read now. @throws Fault ACCESS-COMPANY-UNKNOWN */
  async byCode(code: string): Promise<Company> {
    const [row] = await this.db.host((knex) => knex<CompanyRow>('core_company').where({ code }).limit(1))
    if (row === undefined) throw unknown(code)
    return companyOf(row)
  }

  /** @throws Fault ACCESS-COMPANY-CODE, ACCESS-COMPANY-TAKEN, ACCESS-NAME-EMPTY */
  async create(company: NewCompany, also?: (transaction: CompanyTransaction, company: Company) => Promise<void>): Promise<Company> {
    check(company)
    const id = randomUUID()
    await this.db.company(id, async (transaction) => {
      const { knex } = transaction
      const taken = await knex<CompanyRow>('core_company').where({ code: company.code }).limit(1)
      if (taken.length > 0) throw new Fault('ACCESS-COMPANY-TAKEN', { path: 'code', status: 409, params: { code: company.code } })
      await knex('core_company').insert({ id, ...rowOf(company) })
      await also?.(transaction, { ...company, id })
    })
    return { ...company, id }
  }

  /**
   * Stores the changes and answers the company as it is then. The code stays: papers and folders carry it. @throws Fault
   * ACCESS-COMPANY-CODE-FIXED, or what the checks of a new company say
   */
  async update(id: string, changes: Partial<NewCompany>): Promise<Company> {
    const before = await this.readRow(id)
    const after = { ...before, ...changes, id }
    check(after)
    if (after.code !== before.code) {
      throw new Fault('ACCESS-COMPANY-CODE-FIXED', { path: 'code', params: { code: before.code } })
    }
    await this.db.host((knex) => knex('core_company').where({ id }).update(rowOf(after)))
    this.reading.delete(id)
    this.kept.set(id, { readAt: this.clock(), company: after })
    return after
  }
}

/** Whether it has the form of a UUID (RFC 9562), of any version; asked before a text goes into a query on a uuid column. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text)
}

function unknown(company: string): Fault {
  return new Fault('ACCESS-COMPANY-UNKNOWN', { status: 404, params: { company } })
}

function check(company: NewCompany): void {
  if (!/^[a-z\d][a-z\d-]{1,39}$/.test(company.code))
    throw new Fault('ACCESS-COMPANY-CODE', { path: 'code', params: { code: company.code } })
  if (company.name.trim() === '') throw new Fault('ACCESS-NAME-EMPTY', { path: 'name' })
  if (!/^[A-Z]{2}$/.test(company.country)) throw new Fault('ACCESS-COUNTRY', { path: 'country', params: { country: company.country } })
  if (!/^[A-Z]{3}$/.test(company.currency)) throw new Fault('ACCESS-CURRENCY', { path: 'currency', params: { currency: company.currency } })
  if (!isTimeZone(company.timeZone)) throw new Fault('ACCESS-TIME-ZONE', { path: 'timeZone', params: { zone: company.timeZone } })
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function companyOf(row: CompanyRow): Company {
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    nameAr: row.name_ar,
    country: row.country.trim(),
    currency: row.currency.trim(),
    timeZone: row.time_zone,
    locale: row.locale,
    digits: row.digits,
    sandbox: row.sandbox,
    identifiers: row.identifiers,
    address: row.address,
    phone: row.phone,
    email: row.email,
    website: row.website,
  }
}

function rowOf(company: NewCompany): Omit<Record<keyof CompanyRow, unknown>, 'id'> {
  return {
    code: company.code,
    name: company.name,
    name_ar: company.nameAr,
    country: company.country,
    currency: company.currency,
    time_zone: company.timeZone,
    locale: company.locale,
    digits: company.digits,
    sandbox: company.sandbox,
    identifiers: JSON.stringify(company.identifiers),
    address: JSON.stringify(company.address),
    phone: company.phone,
    email: company.email,
    website: company.website,
  }
}
