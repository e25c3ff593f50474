import type { ModuleSetup } from '../../../core/host/module.js'
import { keepPackage, packageJob, packagePayload } from '../authority/notifications.js'
import { refreshDocuments, refreshJob, type RefreshPayload } from '../authority/refresh.js'
import { watchAuthority } from '../authority/watch.js'
import { addAuthorityPanel } from './authority-panel.js'
import { authorityPages } from './authority-pages.js'
import { codePages } from './code-pages.js'
import { notificationRoutes } from './notifications.js'

const watchJob = 'compliance-egypt.watch'

/** Everything about the authority that is not the way of a document to it: pages, panel, notifications, jobs. */
export function registerAuthority(setup: ModuleSetup): void {
  const { host, jobs, routes } = setup
  jobs.define<RefreshPayload>(refreshJob, (payload, { context }) => refreshDocuments(host, context, payload))
  jobs.define(packageJob, (payload, { context }) => keepPackage(host, context, packagePayload.parse(payload)))
  jobs.define(watchJob, (_payload, { context }) => watchAuthority(host, context))
  jobs.schedule(watchJob, '*/15 * * * *')
  routes.open('/eta', notificationRoutes(host))
  authorityPages(setup)
  codePages(setup)
  addAuthorityPanel(setup)
}
