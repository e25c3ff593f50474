import type { Locale } from '../../../../core/i18n/locale.js'
import type { TemplateRoleInput, TextContentInput } from '../../index.js'

type Texts = readonly [ar: string, en: string, bg: string]

/** An employment contract of 30 clauses in one or two languages, with what goes wrong elsewhere: amounts, phones, brackets, codes. */
export function contractSample(languages: readonly Locale[]): {
  content: TextContentInput
  roles: TemplateRoleInput[]
  variables: Record<string, string>
} {
  const texts = ([ar, en, bg]: Texts): Partial<Record<Locale, string>> =>
    Object.fromEntries(languages.map((language) => [language, { ar, en, bg }[language]]))
  const [leading = 'ar'] = languages
  return {
    content: {
      kind: 'text',
      languages: [...languages],
      title: texts(['عقد عمل', 'Employment contract', 'Трудов договор']),
      preamble: texts([
        'أُبرم هذا العقد بين {{company.name}} (الطرف الأول) و{{employee.name}} (الطرف الثاني).',
        'This contract is made between {{company.name}} (the company) and {{employee.name}} (the employee).',
        'Този договор е сключен между {{company.name}} и {{employee.name}}.',
      ]),
      clauses: [
        {
          heading: texts(['التعيين', 'Appointment', 'Назначаване']),
          body: texts([
            'يبدأ العمل في {{contract.start}}، ورقم الملف INV/2026/00012.',
            'Work begins on {{contract.start}}; file number INV/2026/00012.',
            'Работата започва на {{contract.start}}; досие INV/2026/00012.',
          ]),
        },
        {
          heading: texts(['الأجر', 'Pay', 'Възнаграждение']),
          body: texts([
            'أجر شهري قدره **{{employee.salary}}**.\n\n1. بدل السكن 3,500.00 ريال.\n2. الهاتف +966 50 123 4567 (الشركة).\n\n| البند | المبلغ |\n|---|---:|\n| السكن | 3,500.00 |',
            'A monthly pay of **{{employee.salary}}**.\n\n1. Housing 3,500.00 riyals.\n2. Phone +966 50 123 4567 (the company).\n\n| Item | Amount |\n|---|---:|\n| Housing | 3,500.00 |',
            'Месечно възнаграждение **{{employee.salary}}**.\n\n1. Жилище 3 500,00.\n2. Телефон +966 50 123 4567.\n\n| Перо | Сума |\n|---|---:|\n| Жилище | 3 500,00 |',
          ]),
        },
        {
          heading: texts(['الحساب', 'Account', 'Сметка']),
          body: texts([
            'الآيبان: [[text:employee:iban|IBAN]]\n\n[[checkbox:employee:remote?]] أوافق على *العمل عن بعد*.',
            'IBAN: [[text:employee:iban|IBAN]]\n\n[[checkbox:employee:remote?]] I agree to *remote work*.',
            'IBAN: [[text:employee:iban|IBAN]]\n\n[[checkbox:employee:remote?]] Съгласен съм.',
          ]),
        },
        ...Array.from({ length: 27 }, (_, index) => ({
          heading: texts([`السرية ${String(index + 4)}`, `Confidentiality ${String(index + 4)}`, `Поверителност ${String(index + 4)}`]),
          body: texts([
            'يلتزم الطرف الثاني بالمحافظة على سرية المعلومات (بما فيها بيانات العملاء) التي يطّلع عليها أثناء عمله، ولا يُفصح عنها إلا بموافقة مكتوبة، ويسري هذا الالتزام مدة سنتين بعد انتهاء العقد وفق المادة 83 من نظام العمل.',
            'The employee keeps secret all information (customer data included) that comes to his knowledge at work and discloses it to nobody without written consent; this lasts two years after the end of the contract, under article 83 of the Labour Law.',
            'Служителят пази в тайна цялата информация (включително данни на клиенти), която узнае при работа, и не я разкрива без писмено съгласие; задължението важи две години след края на договора съгласно чл. 83.',
          ]),
        })),
      ],
      ...(languages.length === 2 ? { prevailing: leading } : {}),
      mergeFields: [
        { name: 'employee.name', label: { ar: 'اسم الموظف', en: 'Name of the employee' } },
        { name: 'contract.start', label: { ar: 'بداية العقد', en: 'Start' }, type: 'date' },
        { name: 'employee.salary', label: { ar: 'الأجر', en: 'Pay' }, type: 'money' },
      ],
    },
    roles: [
      { id: 'employee', name: 'الموظف / Employee' },
      { id: 'director', name: 'المدير العام / General Manager', group: 2 },
    ],
    variables: {
      'employee.name': 'Ahmed Al-Otaibi',
      'employee.name.ar': 'أحمد العتيبي',
      'contract.start': '2026-12-01',
      'employee.salary': '12000',
    },
  }
}
