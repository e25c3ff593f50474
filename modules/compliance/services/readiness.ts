import type { Company } from '../../../core/access/context.js'
import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { Host } from '../../../core/host/module.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { isMandated } from '../data/mandates.js'
import type { ReadinessItem } from '../regime.js'
import { regimeOf } from './regime-of.js'

/** Part of `readiness`: what the company's regime still wants, or that its country wants a regime and has none. */
export async function readinessOf(host: Host, company: Company, { context, transaction }: HookCall): Promise<readonly ReadinessItem[]> {
  const regime = await regimeOf(host, context, company)
  if (regime !== undefined) {
    return transaction === undefined
      ? host.db.company(company.id, (own) => regime.readiness(own, context, company))
      : regime.readiness(transaction, context, company)
  }
  if (!isMandated(company.country, localDay(host.now(), company.timeZone))) return []
  return [
    {
      code: 'COMPLIANCE-NO-REGIME',
      ready: false,
      text: {
        ar: 'يفرض القانون الفوترة الإلكترونية، ولا يوجد تطبيق مفعّل يتولاها',
        en: 'The law wants electronic invoices, and no enabled module files them',
        bg: 'Законът изисква електронни фактури, а няма включен модул, който ги подава',
      },
      remedy: {
        ar: 'فعّل تطبيق الدولة من صفحة التطبيقات.',
        en: 'Enable the country’s module on the Apps page.',
        bg: 'Включете модула на държавата в страницата с приложения.',
      },
      href: '/app/settings/modules',
    },
  ]
}
