import express, { type Request, type Response, type Router } from 'express'
import { textMember } from './answers.js'
import { decideDocument } from './document-states.js'
import type { CodeState } from './register.js'
import type { Eta } from './start-eta.js'

/** `/control/eta/…`: the portal where taxpayers register, the desk of the authority's staff, and what trials turn. */
export function etaControl(eta: Eta): Router {
  const router = express.Router()
  const { register, settings } = eta.authority
  router.post('/taxpayers', (request: Request, response: Response) => {
    const rin = textMember(request.body, 'rin') ?? ''
    if (!/^\d{9}$/.test(rin)) {
      response.status(400).json({ message: 'rin must have 9 digits' })
      return
    }
    response.status(201).json({ rin, ...register.enrol(rin, textMember(request.body, 'name') ?? rin, notificationsIn(request.body)) })
  })
  router.put('/taxpayers/:rin/notifications', (request: Request, response: Response) => {
    const done = register.setNotifications(String(request.params.rin), notificationsIn(request.body))
    response.status(done ? 204 : 404).end()
  })
  router.delete('/taxpayers/:rin/secrets/:place', (request: Request, response: Response) => {
    const done = register.endSecret(String(request.params.rin), request.params.place === '2' ? 1 : 0)
    eta.tokens.endAll()
    response.status(done ? 204 : 404).end()
  })
  router.delete('/tokens', (_request: Request, response: Response) => {
    eta.tokens.endAll()
    response.status(204).end()
  })
  router.post('/codes/:id', (request: Request, response: Response) => {
    const state = (['Approved', 'Rejected'] as const).find((one) => one === textMember(request.body, 'state'))
    if (state === undefined) response.status(400).json({ message: 'state must be Approved or Rejected' })
    else decide(response, eta, Number(request.params.id), state, textMember(request.body, 'reason') ?? '')
  })
  router.put('/settings', (request: Request, response: Response) => {
    const body: unknown = request.body
    for (const name of numbers) {
      const value = typeof body === 'object' && body !== null && name in body ? (body as Record<string, unknown>)[name] : undefined // narrowed by `in`
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) settings[name] = value
    }
    if (typeof body === 'object' && body !== null && 'cancellationHoursOf' in body)
      settings.cancellationHoursOf = hoursIn(body.cancellationHoursOf)
    if (typeof body === 'object' && body !== null && 'approveCodes' in body && typeof body.approveCodes === 'boolean')
      settings.approveCodes = body.approveCodes
    response.json(settings)
  })
  router.get('/documents', (_request: Request, response: Response) => {
    response.json(eta.seen())
  })
  router.post('/documents/:uuid', (request: Request, response: Response) => {
    const asked = textMember(request.body, 'state')
    const state = portalStates.find((one) => one === asked)
    const uuid = String(request.params.uuid)
    if (state === undefined) response.status(400).json({ message: `state must be one of ${portalStates.join(', ')}` })
    else if (decideDocument(eta.authority, uuid, state, textMember(request.body, 'reason') ?? '')) response.json({ uuid, state })
    else response.status(404).json({ message: 'no such document, or it cannot become that' })
  })
  router.post('/points-of-sale', (request: Request, response: Response) => {
    const [rin, serial, model, key] = ['rin', 'serial', 'model', 'presharedKey'].map((name) => textMember(request.body, name))
    if (rin === undefined || register.taxpayer(rin) === undefined || serial === undefined || model === undefined || key === undefined) {
      response.status(400).json({ message: 'rin of a taxpayer, serial, model and presharedKey are required' })
      return
    }
    eta.receipts.devices.register(rin, serial, model, key)
    response.status(201).json({ rin, serial })
  })
  router.post('/receipts/refuse', (request: Request, response: Response) => {
    eta.receipts.refuseNext(Number(textMember(request.body, 'count') ?? '1'))
    response.status(204).end()
  })
  router.get('/receipts', (_request: Request, response: Response) => {
    response.json(eta.receipts.all())
  })
  router.get('/notifications', (_request: Request, response: Response) => {
    response.json(eta.notifier.sent)
  })
  return router
}

const numbers = ['decisionMs', 'cancellationHours', 'rejectionHours', 'searchDelayMs', 'duplicateMinutes', 'maximumCharacters'] as const

function hoursIn(value: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(typeof value === 'object' && value !== null ? value : {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0,
    ),
  )
}

/** What a person at the portal can make of a document. */
export const portalStates = ['Valid', 'Invalid', 'Cancelled', 'Rejected', 'Declined'] as const

function decide(response: Response, eta: Eta, id: number, state: CodeState, reason: string): void {
  if (eta.authority.register.decideCode(id, state, reason)) response.json({ id, state })
  else response.status(404).json({ message: 'no such request' })
}

function notificationsIn(body: unknown): { url: string; apiKey: string } | null {
  const given = typeof body === 'object' && body !== null && 'notifications' in body ? body.notifications : body
  const [url, apiKey] = [textMember(given, 'url'), textMember(given, 'apiKey')]
  return url === undefined || apiKey === undefined ? null : { url, apiKey }
}
