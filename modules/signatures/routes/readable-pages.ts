import type { Host } from '../../../core/host/module.js'
import type { RouteRegistration } from '../../../core/http/routes.js'
import { requireReadable } from '../services/requests/readable.js'

/** Registers pages; those with the `:id` of a request answer 404 to whoever may not see it, before anything else is done. */
export function readablePages(host: Host, routes: RouteRegistration): Pick<RouteRegistration, 'page'> {
  return {
    page(method, path, groups, handle) {
      if (!path.includes('/:id')) {
        routes.page(method, path, groups, handle)
        return
      }
      routes.page(method, path, groups, async (call) => {
        const { context, params } = call
        await host.db.company(context.companyId, (transaction) => requireReadable(host, transaction, context, params['id'] ?? ''))
        return handle(call)
      })
    },
  }
}
