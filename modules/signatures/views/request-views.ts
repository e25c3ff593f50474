import type { ModuleSetup } from '../../../core/host/module.js'
import { addNewRequestPages } from '../routes/request-new.js'
import { addRequestPages } from '../routes/request-pages.js'
import { addRequestJobs } from '../services/requests/request-jobs.js'
import { requestForm } from './request-form.js'
import { requestList } from './request-list.js'
import { requestModel } from './request-model.js'
import { homeNews } from './request-overview.js'
import { extendSourceViews } from './source-views.js'

/** Lists, forms, pages and jobs of signature requests. */
export function addRequestViews(setup: ModuleSetup): void {
  const { host, views } = setup
  addRequestJobs(setup)
  views.model(requestModel(host))
  views.add(requestList)
  views.add(requestForm(host))
  addRequestPages(setup)
  addNewRequestPages(setup)
  extendSourceViews(setup)
  const menu = (label: string, icon: string, href: string, order: number): void =>
    views.menu({ app: 'signatures', label, icon, href, order, group: 'signatures.user', parent: true })
  views.menu({
    app: 'signatures',
    label: 'signatures.app',
    icon: 'signature',
    href: '/app/signatures',
    order: 30,
    group: 'signatures.user',
    news: (transaction, context) => homeNews(host, context, transaction),
  })
  menu('signatures.menu.overview', 'home', '/app/signatures', 10)
  menu('signatures.list.requests', 'send', '/app/signatures/request', 20)
}
