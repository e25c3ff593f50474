import type { Request, Response } from 'express'
import type { FaultPlan } from '../state/faults.js'
import type { Answer } from './answers.js'

/** @returns true when the call was answered (or left hanging) and nothing may be stored */
export function misbehaveBefore(fault: FaultPlan, response: Response): boolean {
  switch (fault.kind) {
    case 'timeout-before-commit':
      hang(response, fault)
      return true
    case 'reset-before-commit':
      response.socket?.resetAndDestroy()
      return true
    case 'error-500':
      response.status(500).type('html').send('<html><body><h1>500 Internal Server Error</h1></body></html>')
      return true
    case 'error-503':
      response.status(503).json({ code: 'Service-Unavailable', message: 'try again later' })
      return true
    case 'rate-limited':
      response.status(429).set('Retry-After', '1').json({ code: 'Too-Many-Requests', message: 'rate limit exceeded' })
      return true
    case 'unauthorized':
      response.status(401).json({ code: 'Unauthorized', message: 'the credentials are not known' })
      return true
    default:
      return false
  }
}

/** The call was stored; its answer goes wrong. @returns true when it was sent here */
export function misbehaveAfter(fault: FaultPlan, answer: Answer, request: Request, response: Response): boolean {
  const text = JSON.stringify(answer.body)
  response.status(answer.status).type('json')
  switch (fault.kind) {
    case 'timeout-after-commit':
      hang(response, fault)
      return true
    case 'error-after-commit':
      response.status(502).type('html').send('<html><body><h1>502 Bad Gateway</h1></body></html>')
      return true
    case 'reset-mid-body':
      response.set('Content-Length', String(Buffer.byteLength(text)))
      response.write(text.slice(0, Math.floor(text.length / 2)), () => response.socket?.resetAndDestroy())
      return true
    case 'slow-drip':
      drip(response, text, fault.milliseconds ?? 5_000)
      return true
    case 'malformed-json':
      response.send(text.slice(0, -Math.max(2, Math.floor(text.length / 3))))
      return true
    case 'other-uuid':
      response.send(JSON.stringify(aboutAnother(answer.body, request)))
      return true
    case 'huge-body':
      response.send(JSON.stringify({ ...answer.body, padding: 'x'.repeat(10 * 1024 * 1024) }))
      return true
    case 'duplicate-answer':
      sendAsDuplicate(answer, request, response)
      return true
    default:
      return false
  }
}

function hang(response: Response, fault: FaultPlan): void {
  const timer = setTimeout(() => response.socket?.destroy(), fault.milliseconds ?? 30_000)
  response.on('close', () => {
    clearTimeout(timer)
  })
}

function drip(response: Response, text: string, milliseconds: number): void {
  const pieces = 50
  const size = Math.max(1, Math.ceil(text.length / pieces))
  let position = 0
  const timer = setInterval(
    () => {
      response.write(text.slice(position, position + size))
      position += size
      if (position < text.length) return
      clearInterval(timer)
      response.end()
    },
    Math.max(1, Math.floor(milliseconds / pieces)),
  )
  response.on('close', () => {
    clearInterval(timer)
  })
}

/** An answer that belongs to another document: its cleared copy and every mention carry another UUID. */
function aboutAnother(body: object | null, request: Request): object {
  const sent: unknown = request.body
  const uuid = typeof sent === 'object' && sent !== null && 'uuid' in sent && typeof sent.uuid === 'string' ? sent.uuid : ''
  const other = '00000000-0000-4000-8000-000000000000'
  const members = Object.entries(body ?? {}).map(([name, value]: [string, unknown]): [string, unknown] => {
    if (name !== 'clearedInvoice' || typeof value !== 'string') return [name, value]
    return [name, Buffer.from(Buffer.from(value, 'base64').toString('utf8').replaceAll(uuid, other)).toString('base64')]
  })
  return Object.fromEntries([['uuid', other], ...members])
}

/** The authority says "seen before" to a first sending: its own retry behind the gateway. */
function sendAsDuplicate(answer: Answer, request: Request, response: Response): void {
  const accepted = answer.status === 200 || answer.status === 202
  if (!accepted) response.send(JSON.stringify(answer.body))
  else if (request.path.includes('clearance')) response.status(208).json(answer.body)
  else response.status(409).json({ ...answer.body, reportingStatus: 'REPORTED_SUCCESSFULLY_EARLIER' })
}
