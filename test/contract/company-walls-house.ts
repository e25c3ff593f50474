import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../core/access/context.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { WebClient } from '../helpers/web-client.js'
import { fill, mark, password } from './company-walls-filling.js'
import type { NamedRecord, Route } from './company-walls-routes.js'
import { fillEgypt } from './egypt-rows.js'

/** Tables that belong to no company: the host's own, each with its reason. */
export const hostTables = new Map([
  ['core_company', 'the list of companies'],
  ['core_user', 'people may belong to several companies'],
  ['core_membership', 'who belongs where; read before a company is chosen'],
  ['core_session', 'found by its secret before a company is known'],
  ['core_api_key', 'found by its secret before a company is known'],
  ['core_login_attempt', 'counted before anybody is known'],
  ['core_module', 'code and tables are per database'],
  ['core_migration', 'code and tables are per database'],
  ['core_worker', 'processes serve every company'],
  ['core_agent_pairing', 'found by the hash of a code before a company is known'],
  ['core_key_holder', 'a key is one company’s alone; the application may claim, not read'],
  ['core_master_key', 'which master key wraps: one house, one key'],
  ['verification_code', 'found by the hash of a code before a company is known'],
  ['signatures_link_token', 'found by the hash of a link before a company is known'],
])

/** Two companies of one host: one that has something of everything, and a stranger who may do everything in his own. */
export class WalledHouse {
  private constructor(
    readonly running: TestHost,
    readonly url: string,
    readonly one: CompanyContext,
    readonly other: CompanyContext,
    /** The stranger's, for the API. */
    readonly key: string,
  ) {}

  static async open(): Promise<WalledHouse> {
    const running = await startTestHost({ role: { web: true }, sandbox: true })
    try {
      return await WalledHouse.fill(running)
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  private static async fill(running: TestHost): Promise<WalledHouse> {
    const { url } = await running.listen()
    const one = await running.company({ code: 'one', country: 'QA', name: `${mark} Company`, sandbox: true })
    const other = await running.company({ code: 'other', country: 'QA', sandbox: true })
    // What the stranger is refused, he is refused though his own company works with it and he may do everything there.
    for (const context of [one, other])
      for (const module of ['signatures', 'employment']) await running.host.modules.enable(context, module)
    const allGroups = running.access.groups.list().map((group) => group.name)
    await running.access.createUser({ login: 'one', name: `${mark} Admin`, password, locale: 'en' }, [
      { companyId: one.companyId, groups: ['core.admin'] },
    ])
    await running.access.createUser({ login: 'other', name: 'Other Admin', password, locale: 'en' }, [
      { companyId: other.companyId, groups: allGroups },
    ])
    await fill(running, url, one)
    // Their invoices were posted before they moved to a country with an authority.
    for (const context of [one, other]) {
      await running.access.updateCompany(context.companyId, { country: 'EG' })
      await running.host.modules.enable(context, 'compliance-egypt')
    }
    await fillEgypt(running, one, mark)
    await running.host.access.createApiKey(one, `${mark} key`, ['invoicing.manager'])
    const key = (await running.host.access.createApiKey(other, 'key', allGroups)).secret
    return new WalledHouse(running, url, one, other, key)
  }

  stop(): Promise<void> {
    return this.running.stop()
  }

  /** The stranger, logged in. */
  async stranger(): Promise<WebClient> {
    const client = new WebClient(this.url)
    await client.login('other', password)
    return client
  }

  /** Hash of all rows of a company, table by table. */
  async picture(companyId: string): Promise<Record<string, string>> {
    const tables = await this.companyTables()
    return this.running.host.db.company(companyId, async ({ knex }) => {
      const found: Record<string, string> = {}
      for (const table of tables) {
        const { rows } = await knex.raw<{ rows: { row: string }[] }>('select t::text as row from ?? as t order by 1', [table])
        found[table] = `${String(rows.length)} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`
      }
      return found
    })
  }

  async companyTables(): Promise<string[]> {
    const { rows } = await this.running.database.ownerKnex.raw<{ rows: { name: string }[] }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'company_id'
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    )
    return rows.map((row) => row.name).filter((name) => !hostTables.has(name))
  }

  /** What the first company has that a route could be asked for: of each table what one row is named by, of the core's and of invoicing's, which are few, three. */
  async recordsOfOne(): Promise<readonly NamedRecord[]> {
    const found = new Map<string, NamedRecord>([[this.one.companyId, { id: this.one.companyId, tables: ['core_company'], module: 'core' }]])
    await this.running.host.db.company(this.one.companyId, async ({ knex }) => {
      for (const table of await this.companyTables()) {
        // Physical order: which row comes first must not hang on the plan of the day.
        const rows: Record<string, unknown>[] = await knex(table)
          .orderByRaw('ctid')
          .limit(/^(?:core|invoicing)_/.test(table) ? 3 : 1)
        for (const [column, id] of rows.flatMap((row) => Object.entries(row))) {
          if (!/(?:^|_)(?:id|uuid)$|sha256$/.test(column)) continue
          if (typeof id === 'string' && /^[\da-f-]{36}$|^[\da-f]{64}$|^[A-Z\d]{26}$/.test(id))
            found.set(id, {
              id,
              tables: [...new Set([...(found.get(id)?.tables ?? []), table])],
              module: column === 'id' ? ownerOf(table) : (found.get(id)?.module ?? ownerOf(table)),
            })
        }
      }
    })
    await this.running.host.db.host(async (knex) => {
      const [key, member]: { id: string }[] = [
        await knex('core_api_key').where({ company_id: this.one.companyId }).first('id'),
        await knex('core_membership').where({ company_id: this.one.companyId }).first('user_id as id'),
      ]
      for (const [table, record] of [['core_api_key', key] as const, ['core_user', member] as const])
        if (record !== undefined) found.set(record.id, { id: record.id, tables: [table], module: 'core' })
    })
    return [...found.values()]
  }

  /** What belongs to the first company among the host's own rows. */
  async hostRows(): Promise<unknown> {
    return this.running.host.db.host(async (knex) => [
      await knex('core_company').where({ id: this.one.companyId }),
      await knex('core_membership').where({ company_id: this.one.companyId }),
      await knex('core_api_key').where({ company_id: this.one.companyId }).orderBy('id').select('id', 'groups', 'revoked_at'),
      await knex('core_user').where({ login: 'one' }).select('name', 'password_hash', 'active'),
    ])
  }

  /** Asks as the stranger; no answer may show anything of the first company. @returns the status */
  async ask(client: WebClient, route: Route, path: string, id: string): Promise<number> {
    if (route.kind === 'api') {
      const answer = await fetch(`${this.url}/api/v1${path}`, {
        // fetch writes only some methods in capitals by itself, and a refused method is no wall.
        method: route.method.toUpperCase(),
        headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
        ...(['get', 'delete'].includes(route.method)
          ? {}
          : { body: JSON.stringify({ name: 'x', amount: '1.00', date: '2026-01-01', reason: 'x', type: 'credit_note' }) }),
      })
      assert.ok(!(await answer.text()).includes(mark), `${route.method} ${path} shows it`)
      return answer.status
    }
    const fields: Record<string, string> = {
      name: 'x',
      text: 'a note',
      ids: id,
      company: id,
      ...Object.fromEntries(
        ['id', 'key', 'keyId', 'key_id', 'uuid', 'invoiceId', 'code', 'branch', 'serial', 'sha256'].map((field) => [field, id]),
      ),
      reason: 'Wrong buyer details',
      password: 'another long password',
    }
    const answer = route.method === 'get' ? await client.get(path) : await client.post(path, fields)
    assert.ok(!answer.text.includes(mark), `${route.method} ${path} shows it`)
    // A new record is not another's; a duplicate of what is not there is.
    return answer.status
  }
}

/** The module a table belongs to, as routes name it. */
function ownerOf(table: string): string {
  return table.startsWith('compliance_egypt_') ? 'compliance-egypt' : table.replace(/_.*/s, '')
}
