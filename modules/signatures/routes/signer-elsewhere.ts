import { FileAnswer, type PageAnswer, type RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { acceptOutside, handOut } from '../services/signing/outside.js'
import { elsewherePage, valuesForOutside } from '../signing-page/elsewhere-page.js'
import { identityOf } from '../signing-page/identity.js'
import { markDocumentSeen } from '../signing-page/marks.js'
import type { OpenLink } from '../signing-page/open-link.js'
import { ownProgramOf } from '../signing-page/own-program.js'
import { fileName } from './signer-files.js'
import { stepLimit, withLink, type SignerParts } from './signer-link.js'

/** Signing with a program of one's own: the very bytes go out, and come back with one signature more. */
export function addSignerElsewhere(routes: RouteRegistration, parts: SignerParts): void {
  const { host } = parts

  /** Behind proof of identity and consent, for who may; everybody else is led to the page of his link. */
  async function behind(link: OpenLink, work: () => Promise<PageAnswer | FileAnswer>): Promise<PageAnswer | FileAnswer> {
    const isBehind = link.standing === 'asked' && link.progress.consent !== null && (await identityOf(host, link)).next === undefined
    if (!isBehind || !(await ownProgramOf(host, link)).may) return { kind: 'redirect', to: `/sign/${link.token}` }
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      return elsewherePage(host, link, error)
    }
  }

  routes.visitor('get', '/sign/:token/elsewhere', stepLimit, (call) =>
    withLink(parts, call, (link) => behind(link, () => elsewherePage(host, link))),
  )

  routes.visitor('post', '/sign/:token/elsewhere/file', stepLimit, (call) =>
    withLink(parts, call, (link) =>
      behind(link, async () => {
        const { consent } = link.progress
        if (consent === null) throw new Fault('SIGNATURES-CONSENT-NEEDED', { status: 409 })
        const { pdf } = await handOut(host, link.context, {
          requestId: link.request.id,
          signerId: link.signer.id,
          version: link.signer.version,
          values: valuesForOutside(host, link),
          origin: link.origin,
          consent,
        })
        await markDocumentSeen(host, link)
        return new FileAnswer(pdf, 'application/pdf', fileName(link.request.name, 'pdf'))
      }),
    ),
  )

  routes.visitor('post', '/sign/:token/elsewhere', stepLimit, (call) =>
    withLink(parts, call, (link) =>
      behind(link, async () => {
        const pdf = call.files.find(({ field }) => field === 'file')?.bytes
        if (pdf === undefined || pdf.length === 0) throw new Fault('SIGNATURES-OUTSIDE-EMPTY')
        await acceptOutside(host, link.context, {
          requestId: link.request.id,
          signerId: link.signer.id,
          version: link.signer.version,
          origin: link.origin,
          pdf,
        })
        return { kind: 'redirect', to: `/sign/${link.token}` }
      }),
    ),
  )
}
