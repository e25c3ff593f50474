import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { recordEvent } from '../services/events.js'
import { requestHappened } from '../services/requests/happened.js'
import type { OpenLink } from './open-link.js'
import { saveProgress } from './progress.js'

/** So long one browser's visits count as one in the event log. */
const oneVisitMinutes = 60

/** The address was fetched: by a person, or by a program that looks into mails. Nothing else changes. */
export async function markOpened(host: Host, { context, request, signer, origin }: OpenLink): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const before: object | undefined = await transaction
      .knex('signatures_event')
      .where({ company_id: context.companyId, request_id: request.id, signer_id: signer.id, type: 'link_opened' })
      .where('at', '>', new Date(host.now().getTime() - oneVisitMinutes * 60_000))
      .whereRaw(`origin->>'ip' is not distinct from ? and origin->>'userAgent' is not distinct from ?`, [
        origin.ip ?? null,
        origin.userAgent ?? null,
      ])
      .first('sequence')
    if (before === undefined)
      await recordEvent(host, transaction, context, { requestId: request.id, type: 'link_opened', signerId: signer.id, origin })
  })
}

/** The person did something on the page for the first time. */
export async function markViewed(host: Host, transaction: CompanyTransaction, link: OpenLink): Promise<void> {
  const { context, request, signer } = link
  const changed = await transaction
    .knex('signatures_signer')
    .where({ company_id: context.companyId, id: signer.id, version: signer.version, state: 'sent' })
    .update({ state: 'viewed', viewed_at: host.now() })
  if (changed === 1) await requestHappened(host, transaction, context, request, 'sign_request.viewed', signer.id)
}

export async function markVerified(host: Host, transaction: CompanyTransaction, { context, signer }: OpenLink): Promise<void> {
  await transaction
    .knex('signatures_signer')
    .where({ company_id: context.companyId, id: signer.id, version: signer.version })
    .whereIn('state', ['sent', 'viewed'])
    .update({ state: 'verified', verified_at: host.now() })
}

/** The document stands on the screen, for the first time. */
export async function markDocumentSeen(host: Host, link: OpenLink): Promise<void> {
  if (link.progress.documentSeenAt !== null || link.standing !== 'asked') return
  const { context, request, signer, origin } = link
  await host.db.company(context.companyId, async (transaction) => {
    await saveProgress(host, transaction, signer, { documentSeenAt: host.now() })
    await recordEvent(host, transaction, context, {
      requestId: request.id,
      type: 'document_viewed',
      signerId: signer.id,
      origin,
      facts: { sha256: request.headSha256 },
    })
  })
}

/** The first value was entered. */
export async function markStarted(host: Host, transaction: CompanyTransaction, link: OpenLink): Promise<void> {
  if (Object.keys(link.progress.values).length > 0) return
  const { context, request, signer, origin } = link
  await recordEvent(host, transaction, context, { requestId: request.id, type: 'started', signerId: signer.id, origin })
  await requestHappened(host, transaction, context, request, 'sign_request.started', signer.id)
}
