import express, { type Request, type Response, type Router } from 'express'
import type { CertificateAuthorities, RevocationReason } from '../ca/authority.js'
import { etaControl } from '../eta/control.js'
import type { Eta } from '../eta/start-eta.js'
import type { Units } from '../fatoora/units.js'
import type { Sandbox } from '../start.js'
import { faultKinds, readFaultPlan, type Faults } from '../state/faults.js'

const reasons: readonly RevocationReason[] = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation']

/** `/control/…`: what tests and developers turn. Not an authority's address. */
export function controlRoutes(parts: {
  readonly sandbox: Sandbox
  readonly id: string
  readonly faults: Faults
  readonly units: Units
  readonly authorities: CertificateAuthorities
  readonly eta: Eta
}): Router {
  const router = express.Router()
  const { sandbox } = parts
  router.use(refuseForeignPages)
  router.use(express.json({ limit: '100kb' }))
  router.use('/eta', etaControl(parts.eta))
  router.get('/state', (_request: Request, response: Response) => {
    response.json({
      id: parts.id,
      url: sandbox.url,
      smtp: sandbox.smtp,
      timeStampUrl: sandbox.timeStampUrl,
      fatooraUrl: sandbox.fatooraUrl,
      ocspUrl: sandbox.ocspUrl,
      etaUrl: sandbox.etaUrl,
      csc: sandbox.csc,
      counts: { ...parts.units.count(), ...parts.authorities.count() },
      faults: parts.faults.waiting(),
    })
  })
  router.get('/units', (_request: Request, response: Response) => {
    response.json(parts.units.summaries())
  })
  router.get('/documents', (_request: Request, response: Response) => {
    response.json(parts.units.last())
  })
  router.post('/faults', (request: Request, response: Response) => {
    try {
      const plan = readFaultPlan(request.body)
      parts.faults.inject(plan)
      response.status(201).json(plan)
    } catch (error) {
      response.status(400).json({ message: error instanceof Error ? error.message : 'invalid', kinds: faultKinds })
    }
  })
  router.delete('/faults', (_request: Request, response: Response) => {
    parts.faults.clear()
    response.status(204).end()
  })
  router.put('/clearance', (request: Request, response: Response) => {
    const body: unknown = request.body
    const on = typeof body === 'object' && body !== null && 'on' in body ? body.on : undefined
    if (typeof on !== 'boolean') {
      response.status(400).json({ message: 'on must be true or false' })
      return
    }
    sandbox.setClearance(on)
    response.json({ on })
  })
  router.post('/revocations', (request: Request, response: Response) => {
    const body: unknown = request.body
    const serial = typeof body === 'object' && body !== null && 'serial' in body && typeof body.serial === 'string' ? body.serial : ''
    const asked = typeof body === 'object' && body !== null && 'reason' in body ? body.reason : 'unspecified'
    const reason = reasons.find((one) => one === asked)
    if (reason === undefined) response.status(400).json({ message: `reason must be one of ${reasons.join(', ')}` })
    else if (sandbox.revoke(serial, reason)) response.status(201).json({ serial, reason })
    else response.status(404).json({ message: 'this serial number was not issued here' })
  })
  router.post('/certificates', (request: Request, response: Response) => {
    const order = readOrder(request.body)
    if (order === undefined) {
      response.status(400).json({ message: `csrPem and profile are needed; profile is one of ${orderedProfiles.join(', ')}` })
      return
    }
    sandbox.issueCertificate(order).then(
      (chain) => response.status(201).json({ chain: chain.map((der) => der.toString('base64')) }),
      (error: unknown) => response.status(400).json({ message: error instanceof Error ? error.message : 'invalid request' }),
    )
  })
  router.post('/reset', (_request: Request, response: Response) => {
    sandbox.reset()
    response.status(204).end()
  })
  return router
}

const orderedProfiles = ['seal', 'person', 'egypt-invoice'] as const

function readOrder(body: unknown): { csrPem: string; profile: (typeof orderedProfiles)[number] } | undefined {
  if (typeof body !== 'object' || body === null || !('csrPem' in body) || typeof body.csrPem !== 'string') return undefined
  const profile = orderedProfiles.find((one) => 'profile' in body && body.profile === one)
  return profile === undefined ? undefined : { csrPem: body.csrPem, profile }
}

/** A page of another origin open in the same browser must not turn anything here. */
function refuseForeignPages(request: Request, response: Response, next: () => void): void {
  const site = request.get('Sec-Fetch-Site')
  if (request.method === 'GET' || site === undefined || site === 'same-origin' || site === 'none') next()
  else response.status(403).json({ message: 'cross-site request' })
}
