import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { boardStates, listDocuments, standingColors, type BoardState, type ListedDocument } from './document-list.js'
import { openReminders } from './reminders.js'

/** Columns of the board; what was declined, expired or cancelled is in the list of documents. */
const columns = boardStates.filter((state): state is Exclude<BoardState, 'ended'> => state !== 'ended')
const mostCards = 300
const finishedDays = 90
const done = new Set(['signed', 'approved'])

export interface BoardFilter {
  readonly country?: string
  readonly department?: string
}

/** The overview: documents by what is to be done about them, the dates that come, and how many employees have no signed contract. */
export async function boardOf(host: Host, context: CompanyContext, transaction: CompanyTransaction, filter: BoardFilter): Promise<object> {
  const documents = await listDocuments(host, transaction, { ...filter, finishedWithinDays: finishedDays, limit: mostCards })
  const { locale } = context
  const { rows } = await transaction.knex.raw<{
    rows: { country: string | null; department: string | null; employees: number; unsigned: number }[]
  }>(
    `select e.country, e.department, count(*)::int as employees,
       count(*) filter (where not exists (select 1 from employment_document d
          join signatures_request r on r.company_id = d.company_id and r.id = d.request_id
          where d.company_id = e.company_id and d.employee_id = e.id and d.kind = 'contract' and r.state = 'sealed'))::int as unsigned
     from employment_employee e where e.company_id = ? and e.active and e.status <> 'left' group by 1, 2 order by 1, 2`,
    [transaction.companyId],
  )
  const distinct = (name: 'country' | 'department'): string[] =>
    [...new Set(rows.map((row) => row[name]))].filter((value): value is string => value !== null && value !== '')
  const name = (document: { employee?: string; name?: string; employee_ar?: string | null; name_ar?: string | null }): string =>
    (locale === 'ar' ? (document.employee_ar ?? document.name_ar) : undefined) ?? document.employee ?? document.name ?? ''
  return {
    employees: rows.reduce((sum, row) => sum + row.employees, 0),
    unsigned: rows.reduce((sum, row) => sum + row.unsigned, 0),
    empty: documents.length === 0,
    countries: distinct('country').map((value) => ({ value, label: `employment.country.${value}`, selected: value === filter.country })),
    departments: distinct('department').map((value) => ({ value, selected: value === filter.department })),
    filtered: filter.country !== undefined || filter.department !== undefined,
    columns: columns.map((state) => {
      const cards = documents.filter(({ standing }) => standing === state)
      return {
        state,
        label: `employment.standing.${state}`,
        color: standingColors[state],
        count: cards.length,
        cards: cards.map((document) => card(document, name(document))),
      }
    }),
    reminders: (await openReminders(transaction)).map((reminder) => ({
      ...reminder,
      name: name(reminder),
      label: `employment.activity.${reminder.topic}`,
      href: `/app/employment/employee/${reminder.employee_id}`,
      send: reminder.topic === 'contract' ? `/app/employment/employee/${reminder.employee_id}/send?kind=amendment` : null,
    })),
  }
}

function card(document: ListedDocument, name: string): object {
  return {
    href: `/app/employment/employee/${document.employee_id}`,
    request: `/app/signatures/request/${document.request_id}`,
    name,
    number: document.number,
    kindLabel: `employment.kind.${document.kind}`,
    department: document.department,
    since: document.since,
    failed: document.state === 'sealing_failed',
    awaited: document.signers
      .filter(({ state }) => ['sent', 'viewed', 'verified', 'submitted'].includes(state))
      .map((signer) => signer.name)
      .join(' · '),
    signers: document.signers.map((signer) => ({ name: signer.name, done: done.has(signer.state) })),
  }
}
