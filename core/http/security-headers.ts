import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { stateOf } from './request-state.js'

/**
 * Headers of every page. Nothing is allowed but what comes from this host; scripts need their file here or the request's nonce,
 * there are no inline scripts or handlers. Frames: none, but for the PDF preview inside our own pages.
 */
export function securityHeaders(https: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [
          "'self'",
          (request) => {
            // helmet hands over Node's message type; it is the same object that express made.
            return `'nonce-${stateOf(request as Parameters<RequestHandler>[0]).nonce}'`
          },
        ],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        workerSrc: ["'self'"],
        frameSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(https ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    frameguard: { action: 'deny' },
    hsts: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })
}
