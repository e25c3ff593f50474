import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { recordEvent } from '../events.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { askSigners } from './ask.js'
import { requestHappened } from './happened.js'
import { allFinished, nextToAsk } from './order.js'
import { finishedStates, moveRequest } from './states.js'

/**
 * What follows when a person has signed or approved, in the transaction of it: those of the next group are asked; when nobody is
 * left, the request is `signed`, and the job of its seal is there. Called once for each part that is done.
 */
export async function afterSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  signerId: string,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  if (request.state !== 'sent' || !finishedStates.includes(signer.state)) return
  await transaction.knex('signatures_signer').where({ company_id: transaction.companyId, id: signerId }).update({ next_reminder_at: null })
  await requestHappened(host, transaction, context, request, 'sign_request.signer.completed', signerId)
  if (!allFinished(request.signers)) {
    await askSigners(host, transaction, context, request, nextToAsk(request.signers), 'turn')
    return
  }
  await moveRequest(host, transaction, request, 'signed')
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'all_signed',
    facts: { people: request.signers.filter((one) => one.action !== 'copy').length },
  })
  await host.jobs.add(transaction, 'signatures.seal', { requestId }, { key: `signatures.seal:${requestId}` })
}
