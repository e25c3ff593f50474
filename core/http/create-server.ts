import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readdirSync } from 'node:fs'
import express, { Router, type Express } from 'express'
import type { AccessService } from '../access/create-access.js'
import { settingsRecords } from '../access/settings-records.js'
import type { Host } from '../host/module.js'
import type { ModuleRecords } from '../host/registrations.js'
import { Fault } from '../i18n/fault.js'
import { minorUnits } from '../money/currencies.js'
import { addFormRoutes } from '../views/form-routes.js'
import { addListRoutes } from '../views/list-routes.js'
import { TemplateEngine, type TemplateSource } from '../views/template-engine.js'
import { ViewCatalog } from '../views/view-catalog.js'
import { addAgentRoutes, openAgentSockets } from './agent-routes.js'
import { addAccountPages, addUserPages } from './account-pages.js'
import { addApiRoutes } from './api-router.js'
import { Assets, parseForm } from './assets.js'
import { answerErrors, notFound } from './errors.js'
import { addHealth } from './health.js'
import { limitCalls } from './limit-calls.js'
import { addModulePages } from './module-pages.js'
import { securityHeaders } from './security-headers.js'
import { beginRequest, loadSession, requireSession, requireToken } from './session-guard.js'
import { addVisitorPages } from './visitor-pages.js'
import { addSetupPage } from './setup-page.js'
import { refuseUnstorableForm, refuseZeroInAddress } from './refuse-unstorable.js'
import type { WebLogger, WebParts } from './web-parts.js'

/** What the web server shows and serves. */
export interface ServerParts {
  readonly access: AccessService
  /** What the host and the standing modules registered, in dependency order. */
  readonly records: readonly ModuleRecords[]
  readonly logger: WebLogger
  /** Template folders of modules that live outside this project (`<package>/templates`). */
  readonly templates?: readonly TemplateSource[]
}

/** The pages and the API. */
export interface WebServer {
  readonly app: Express
  /** Opens the port of the configuration. @throws Fault HTTP-PORT-TAKEN (503) */
  listen(): Promise<{ readonly port: number; readonly url: string; close(): Promise<void> }>
}

const templatesFolder = fileURLToPath(new URL('../../templates/', import.meta.url))

function templateSources(further: readonly TemplateSource[]): TemplateSource[] {
  const own = readdirSync(templatesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ module: entry.name, folder: join(templatesFolder, entry.name) }))
  return [...own, ...further]
}

/** Decimals of a currency; a code nobody knows (a typing in progress) shows two. */
function decimalsOf(currency: string): number {
  try {
    return minorUnits(currency)
  } catch {
    return 2
  }
}

/** The web server of a running host: pages, API, assets, health. */
export function createServer(host: Host, given: ServerParts): WebServer {
  const records = [...given.records, settingsRecords(host, given.access, given.records)]
  const parts: WebParts = {
    host,
    access: given.access,
    records,
    catalog: new ViewCatalog(records),
    engine: new TemplateEngine(templateSources(given.templates ?? []), { translator: host.i18n, decimalsOf }),
    assets: new Assets(),
    logger: given.logger,
    decimalsOf,
    https: host.config.publicUrl?.startsWith('https://') ?? false,
  }
  const app = build(parts)
  return { app, listen: () => listen(app, host) }
}

function build(parts: WebParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  // Behind a proxy on this machine the client's address and protocol come from its headers; from elsewhere they are not believed.
  app.set('trust proxy', 'loopback')
  app.use(beginRequest(parts))
  app.use(refuseZeroInAddress)
  app.use(securityHeaders(parts.https))
  app.use(parts.assets.router)
  addHealth(app, parts)
  // A rough fence against floods: per address, wide enough for an office behind one router.
  app.use(limitCalls({ calls: 60_000, seconds: 60 }))
  for (const record of parts.records) for (const { prefix, router } of record.open) app.use(prefix, router)
  addAgentRoutes(app, parts)
  addApiRoutes(app, parts)

  const pages = Router()
  pages.use(loadSession(parts))
  pages.use(parseForm, refuseUnstorableForm)
  // Their forms may carry files, which are parsed and then checked there.
  addVisitorPages(pages, parts)
  const visitor = Router()
  visitor.use(requireToken(parts))
  addAccountPages(visitor, parts)
  addSetupPage(visitor, parts)
  visitor.get('/', (_request, response) => {
    response.redirect(303, '/app')
  })
  const application = Router()
  application.use(requireSession)
  // Before the token check of other pages: forms with files are parsed there, and checked there.
  addModulePages(application, parts)
  application.use(requireToken(parts))
  addUserPages(application, parts)
  addListRoutes(application, parts)
  addFormRoutes(application, parts)
  pages.use('/app', application)
  pages.use(visitor)
  app.use(pages)
  app.use(notFound)
  app.use(answerErrors(parts))
  return app
}

async function listen(app: Express, host: Host): Promise<{ port: number; url: string; close(): Promise<void> }> {
  const server = http.createServer({ requestTimeout: 120_000, headersTimeout: 20_000, maxHeaderSize: 16_384 }, app)
  const closeAgentSockets = openAgentSockets(server, host)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new Fault('HTTP-PORT-TAKEN', { status: 503, params: { port: host.config.port, reason: cause.code ?? cause.message }, cause }))
    })
    server.listen(host.config.port, host.config.listen, resolve)
  })
  // A listening TCP server's address is always an AddressInfo.
  const { port } = server.address() as AddressInfo
  const name = host.config.listen === '0.0.0.0' || host.config.listen === '::' ? 'localhost' : host.config.listen
  return {
    port,
    url: host.config.publicUrl ?? `http://${name.includes(':') ? `[${name}]` : name}:${String(port)}`,
    close: async () => {
      await closeAgentSockets()
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeIdleConnections()
        // Requests under way get a moment; a connection kept open by a browser does not keep the host alive.
        setTimeout(() => {
          server.closeAllConnections()
        }, 2_000).unref()
      })
    },
  }
}
