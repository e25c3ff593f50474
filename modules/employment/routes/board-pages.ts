import type { ModuleSetup } from '../../../core/host/module.js'
import { boardOf } from '../services/board.js'
import { closeReminder } from '../services/reminders.js'

const user = ['employment.user']

/** The overview board, and ticking off a date that was looked after. */
export function boardPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  routes.page('get', '', user, async ({ context, query }) => {
    const filter = {
      ...(query['country'] === undefined || query['country'] === '' ? {} : { country: query['country'] }),
      ...(query['department'] === undefined || query['department'] === '' ? {} : { department: query['department'] }),
    }
    return {
      kind: 'page',
      template: 'employment/board',
      title: host.i18n.text(context.locale, 'employment.app'),
      data: await host.db.company(context.companyId, (transaction) => boardOf(host, context, transaction, filter)),
    }
  })
  routes.page('post', '/reminder/:id/done', user, async ({ context, params }) => {
    await host.db.company(context.companyId, (transaction) => closeReminder(host, transaction, context, params['id'] ?? ''))
    return { kind: 'redirect', to: '/app/employment' }
  })
}
