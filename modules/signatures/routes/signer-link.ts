import type { Host } from '../../../core/host/module.js'
import type { PageAnswer, VisitorCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { ConsentRow } from '../models/consent.js'
import { consentPage } from '../signing-page/consent-page.js'
import { documentPage } from '../signing-page/document-page.js'
import { finishedPage } from '../signing-page/finished-page.js'
import { identityOf } from '../signing-page/identity.js'
import { identityPage } from '../signing-page/identity-page.js'
import { openLink, type OpenLink } from '../signing-page/open-link.js'
import { messageOf, signerPage, strangerPage } from '../signing-page/page-frame.js'

/** Calls of one address in a minute: an office behind one router signs too, guessing a link of 256 bits stays hopeless. */
export const lookLimit = { calls: 240, seconds: 60 } as const
export const stepLimit = { calls: 120, seconds: 60 } as const

export interface SignerParts {
  readonly host: Host
  readonly consents: readonly ConsentRow[]
}

/** The page of a link as things stand. */
export async function showLink(parts: SignerParts, link: OpenLink): Promise<PageAnswer> {
  const { host, consents } = parts
  const { standing } = link
  if (standing !== 'asked' && standing !== 'finished' && standing !== 'copy') return endPage(host, link)
  if ((await identityOf(host, link)).next !== undefined) return identityPage(host, link)
  if (standing !== 'asked') return finishedPage(host, link)
  if (link.progress.consent === null) return consentPage(host, consents, link)
  return documentPage(host, link)
}

/** A page that ends: what happened, and what can be done. */
export function endPage(host: Host, link: OpenLink): PageAnswer {
  const { standing, context } = link
  return signerPage(host, link, {
    template: 'signer-message',
    title: `${standing}.title`,
    status: standing === 'not-yet' || standing === 'declined' || standing === 'delegated' ? 200 : 410,
    data: { message: messageOf(host, context.locale, standing) },
  })
}

/** A link that leads somewhere and may be gone on with; everything else is answered with its page. */
export async function withLink<Answer>(
  parts: SignerParts,
  call: VisitorCall,
  work: (link: OpenLink) => Promise<Answer>,
): Promise<Answer | PageAnswer> {
  const link = await openLink(parts.host, call)
  return link === undefined ? strangerPage(parts.host, call.locale) : work(link)
}

/** For calls by script: a link that is asked and whose reader has proven who he is. @throws Fault SIGNATURES-LINK-UNKNOWN (404), SIGNATURES-IDENTITY-NEEDED (401), SIGNATURES-LINK-ENDED (409) */
export async function provenLink(host: Host, call: VisitorCall, options: { readonly finished?: boolean } = {}): Promise<OpenLink> {
  const link = await openLink(host, call)
  if (link === undefined) throw new Fault('SIGNATURES-LINK-UNKNOWN', { status: 404 })
  const { standing } = link
  if (standing !== 'asked' && !(options.finished === true && (standing === 'finished' || standing === 'copy')))
    throw new Fault('SIGNATURES-LINK-ENDED', { status: 409 })
  if ((await identityOf(host, link)).next !== undefined || link.session === undefined)
    throw new Fault('SIGNATURES-IDENTITY-NEEDED', { status: 401 })
  if (standing === 'asked' && link.progress.consent === null && options.finished !== true)
    throw new Fault('SIGNATURES-CONSENT-NEEDED', { status: 409 })
  return link
}
