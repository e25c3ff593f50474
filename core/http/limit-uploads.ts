import type { RequestHandler } from 'express'
import { Fault } from '../i18n/fault.js'
import { networkOf } from './limit-calls.js'

/** Forms with files that strangers may have under way at the same time: from one network, and altogether. */
const mostOfOne = 4
const mostOfAll = 12

/**
 * Forms with files are held in memory before anything can be asked of who sends them, so only some are taken at a time; who comes
 * then is told to come again.
 * @throws Fault HTTP-TOO-MANY (429)
 */
export function limitVisitorUploads(): RequestHandler {
  const underway = new Map<string, number>()
  let all = 0
  return (request, response, next) => {
    if (typeof request.is('multipart/form-data') !== 'string') {
      next()
      return
    }
    const network = networkOf(request.ip ?? '')
    const others = underway.get(network) ?? 0
    if (others >= mostOfOne || all >= mostOfAll) throw new Fault('HTTP-TOO-MANY', { status: 429, params: { seconds: 5 } })
    underway.set(network, others + 1)
    all += 1
    response.once('close', () => {
      all -= 1
      const left = (underway.get(network) ?? 1) - 1
      if (left > 0) underway.set(network, left)
      else underway.delete(network)
    })
    next()
  }
}
