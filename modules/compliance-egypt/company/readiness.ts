import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { Locale, LocalizedText } from '../../../core/i18n/locale.js'
import type { ReadinessItem } from '../../compliance/index.js'
import { activitiesOf, branchesOf, egyptCompany } from './company-rows.js'
import { endingSoon, type EndingSoon } from '../law/ending-soon.js'
import { mandatesAt } from '../law/mandates.js'
import { standsInForDevice } from '../signing/choose-key.js'
import { fittingKeys } from './signing-keys.js'

export const setupPage = '/app/compliance-egypt/setup'

/** Nine digits, however people write them: `123-456-789`. */
export function registrationNumberOf(company: Pick<Company, 'identifiers'>): string | undefined {
  const value = company.identifiers.find((identifier) => identifier.scheme === 'VAT')?.value.replace(/[\s-]/g, '')
  return value !== undefined && /^\d{9}$/.test(value) ? value : undefined
}

function item(code: string, ready: boolean, text: LocalizedText, remedy: LocalizedText, href = setupPage): ReadinessItem {
  return { code, ready, text, remedy, href }
}

/** What an Egyptian company needs before its first document. */
export async function readiness(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  company: Company,
): Promise<readonly ReadinessItem[]> {
  // One after another: a transaction has one connection.
  const facts = await egyptCompany(transaction)
  const branches = await branchesOf(transaction)
  const activities = await activitiesOf(transaction)
  const keys = await host.signing.keys(transaction)
  const registration = registrationNumberOf(company)
  const mandates = await mandatesAt(transaction, host.now())
  const fitting = registration === undefined ? [] : fittingKeys(keys, registration, host.now(), context, mandates)
  const chosen = facts?.keyId ?? null
  const signing = fitting
    .map((one) => one.key)
    .filter((key) => (chosen === null ? !standsInForDevice(key, keys, registration ?? '') : key.id === chosen))
  return [
    item(
      'EG-READY-RIN',
      registration !== undefined,
      { ar: 'رقم التسجيل الضريبي', en: 'Tax registration number', bg: 'Номер на данъчна регистрация' },
      {
        ar: 'أدخل رقم التسجيل الضريبي للشركة، وهو ٩ أرقام.',
        en: 'Enter the company’s tax registration number: nine digits.',
        bg: 'Въведете номера на данъчната регистрация на фирмата: девет цифри.',
      },
      '/app/settings/company',
    ),
    item(
      'EG-READY-BRANCH',
      branches.some((branch) => branch.isDefault && branch.active),
      { ar: 'فرع بعنوان كامل', en: 'A branch with its address', bg: 'Клон с адрес' },
      {
        ar: 'أضف الفرع الذي يصدر المستندات كما هو مسجل على بوابة المصلحة (٠ للمركز الرئيسي).',
        en: 'Add the branch that issues documents, as the authority’s portal has it (0 for the head office).',
        bg: 'Добавете клона, който издава документи, както е в портала на администрацията (0 за централата).',
      },
    ),
    item(
      'EG-READY-ACTIVITY',
      activities.some((activity) => activity.isDefault),
      { ar: 'كود النشاط', en: 'Activity code', bg: 'Код на дейността' },
      {
        ar: 'أضف كود نشاط الشركة المسجل على البوابة، وهو ٤ أرقام.',
        en: 'Add the activity code the portal has for the company: four digits.',
        bg: 'Добавете кода на дейността от портала: четири цифри.',
      },
    ),
    item(
      'EG-READY-CREDENTIALS',
      facts !== undefined && facts.clientId !== null && facts.hasSecret && facts.credentialsCheckedAt !== null,
      { ar: 'الاتصال بمنظومة الفاتورة الإلكترونية', en: 'Connection with the authority', bg: 'Връзка с администрацията' },
      {
        ar: 'سجّل نظام الفوترة على البوابة، ثم أدخل معرّف العميل والرمز السري واختبر الاتصال.',
        en: 'Register this system on the portal, enter its client ID and secret, and test the connection.',
        bg: 'Регистрирайте системата в портала, въведете Client ID и тайния ключ и проверете връзката.',
      },
    ),
    item(
      'EG-READY-KEY',
      signing.length > 0,
      { ar: 'مفتاح توقيع بشهادة سارية', en: 'Signing key with a certificate in force', bg: 'Ключ за подпис с валиден сертификат' },
      {
        ar: 'أضف مفتاح التوقيع (التوكن أو وحدة HSM) الذي تحمل شهادته رقم التسجيل الضريبي للشركة بالصيغة VATEG.',
        en: 'Add the signing key (token or HSM) whose certificate names the company as VATEG and its registration number.',
        bg: 'Добавете ключа за подпис (токен или HSM), чийто сертификат съдържа VATEG и номера на фирмата.',
      },
    ),
    ...(await endingSoon(transaction, host.now(), signing)).map((one) => soonItem(host, one)),
  ]
}

/** What stands today and ends within thirty days: ready, said with its last day and the way to renew it. */
function soonItem(host: Host, { kind, name, until, href }: EndingSoon): ReadinessItem {
  const texts = (key: string, params: Record<string, string> = {}): LocalizedText => {
    const of = (locale: Locale, told = params): string => host.i18n.text(locale, `compliance-egypt.soon.${kind}.${key}`, told)
    // Among Arabic words the parts of a day change places unless it is isolated.
    const isolated = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, `${name === 'until' ? '\u2066' : '\u2068'}${value}\u2069`]),
    )
    return { ar: of('ar', isolated), en: of('en'), bg: of('bg') }
  }
  return {
    code: `EG-SOON-${kind.toUpperCase()}`,
    ready: true,
    soon: true,
    text: texts('ends', { name, until }),
    remedy: texts('renew'),
    href,
  }
}
