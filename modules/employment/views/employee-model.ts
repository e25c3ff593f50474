import { isUuid } from '../../../core/access/companies.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { plainText } from '../../../core/views/field-control.js'
import type { Model, RecordValues } from '../../../core/views/view.js'
import { findContact } from '../../contacts/index.js'
import { jobFields, payFields, personFields, employmentCountries } from '../models/employee.js'
import { employeeSubject, findEmployee, readPay, saveEmployee, setActive } from '../services/employees.js'

/** Who may see and change what people are paid. */
export function seesPay(context: CompanyContext): boolean {
  return context.groups.has('*') || context.groups.has('employment.manager')
}

export function employeeModel(host: Host): Model {
  return {
    name: employeeSubject,
    table: 'employment_employee',
    from: (query) =>
      query
        .joinRaw(
          'join contacts_contact as person on person.company_id = employment_employee.company_id and person.id = employment_employee.contact_id',
        )
        .joinRaw(
          `left join employment_employee as boss on boss.company_id = employment_employee.company_id and boss.id = employment_employee.manager_id
           left join contacts_contact as boss_person on boss_person.company_id = boss.company_id and boss_person.id = boss.contact_id`,
        ),
    select: {
      name: 'person.name',
      name_ar: 'person.name_ar',
      email: 'person.email',
      mobile: 'person.mobile',
      manager_name: 'boss_person.name',
      job_title: `coalesce(employment_employee.job_title_en, employment_employee.job_title_bg, employment_employee.job_title_ar)`,
    },
    searchColumns: ['name', 'name_ar', 'number', 'person.search_text', 'job_title', 'job_title_ar', 'department'],
    label: (record) =>
      [record['nameAr'] ?? record['name_ar'], record['name']]
        .filter((name) => typeof name === 'string' && name !== '')
        .map((name) => `\u2068${String(name)}\u2069`)
        .join(' · '),
    load: async (transaction, context, id) => {
      if (!isUuid(id)) return undefined
      const employee = await findEmployee(transaction, id)
      if (employee === undefined) return undefined
      const boss = employee.managerId === null ? undefined : await findEmployee(transaction, employee.managerId)
      const pay = seesPay(context) ? await readPay(host, transaction, id) : {}
      return {
        ...employee,
        ...pay,
        seesPay: seesPay(context),
        managerId: boss === undefined ? null : { id: boss.id, label: boss.name },
        contactId: { id: employee.contactId, label: employee.name },
      }
    },
    defaults: async (transaction, context, query) => {
      const company = await host.access.company(context.companyId)
      const country = employmentCountries.find((one) => one === company.country) ?? 'SA'
      const contact = query['contactId'] === undefined ? undefined : await findContact(transaction, query['contactId'])
      return {
        country,
        status: 'active',
        contractKind: 'indefinite',
        currency: company.currency,
        nationality: company.country,
        locale: company.locale,
        seesPay: seesPay(context),
        ...(contact === undefined ? {} : { ...personValues(contact), contactId: { id: contact.id, label: contact.name } }),
      }
    },
    compute: async (transaction, _context, values) => {
      const contactId = plainText(values['contactId'])
      if (contactId === '' || plainText(values['name']) !== '') return values
      const contact = await findContact(transaction, contactId)
      return contact === undefined ? values : { ...values, ...personValues(contact) }
    },
    save: async (transaction, context, id, values) => {
      const before = id === undefined ? undefined : await findEmployee(transaction, id)
      const pick = (fields: readonly string[], stored: object | undefined): Record<string, unknown> => {
        const kept = new Map<string, unknown>(Object.entries(stored ?? {}))
        return Object.fromEntries(fields.map((name) => [name, idOf(name in values ? values[name] : kept.get(name))]))
      }
      const stored = before === undefined ? undefined : await readPay(host, transaction, before.id)
      const contactId = plainText(values['contactId'])
      const saved = await saveEmployee(host, context, transaction, id, {
        person: pick(personFields, before),
        job: withDefaults(pick(jobFields, before)),
        ...(seesPay(context) && payFields.some((field) => field in values) ? { pay: pick(payFields, stored) } : {}),
        ...(before === undefined && contactId !== '' ? { contactId } : {}),
      })
      return { id: saved.employee.id, faults: saved.warnings }
    },
    archive: (transaction, context, ids, archived) => setActive(host, context, transaction, ids, !archived),
    action: (context, action, ids) => {
      host.access.require(context, 'employment.user')
      if (action !== 'send-many') throw new Fault('EMPLOYMENT-EMPLOYEE-UNKNOWN', { status: 404 })
      return Promise.resolve({ redirect: `/app/employment/bulk/new?ids=${ids.join(',')}` })
    },
    groups: { read: 'employment.user', write: 'employment.user' },
    auditType: employeeSubject,
  }
}

function personValues(contact: {
  name: string
  nameAr: string | null
  email: string | null
  mobile: string | null
  street: string | null
  city: string | null
  country: string | null
  locale: string | null
}): RecordValues {
  const { country, ...rest } = contact
  return {
    ...Object.fromEntries(personFields.flatMap((name) => (name in rest ? [[name, rest[name as keyof typeof rest]]] : []))),
    addressCountry: country,
  }
}

function idOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : value
}

/** An empty choice of the form means its default. */
function withDefaults(job: Record<string, unknown>): Record<string, unknown> {
  return { ...job, status: job['status'] ?? 'active', contractKind: job['contractKind'] ?? 'indefinite' }
}
