import assert from 'node:assert/strict'
import type { TestHost } from './test-host.js'

/** Steers the sandbox authorities of a test host: settings, faults to come, what an authority has. Without an answer, undefined. */
export type AuthorityControl = (method: string, path: string, body?: object) => Promise<unknown>

/** @param running asked at every call: a test opens its host only when it begins */
export function authorityControl(running: () => TestHost): AuthorityControl {
  return async (method, path, body): Promise<unknown> => {
    const answer = await fetch(`${running().authorities?.url ?? ''}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.ok(answer.ok, `${path} ${String(answer.status)}`)
    const said: unknown = answer.status === 204 ? undefined : await answer.json()
    return said
  }
}
