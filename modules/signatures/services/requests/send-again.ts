import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { RequestState, SignRequest } from '../../models/request.js'
import { readRequest } from '../request-rows.js'
import { startDraft } from './create-request.js'
import type { DraftInput } from './draft-input.js'

const endedUnsigned: ReadonlySet<RequestState> = new Set(['declined', 'expired', 'cancelled'])

/**
 * A new draft with what a request said that ended unsigned: its people, values and message, over the template as it is now, so that what
 * somebody declined can be corrected and sent without typing it all again. The old request stays as it ended. PINs, links and what
 * signers filled in are not taken over; of a request whose files were deleted its values are gone.
 * @returns id of the draft
 * @throws Fault SIGNATURES-AGAIN-NOT-ENDED (409), SIGNATURES-AGAIN-SOURCE (409) for one that another record sends,
 *   SIGNATURES-TEMPLATE-ARCHIVED, SIGNATURES-REQUEST-UNKNOWN (404)
 */
export async function draftAgain(host: Host, transaction: CompanyTransaction, context: CompanyContext, requestId: string): Promise<string> {
  const request = await readRequest(transaction, requestId)
  const params = { number: request.number }
  if (!endedUnsigned.has(request.state)) throw new Fault('SIGNATURES-AGAIN-NOT-ENDED', { status: 409, params })
  // The record knows what follows from its request; a draft that it does not know would end nowhere.
  if (request.source !== null)
    throw new Fault('SIGNATURES-AGAIN-SOURCE', { status: 409, params: { ...params, source: request.source.label } })
  return startDraft(host, transaction, context, inputOf(request))
}

function inputOf(request: SignRequest): DraftInput {
  return {
    templateId: request.templateId,
    name: request.name,
    signers: request.signers
      .filter(({ state }) => state !== 'delegated')
      .map((signer) => ({
        role: signer.role,
        name: signer.name,
        ...(signer.email === null ? {} : { email: signer.email }),
        ...(signer.phone === null ? {} : { phone: signer.phone }),
        locale: signer.locale,
        ...(signer.contactId === null ? {} : { contactId: signer.contactId }),
        ...(signer.keyId === null ? {} : { keyId: signer.keyId }),
        level: signer.level,
        ...(signer.authentication.length === 0 ? {} : { authentication: [...signer.authentication] }),
        group: signer.group,
        inPerson: signer.inPerson,
      })),
    values: Object.fromEntries(
      Object.entries(request.values).flatMap(([id, value]) =>
        typeof value === 'string' || typeof value === 'boolean' ? [[id, value]] : [],
      ),
    ),
    variables: request.variables,
    message: request.message,
    order: request.order,
    reminders: request.reminders,
    ...(request.replyTo === null ? {} : { replyTo: request.replyTo }),
    sendEmail: request.sendEmail,
  }
}
