import type { HashedEvent } from './event-hash.js'

/** One row of the log as the driver returns it. */
export interface EventRow {
  company_id: string
  sequence: number
  at: Date
  action: string
  subject_type: string
  subject_id: string
  subject_label: string | null
  facts: Record<string, unknown> | null
  actor_kind: string
  actor_id: string | null
  actor_name: string
  source: string
  previous: Buffer
  hash: Buffer
}

/** What of a stored event was hashed when it was written. */
export function hashedOf(row: EventRow): HashedEvent {
  return {
    companyId: row.company_id,
    sequence: row.sequence,
    at: row.at.toISOString(),
    action: row.action,
    subjectType: row.subject_type,
    subjectId: row.subject_id,
    subjectLabel: row.subject_label,
    facts: row.facts,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorName: row.actor_name,
    source: row.source,
  }
}
