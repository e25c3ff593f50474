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
  if (fault.kind === 'unauthorized') {
    response.status(401).json(errorBody('Unauthorized', 'The token has expired', 'Authorization'))
    return true
  }
  return misbehaveBefore(fault, response)
}

/** The call was done; its answer goes wrong. @returns true when it was sent here */
export function etaMisbehavesAfter(fault: FaultPlan, answer: EtaAnswer, request: Request, response: Response): boolean {
  if (fault.kind === 'redirect') {
    response.redirect(303, '/eta/elsewhere')
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
