import type { RouteRegistration, PageAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { declineSigner } from '../services/requests/decline.js'
import { delegateSigner } from '../services/requests/correct.js'
import { approveSigner } from '../services/signing/submit.js'
import { consentPage, giveConsent, withdrawConsent } from '../signing-page/consent-page.js'
import { beginStep, identityOf, proveStep, requireIdentity } from '../signing-page/identity.js'
import { identityPage } from '../signing-page/identity-page.js'
import type { OpenLink } from '../signing-page/open-link.js'
import { faultText, messageOf, signerPage } from '../signing-page/page-frame.js'
import { showLink, stepLimit, withLink, type SignerParts } from './signer-link.js'

/** Forms of a link: proof of identity, consent, and the ways out. */
export function addSignerSteps(routes: RouteRegistration, parts: SignerParts): void {
  const { host } = parts
  const back = (link: OpenLink): PageAnswer => ({ kind: 'redirect', to: `/sign/${link.token}` })

  routes.visitor('post', '/sign/:token/begin', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (!isOpen(link)) return showLink(parts, link)
      try {
        const { step, method, cookies, opened, fault } = await beginStep(host, link, call)
        if (fault !== undefined) return await identityPage(host, opened, { fault, cookies })
        const sent = method === 'email-code' || method === 'sms-code' || method === 'pin'
        if (step.kind === 'done' || sent) {
          if (step.kind === 'done' && method !== '') await proveStep(host, opened, call.body)
          return { kind: 'redirect', to: `/sign/${link.token}`, cookies }
        }
        return await identityPage(host, opened, { step, cookies })
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return identityPage(host, link, { fault: error })
      }
    }),
  )

  routes.visitor('post', '/sign/:token/prove', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (!isOpen(link)) return showLink(parts, link)
      try {
        await proveStep(host, link, call.body)
        return back(link)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return identityPage(host, link, { fault: error })
      }
    }),
  )

  routes.visitor('post', '/sign/:token/consent', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (link.standing !== 'asked' || (await identityOf(host, link)).next !== undefined) return back(link)
      try {
        await giveConsent(host, parts.consents, link, {
          agreed: call.body['agree'] === 'yes',
          sha256: call.body['sha256'],
          word: call.body['word'],
        })
        return back(link)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return consentPage(host, parts.consents, link, error)
      }
    }),
  )

  routes.visitor('post', '/sign/:token/withdraw', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (link.standing !== 'asked' || (await identityOf(host, link)).next !== undefined) return back(link)
      await withdrawConsent(host, link)
      return signerPage(host, link, {
        template: 'signer-withdrawn',
        title: 'withdrawn.title',
        data: { message: messageOf(host, link.context.locale, 'withdrawn') },
      })
    }),
  )

  for (const way of ['decline', 'delegate'] as const) {
    routes.visitor('get', `/sign/:token/${way}`, stepLimit, (call) =>
      withLink(parts, call, async (link) => {
        if (!mayLeave(link, way) || (await identityOf(host, link)).next !== undefined) return back(link)
        return leavePage(link, way)
      }),
    )
  }

  routes.visitor('post', '/sign/:token/decline', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (!mayLeave(link, 'decline')) return back(link)
      await requireIdentity(host, link)
      const reason = textOf(call.body['reason'])
      return leave(link, 'decline', { reason }, async () => {
        await host.db.company(link.context.companyId, (transaction) =>
          declineSigner(host, transaction, link.context, {
            requestId: link.request.id,
            signerId: link.signer.id,
            version: link.signer.version,
            reason,
            origin: link.origin,
          }),
        )
      })
    }),
  )

  routes.visitor('post', '/sign/:token/delegate', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (!mayLeave(link, 'delegate')) return back(link)
      await requireIdentity(host, link)
      const given = {
        name: textOf(call.body['name']),
        email: textOf(call.body['email']),
        phone: textOf(call.body['phone']),
        reason: textOf(call.body['reason']),
      }
      return leave(
        link,
        'delegate',
        given,
        async () => {
          await host.db.company(link.context.companyId, (transaction) =>
            delegateSigner(host, transaction, link.context, {
              requestId: link.request.id,
              signerId: link.signer.id,
              version: link.signer.version,
              to: { name: given.name, email: given.email, ...(given.phone === '' ? {} : { phone: given.phone }) },
              reason: given.reason,
              origin: link.origin,
            }),
          )
        },
        // The link that led here is void now.
        signerPage(host, link, {
          template: 'signer-message',
          title: 'delegated.title',
          data: { message: messageOf(host, link.context.locale, 'delegated') },
        }),
      )
    }),
  )

  routes.visitor('post', '/sign/:token/approve', stepLimit, (call) =>
    withLink(parts, call, async (link) => {
      if (link.standing !== 'asked' || link.signer.action !== 'approve' || link.progress.consent === null) return back(link)
      await requireIdentity(host, link)
      await approveSigner(host, link.context, {
        requestId: link.request.id,
        signerId: link.signer.id,
        version: link.signer.version,
        origin: link.origin,
        note: textOf(call.body['note']),
      })
      return back(link)
    }),
  )

  function leavePage(link: OpenLink, way: 'decline' | 'delegate', given: object = {}, fault?: Fault): PageAnswer {
    const { locale } = link.context
    return signerPage(host, link, {
      template: `signer-${way}`,
      title: `${way}.title`,
      status: fault === undefined ? 200 : fault.status,
      data: {
        given,
        phoneNeeded: link.signer.authentication.includes('sms-code'),
        faults: (fault?.details ?? []).map((detail) => faultText(host, locale, detail)),
      },
    })
  }

  async function leave(
    link: OpenLink,
    way: 'decline' | 'delegate',
    given: object,
    work: () => Promise<void>,
    after: PageAnswer = back(link),
  ): Promise<PageAnswer> {
    try {
      await work()
      return after
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      return leavePage(link, way, given, error)
    }
  }
}

function isOpen({ standing }: OpenLink): boolean {
  return standing === 'asked' || standing === 'finished' || standing === 'copy'
}

function mayLeave(link: OpenLink, way: 'decline' | 'delegate'): boolean {
  return link.standing === 'asked' && (way === 'decline' || (link.signer.canDelegate && !link.signer.inPerson))
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 2000) : '')
