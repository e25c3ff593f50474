import type { Express } from 'express'
import type { WebParts } from './web-parts.js'

/** For whoever watches the process: alive (`/healthz`), able to work (`/readyz`: the database answers; failed modules are named). */
export function addHealth(app: Express, parts: WebParts): void {
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  app.get('/readyz', async (_request, response) => {
    const failed = parts.host.modules
      .list()
      .filter((module) => module.state === 'failed')
      .map((module) => module.name)
    try {
      await parts.host.db.host((knex) => knex.raw('select 1'))
    } catch {
      response.status(503).json({ status: 'unavailable', database: false, failedModules: failed })
      return
    }
    response.json({ status: 'ready', database: true, failedModules: failed })
  })
}
