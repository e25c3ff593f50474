import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { SignRequest } from '../../models/request.js'

/** Names as webhooks send them. */
export type HappenedEvent =
  | 'sign_request.created'
  | 'sign_request.sent'
  | 'sign_request.viewed'
  | 'sign_request.started'
  | 'sign_request.signer.completed'
  | 'sign_request.completed'
  | 'sign_request.declined'
  | 'sign_request.delegated'
  | 'sign_request.reminded'
  | 'sign_request.expired'
  | 'sign_request.cancelled'
  | 'sign_request.signature.failed'

/** Tells other modules and webhooks of a step, after the transaction, through jobs of its own. `request` is as it stands after the step. */
export async function requestHappened(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: Pick<SignRequest, 'id' | 'number' | 'state' | 'source' | 'externalId'>,
  event: HappenedEvent,
  signerId?: string,
): Promise<void> {
  await host.hooks.notify(
    'request.happened',
    {
      requestId: request.id,
      number: request.number,
      state: request.state,
      source: request.source,
      externalId: request.externalId,
      event,
      signerId: signerId ?? null,
      at: host.now().toISOString(),
    },
    { context, transaction },
  )
}
