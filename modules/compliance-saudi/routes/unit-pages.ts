import { Fault } from '../../../core/i18n/fault.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import type { CompanyContext } from '../../../core/access/context.js'
import { onboard } from '../unit/onboard.js'
import { readiness } from '../unit/readiness.js'
import { activeUnit, type ZatcaEnvironment } from '../unit/unit-rows.js'

const environments: readonly ZatcaEnvironment[] = ['sandbox', 'simulation', 'production']

function environmentOf(value: unknown): ZatcaEnvironment {
  const found = environments.find((one) => one === value)
  if (found === undefined) throw new Fault('SA-ONBOARD-SANDBOX', { path: 'environment' })
  return found
}

/** The unit's page: what is ready, the certificate, and onboarding with a one-time password. */
export function unitPages(setup: ModuleSetup): void {
  const { host, routes, views } = setup

  async function unitData(context: CompanyContext): Promise<object> {
    const company = await host.access.company(context.companyId)
    const { unit, items } = await host.db.company(company.id, async (transaction) => ({
      unit: await activeUnit(transaction),
      items: await readiness(transaction, company, host.now()),
    }))
    const text = (key: string): string => host.i18n.text(context.locale, `compliance-saudi.${key}`)
    return {
      sandbox: company.sandbox,
      unit:
        unit === undefined
          ? null
          : {
              serial: unit.serial,
              environment: text(`environment.${unit.environment}`),
              counter: unit.lastCounter,
              until: unit.certificateUntil?.toISOString().slice(0, 10) ?? '',
            },
      items: items.map((item) => ({
        ready: item.ready,
        text: host.i18n.pick(context.locale, item.text),
        remedy: host.i18n.pick(context.locale, item.remedy),
      })),
      environments: (company.sandbox ? (['sandbox'] as const) : environments).map((value) => ({
        value,
        label: text(`environment.${value}`),
      })),
      labels: {
        ready: text('ready'),
        unit: text('unit'),
        environment: text('environment'),
        counter: text('counter'),
        until: text('until'),
        otp: text('otp'),
        otpHelp: text(company.sandbox ? 'otp_sandbox' : 'otp_help'),
        onboard: text(unit === undefined ? 'onboard' : 'onboard_again'),
      },
    }
  }

  routes.page('get', '/unit', ['invoicing.manager'], async ({ context }) => ({
    kind: 'page',
    template: 'compliance-saudi/unit',
    title: host.i18n.text(context.locale, 'compliance-saudi.title'),
    data: await unitData(context),
  }))

  routes.page('post', '/unit', ['invoicing.manager'], async ({ context, body }) => {
    await onboard(host, context, { otp: typeof body.otp === 'string' ? body.otp : '', environment: environmentOf(body.environment) })
    return { kind: 'redirect', to: '/app/compliance-saudi/unit', notice: { key: 'compliance-saudi.notice.onboarded', level: 'success' } }
  })

  views.menu({
    app: 'invoicing',
    label: 'compliance-saudi.title',
    icon: 'qrcode',
    href: '/app/compliance-saudi/unit',
    order: 90,
    group: 'invoicing.manager',
    parent: true,
  })
}
