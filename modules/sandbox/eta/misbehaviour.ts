import { gzipSync } from 'node:zlib'
import type { Request, Response } from 'express'
import { misbehaveAfter, misbehaveBefore } from '../fatoora/misbehaviour.js'
import type { FaultPlan } from '../state/faults.js'
import { errorBody, throttled, type EtaAnswer } from './answers.js'

/** @returns true when the call was answered (or left hanging) and nothing may be stored */
export function etaMisbehavesBefore(fault: FaultPlan, response: Response): boolean {
  if (fault.kind === 'rate-limited') {
    const answer = throttled(1)
    response
      .status(answer.status)
      .set(answer.headers ?? {})
      .json(answer.body)
    return true
  }
  if (fault.kind === 'status-before-commit') {
    plainStatus(fault, response)
    return true
  }
  if (fault.kind === 'unauthorized') {
    response.status(401).json(errorBody('Unauthorized', 'The token has expired', 'Authorization'))
    return true
  }
  if (fault.kind === 'gateway-page') {
    // Whoever looks at the status alone takes it for the authority's yes.
    response.status(200).type('html').send('<!doctype html><title>Sign in</title><form method="post" action="/login"></form>')
    return true
  }
  return misbehaveBefore(fault, response)
}

/** The call was done; its answer goes wrong. @returns true when it was sent here */
export function etaMisbehavesAfter(fault: FaultPlan, answer: EtaAnswer, request: Request, response: Response): boolean {
  if (fault.kind === 'status-after-commit') {
    plainStatus(fault, response, answer.body)
    return true
  }
  const twisted = contradictions[fault.kind]
  if (twisted !== undefined) {
    response.status(answer.status).json(twisted(answer.body))
    return true
  }
  if (fault.kind === 'redirect') {
    response.redirect(303, '/eta/elsewhere')
    return true
  }
  if (fault.kind === 'packed-body') {
    // Nobody asked for it packed: unpacked it would fill the memory of whoever tries.
    packed ??= gzipSync(Buffer.alloc(unpackedBytes, ' '))
    response.status(answer.status).set({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(packed)
    return true
  }
  if (fault.kind === 'duplicate-answer') {
    // A gateway sent the call on twice, and hands back the answer to the second one.
    response
      .status(422)
      .set('Retry-After', '1')
      .json(errorBody('DuplicateSubmission', 'The same payload was submitted a short while ago', 'documents'))
    return true
  }
  if (fault.kind === 'other-uuid') {
    response.status(answer.status).json(aboutOthers(answer.body))
    return true
  }
  if (fault.kind === 'fewer-signatures') {
    response.status(answer.status).json(halved(answer.body))
    return true
  }
  return misbehaveAfter(fault, { status: answer.status, body: answer.body }, request, response)
}

const unpackedBytes = 64 * 1024 * 1024
let packed: Buffer | undefined

/** Any status: 429 with the flat body of throttling, others with the nested error object, 2xx and 3xx with the answer itself. */
function plainStatus(fault: FaultPlan, response: Response, body: object | null = null): void {
  const status = fault.status ?? 503
  response.status(status)
  if (fault.retryAfter !== undefined) response.set('Retry-After', fault.retryAfter)
  if (status === 429) response.json({ ...throttled(1).body })
  else if (status >= 400) response.json(errorBody(codes[status] ?? `Status${String(status)}`, 'The call could not be served', 'documents'))
  else response.set('Location', '/eta/elsewhere').json(body ?? {})
}

const codes: Readonly<Record<number, string>> = { 409: 'DuplicateSubmission', 422: 'DuplicateSubmission' }

interface Lists {
  readonly acceptedDocuments: readonly object[]
  readonly rejectedDocuments: readonly object[]
}

function listsOf(body: object | null): Lists {
  const listIn = (name: keyof Lists): readonly object[] => {
    const value: unknown = body === null ? undefined : Reflect.get(body, name)
    return Array.isArray(value) ? value.filter((one): one is object => typeof one === 'object' && one !== null) : []
  }
  return { acceptedDocuments: listIn('acceptedDocuments'), rejectedDocuments: listIn('rejectedDocuments') }
}

/** Answers to a submission that cannot be true as a whole. */
const contradictions: Partial<Record<FaultPlan['kind'], (body: object | null) => object>> = {
  'both-lists': (body) => {
    const { acceptedDocuments, rejectedDocuments } = listsOf(body)
    const refused = acceptedDocuments.map((one) => {
      const internalId: unknown = Reflect.get(one, 'internalId')
      return { internalId, ...errorBody('BadStructure', 'Validation Error', String(internalId)) }
    })
    return { ...body, acceptedDocuments, rejectedDocuments: [...rejectedDocuments, ...refused] }
  },
  'listed-twice': (body) => {
    const { acceptedDocuments } = listsOf(body)
    return { ...body, acceptedDocuments: [...acceptedDocuments, ...acceptedDocuments.map((one) => ({ ...one, uuid: other }))] }
  },
  'unknown-number': (body) => {
    const { acceptedDocuments } = listsOf(body)
    const [first, ...rest] = acceptedDocuments
    return { ...body, acceptedDocuments: [{ ...first, internalId: other }, ...rest] }
  },
}

const other = 'NOBODYS0000000000000000000'

/** An answer that belongs to a call of somebody else: every number and every name in it is another one. */
function aboutOthers(body: object | null): unknown {
  const text = JSON.stringify(body)
    .replaceAll(/"(internalId|uuid|submissionUUID|submissionId|longId)":"[^"]*"/g, `"$1":"${other}"`)
    .replaceAll(/"hashKey":"[^"]*"/g, `"hashKey":"${Buffer.alloc(32).toString('base64')}"`)
  return JSON.parse(text)
}

/** A part of the batch is not mentioned. */
function halved(body: object | null): unknown {
  return Object.fromEntries(
    Object.entries(body ?? {}).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.slice(0, Math.floor(value.length / 2)) : value,
    ]),
  )
}
