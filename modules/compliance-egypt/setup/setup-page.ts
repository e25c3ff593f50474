import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import {
  egyptCompany,
  makeDefault,
  removeActivity,
  saveActivity,
  saveBranch,
  switchBranch,
  updateCompany,
} from '../company/company-rows.js'
import { removePersonLimit, savePersonLimit } from '../company/person-limits.js'
import { storeCredentials } from '../company/credentials.js'
import { prepareSandboxCompany } from '../company/sandbox-company.js'
import { setupPage } from '../company/readiness.js'
import { activityOn } from '../data/codes.js'
import { testConnection } from '../company/test-connection.js'
import { readBranch, readCode, readCredentials, readPersonLimit, readPersonLimitPlace } from './read-forms.js'
import { labelOfField, setupSteps, type StepName } from './setup-steps.js'
import { testSigning } from './signing-test.js'
import { cairoDay } from '../data/cairo-day.js'

const managers = ['invoicing.manager'] as const

/** Where a company is made ready for the authority: each step with its state, what to do, and a form to do it. */
export function setupPages(setup: ModuleSetup): void {
  const { host, routes, views } = setup
  const now = (): Date => host.now()

  async function page(context: CompanyContext, problem?: { step: StepName; fault: Fault; form: PageCall['body'] }): Promise<PageAnswer> {
    const data = await setupSteps(host, context, problem?.step, problem?.form)
    const shown =
      problem === undefined
        ? null
        : {
            text: host.i18n.faultOnPage(context.locale, named(host, context, problem.step, problem.fault)),
            code: problem.fault.code,
            field: problem.fault.details[0]?.path ?? '',
            details: problem.fault.details.slice(1).map((detail) => host.i18n.faultOnPage(context.locale, detail)),
          }
    return {
      kind: 'page',
      template: 'compliance-egypt/setup',
      title: host.i18n.text(context.locale, 'compliance-egypt.setup.title'),
      data: { ...data, problem: shown, problemStep: problem?.step ?? '' },
      status: problem === undefined ? 200 : problem.fault.status,
      here: setupPage,
    }
  }

  /** A form of a step: done, it comes back to the step; refused, the page says why beside the form. */
  function action(path: string, step: StepName, notice: string, work: (call: PageCall) => Promise<void>): void {
    routes.page('post', path, managers, async (call) => {
      try {
        await work(call)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return page(call.context, { step, fault: error, form: call.body })
      }
      return { kind: 'redirect', to: `${setupPage}#${step}`, notice: { key: `compliance-egypt.notice.${notice}`, level: 'success' } }
    })
  }

  routes.page('get', '/setup', managers, ({ context }) => page(context))

  action('/setup/portal', 'portal', 'saved', ({ context, body }) =>
    host.db.company(context.companyId, (transaction) =>
      updateCompany(transaction, { portal_confirmed_at: body.action === 'undo' ? null : now() }, now()),
    ),
  )
  action('/setup/sandbox', 'credentials', 'sandbox-prepared', async ({ context }) => {
    host.access.require(context, 'invoicing.manager')
    await prepareSandboxCompany(host, context, await host.access.company(context.companyId))
  })
  action('/setup/branch', 'branches', 'saved', ({ context, body }) => {
    const branch = readBranch(body)
    return host.db.company(context.companyId, (transaction) => saveBranch(transaction, branch))
  })
  action('/setup/branch/:code', 'branches', 'saved', ({ context, body, params }) =>
    host.db.company(context.companyId, async (transaction) => {
      const code = params.code ?? ''
      const found =
        body.action === 'default'
          ? await makeDefault(transaction, 'branch', code)
          : await switchBranch(transaction, code, body.action === 'on')
      if (!found) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
    }),
  )
  action('/setup/activity', 'activity', 'saved', ({ context, body }) => {
    const code = readCode(body, /^\d{4}$/)
    if (activityOn(code, cairoDay(now())) === undefined) throw new Fault('EG-SETUP-ACTIVITY', { path: 'code', params: { code } })
    return host.db.company(context.companyId, (transaction) => saveActivity(transaction, code))
  })
  action('/setup/activity/:code', 'activity', 'saved', ({ context, body, params }) =>
    host.db.company(context.companyId, async (transaction) => {
      const code = params.code ?? ''
      const found = body.action === 'default' ? await makeDefault(transaction, 'activity', code) : await removeActivity(transaction, code)
      if (!found) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
    }),
  )
  action('/setup/limit', 'limits', 'saved', ({ context, body }) => {
    const limit = readPersonLimit(body)
    return host.db.company(context.companyId, async (transaction) => {
      await savePersonLimit(transaction, limit)
      host.audit.record(transaction, context, {
        action: 'compliance-egypt.person-limit',
        subject: { type: 'compliance-egypt.company', id: context.companyId, label: limit.kind },
        facts: { from: limit.from, amount: limit.amount },
      })
    })
  })
  action('/setup/limit/remove', 'limits', 'saved', ({ context, body }) => {
    const { kind, from } = readPersonLimitPlace(body)
    return host.db.company(context.companyId, async (transaction) => {
      await removePersonLimit(transaction, kind, from)
      host.audit.record(transaction, context, {
        action: 'compliance-egypt.person-limit',
        subject: { type: 'compliance-egypt.company', id: context.companyId, label: kind },
        facts: { from, amount: null },
      })
    })
  })
  action('/setup/credentials', 'credentials', 'connected', async ({ context, body }) => {
    await storeCredentials(host, context, readCredentials(body))
    await testConnection(host, context)
  })
  action('/setup/credentials/test', 'credentials', 'connected', ({ context }) => testConnection(host, context))
  action('/setup/key', 'key', 'saved', ({ context, body }) =>
    host.db.company(context.companyId, async (transaction) => {
      const wanted = typeof body.keyId === 'string' && body.keyId !== '' ? body.keyId : null
      if (wanted !== null) await host.signing.key(transaction, wanted)
      const before = await egyptCompany(transaction)
      await updateCompany(transaction, { key_id: wanted }, now())
      host.audit.record(transaction, context, {
        action: 'compliance-egypt.key',
        subject: { type: 'compliance-egypt.company', id: context.companyId, label: wanted ?? '' },
        facts: { before: before?.keyId ?? null, after: wanted },
      })
    }),
  )
  action('/setup/signing', 'signing', 'signed', async ({ context }) => {
    await testSigning(host, context)
  })

  views.menu({
    app: 'invoicing',
    label: 'compliance-egypt.title',
    icon: 'qrcode',
    href: setupPage,
    order: 90,
    group: 'invoicing.manager',
    parent: true,
  })
}

/** A refused field under the name its label has on the page. */
function named(host: Host, context: CompanyContext, step: StepName, fault: Fault): FaultDetail {
  const [detail] = fault.details
  if (fault.code !== 'EG-SETUP-FIELD' || detail?.path === undefined) return detail ?? fault
  const label = labelOfField(step, detail.path)
  return label === undefined ? detail : { ...detail, params: { field: host.i18n.text(context.locale, label) } }
}
