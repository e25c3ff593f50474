import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { JobCall } from '../../../core/jobs/jobs.js'
import { formatDate } from '../../../core/views/format.js'
import { isMailAddress } from '../../contacts/index.js'
import { lawValueOn } from '../data/documents.js'
import type { EmploymentCountry } from '../models/employee.js'
import type { EmploymentSettings } from '../models/settings.js'
import { employeeSubject, settingsOf } from './employees.js'
import { addDays, daysBetween } from './law-checks.js'

export type ReminderTopic = 'contract' | 'probation' | 'identity' | 'registration'

export interface Reminder {
  readonly id: string
  readonly employee_id: string
  readonly name: string
  readonly name_ar: string | null
  readonly topic: ReminderTopic
  readonly due: string
  readonly step: number
}

interface DatedEmployee {
  readonly id: string
  readonly name: string
  readonly country: EmploymentCountry
  readonly start_date: string | null
  readonly probation_end: string | null
  readonly contract_end: string | null
  readonly identity_expiry: string | null
  readonly signed_contract: boolean
}

/** Days before a date at which it is told: of a contract twice, and once more when the law's notice begins. */
function stepsOf(topic: ReminderTopic, settings: EmploymentSettings, notice: number | undefined): number[] {
  if (topic === 'probation') return [settings.probationReminderDays]
  if (topic === 'identity') return [settings.identityReminderDays, 14]
  if (topic === 'registration') return [7, 1]
  const steps = [settings.contractReminderDays, Math.max(1, Math.floor(settings.contractReminderDays / 2))]
  if (notice !== undefined) steps.push(notice)
  return [...new Set(steps)]
}

/** The smallest step that is reached: a day the host slept through is made good, and nothing is told twice for one date. */
export function reachedStep(daysLeft: number, steps: readonly number[]): number | undefined {
  if (daysLeft < 0) return undefined
  return steps.filter((step) => daysLeft <= step).sort((one, other) => one - other)[0]
}

/**
 * Daily: contracts and probations that end, papers that expire, and in Bulgaria the registration before the first day of work. A row with
 * the date and the step as its key is what tells it, in the transaction of the mail: run twice, it is told once.
 * @returns how many were told
 */
export async function remind(host: Host, { context }: JobCall): Promise<number> {
  const company = await host.access.company(context.companyId)
  const today = localDay(host.now(), company.timeZone)
  return host.db.company(context.companyId, async (transaction) => {
    const settings = await settingsOf(host, transaction)
    const told: { name: string; topic: ReminderTopic; due: string; daysLeft: number; employeeId: string }[] = []
    for (const employee of await datedEmployees(transaction, addDays(today, 400))) {
      for (const [topic, due] of datesOf(employee)) {
        const daysLeft = daysBetween(today, due) - 1
        const notice = topic === 'contract' ? lawValueOn(employee.country, due, 'notice.employer')?.value : undefined
        const step = reachedStep(daysLeft, stepsOf(topic, settings, notice))
        if (step === undefined || !(await note(host, transaction, { employeeId: employee.id, topic, due, step }))) continue
        told.push({ name: employee.name, topic, due, daysLeft, employeeId: employee.id })
        host.audit.record(transaction, context, {
          action: `employment.reminded-${topic}`,
          subject: { type: employeeSubject, id: employee.id, label: employee.name },
          facts: { due, days: daysLeft },
        })
      }
    }
    if (told.length > 0) await mailHr(host, transaction, context, settings, told)
    return told.length
  })
}

function datesOf(employee: DatedEmployee): [ReminderTopic, string][] {
  const dates: [ReminderTopic, string][] = []
  if (employee.contract_end !== null) dates.push(['contract', employee.contract_end])
  if (employee.probation_end !== null) dates.push(['probation', employee.probation_end])
  if (employee.identity_expiry !== null) dates.push(['identity', employee.identity_expiry])
  // Article 62(3) of the Bulgarian Labour Code: the authority knows of the contract before the first day of work.
  if (employee.country === 'BG' && employee.start_date !== null && employee.signed_contract)
    dates.push(['registration', employee.start_date])
  return dates
}

async function datedEmployees(transaction: CompanyTransaction, until: string): Promise<DatedEmployee[]> {
  const { rows } = await transaction.knex.raw<{ rows: DatedEmployee[] }>(
    `select e.id, p.name, e.country, e.start_date, e.probation_end, e.contract_end, e.identity_expiry,
       exists (select 1 from employment_document d join signatures_request r on r.company_id = d.company_id and r.id = d.request_id
          where d.company_id = e.company_id and d.employee_id = e.id and d.kind = 'contract' and r.state = 'sealed') as signed_contract
     from employment_employee e join contacts_contact p on p.company_id = e.company_id and p.id = e.contact_id
     where e.company_id = ? and e.active and e.status <> 'left'
       and least(e.contract_end, e.probation_end, e.identity_expiry, e.start_date) <= ? order by p.name`,
    [transaction.companyId, until],
  )
  return rows
}

/** False when this date was told at this step, or at a later one. */
async function note(
  host: Host,
  transaction: CompanyTransaction,
  { employeeId, topic, due, step }: { employeeId: string; topic: ReminderTopic; due: string; step: number },
): Promise<boolean> {
  const rows: unknown[] = await transaction
    .knex('employment_reminder')
    .insert({ company_id: transaction.companyId, employee_id: employeeId, topic, due, step, told_at: host.now() })
    .onConflict(['company_id', 'employee_id', 'topic', 'due', 'step'])
    .ignore()
    .returning('id')
  if (rows.length === 0) return false
  // The newer step stands for the older ones in the list of what is to be done.
  await transaction
    .knex('employment_reminder')
    .where({ company_id: transaction.companyId, employee_id: employeeId, topic })
    .whereRaw('(due, step) <> (cast(? as date), ?)', [due, step])
    .whereNull('done_at')
    .update({ done_at: host.now() })
  return true
}

async function mailHr(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  settings: EmploymentSettings,
  told: readonly { name: string; topic: ReminderTopic; due: string; daysLeft: number }[],
): Promise<void> {
  const company = await host.access.company(context.companyId)
  const to = settings.reminderEmails
    .split(/[,;\s]+/)
    .concat(settings.reminderEmails === '' ? [company.email ?? ''] : [])
    .filter((address) => isMailAddress(address))
  if (to.length === 0) return
  const { locale, digits, timeZone } = company
  const lines = told.map(({ name, topic, due, daysLeft }) =>
    host.i18n.text(locale, `employment.reminder.${topic}`, { name, date: formatDate(due, { locale, digits, timeZone }), days: daysLeft }),
  )
  await host.mail.queue(transaction, context, {
    to,
    subject: host.i18n.text(locale, 'employment.reminder.subject', { count: told.length, company: company.name }),
    text: `${host.i18n.text(locale, 'employment.reminder.intro')}\n\n${lines.map((line) => `• ${line}`).join('\n')}\n`,
  })
}

/** What HR people have been told and not yet ticked off, nearest date first. */
export async function openReminders(transaction: CompanyTransaction, limit = 50): Promise<Reminder[]> {
  const { rows } = await transaction.knex.raw<{ rows: Reminder[] }>(
    `select m.id, m.employee_id, p.name, p.name_ar, m.topic, m.due, m.step from employment_reminder m
       join employment_employee e on e.company_id = m.company_id and e.id = m.employee_id
       join contacts_contact p on p.company_id = e.company_id and p.id = e.contact_id
     where m.company_id = ? and m.done_at is null and e.active order by m.due, p.name limit ?`,
    [transaction.companyId, limit],
  )
  return rows
}

/** Closed again it changes nothing. @throws Fault EMPLOYMENT-REMINDER-UNKNOWN (404) */
export async function closeReminder(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
  const rows = transaction.knex('employment_reminder').where('company_id', transaction.companyId).whereRaw('id::text = ?', [id])
  if ((await rows.clone().first('id')) === undefined) throw new Fault('EMPLOYMENT-REMINDER-UNKNOWN', { status: 404 })
  await rows.whereNull('done_at').update({ done_at: host.now(), done_by: context.actor.name })
}
