import type { RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { recordEvent } from '../services/events.js'
import { addProof, beginSession, browserCookie } from '../signing-page/browser-session.js'
import { requiredMethods } from '../signing-page/identity.js'
import { markVerified, markViewed } from '../signing-page/marks.js'
import { messageOf, signerPage } from '../signing-page/page-frame.js'
import { showLink, stepLimit, withLink, type SignerParts } from './signer-link.js'

/**
 * Signing on the sender's device. The sender, logged in, states who stands before him and hands the device over: his session ends
 * with that, so that there is no way back into the application. Proofs that only the signer can give (a PIN, a code to his phone) are
 * still asked; his statement stands for the code to an address that is not at hand.
 */
export function addInPerson(routes: RouteRegistration, parts: SignerParts): void {
  const { host } = parts

  routes.visitor('get', '/sign/:token/in-person', stepLimit, (call) =>
    withLink(parts, call, (link) => {
      if (link.standing !== 'asked') return showLink(parts, link)
      if (link.user === undefined)
        return Promise.resolve({ kind: 'redirect', to: `/login?next=${encodeURIComponent(`/sign/${link.token}/in-person`)}` })
      if (!link.signer.inPerson) throw new Fault('SIGNATURES-NOT-IN-PERSON', { status: 403, params: { name: link.signer.name } })
      host.access.require(link.user, 'signatures.user')
      return Promise.resolve(
        signerPage(host, link, {
          template: 'signer-in-person',
          title: 'in-person.title',
          data: { sender: link.user.actor.name, message: messageOf(host, link.context.locale, 'in-person', { name: link.signer.name }) },
        }),
      )
    }),
  )

  routes.visitor('post', '/sign/:token/in-person', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      const { user, signer, request, context, origin } = link
      if (link.standing !== 'asked') return showLink(parts, link)
      if (user === undefined) throw new Fault('SIGNATURES-ACCOUNT-NEEDED', { status: 401 })
      if (!signer.inPerson) throw new Fault('SIGNATURES-NOT-IN-PERSON', { status: 403, params: { name: signer.name } })
      host.access.require(user, 'signatures.user')
      if (call.body['known'] !== 'yes') return { kind: 'redirect', to: `/sign/${link.token}/in-person` }
      const required = await requiredMethods(host, link)
      const cookie = await host.db.company(context.companyId, async (transaction) => {
        const begun = await beginSession(host, transaction, signer, call.cookie(browserCookie), { inPerson: true })
        const actor = { kind: user.actor.kind, id: user.actor.id, name: user.actor.name }
        await recordEvent(host, transaction, context, {
          requestId: request.id,
          type: 'in_person_started',
          signerId: signer.id,
          actor,
          origin,
        })
        const statement = { statedBy: user.actor.name, userId: user.actor.id }
        // What reaches the signer at his own device is asked of him; an address that is only read at a desk is stood for.
        if (required.includes('email-code')) {
          await addProof(host, transaction, begun.session.id, 'email-code', { inPerson: true, ...statement })
          await recordEvent(host, transaction, context, {
            requestId: request.id,
            type: 'identity_proven',
            signerId: signer.id,
            actor,
            origin,
            facts: { method: 'in-person', inPerson: true, ...statement },
          })
        }
        await markViewed(host, transaction, link)
        if (required.every((name) => name === 'email-code')) await markVerified(host, transaction, link)
        return begun.cookie
      })
      // Ends with the browser: the device goes back to its owner.
      return {
        kind: 'redirect',
        to: `/sign/${link.token}`,
        cookies: [{ name: cookie.name, value: cookie.value, path: cookie.path }],
        endSession: true,
      }
    }),
  )
}
