import assert from 'node:assert/strict'
import { isUuid } from '../../core/access/companies.js'
import type { CompanyContext } from '../../core/access/context.js'
import { newCallbackKey } from '../../modules/compliance-egypt/authority/notifications.js'
import type { TestHost } from '../helpers/test-host.js'
import { mark } from './company-walls-filling.js'
import { hostTables, WalledHouse } from './company-walls-house.js'
import { idsFor, routesOf, type NamedRecord, type Route } from './company-walls-routes.js'
import { egyptTables } from './egypt-rows.js'

/** Requests at once. */
const inFlight = 6

/** What the application role may only add to, never change or remove. */
const appendOnly = [
  'core_audit_event',
  'core_blob',
  'invoicing_line',
  'invoicing_invoice_tax',
  'signatures_event',
  'signatures_deleted_file',
]

describe('walls between companies', function () {
  this.timeout(600_000)
  let house: WalledHouse
  let running: TestHost
  let one: CompanyContext
  let other: CompanyContext

  before(async () => {
    house = await WalledHouse.open()
    ;({ running, one, other } = house)
  })
  after(() => house.stop())

  it('every table has the company first in its key and the wall before every row', async () => {
    const { rows } = await running.database.ownerKnex.raw<{
      rows: {
        name: string
        forced: boolean
        policies: number
        first: string | null
        unique_without: string | null
        nullable: boolean | null
      }[]
    }>(
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
              (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
              (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                where i.indrelid = c.oid and i.indisprimary) as first,
              (select string_agg(i.indexrelid::regclass::text, ', ') from pg_index i
                where i.indrelid = c.oid and i.indisunique and coalesce((select a.attname from pg_attribute a
                  where a.attrelid = c.oid and a.attnum = i.indkey[0]), '') <> 'company_id') as unique_without,
              (select not a.attnotnull from pg_attribute a where a.attrelid = c.oid and a.attname = 'company_id') as nullable
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`,
    )
    assert.ok(rows.length > 25, String(rows.length))
    for (const row of rows) {
      if (hostTables.has(row.name)) continue
      assert.deepEqual(row, { name: row.name, forced: true, policies: 1, first: 'company_id', unique_without: null, nullable: false })
    }
    for (const name of hostTables.keys())
      assert.ok(
        rows.some((row) => row.name === name),
        `${name} is allowed and not there`,
      )
  })

  it('the application role owns nothing, bypasses nothing and only adds to what must stay', async () => {
    const { rows } = await running.database.ownerKnex.raw<{ rows: { owned: number; super: boolean; bypass: boolean; roles: boolean }[] }>(
      `select (select count(*)::int from pg_class where relowner = r.oid) + (select count(*)::int from pg_proc where proowner = r.oid) as owned,
              rolsuper as super, rolbypassrls as bypass, rolcreaterole or rolcreatedb as roles from pg_roles r where rolname = 'khatm_app'`,
    )
    assert.deepEqual(rows, [{ owned: 0, super: false, bypass: false, roles: false }])
    for (const table of appendOnly) {
      for (const statement of [`update ${table} set company_id = company_id`, `delete from ${table}`, `truncate ${table}`])
        await assert.rejects(
          running.host.db.company(one.companyId, ({ knex }) => knex.raw(statement)),
          /permission denied/,
          statement,
        )
    }
    await assert.rejects(
      running.host.db.company(one.companyId, ({ knex }) => knex.raw('create table mine (a int)')),
      /permission denied/,
    )
  })

  it('the company of a transaction cannot be another’s by asking for its rows', async () => {
    for (const table of await house.companyTables()) {
      const seen: unknown[] = await running.host.db.company(other.companyId, ({ knex }) =>
        knex(table).where({ company_id: one.companyId }).limit(1),
      )
      assert.deepEqual(seen, [], table)
    }
  })

  it('every table of a country has rows that nobody else can see', async () => {
    const tables = (await house.companyTables()).filter((name) => name.startsWith('compliance_egypt_'))
    assert.deepEqual(tables, [...egyptTables].sort())
    for (const table of tables) {
      const count = (context: CompanyContext): Promise<object[]> => running.host.db.company(context.companyId, ({ knex }) => knex(table))
      const own = await count(one)
      assert.ok(own.length > 0, table)
      const others = await count(other)
      assert.ok(!JSON.stringify(others).includes(mark), table)
    }
  })

  it('the authority’s calls open one company with its own key, and tell nothing about another', async () => {
    const theirs = await newCallbackKey(running.host, other)
    const stranger = '00000000-0000-4000-8000-000000000000'
    const before = await house.picture(one.companyId)
    const answers = new Set<string>()
    for (const company of [one.companyId, stranger, 'x', ''])
      for (const kind of ['documents', 'documentpackages', 'receipts', 'receiptpackages', 'ping', 'nothing'])
        for (const authorization of [`ApiKey ${theirs}`, `ApiKey ${house.key}`, `Bearer ${house.key}`, '']) {
          const answer = await fetch(`${house.url}/eta/${company}/notifications/${kind}`, {
            method: 'PUT',
            headers: { authorization, 'content-type': 'application/json' },
            body: JSON.stringify({ deliveryId: 'x', message: [] }),
          })
          answers.add(`${company === '' ? 'no company' : 'company'} ${String(answer.status)} ${await answer.text()}`)
        }
    assert.deepEqual([...answers].sort(), ['company 401 {"error":"Unauthorized"}', 'no company 404 {"error":"NotFound"}'])
    assert.deepEqual(await house.picture(one.companyId), before)
  })

  it('no page and no call of the API shows or changes what is another company’s', async () => {
    const records = await house.recordsOfOne()
    const of = (wanted: (record: NamedRecord) => boolean): number => records.filter(wanted).length
    for (const [module, fewest] of Object.entries({ core: 7, invoicing: 4, signatures: 15, employment: 2, 'compliance-egypt': 18 }))
      assert.ok(of((record) => record.module === module) > fewest, `${module} ${String(of((record) => record.module === module))}`)
    assert.ok(of((record) => !isUuid(record.id)) > 5)

    const before = await house.picture(one.companyId)
    const host = await house.hostRows()
    const client = await house.stranger()
    const routes = routesOf(running)
    assert.ok(routes.filter((route) => route.path.includes(':')).length > 25, String(routes.length))
    const calls: { readonly route: Route; readonly id: string }[] = []
    for (const [index, route] of routes.entries()) {
      if (!route.path.includes(':')) continue
      for (const id of idsFor(route, records, index)) calls.push({ route, id })
    }
    const asked = new Set(calls.map(({ id }) => id))
    assert.deepEqual(
      records.filter(({ id }) => !asked.has(id)),
      [],
      'no route was asked for it',
    )
    const wrong = new Set<string>()
    const callOne = async ({ route, id }: { readonly route: Route; readonly id: string }): Promise<void> => {
      const named = route.path.includes(':')
      const status = await house.ask(client, route, route.path.replaceAll(/:\w+/g, id), id)
      // A new form is the reader's own, and shows nothing of the record that it should have been filled from.
      const right = !named || route.path.includes('/new?') ? status < 500 : status >= 400 && status < 500
      if (!right) wrong.add(`${route.method} ${route.path} (${String(id.length)} characters) answered ${String(status)}`)
    }
    const waiting = calls.values()
    const caller = async (): Promise<void> => {
      for (const call of waiting) await callOne(call)
    }
    await Promise.all(Array.from({ length: inFlight }, caller))
    // What names no record in its address changes the stranger's own company; one after the other, and after all the rest.
    for (const [index, route] of routes.entries()) {
      if (route.path.includes(':')) continue
      // A form may name a record in its body: then the answer may be any, and nothing of the record is shown or changed.
      const inBody = route.method === 'post' && route.module === 'compliance-egypt'
      const ids = inBody ? idsFor(route, records, index).slice(0, 3) : ['']
      for (const id of ids) await callOne({ route, id })
    }
    assert.deepEqual([...wrong], [])
    assert.ok(calls.length > 900, String(calls.length))
    assert.deepEqual(await house.picture(one.companyId), before)
    assert.deepEqual(await house.hostRows(), host)
  })
})
