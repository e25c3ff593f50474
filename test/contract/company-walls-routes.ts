import { isUuid } from '../../core/access/companies.js'
import type { TestHost } from '../helpers/test-host.js'

/** Modules whose routes name records of other modules' tables, by how the tables' names begin. */
const isAbout = new Map([
  ['compliance', 'invoicing_invoice'],
  ['compliance-egypt', 'invoicing_invoice'],
  ['credentials', 'core_'],
])

/** A record of the first company that a route could be asked for. */
export interface NamedRecord {
  readonly id: string
  /** Where it stands, its own table or that of what refers to it. */
  readonly tables: readonly string[]
  /** Whose record it is. */
  readonly module: string
}

export interface Route {
  readonly kind: 'api' | 'page'
  readonly module: string
  readonly method: string
  readonly path: string
  /** Of a list's pages: where its records stand. */
  readonly table?: string
}

/** Every route of every module, and the pages made from views. */
export function routesOf(running: TestHost): Route[] {
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

/**
 * What a route is asked for: a list's pages for the records of its table, any other for those of the tables its address speaks of, or
 * where there are none such for those of every table of its module (and of those it is about), each with an id of the form its parameter has; then for two of other kinds, which differ from route to route.
 */
export function idsFor(route: Route, records: readonly NamedRecord[], index: number): string[] {
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
