import { isIPv4, isIPv6 } from 'node:net'
import type { RequestHandler } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Fault } from '../i18n/fault.js'

/** Whom an address counts for. One line has 2^64 addresses of IPv6 (RFC 6177): what counts is the network before them. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  // An address of IPv4 as a socket of both kinds shows it (RFC 4291, 2.5.5.2).
  const last = address.slice(address.lastIndexOf(':') + 1)
  if (isIPv4(last)) return last
  const [left = '', right] = (address.split('%')[0] ?? '').split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const whole =
    right === undefined ? head : [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0'), ...tail]
  return `${whole
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')}::/64`
}

/** So many calls of one network address in so many seconds; the next is refused. @throws Fault HTTP-TOO-MANY (429) */
export function limitCalls({ calls, seconds }: { readonly calls: number; readonly seconds: number }): RequestHandler {
  const limiter = new RateLimiterMemory({ points: calls, duration: seconds })
  return async (request, _response, next) => {
    try {
      await limiter.consume(networkOf(request.ip ?? ''))
      next()
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new Fault('HTTP-TOO-MANY', { status: 429, params: { seconds: Math.ceil(refusal.msBeforeNext / 1000) } })
    }
  }
}
