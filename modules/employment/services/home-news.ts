import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { HomeNews } from '../../../core/views/view.js'
import { listDocuments } from './document-list.js'

/** The app's place on the home page: employees, what waits, and what is overdue first. */
export async function homeNews(host: Host, transaction: CompanyTransaction): Promise<HomeNews> {
  const counted: { count: string | number }[] = await transaction
    .knex('employment_employee')
    .where({ company_id: transaction.companyId, active: true })
    .count({ count: '*' })
  const documents = await listDocuments(host, transaction, { finishedWithinDays: 1, limit: 500 })
  const count = (standing: string): number => documents.filter((document) => document.standing === standing).length
  const overdue = count('overdue')
  return {
    text: 'employment.home',
    params: { employees: Number(counted[0]?.count ?? 0), waiting: count('waiting') + overdue },
    ...(overdue === 0
      ? {}
      : {
          next: { text: 'employment.home.overdue', params: { count: overdue }, action: 'employment.home.look', href: '/app/employment' },
        }),
  }
}
