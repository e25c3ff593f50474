import type { CompanyTransaction } from '../db/database.js'
import type { AnchorFile } from './anchor-file.js'
import type { AuditExtract, ProvenEvent } from './audit.js'
import { chainHead } from './chain-head.js'
import { hashedOf, type EventRow } from './event-row.js'

/**
 * Events of one record, and those of keys and desks that name it as their document, each as it was hashed: whoever has the extract can
 * compute every hash of it again (SHA-256 of the previous hash and the event as canonical JSON).
 */
export async function extractEvents(
  transaction: CompanyTransaction,
  anchors: AnchorFile,
  subject: { readonly type: string; readonly id: string },
): Promise<AuditExtract> {
  const { companyId, knex } = transaction
  const { rows } = await knex.raw<{ rows: EventRow[] }>(
    `with own as (
       select min(at) as began from core_audit_event
        where company_id = :companyId and subject_type = :type and subject_id = :id)
     select event.* from core_audit_event event, own
      where event.company_id = :companyId
        and ((event.subject_type = :type and event.subject_id = :id)
          or (event.at >= own.began - interval '1 minute' and event.subject_type in ('key', 'agent-request')
            and (event.facts -> 'document' @> :document::jsonb or event.facts -> 'documents' @> :documents::jsonb)))
      order by event.sequence limit 5000`,
    {
      companyId,
      ...subject,
      document: JSON.stringify({ type: subject.type, id: subject.id }),
      documents: JSON.stringify([{ type: subject.type, id: subject.id }]),
    },
  )
  const head = await chainHead(transaction)
  const written = (await anchors.read()).get(companyId) ?? new Map<number, string>()
  const last = rows.at(-1)?.sequence ?? 0
  const after = [...written.keys()].filter((sequence) => sequence >= last).sort((one, other) => one - other)[0]
  return {
    events: rows.map(provenEvent),
    head: { sequence: head.sequence, hash: head.hash.toString('hex') },
    anchor: after === undefined || rows.length === 0 ? null : { sequence: after, hash: written.get(after) ?? '' },
  }
}

function provenEvent(row: EventRow): ProvenEvent {
  return {
    hashed: hashedOf(row),
    previous: row.previous.toString('hex'),
    hash: row.hash.toString('hex'),
  }
}
