import type { ModuleSetup } from '../../../core/host/module.js'
import { readConsents } from '../signing-page/consents.js'
import { markOpened } from '../signing-page/marks.js'
import { openLink } from '../signing-page/open-link.js'
import { strangerPage } from '../signing-page/page-frame.js'
import { addSignerElsewhere } from './signer-elsewhere.js'
import { addSignerFiles } from './signer-files.js'
import { addInPerson } from './signer-in-person.js'
import { lookLimit, showLink, type SignerParts } from './signer-link.js'
import { addSignerSteps } from './signer-steps.js'
import { addSignerValues } from './signer-values.js'

/** Everything below `/sign`: what people without an account see of a signature request. */
export function addSignerPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  // Read now: a broken table of consents stops the module at boot, not a signer at his page.
  const parts: SignerParts = { host, consents: readConsents() }
  routes.visitor('get', '/sign/:token', lookLimit, async (call) => {
    const link = await openLink(host, call)
    if (link === undefined) return strangerPage(host, call.locale)
    await markOpened(host, link)
    return showLink(parts, link)
  })
  addSignerSteps(routes, parts)
  addSignerValues(routes, parts)
  addSignerFiles(routes, parts)
  addSignerElsewhere(routes, parts)
  addInPerson(routes, parts)
}
