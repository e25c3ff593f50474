import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { z } from 'zod'
import type { Host } from '../../../core/host/module.js'
import { knowsCallback, notificationKinds, takeDelivery } from '../authority/notifications.js'

/** A delivery names some documents; more is not the authority's. */
const maximumBytes = '256kb'
const companyId = z.uuid()

/**
 * What the authority calls: `PUT /eta/<company>/notifications/<kind>` and `…/ping`, each company with an address and a key of its own.
 * Whatever is wrong with address or key, the answer is the same; the body is read only after the key was known.
 */
export function notificationRoutes(host: Host): Router {
  const router = express.Router()
  router.use('/:company/notifications', (request: Request, response: Response, next: NextFunction) => {
    guard(host, request).then((known) => {
      if (known) next()
      else response.status(401).json({ error: 'Unauthorized' })
    }, next)
  })
  router.all('/:company/notifications/ping', (_request: Request, response: Response) => {
    response.status(200).json({})
  })
  router.put(
    '/:company/notifications/:kind',
    express.json({ limit: maximumBytes, type: () => true }),
    (request: Request, response: Response, next: NextFunction) => {
      take(host, request, response).catch(next)
    },
  )
  router.use((_request: Request, response: Response) => {
    response.status(404).json({ error: 'NotFound' })
  })
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 500
    // A 5xx brings the delivery again; what it was about is lost to nobody.
    response.status(status).json({ error: status === 413 ? 'TooLarge' : status < 500 ? 'BadRequest' : 'InternalServerError' })
  })
  return router
}

async function guard(host: Host, request: Request): Promise<boolean> {
  const id = companyId.safeParse(request.params.company)
  return id.success && (await knowsCallback(host, id.data, request.get('Authorization')))
}

async function take(host: Host, request: Request, response: Response): Promise<void> {
  const kind = notificationKinds.find((one) => one === request.params.kind)
  if (kind === undefined) {
    response.status(404).json({ error: 'NotFound' })
    return
  }
  const context = await host.access.systemContext(String(request.params.company), 'job')
  const taken = await takeDelivery(host, context, kind, request.body)
  response.status(taken === 'invalid' ? 400 : 200).json({})
}
