import express, { type Request, type Response, type Router } from 'express'
import type { Phone } from './phone.js'

/** `POST /phone/api` takes a message, `GET /phone/api` lists them, oldest first. The page stands beside the mailbox. */
export function phoneRoutes(phone: Phone): Router {
  const router = express.Router()
  router.use(express.json({ limit: '20kb' }))
  router.get('/api', (_request: Request, response: Response) => {
    response.json(phone.all())
  })
  router.post('/api', (request: Request, response: Response) => {
    const body: unknown = request.body
    const to = typeof body === 'object' && body !== null && 'to' in body && typeof body.to === 'string' ? body.to : ''
    const text = typeof body === 'object' && body !== null && 'text' in body && typeof body.text === 'string' ? body.text : ''
    if (to === '' || text === '') response.status(400).json({ message: 'to and text are needed' })
    else if (phone.take(to, text)) response.status(202).json({ taken: true })
    else response.status(502).json({ message: 'this number is refused, for trials' })
  })
  return router
}
