import type { CompanyTransaction } from '../../../core/db/database.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer, type PageCall } from '../../../core/http/routes.js'
import { batchCsv, batchOf, resumeBatch, stopBatch } from '../services/post-batch.js'

const shownRefusals = 100
const post = ['invoicing.user']

/** Progress of many drafts that a job posts: the page asks every second, and says the same after a reload or on another computer. */
export function postBatchPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  const inCompany = <Result>(call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
    host.db.company(call.context.companyId, work)

  routes.page('get', '/posting/:id', post, async (call) => {
    const { locale } = call.context
    const { results, ...batch } = await inCompany(call, (transaction) => batchOf(transaction, call.params['id'] ?? ''))
    const refusals = results.filter((result) => result.number === null)
    const data = {
      ...batch,
      running: batch.state === 'running',
      stopped: batch.state === 'stopped',
      percent: batch.total === 0 ? 100 : Math.floor((batch.done * 100) / batch.total),
      stateLabel: `invoicing.posting.state.${batch.state}`,
      refusals: refusals.slice(0, shownRefusals).map(({ id, customer, faults }) => ({
        href: `/app/invoicing/invoice/${id}`,
        customer: customer ?? '—',
        faults: faults.map((fault) => ({ code: fault.code, text: host.i18n.faultOnPage(locale, fault) })),
      })),
    }
    if (call.partial) return { kind: 'fragment', template: 'invoicing/posting-progress', data }
    const title = host.i18n.text(locale, 'invoicing.posting.title')
    const breadcrumb = [{ label: host.i18n.text(locale, 'invoicing.list.invoices'), href: '/app/invoicing/invoice' }, { label: title }]
    return { kind: 'page', template: 'invoicing/posting', title, breadcrumb, data }
  })

  routes.page('post', '/posting/:id', post, async (call) => {
    const id = call.params['id'] ?? ''
    await inCompany(call, async (transaction) => {
      const batch = await batchOf(transaction, id)
      if (call.body['action'] === 'stop') await stopBatch(transaction, batch.id)
      else await resumeBatch(host, transaction, batch.id)
    })
    return { kind: 'redirect', to: `/app/invoicing/posting/${id}` }
  })

  routes.page('get', '/posting/:id/result', post, async (call) => {
    const { results } = await inCompany(call, (transaction) => batchOf(transaction, call.params['id'] ?? ''))
    return new FileAnswer(batchCsv(host, call.context.locale, results), 'text/csv; charset=utf-8', 'posting-result.csv')
  })
}
