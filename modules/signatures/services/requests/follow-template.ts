import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { readRequest } from '../request-rows.js'
import { readTemplate } from '../template-rows.js'
import { stored } from './states.js'

/**
 * A draft takes the newest version of its template, so that fields placed after it was begun are there; what was sent never changes.
 * Nothing is written when the draft has it already.
 */
export async function followTemplate(host: Host, transaction: CompanyTransaction, requestId: string): Promise<void> {
  const request = await readRequest(transaction, requestId)
  // The rows of one table get the same document, whatever is edited while they are sent.
  if (request.state !== 'draft' || request.bulkId !== null) return
  const { current } = await readTemplate(transaction, request.templateId)
  const same =
    request.templateVersionId === current.id &&
    JSON.stringify([request.roles, request.fields, request.pages]) === JSON.stringify([current.roles, current.fields, current.pages])
  if (same) return
  await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId, state: 'draft' })
    .update({
      ...stored({ template_version_id: current.id, roles: current.roles, fields: current.fields, pages: current.pages }),
      revision: transaction.knex.raw('revision + 1'),
      updated_at: host.now(),
    })
}
