import type { Request, Response } from 'express'

/** Cookies of a request, by name. Values are percent-decoded; one that cannot be decoded is dropped. */
export function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const split = part.indexOf('=')
    if (split === -1 || part.slice(0, split).trim() !== name) continue
    try {
      return decodeURIComponent(part.slice(split + 1).trim())
    } catch {
      return undefined
    }
  }
  return undefined
}

/** `__Host-` binds a cookie to this very host over https; browsers refuse that name over http, where the plain one serves. */
export function cookieName(name: string, https: boolean): string {
  return https ? `__Host-${name}` : name
}

/** HttpOnly, SameSite=Lax, whole site; without `maxAge` (milliseconds) it ends with the browser. */
export function setCookie(response: Response, name: string, value: string, options: { https: boolean; maxAge?: number }): void {
  response.cookie(cookieName(name, options.https), value, {
    httpOnly: true,
    sameSite: 'lax',
    secure: options.https,
    path: '/',
    ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
  })
}

/** Takes the cookie back, with the very attributes it was set with: browsers keep it otherwise. */
export function clearCookie(response: Response, name: string, https: boolean): void {
  response.clearCookie(cookieName(name, https), { httpOnly: true, sameSite: 'lax', secure: https, path: '/' })
}
