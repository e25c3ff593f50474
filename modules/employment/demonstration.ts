import type { Company, CompanyContext } from '../../core/access/context.js'
import type { DemonstrationPaper } from '../../core/hooks/core-points.js'
import type { Host } from '../../core/host/module.js'
import { localDay } from '../../core/i18n/local-time.js'
import { minorUnits } from '../../core/money/currencies.js'
import { fixed } from '../../core/money/decimal-text.js'
import { anchorsFor, signForDemonstration } from '../signatures/index.js'
import { contractTypeOf } from './data/documents.js'
import { employmentCountries, type EmploymentCountry } from './models/employee.js'
import { sendContract } from './services/contracts.js'
import { saveEmployee, settingsOf } from './services/employees.js'
import { addDays, addMonths } from './services/law-checks.js'

interface DemonstrationPerson {
  readonly name: string
  readonly nameAr: string | null
  readonly nationality: string
  readonly identityType: string
  readonly identityNumber: string
  readonly birthDate: string
  readonly gender: 'male' | 'female'
  readonly titles: { readonly ar: string | null; readonly en: string; readonly bg: string | null }
  readonly city: string
  readonly cityEn: string
  readonly basic: string
  readonly iban: string
  readonly hours: string
  readonly leave: string
  readonly notice: string
}

// Nobody: numbers are made from the published check formulas, IBANs are those of the registry's examples.
const people: Readonly<Record<EmploymentCountry, DemonstrationPerson>> = {
  SA: {
    name: 'Noura Al-Harbi',
    nameAr: 'نورة الحربي',
    nationality: 'SA',
    identityType: 'sa-national',
    identityNumber: '1000000008',
    birthDate: '1994-03-12',
    gender: 'female',
    titles: { ar: 'محاسبة أولى', en: 'Senior Accountant', bg: null },
    city: 'الرياض',
    cityEn: 'Riyadh',
    basic: '9000',
    iban: 'SA0380000000608010167519',
    hours: '40',
    leave: '30',
    notice: '60',
  },
  EG: {
    name: 'Karim Mansour',
    nameAr: 'كريم منصور',
    nationality: 'EG',
    identityType: 'eg-national',
    identityNumber: '29001010100011',
    birthDate: '1990-01-01',
    gender: 'male',
    titles: { ar: 'مهندس برمجيات', en: 'Software Engineer', bg: null },
    city: 'القاهرة',
    cityEn: 'Cairo',
    basic: '24000',
    iban: 'EG380019000500000000263180002',
    hours: '40',
    leave: '21',
    notice: '90',
  },
  KW: {
    name: 'Salem Al-Mutairi',
    nameAr: 'سالم المطيري',
    nationality: 'KW',
    identityType: 'kw-civil',
    identityNumber: '288020122596',
    birthDate: '1988-02-01',
    gender: 'male',
    titles: { ar: 'مدير مبيعات', en: 'Sales Manager', bg: null },
    city: 'مدينة الكويت',
    cityEn: 'Kuwait City',
    basic: '1250',
    iban: 'KW81CBKU0000000000001234560101',
    hours: '48',
    leave: '30',
    notice: '90',
  },
  BG: {
    name: 'Иван Петров Георгиев',
    nameAr: null,
    nationality: 'BG',
    identityType: 'bg-egn',
    identityNumber: '8001010008',
    birthDate: '1980-01-01',
    gender: 'male',
    titles: { ar: null, en: 'Chief Accountant', bg: 'Главен счетоводител' },
    city: 'София',
    cityEn: 'Sofia',
    basic: '2400',
    iban: 'BG80BNBG96611020345678',
    hours: '40',
    leave: '20',
    notice: '30',
  },
}

/** Makes the demonstration's employee, with a number of its own each time. @returns its id */
export async function demoEmployee(
  host: Host,
  context: CompanyContext,
  emails: { employee: string; representative: string },
): Promise<string> {
  const company = await host.access.company(context.companyId)
  const country = employmentCountries.find((one) => one === company.country) ?? 'SA'
  const person = people[country]
  const start = addDays(localDay(host.now(), company.timeZone), 14)
  const money = (amount: string): string => fixed(amount, minorUnits(contractTypeOf(country, 'contract').currency))
  return host.db.company(context.companyId, async (transaction) => {
    const settings = await settingsOf(host, transaction)
    if (settings.representativeName === '') {
      await host.settings.set(transaction, context, 'employment', {
        ...settings,
        representativeName: country === 'BG' ? 'Мария Иванова' : 'Sami Al-Saleh',
        representativeNameAr: country === 'BG' ? '' : 'سامي الصالح',
        representativeEmail: emails.representative,
        representativeTitleAr: 'المدير العام',
        representativeTitleEn: 'General Manager',
        representativeTitleBg: 'Управител',
      })
    }
    const { employee } = await saveEmployee(host, context, transaction, undefined, {
      person: {
        name: person.name,
        nameAr: person.nameAr,
        email: emails.employee,
        street: country === 'BG' ? 'ул. „Шипка“ 10' : 'شارع التحلية 10',
        city: person.city,
        addressCountry: country,
        locale: country === 'BG' ? 'bg' : 'ar',
      },
      job: {
        country,
        jobTitleAr: person.titles.ar,
        jobTitleEn: person.titles.en,
        jobTitleBg: person.titles.bg,
        department: country === 'BG' ? 'Финанси' : 'المالية',
        departmentEn: 'Finance',
        site: person.city,
        siteEn: person.cityEn,
        startDate: start,
        probationEnd: addDays(addMonths(start, 3), -1),
        contractKind: country === 'SA' ? 'fixed' : 'indefinite',
        contractEnd: country === 'SA' ? addDays(addMonths(start, 24), -1) : null,
        hoursWeek: person.hours,
        leaveDays: person.leave,
        noticeDays: person.notice,
        nationality: person.nationality,
        birthDate: person.birthDate,
        gender: person.gender,
        identityType: person.identityType,
        identityNumber: person.identityNumber,
      },
      pay: {
        basic: money(person.basic),
        housing: money('500'),
        transport: money('150'),
        other: money('0'),
        currency: contractTypeOf(country, 'contract').currency,
        iban: person.iban,
      },
    })
    return employee.id
  })
}

/**
 * For the demonstration: an employee of the company with a contract that is sent to him and the company's representative.
 * @returns id of the request; its signers' links are in their mails
 */
export async function demoContract(
  host: Host,
  context: CompanyContext,
  emails: { employee: string; representative: string } = { employee: 'employee@demo.example', representative: 'manager@demo.example' },
): Promise<string> {
  const employeeId = await demoEmployee(host, context, emails)
  const request = await sendContract(host, context, employeeId, { kind: 'contract' })
  return request.id
}

/** Key of the demonstration's contract: made once, however often the demonstration runs. */
const demonstrationKey = 'demonstration'

/** A contract of the demonstration company, signed by both and sealed by the real steps, for `khatm demo` to write and judge. */
export async function demoPapers(host: Host, { company }: { readonly company: Company }): Promise<DemonstrationPaper[]> {
  if (!employmentCountries.some((country) => country === company.country)) return []
  const context = await host.access.systemContext(company.id, 'cli')
  await host.modules.enable(context, 'employment')
  const made = await host.db.company(company.id, (transaction) =>
    transaction
      .knex<{ company_id: string; once_key: string; employee_id: string }>('employment_document')
      .where({ company_id: company.id, once_key: demonstrationKey })
      .first('employee_id'),
  )
  const emails = { employee: 'employee@demo.example', representative: 'manager@demo.example' }
  const employeeId = made?.employee_id ?? (await demoEmployee(host, context, emails))
  const sent = await sendContract(host, context, employeeId, { kind: 'contract' }, demonstrationKey)
  const { number, sealedSha256 } = await signForDemonstration(host, context, sent.id)
  if (sealedSha256 === null) throw new Error('a sealed request has its file')
  const { bytes } = await host.db.company(company.id, (transaction) => host.files.get(transaction, sealedSha256))
  return [{ fileName: `${company.code}-contract-${number.replace(/[^\w-]+/g, '-')}.pdf`, bytes, trust: await anchorsFor(host, company.id) }]
}
