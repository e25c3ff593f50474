import express, { type Request, type Response, type Router } from 'express'
import type { FaultKind, FaultPlan, Faults } from '../state/faults.js'
import { timeStampFaults, type TimeStampAuthority } from '../tsa/time-stamp-authority.js'
import type { AuthorityName, CertificateAuthorities } from './authority.js'
import { pemOf } from './certificate.js'
import { buildCrl, crlFaults } from './crl.js'
import { ocspFaults, type OcspResponder } from './ocsp.js'

const names: readonly AuthorityName[] = ['root', 'issuing', 'saudi', 'egypt', 'stranger']
const slow = 10_000

/** `/ca/<name>.cer|.pem|.crl`, `/ocsp`, `/tsa` and `/tsa/<fault>`: trust services as their clients know them. */
export function trustRoutes(parts: {
  readonly authorities: CertificateAuthorities
  readonly ocsp: OcspResponder
  readonly timeStamps: TimeStampAuthority
  readonly faults: Faults
  readonly now: () => Date
}): Router {
  const router = express.Router()
  const { authorities, now } = parts
  router.get('/ca/trust-anchors.pem', (_request: Request, response: Response) => {
    response.type('application/x-pem-file').send(authorities.trustAnchorsPem())
  })
  router.get('/ca/:file', (request: Request, response: Response) => {
    const file = typeof request.params.file === 'string' ? request.params.file : ''
    const name = names.find((one) => one === file.slice(0, file.lastIndexOf('.')))
    if (name === undefined) {
      response.status(404).end()
      return
    }
    withFaults(parts.faults, request, response, (kind) => {
      if (file.endsWith('.cer')) response.type('application/pkix-cert').send(authorities.certificate(name))
      else if (file.endsWith('.pem')) response.type('application/x-pem-file').send(pemOf(authorities.certificate(name)))
      else if (file.endsWith('.crl'))
        response.type('application/pkix-crl').send(
          buildCrl(
            authorities,
            name,
            now(),
            crlFaults.find((one) => one === kind),
          ),
        )
      else response.status(404).end()
    })
  })
  const body = express.raw({ type: () => true, limit: '64kb' })
  router.post('/ocsp', body, (request: Request, response: Response) => {
    withFaults(parts.faults, request, response, (kind) => {
      const answer = parts.ocsp.respond(
        bytesOf(request),
        now(),
        ocspFaults.find((one) => one === kind),
      )
      response.type('application/ocsp-response').send(answer)
    })
  })
  // RFC 6960 A.1: GET with the base64 request in the path
  router.get('/ocsp/*encoded', (request: Request, response: Response) => {
    withFaults(parts.faults, request, response, (kind) => {
      const encoded = Buffer.from(decodeURIComponent(request.path.slice('/ocsp/'.length)), 'base64')
      const answer = parts.ocsp.respond(
        encoded,
        now(),
        ocspFaults.find((one) => one === kind),
      )
      response.type('application/ocsp-response').send(answer)
    })
  })
  router.post(['/tsa', '/tsa/:fault'], body, (request: Request, response: Response) => {
    const asked = request.params.fault
    const named = timeStampFaults.find((one) => one === asked)
    if (asked !== undefined && named === undefined) {
      response.status(404).end()
      return
    }
    if (request.is('application/timestamp-query') === false) {
      response.status(415).end()
      return
    }
    withFaults(parts.faults, request, response, (kind) => {
      const fault = named ?? timeStampFaults.find((one) => one === kind)
      if (fault === 'error') {
        response.status(500).end()
        return
      }
      response.type('application/timestamp-reply')
      const bytes = fault === 'garbage' ? Buffer.from('this is no time stamp') : parts.timeStamps.respond(bytesOf(request), now(), fault)
      if (named === 'slow') answerLater(response, bytes, slow)
      else response.send(bytes)
    })
  })
  return router
}

function bytesOf(request: Request): Buffer {
  const body: unknown = request.body
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function answerLater(response: Response, bytes: Buffer, milliseconds: number): void {
  const timer = setTimeout(() => response.send(bytes), milliseconds)
  response.on('close', () => {
    clearTimeout(timer)
  })
}

function withFaults(faults: Faults, request: Request, response: Response, work: (kind: FaultKind | undefined) => void): void {
  const plan = faults.take(request.originalUrl)
  if (plan?.kind === 'slow') {
    const timer = setTimeout(() => {
      work(undefined)
    }, plan.milliseconds ?? slow)
    response.on('close', () => {
      clearTimeout(timer)
    })
  } else if (plan === undefined || !misbehave(plan, response)) work(plan?.kind)
}

/** The kinds of fault that any binary answer may have; those of one service are made where it answers. */
function misbehave(plan: FaultPlan, response: Response): boolean {
  switch (plan.kind) {
    case 'error-500':
    case 'error-after-commit':
      response.status(500).end()
      return true
    case 'error-503':
      response.status(503).set('Retry-After', '1').end()
      return true
    case 'malformed-json':
      response.send(Buffer.from('garbage'))
      return true
    case 'huge-body':
      response.send(Buffer.alloc(10 * 1024 * 1024))
      return true
    case 'reset-before-commit':
    case 'reset-mid-body':
      response.socket?.resetAndDestroy()
      return true
    case 'timeout-before-commit':
    case 'timeout-after-commit':
    case 'slow-drip': {
      const timer = setTimeout(() => response.socket?.destroy(), plan.milliseconds ?? 30_000)
      response.on('close', () => {
        clearTimeout(timer)
      })
      return true
    }
    default:
      return false
  }
}
