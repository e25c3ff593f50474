import type { RequestHandler } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Fault } from '../i18n/fault.js'

/** So many calls of one network address in so many seconds; the next is refused. @throws Fault HTTP-TOO-MANY (429) */
export function limitCalls({ calls, seconds }: { readonly calls: number; readonly seconds: number }): RequestHandler {
  const limiter = new RateLimiterMemory({ points: calls, duration: seconds })
  return async (request, _response, next) => {
    try {
      await limiter.consume(request.ip ?? '')
      next()
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new Fault('HTTP-TOO-MANY', { status: 429, params: { seconds: Math.ceil(refusal.msBeforeNext / 1000) } })
    }
  }
}
