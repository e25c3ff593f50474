import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { authenticatorsOf, foundationOf } from '../authentication/authenticators.js'
import type { AuthenticationMethod, AuthenticationStep } from '../authentication/method.js'
import { authenticationMethod } from '../authentication/registry.js'
import { recordEvent } from '../services/events.js'
import { addProof, beginSession, type BrowserSession } from './browser-session.js'
import type { AnswerCookie, VisitorCall } from '../../../core/http/routes.js'
import { browserCookie } from './browser-session.js'
import { caseOf, type OpenLink } from './open-link.js'
import { markVerified, markViewed } from './marks.js'

/** Devices that are enrolled after another proof. */
const devices: readonly string[] = ['totp', 'passkey']

/**
 * Every proof that is asked for, in order. Nothing is ever left out: an empty list means the code by mail, the holder of a key must be
 * logged in, and a device that is not enrolled yet comes after a code to the address it will stand for.
 */
export async function requiredMethods(host: Host, link: OpenLink): Promise<readonly string[]> {
  const { signer } = link
  const asked = signer.authentication.length === 0 ? ['email-code'] : [...new Set(signer.authentication)]
  if (signer.keyId !== null && !asked.includes('account')) asked.unshift('account')
  const wanted = asked.filter((name) => devices.includes(name))
  if (wanted.length === 0) return asked
  // A device comes after the other proofs: at the first signing it is enrolled on the strength of them.
  const others = asked.filter((name) => !devices.includes(name))
  const foundation = foundationOf(link)
  if (others.includes(foundation)) return [...others, ...wanted]
  const enrolled = await host.db.company(link.context.companyId, async (transaction) => {
    const missing = []
    for (const name of wanted)
      if ((name === 'totp' || name === 'passkey') && (await authenticatorsOf(transaction, caseOf(link), name)).length === 0)
        missing.push(name)
    return missing.length === 0
  })
  // Enrolled in this session, its foundation stays asked for: that it was passed is what the enrolment rests on.
  return enrolled && link.session?.verified[foundation] === undefined ? [...others, ...wanted] : [foundation, ...others, ...wanted]
}

/** Where the proof of identity stands. */
export interface IdentityState {
  readonly required: readonly string[]
  readonly passed: readonly string[]
  /** Undefined: all passed. */
  readonly next: string | undefined
}

export async function identityOf(host: Host, link: OpenLink): Promise<IdentityState> {
  const required = await requiredMethods(host, link)
  const passed = required.filter((name) => link.session?.verified[name] !== undefined)
  return { required, passed, next: required.find((name) => !passed.includes(name)) }
}

/** @throws Fault SIGNATURES-IDENTITY-NEEDED (401): everything behind the proof asks this first */
export async function requireIdentity(host: Host, link: OpenLink): Promise<BrowserSession> {
  const { next } = await identityOf(host, link)
  if (next !== undefined || link.session === undefined) throw new Fault('SIGNATURES-IDENTITY-NEEDED', { status: 401 })
  return link.session
}

/** The method of the next step, which can be used now. @throws Fault of what keeps it from being used: it is never skipped */
async function usable(host: Host, link: OpenLink, name: string): Promise<AuthenticationMethod> {
  const method = await authenticationMethod(host, link.context, name)
  const reason = await host.db.company(link.context.companyId, (transaction) => method.unavailable(transaction, caseOf(link)))
  if (reason !== undefined) throw new Fault(reason.code, { status: 503, params: reason.params ?? {} })
  return method
}

/** A person asked to go on: begins (or repeats) the next step, in a session of this browser. */
export async function beginStep(
  host: Host,
  link: OpenLink,
  call: VisitorCall,
): Promise<{ step: AuthenticationStep; method: string; cookies: readonly AnswerCookie[]; opened: OpenLink; fault?: Fault }> {
  const begun = await host.db.company(link.context.companyId, async (transaction) => {
    await markViewed(host, transaction, link)
    return link.session === undefined ? beginSession(host, transaction, link.signer, call.cookie(browserCookie)) : undefined
  })
  const opened: OpenLink = begun === undefined ? link : { ...link, session: begun.session }
  const cookies = begun === undefined ? [] : [begun.cookie]
  const { next } = await identityOf(host, opened)
  if (next === undefined) return { step: { kind: 'done' }, method: '', cookies, opened }
  try {
    const method = await usable(host, opened, next)
    return { step: await method.begin(caseOf(opened)), method: next, cookies, opened }
  } catch (fault) {
    // The session stands all the same: the browser keeps it for the next try.
    if (fault instanceof Fault) return { step: { kind: 'done' }, method: next, cookies, opened, fault }
    throw fault
  }
}

/** Checks the answer to a step and writes down what came of it. @throws Fault of the method; the failure is in the event log */
export async function proveStep(host: Host, link: OpenLink, answer: Readonly<Record<string, unknown>>): Promise<void> {
  const { context, request, signer, origin, session } = link
  if (session === undefined) throw new Fault('SIGNATURES-CODE-EXPIRED', { status: 409, path: 'code' })
  const { next } = await identityOf(host, link)
  if (next === undefined) return
  const method = await usable(host, link, next)
  let facts: Readonly<Record<string, unknown>>
  try {
    facts = await method.check(caseOf(link), answer)
  } catch (error) {
    if (error instanceof Fault)
      await host.db.company(context.companyId, (transaction) =>
        recordEvent(host, transaction, context, {
          requestId: request.id,
          type: 'identity_failed',
          signerId: signer.id,
          origin,
          facts: { method: next, code: error.code },
        }),
      )
    throw error
  }
  await host.db.company(context.companyId, async (transaction) => {
    await addProof(host, transaction, session.id, next, facts)
    await recordEvent(host, transaction, context, {
      requestId: request.id,
      type: 'identity_proven',
      signerId: signer.id,
      origin,
      facts: { ...facts, method: next },
    })
  })
  const proven = { ...session, verified: { ...session.verified, [next]: { at: host.now().toISOString(), facts } } }
  const after = { ...link, session: proven }
  if ((await identityOf(host, after)).next === undefined)
    await host.db.company(context.companyId, (transaction) => markVerified(host, transaction, after))
}
