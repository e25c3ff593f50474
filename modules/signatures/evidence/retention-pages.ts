import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { formText } from '../../../core/http/form-text.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { latinDigits } from '../../../core/views/format.js'
import { readRequest } from '../services/request-rows.js'
import { deletedRequests } from './deleted-requests.js'
import { deleteOnRequest, deletionOf, filesOf, retentionPlan, retentionYearsOf, type PlannedDeletion } from './retention.js'

const manager = ['signatures.manager']
const page = '/app/signatures/retention'
const mostYears = 100
const shownRows = 50

/** How long files of finished requests are kept: what a term would delete is seen before it is decided, and what was deleted stays told. */
export function addRetentionPages(setup: ModuleSetup): void {
  const { host, routes } = setup
  setup.views.menu({
    app: 'signatures',
    label: 'signatures.retention.title',
    icon: 'archive',
    href: page,
    order: 80,
    group: 'signatures.manager',
    parent: true,
  })

  routes.page('get', '/retention', manager, (call) => retentionPage(host, call, call.query['years']))

  routes.page('post', '/retention', manager, async (call) => {
    const typed = formText(call.body, 'years')
    const years = yearsOf(typed)
    if (years === undefined) return retentionPage(host, call, typed)
    const { context } = call
    // A term that would delete something tonight is saved only by somebody who has seen how much.
    const due = await inCompany(host, call, async (transaction) => dueOf(await planOf(host, transaction, years), host.now()).length)
    if (formText(call.body, 'seen') !== String(due)) return retentionPage(host, call, typed)
    await inCompany(host, call, (transaction) => host.settings.set(transaction, context, 'signatures', { retentionYears: years }))
    return { kind: 'redirect', to: page, notice: { key: 'views.saved', level: 'success' } }
  })

  routes.page('get', '/retention/:id', manager, (call) => deletionPage(host, call))

  routes.page('post', '/retention/:id', manager, async (call) => {
    const id = call.params['id'] ?? ''
    const reason = formText(call.body, 'reason')
    try {
      const { number, files } = await inCompany(host, call, (transaction) => deleteOnRequest(host, transaction, call.context, id, reason))
      const notice = { key: 'signatures.retention.notice', params: { number, count: files }, level: 'success' as const }
      return { kind: 'redirect', to: `/app/signatures/request/${id}`, notice }
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500 || error.status === 404) throw error
      return deletionPage(host, call, { error: host.i18n.faultOnPage(call.context.locale, error), reason, status: error.status })
    }
  })
}

async function retentionPage(host: Host, call: PageCall, typed: string | undefined): Promise<PageAnswer> {
  const { context } = call
  const { kept, years, plan, deleted } = await inCompany(host, call, async (transaction) => {
    const kept = await retentionYearsOf(host, transaction)
    const years = typed === undefined ? kept : yearsOf(typed)
    const plan = await planOf(host, transaction, years ?? 0)
    return { kept, years, plan, deleted: await deletedRequests(transaction, shownRows) }
  })
  const due = dueOf(plan, host.now())
  const open = plan.filter(({ held }) => !held)
  const data = {
    kept,
    typed: typed ?? String(kept),
    error: years === undefined ? host.i18n.text(context.locale, 'signatures.retention.years-wrong', { most: mostYears }) : undefined,
    saved: years === kept,
    forever: years === 0,
    seen: due.length,
    due: due.length,
    later: open.length - due.length,
    held: plan.length - open.length,
    first: open.find(({ from }) => from > host.now())?.from,
    rows: plan.slice(0, shownRows).map((one) => rowOf(host, call, one)),
    more: Math.max(0, plan.length - shownRows),
    deleted,
  }
  return {
    kind: 'page',
    template: 'signatures/retention',
    title: host.i18n.text(context.locale, 'signatures.retention.title'),
    here: page,
    ...(years === undefined ? { status: 422 } : {}),
    data,
  }
}

async function deletionPage(
  host: Host,
  call: PageCall,
  refused?: { readonly error: string; readonly reason: string; readonly status: number },
): Promise<PageAnswer> {
  const id = call.params['id'] ?? ''
  const { context } = call
  const { request, byTerm, byDuty, files, years } = await inCompany(host, call, async (transaction) => {
    const request = await readRequest(transaction, id)
    const years = await retentionYearsOf(host, transaction)
    return {
      request,
      years,
      byTerm: years === 0 ? undefined : await deletionOf(host, transaction, id, years),
      byDuty: await deletionOf(host, transaction, id, 0),
      files: await filesOf(
        transaction,
        id,
        request.signers.map((signer) => signer.id),
      ),
    }
  })
  const title = host.i18n.text(context.locale, 'signatures.retention.one')
  const blocked = byDuty !== undefined && byDuty.from > host.now()
  return {
    kind: 'page',
    template: 'signatures/retention-one',
    title,
    breadcrumb: [{ label: request.number, href: `/app/signatures/request/${id}` }, { label: title }],
    here: `${page}/${id}`,
    ...(refused === undefined ? {} : { status: refused.status }),
    data: {
      id,
      number: request.number,
      name: request.name,
      open: byDuty === undefined,
      forever: years === 0,
      byTerm: byTerm === undefined ? undefined : rowOf(host, call, byTerm),
      byDuty: byDuty === undefined ? undefined : rowOf(host, call, byDuty),
      blocked,
      mayDelete: byDuty !== undefined && !blocked && !byDuty.held,
      files: files.map(({ kind, size, sha256 }) => ({
        label: `signatures.retention.file.${kind}`,
        size: Math.max(1, Math.round(size / 1024)),
        digest: sha256.slice(0, 16),
      })),
      ...refused,
    },
  }
}

function rowOf(host: Host, call: PageCall, one: PlannedDeletion): object {
  const { duty, ...row } = one
  const { locale } = call.context
  return {
    ...row,
    href: `/app/signatures/request/${one.id}`,
    due: !one.held && one.from <= host.now(),
    because:
      duty === undefined
        ? host.i18n.text(locale, 'signatures.retention.own-term')
        : host.i18n.text(locale, 'signatures.retention.duty', { law: duty.law[locale], article: duty.article, years: duty.years }),
  }
}

function planOf(host: Host, transaction: CompanyTransaction, years: number): Promise<readonly PlannedDeletion[]> {
  return years === 0 ? Promise.resolve([]) : retentionPlan(host, transaction, years)
}

function dueOf(plan: readonly PlannedDeletion[], now: Date): readonly PlannedDeletion[] {
  return plan.filter(({ held, from }) => !held && from <= now)
}

/** Whole years as people type them; undefined for what is none. */
function yearsOf(typed: string): number | undefined {
  const digits = latinDigits(typed.trim())
  return /^\d{1,3}$/.test(digits) && Number(digits) <= mostYears ? Number(digits) : undefined
}

function inCompany<Result>(host: Host, call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return host.db.company(call.context.companyId, work)
}
