import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../core/access/context.js'
import { newCallbackKey } from '../../modules/compliance-egypt/authority/notifications.js'
import { demoContract } from '../../modules/employment/demonstration.js'
import { isUuid } from '../../core/access/companies.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import { createBulk, startBulk } from '../../modules/signatures/bulk/bulk.js'
import { fillEgypt, egyptTables } from './egypt-rows.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { WebClient } from '../helpers/web-client.js'

/** Tables that belong to no company: the host's own, each with its reason. */
const hostTables = new Map([
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

/** Modules whose routes name records of other modules' tables, by how the tables' names begin. */
const isAbout = new Map([
  ['compliance', 'invoicing_invoice'],
  ['compliance-egypt', 'invoicing_invoice'],
  ['credentials', 'core_'],
])

/** Requests at once. */
const inFlight = 6

interface NamedRecord {
  readonly id: string
  /** Where it stands, its own table or that of what refers to it. */
  readonly tables: readonly string[]
  /** Whose record it is. */
  readonly module: string
}

/** What the application role may only add to, never change or remove. */
const appendOnly = [
  'core_audit_event',
  'core_blob',
  'invoicing_line',
  'invoicing_invoice_tax',
  'signatures_event',
  'signatures_deleted_file',
]

const mark = 'WALLS-SECRET-MARK'

describe('walls between companies', function () {
  this.timeout(600_000)
  let running: TestHost
  let url: string
  let one: CompanyContext
  let other: CompanyContext
  let key: string
  const password = 'a long enough password'

  before(async () => {
    running = await startTestHost({ role: { web: true }, sandbox: true })
    url = (await running.listen()).url
    one = await running.company({ code: 'one', country: 'QA', name: `${mark} Company`, sandbox: true })
    other = await running.company({ code: 'other', country: 'QA', sandbox: true })
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
    await fill(one)
    // Their invoices were posted before they moved to a country with an authority.
    for (const context of [one, other]) {
      await running.access.updateCompany(context.companyId, { country: 'EG' })
      await running.host.modules.enable(context, 'compliance-egypt')
    }
    await fillEgypt(running, one, mark)
    await running.host.access.createApiKey(one, `${mark} key`, ['invoicing.manager'])
    key = (await running.host.access.createApiKey(other, 'key', allGroups)).secret
  })
  after(() => running.stop())

  /** Something of everything that a company can have. */
  async function fill(context: CompanyContext): Promise<void> {
    const { host } = running
    const groups = ['invoicing.manager', 'contacts.manager', 'signatures.manager']
    const secret = (await host.access.createApiKey(context, `${mark} filler`, groups)).secret
    let calls = 0
    const call = async (path: string, body: object): Promise<unknown> => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/json',
          'idempotency-key': `${mark}-${path}-${String((calls += 1))}`,
        },
        body: JSON.stringify(body),
      })
      const text = await answer.text()
      assert.ok(answer.ok, `${path} ${text}`)
      return JSON.parse(text)
    }
    await call('/contacts', { name: `${mark} Contact` })
    const taxes: { code: string }[] = await host.db.company(context.companyId, ({ knex }) => knex('invoicing_tax').select('code'))
    const input = {
      customer: { name: `${mark} Buyer`, address: { country: 'QA' } },
      currency: 'SAR',
      lines: [{ description: `${mark} thing`, quantity: '1', unitPrice: '10.00', tax: taxes[0]?.code ?? '' }],
    }
    const [posted] = await postInvoices(host, context, [{ input, idempotencyKey: `${mark}-key` }])
    assert.equal(posted?.status, 'posted', JSON.stringify(posted))
    await call('/invoices?draft=true', input)
    await host.jobs.drain()
    const client = new WebClient(url)
    await client.login('one', password)
    assert.equal((await client.post('/app/invoicing/invoice/favourite', { name: `${mark} favourite`, query: '?q=a' })).status, 303)
    await fillSignatures(context, client, call)
  }

  /** A contract that is sent and opened, a template with a public link and a table, somebody who is told. */
  async function fillSignatures(
    context: CompanyContext,
    client: WebClient,
    call: (path: string, body: object) => Promise<unknown>,
  ): Promise<void> {
    const { host } = running
    await host.db.company(context.companyId, (transaction) =>
      host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false }),
    )
    await demoContract(host, context, { employee: `${mark}@example.test`.toLowerCase(), representative: 'manager@example.test' })
    await call('/webhooks', { name: `${mark} receiver`, url: 'https://receiver.example.test/hook' })
    const template = (await call('/templates', {
      name: `${mark} template`,
      locale: 'en',
      roles: [{ id: 'first', name: `${mark} role` }],
      content: {
        kind: 'text',
        languages: ['en'],
        title: { en: `${mark} text` },
        clauses: [{ body: { en: `${mark} clause\n\n[[signature:first:sign]]` } }],
        mergeFields: [],
      },
    })) as { id: string } // our own answer
    const signer = { role: 'first', name: `${mark} person`, email: 'person@example.test' }
    const made = (await call('/sign-requests', { template_id: template.id, signers: [signer], send_email: false })) as {
      id: string
      signers: { id: string }[]
    } // our own answer
    await call('/sign-requests', { template_id: template.id, signers: [signer], send: false })
    const { url: link } = (await call(`/sign-requests/${made.id}/signers/${made.signers[0]?.id ?? ''}/link`, {})) as { url: string }
    const path = new URL(link).pathname
    const visitor = new WebClient(url)
    await visitor.get(path)
    assert.equal((await visitor.post(`${path}/begin`, {})).status, 303)
    const walkIn = await client.post(`/app/signatures/template/${template.id}/links`, { name: `${mark} link`, role: 'first' })
    assert.equal(walkIn.status, 303, walkIn.text)
    const table = Buffer.from(`Name,Email\n${mark} one,one@example.test\n`)
    const bulk = await createBulk(host, context, { name: `${mark}.csv`, bytes: table }, template.id)
    await host.db.company(context.companyId, (transaction) => startBulk(host, transaction, context, bulk, () => []))
    await host.jobs.drain()
  }

  /** Hash of all rows of a company, table by table. */
  async function picture(companyId: string): Promise<Record<string, string>> {
    const tables = await companyTables()
    return running.host.db.company(companyId, async ({ knex }) => {
      const found: Record<string, string> = {}
      for (const table of tables) {
        const { rows } = await knex.raw<{ rows: { row: string }[] }>('select t::text as row from ?? as t order by 1', [table])
        found[table] = `${String(rows.length)} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`
      }
      return found
    })
  }

  async function companyTables(): Promise<string[]> {
    const { rows } = await running.database.ownerKnex.raw<{ rows: { name: string }[] }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'company_id'
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    )
    return rows.map((row) => row.name).filter((name) => !hostTables.has(name))
  }

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
    for (const table of await companyTables()) {
      const seen: unknown[] = await running.host.db.company(other.companyId, ({ knex }) =>
        knex(table).where({ company_id: one.companyId }).limit(1),
      )
      assert.deepEqual(seen, [], table)
    }
  })

  it('every table of a country has rows that nobody else can see', async () => {
    const tables = (await companyTables()).filter((name) => name.startsWith('compliance_egypt_'))
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
    const before = await picture(one.companyId)
    const answers = new Set<string>()
    for (const company of [one.companyId, stranger, 'x', ''])
      for (const kind of ['documents', 'documentpackages', 'receipts', 'receiptpackages', 'ping', 'nothing'])
        for (const authorization of [`ApiKey ${theirs}`, `ApiKey ${key}`, `Bearer ${key}`, '']) {
          const answer = await fetch(`${url}/eta/${company}/notifications/${kind}`, {
            method: 'PUT',
            headers: { authorization, 'content-type': 'application/json' },
            body: JSON.stringify({ deliveryId: 'x', message: [] }),
          })
          answers.add(`${company === '' ? 'no company' : 'company'} ${String(answer.status)} ${await answer.text()}`)
        }
    assert.deepEqual([...answers].sort(), ['company 401 {"error":"Unauthorized"}', 'no company 404 {"error":"NotFound"}'])
    assert.deepEqual(await picture(one.companyId), before)
  })

  it('no page and no call of the API shows or changes what is another company’s', async () => {
    const records = await recordsOfOne()
    const of = (wanted: (record: NamedRecord) => boolean): number => records.filter(wanted).length
    for (const [module, fewest] of Object.entries({ core: 7, invoicing: 4, signatures: 15, employment: 2, 'compliance-egypt': 18 }))
      assert.ok(of((record) => record.module === module) > fewest, `${module} ${String(of((record) => record.module === module))}`)
    assert.ok(of((record) => !isUuid(record.id)) > 5)

    const before = await picture(one.companyId)
    const host = await hostRows()
    const client = new WebClient(url)
    await client.login('other', password)
    const routes = routesOf()
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
      const status = await ask(client, route, route.path.replaceAll(/:\w+/g, id), id)
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
    assert.deepEqual(await picture(one.companyId), before)
    assert.deepEqual(await hostRows(), host)
  })

  /** What the first company has that a route could be asked for: of each table what one row is named by. */
  async function recordsOfOne(): Promise<readonly NamedRecord[]> {
    const found = new Map<string, NamedRecord>([[one.companyId, { id: one.companyId, tables: ['core_company'], module: 'core' }]])
    await running.host.db.company(one.companyId, async ({ knex }) => {
      for (const table of await companyTables()) {
        const row: Record<string, unknown> = (await knex(table).first<Record<string, unknown> | undefined>()) ?? {}
        const names = Object.entries(row).filter(([column]) => /(?:^|_)(?:id|uuid)$|sha256$/.test(column))
        for (const [column, id] of names)
          if (typeof id === 'string' && /^[\da-f-]{36}$|^[\da-f]{64}$|^[A-Z\d]{26}$/.test(id))
            found.set(id, {
              id,
              tables: [...(found.get(id)?.tables ?? []), table],
              module: column === 'id' ? ownerOf(table) : (found.get(id)?.module ?? ownerOf(table)),
            })
      }
    })
    await running.host.db.host(async (knex) => {
      const [key, member]: { id: string }[] = [
        await knex('core_api_key').where({ company_id: one.companyId }).first('id'),
        await knex('core_membership').where({ company_id: one.companyId }).first('user_id as id'),
      ]
      for (const [table, record] of [['core_api_key', key] as const, ['core_user', member] as const])
        if (record !== undefined) found.set(record.id, { id: record.id, tables: [table], module: 'core' })
    })
    return [...found.values()]
  }

  /**
   * What a route is asked for: a list's pages for the records of its table, any other for those of the tables its address speaks of, or
   * where there are none such for those of every table of its module (and of those it is about), each with an id of the form its parameter has; then for two of other kinds, which differ from route to route.
   */
  function idsFor(route: Route, records: readonly NamedRecord[], index: number): string[] {
    const about = isAbout.get(route.module)
    // Ids are UUIDs: others are refused before anybody looks for them, so one of them is enough to see that.
    const fits = (record: NamedRecord): boolean => !/:(?:id|\w+Id)\b/.test(route.path) || isUuid(record.id)
    const own = records.filter((record) => {
      if (route.table !== undefined) return record.tables.includes(route.table)
      const isItsOwn = record.module === route.module || record.tables.some((table) => about !== undefined && table.startsWith(about))
      return isItsOwn && fits(record)
    })
    // `/template/:id` is about what stands in tables of templates, where the module has such.
    // A visitor's address has the secret of a link in it, which nobody can read from an id: those of the link's own records are tried.
    const word = route.path.includes(':token') ? 'signer' : /(\w+?)s?\/:/.exec(route.path)?.[1]
    const narrow = own.filter(({ tables }) => word !== undefined && tables.some((table) => table.split('_').includes(word)))
    const asked = route.table === undefined && narrow.length > 0 ? narrow : own
    const others = records.filter((record) => !asked.includes(record))
    const [ids, strange] = [others.filter(fits), others.filter((record) => !fits(record))]
    const turn = (from: readonly NamedRecord[]): readonly NamedRecord[] =>
      from.length === 0 ? [] : from.slice(index % from.length).slice(0, 1)
    return [...asked, ...turn(ids), ...turn(strange.length === 0 ? ids.slice(0, -1) : strange)].map(({ id }) => id)
  }

  /** The module a table belongs to, as routes name it. */
  function ownerOf(table: string): string {
    return table.startsWith('compliance_egypt_') ? 'compliance-egypt' : table.replace(/_.*/s, '')
  }

  /** What belongs to the first company among the host's own rows. */
  async function hostRows(): Promise<unknown> {
    return running.host.db.host(async (knex) => [
      await knex('core_company').where({ id: one.companyId }),
      await knex('core_membership').where({ company_id: one.companyId }),
      await knex('core_api_key').where({ company_id: one.companyId }).orderBy('id').select('id', 'groups', 'revoked_at'),
      await knex('core_user').where({ login: 'one' }).select('name', 'password_hash', 'active'),
    ])
  }

  interface Route {
    readonly kind: 'api' | 'page'
    readonly module: string
    readonly method: string
    readonly path: string
    /** Of a list's pages: where its records stand. */
    readonly table?: string
  }

  /** Every route of every module, and the pages made from views. */
  function routesOf(): Route[] {
    const records = running.loaded.standing().map((module) => module.records)
    const routes: Route[] = []
    for (const { module, api, pages, visitorPages, models } of records) {
      for (const route of api) routes.push({ kind: 'api', module, method: route.method, path: route.path })
      for (const page of pages) routes.push({ kind: 'page', module, method: page.method, path: `/app/${module}${page.path}` })
      // Who knows an id knows no link by it.
      for (const page of visitorPages.filter(({ path }) => path.includes(':')))
        routes.push({ kind: 'page', module, method: page.method, path: page.path })
      for (const model of models) routes.push(...modelRoutes(module, model.name, model.table))
    }
    for (const [model, table] of [
      ['settings.user', 'core_user'] as const,
      ['settings.company', 'core_company'] as const,
      ['settings.key', 'core_api_key'] as const,
    ])
      routes.push(...modelRoutes('core', model, table))
    const desk = (method: string, path: string): Route => ({ kind: 'page', module: 'core', method, path })
    return [...routes, desk('get', '/app/search?q=WALLS'), desk('post', '/app/company')]
  }

  function modelRoutes(module: string, name: string, table: string): Route[] {
    const path = `/app/${name.replace('.', '/')}`
    const page = (method: string, rest: string): Route => ({ kind: 'page', module, method, path: `${path}${rest}`, table })
    return [
      page('get', '?q=WALLS'),
      page('get', '/:id'),
      page('post', '/:id'),
      page('post', '/:id/compute'),
      page('post', '/:id/note'),
      ...['delete', 'archive', 'cancel', 'post', 'revoke', 'send', 'undo'].map((action) => page('post', `/:id/action/${action}`)),
      page('post', '/bulk/delete?ids=:id'),
      page('get', '/new?duplicate=:id'),
      { kind: 'page', module, method: 'get', path: `/app/find/${name}?q=WALLS` },
    ]
  }

  async function ask(client: WebClient, route: Route, path: string, id: string): Promise<number> {
    if (route.kind === 'api') {
      const answer = await fetch(`${url}/api/v1${path}`, {
        // fetch writes only some methods in capitals by itself, and a refused method is no wall.
        method: route.method.toUpperCase(),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
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
})
