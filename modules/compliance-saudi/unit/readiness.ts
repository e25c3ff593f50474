import type { Company } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { LocalizedText } from '../../../core/i18n/locale.js'
import type { ReadinessItem } from '../../compliance/index.js'
import { isVatNumber } from '../data/identifiers.js'
import { activeUnit } from './unit-rows.js'

function item(code: string, ready: boolean, text: LocalizedText, remedy: LocalizedText, href: string): ReadinessItem {
  return { code, ready, text, remedy, href }
}

const companyPage = '/app/settings/company'
const unitPage = '/app/compliance-saudi/unit'

/** What a Saudi company needs before its first invoice. */
export async function readiness(transaction: CompanyTransaction, company: Company, now: Date): Promise<readonly ReadinessItem[]> {
  const unit = await activeUnit(transaction)
  const vat = company.identifiers.find((identifier) => identifier.scheme === 'VAT')?.value ?? ''
  const { street, building, district, city, postalCode } = company.address
  const address = [street, building, district, city, postalCode].every((part) => part !== undefined && part !== '')
  const until = unit?.certificateUntil ?? null
  return [
    item(
      'SA-READY-VAT',
      isVatNumber(vat),
      { ar: 'رقم التسجيل الضريبي', en: 'VAT registration number', bg: 'Номер по ДДС' },
      {
        ar: 'أدخل رقم التسجيل الضريبي للشركة: ١٥ رقمًا يبدأ وينتهي بالرقم ٣.',
        en: 'Enter the company’s VAT number: 15 digits that begin and end with 3.',
        bg: 'Въведете номера по ДДС на фирмата: 15 цифри, започващи и завършващи с 3.',
      },
      companyPage,
    ),
    item(
      'SA-READY-ADDRESS',
      address,
      { ar: 'العنوان الوطني', en: 'National address', bg: 'Национален адрес' },
      {
        ar: 'أكمل العنوان الوطني: الشارع ورقم المبنى والحي والمدينة والرمز البريدي.',
        en: 'Complete the national address: street, building number, district, city and postal code.',
        bg: 'Попълнете националния адрес: улица, номер на сграда, район, град и пощенски код.',
      },
      companyPage,
    ),
    item(
      'SA-READY-UNIT',
      unit !== undefined,
      { ar: 'ربط الوحدة بمنصة فاتورة', en: 'Unit onboarded with Fatoora', bg: 'Устройство, регистрирано във Fatoora' },
      {
        ar: 'اربط وحدة الفوترة بمنصة فاتورة برمز التحقق من بوابة الهيئة.',
        en: 'Onboard the e-invoicing unit with the one-time password of the authority’s portal.',
        bg: 'Регистрирайте устройството с еднократната парола от портала на властите.',
      },
      unitPage,
    ),
    item(
      'SA-READY-CERTIFICATE',
      unit === undefined || (until !== null && until > now),
      { ar: 'شهادة الختم سارية', en: 'Stamp certificate in force', bg: 'Валиден сертификат за печат' },
      {
        ar: 'انتهت صلاحية شهادة الختم؛ جدّدها برمز تحقق جديد.',
        en: 'The stamp certificate has expired; renew it with a new one-time password.',
        bg: 'Сертификатът за печат е изтекъл; подновете го с нова еднократна парола.',
      },
      unitPage,
    ),
  ]
}
