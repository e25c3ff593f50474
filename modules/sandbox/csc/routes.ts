import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import express, { type Request, type Response, type Router } from 'express'
import { CscError } from '../../../core/signing/signer-process/csc-error.js'
import { CscProtocol, type CscAnswer, type CscVersion } from '../../../core/signing/signer-process/csc-protocol.js'
import type { FaultPlan, Faults } from '../state/faults.js'
import type { RemoteSigner } from './remote-signer.js'

const versions: Readonly<Record<string, CscVersion>> = { v1: '1', v2: '2' }

/** `/csc/v1/…` and `/csc/v2/…`, with the OAuth 2 server of both at `/csc/oauth2/token`. */
export function cscRoutes(parts: { readonly signer: RemoteSigner; readonly faults: Faults; readonly now: () => Date }): Router {
  const { signer, faults } = parts
  const router = express.Router()
  const protocol = new CscProtocol(signer, { hashes: 100, sadSeconds: 300, authorisations: 1000 }, () => parts.now().getTime())
  router.use(express.json({ limit: '256kb', type: 'application/json' }))
  router.use(express.urlencoded({ extended: false, limit: '8kb' }))
  router.post('/oauth2/token', (request: Request, response: Response) => {
    misbehaving(faults, request, response, () => Promise.resolve(token(signer, request)))
  })
  router.post('/:version/*method', (request: Request, response: Response) => {
    const version = versions[String(request.params['version'])]
    if (version === undefined) {
      response.status(404).end()
      return
    }
    const method = request.path.slice('/v1/'.length)
    misbehaving(faults, request, response, async (plan) => {
      if (method === 'info') return { status: 200, body: protocol.info(version) }
      try {
        const answer = await protocol.answer(version, method, request.body, signer.callerOf(request.get('authorization')))
        return plan === undefined ? answer : spoil(plan, answer)
      } catch (error) {
        return refusal(error)
      }
    })
  })
  // A body that is no JSON is the client's mistake and told as such.
  router.use((error: unknown, _request: Request, response: Response, next: (error?: unknown) => void) => {
    if (error instanceof SyntaxError) response.status(400).json({ error: 'invalid_request', error_description: 'The request is no JSON' })
    else next(error)
  })
  return router
}

function token(signer: RemoteSigner, request: Request): CscAnswer {
  const body: unknown = request.body
  const field = (name: string): string => {
    const value: unknown = typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined
    return typeof value === 'string' ? value : ''
  }
  try {
    if (field('grant_type') !== 'client_credentials') throw new CscError(400, 'unsupported_grant_type', 'Use client_credentials')
    const basic = /^Basic ([\w+/=]{1,1000})$/.exec(request.get('authorization') ?? '')?.[1]
    const [id = '', secret = ''] =
      basic === undefined
        ? [field('client_id'), field('client_secret')]
        : Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent)
    return { status: 200, body: signer.issueToken(id, secret) }
  } catch (error) {
    return refusal(error)
  }
}

function refusal(error: unknown): CscAnswer {
  if (error instanceof CscError) return { status: error.status, body: { error: error.error, error_description: error.description } }
  throw error
}

/** Answers that are wrong in themselves, for clients that must see through them. */
function spoil(plan: FaultPlan, answer: CscAnswer): CscAnswer {
  const { body } = answer
  if (!('signatures' in body) || !Array.isArray(body.signatures)) return answer
  const signatures: readonly unknown[] = body.signatures
  if (plan.kind === 'fewer-signatures') return { ...answer, body: { signatures: signatures.slice(1) } }
  if (plan.kind === 'swapped-signatures') return { ...answer, body: { signatures: [...signatures.slice(1), signatures[0]] } }
  if (plan.kind === 'garbage-signature')
    return { ...answer, body: { signatures: signatures.map(() => randomBytes(70).toString('base64')) } }
  return answer
}

function misbehaving(
  faults: Faults,
  request: Request,
  response: Response,
  work: (plan: FaultPlan | undefined) => Promise<CscAnswer>,
): void {
  const plan = faults.take(request.originalUrl)
  const milliseconds = plan?.milliseconds ?? 30_000
  switch (plan?.kind) {
    case 'error-500':
      response.status(500).end()
      return
    case 'error-503':
      response.status(503).end()
      return
    case 'rate-limited':
      response
        .status(429)
        .set('Retry-After', String(Math.ceil((plan.milliseconds ?? 1000) / 1000)))
        .json({ error: 'too_many_requests' })
      return
    case 'unauthorized':
      response.status(401).json({ error: 'invalid_token', error_description: 'The access token is expired' })
      return
    case 'redirect':
      response.redirect(307, 'http://127.0.0.1:9/elsewhere')
      return
    case 'malformed-json':
      response.type('json').send('{"signatures": [')
      return
    case 'huge-body':
      response.type('json').send(Buffer.alloc(10 * 1024 * 1024, 0x20))
      return
    case 'reset-before-commit':
      response.socket?.resetAndDestroy()
      return
    case 'timeout-before-commit':
      setTimeout(() => response.socket?.destroy(), milliseconds).unref()
      return
    default:
  }
  const begun = plan?.kind === 'slow' ? wait(milliseconds).then(() => work(plan)) : work(plan)
  begun.then(
    ({ status, body, retryAfter }) => {
      if (plan?.kind === 'timeout-after-commit') {
        setTimeout(() => response.socket?.destroy(), milliseconds).unref()
        return
      }
      if (plan?.kind === 'reset-mid-body') {
        response.socket?.resetAndDestroy()
        return
      }
      if (retryAfter !== undefined) response.set('Retry-After', String(retryAfter))
      response.status(status).json(body)
    },
    () => {
      response.status(500).json({ error: 'server_error', error_description: 'The service met an unexpected condition' })
    },
  )
}
