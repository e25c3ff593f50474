import type { Express } from 'express'
import { settingsRecords } from '../../core/access/settings-records.js'
import type { ModuleRecords } from '../../core/host/registrations.js'
import { createServer } from '../../core/http/create-server.js'
import type { TestHost } from '../helpers/test-host.js'

/** A route of the web server, with the guard it stands behind. */
export interface GuardedRoute {
  readonly kind: 'api' | 'page' | 'visitor' | 'open'
  readonly module: string
  readonly method: string
  /** As it is asked for: parameters are filled with an id that nothing has. */
  readonly address: string
  /** Any of them opens it; empty: everybody who is logged in. */
  readonly groups: readonly string[]
}

const nothing = '00000000-0000-4000-8000-000000000000'

/** Pages of the core that no record tells of. A new one is missing here until somebody says what guards it. */
const corePages: readonly (readonly [method: string, path: string])[] = [
  ['get', '/app/'],
  ['post', '/app/company'],
  ['get', '/app/preferences'],
  ['post', '/app/preferences'],
  ['get', '/app/search'],
  ['get', '/api/docs'],
]
const coreVisitor: readonly (readonly [method: string, path: string])[] = [
  ['get', '/'],
  ['get', '/login'],
  ['post', '/login'],
  ['post', '/logout'],
  ['post', '/language'],
  ['get', '/setup'],
  ['post', '/setup'],
]
const coreOpen: readonly (readonly [method: string, path: string])[] = [
  ['get', '/assets/:version/*name'],
  ['get', '/healthz'],
  ['get', '/readyz'],
  ['get', '/api/openapi.json'],
  ['post', '/agent/v1/pair'],
]
const listPages: readonly (readonly [method: string, path: string])[] = [
  ['get', '/app/:module/:model'],
  ['post', '/app/:module/:model/favourite'],
  ['post', '/app/:module/:model/favourite/drop'],
  ['post', '/app/:module/:model/columns'],
  ['post', '/app/:module/:model/bulk/:action'],
  ['post', '/app/:module/:model/header/:action'],
  ['post', '/app/:module/:model/:id/mail/:mail'],
  ['get', '/app/:module/:model/:id'],
  ['post', '/app/:module/:model/:id'],
  ['post', '/app/:module/:model/:id/compute'],
  ['post', '/app/:module/:model/:id/note'],
  ['post', '/app/:module/:model/:id/action/:action'],
  ['get', '/app/find/:model'],
]

/** Every route of a running host by what its modules registered, and by what express was given: both must be the same. */
export function routeList(running: TestHost): { routes: GuardedRoute[]; registered: Set<string>; told: Set<string> } {
  const records: ModuleRecords[] = running.loaded.standing().map((module) => module.records)
  const all = [...records, settingsRecords(running.host, running.access, records)]
  const told = new Set<string>()
  const routes: GuardedRoute[] = []
  const add = (route: Omit<GuardedRoute, 'address'>, path: string, shown = path): void => {
    told.add(`${route.method} ${shown}`)
    routes.push({ ...route, address: path.replaceAll(/[:*]\w+/g, nothing) })
  }
  for (const { module, api, pages, visitorPages, models, open } of all) {
    for (const { method, path, groups } of api) add({ kind: 'api', module, method, groups }, `/api/v1${path}`, `/v1${path}`)
    for (const { method, path, groups } of pages)
      add({ kind: 'page', module, method, groups }, `/app/${module}${path}`, `/${module}${path}`)
    for (const { method, path } of visitorPages) add({ kind: 'visitor', module, method, groups: [] }, path)
    for (const { prefix, router } of open)
      for (const route of leaves(router)) {
        const [method = '', path = ''] = route.split(' ')
        add({ kind: 'open', module, method, groups: [] }, `${prefix}${path}`, path)
      }
    for (const model of models) {
      const [owner = '', name = ''] = model.name.split('.')
      for (const [method, path] of listPages) {
        const address = path.replace('find/:model', `find/${model.name}`).replace(':module', owner).replace(':model', name)
        add({ kind: 'page', module, method, groups: [model.groups.read] }, address, path.replace('/app', ''))
      }
    }
  }
  for (const [method, path] of corePages)
    add({ kind: 'page', module: 'core', method, groups: [] }, path, path.replace(/^\/(?:app|api)/, ''))
  for (const [method, path] of coreVisitor) add({ kind: 'visitor', module: 'core', method, groups: [] }, path)
  for (const [method, path] of coreOpen)
    add({ kind: 'open', module: 'core', method, groups: [] }, path, path.replace(/^\/api(?=\/openapi|$)/, ''))
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const { app } = createServer(running.host, { access: running.access, records, logger })
  return { routes, registered: new Set(leaves(app)), told }
}

/** Routes below a router as they were registered, `get /login`. Where routers are mounted, express 5 does not tell. */
function leaves(router: object): string[] {
  const { stack } = 'router' in router ? (router as Express).router : (router as { stack: Layer[] })
  return (stack as readonly Layer[]).flatMap(({ route, handle }) => {
    if (route !== undefined) return Object.keys(route.methods).map((method) => `${method} ${route.path}`)
    return 'stack' in handle ? leaves(handle) : []
  })
}

/** What express keeps of a route; its own types do not tell. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle: object
}
