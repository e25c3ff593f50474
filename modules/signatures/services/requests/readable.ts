import { isUuid } from '../../../../core/access/companies.js'
import type { Knex } from 'knex'
import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'

export const requestModelName = 'signatures.request'

/** Requests that the actor may see: a module that starts requests may keep them for fewer people by a record rule of the model. */
export function readableRequests(host: Host, transaction: CompanyTransaction, context: CompanyContext): Knex.QueryBuilder {
  const query = transaction.knex('signatures_request').where('signatures_request.company_id', transaction.companyId)
  host.access.narrow(query, requestModelName, context, transaction)
  return query
}

/**
 * Asked by every page, download and call of a program that is given the id of a request.
 * @throws Fault SIGNATURES-REQUEST-UNKNOWN (404) for one that is not there and for one that the actor may not see: both the same
 */
export async function requireReadable(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
  if (!(await isReadable(host, transaction, context, id))) throw new Fault('SIGNATURES-REQUEST-UNKNOWN', { status: 404 })
}

/** What programs that receive events may be told: they are set up by whoever administers signing, and that tells nothing more. */
export function isOpenToAdministrators(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<boolean> {
  const groups = new Set(['signatures.manager', 'signatures.user', 'contacts.user'])
  return isReadable(host, transaction, { ...context, groups }, id)
}

async function isReadable(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<boolean> {
  const found: unknown = await readableRequests(host, transaction, context)
    .whereIn('signatures_request.id', [id].filter(isUuid))
    .first('signatures_request.id')
  return found !== undefined
}
