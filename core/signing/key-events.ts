import type { KeyApproval } from './approvals.js'
import type { Key, KeyUse } from './key.js'

// What the event log tells of keys and their uses.

/** The key as subject of an event. */
export function subjectOf(key: Pick<Key, 'id' | 'name'>): { type: string; id: string; label: string } {
  return { type: 'key', id: key.id, label: key.name }
}

/** What a key was used for, as facts of an event. */
export function useFacts(use: KeyUse): Readonly<Record<string, unknown>> {
  const { purpose, subject, amount, documentHash } = use
  return {
    purpose,
    document: subject,
    ...(amount === undefined ? {} : { amount }),
    ...(documentHash === undefined ? {} : { documentHash }),
  }
}

/** What was asked to be approved, as facts of an event. */
export function approvalFacts(approval: KeyApproval): Readonly<Record<string, unknown>> {
  const { id, purpose, subject, amount, documentHash, reason } = approval
  return { approval: id, purpose, document: subject, amount, documentHash, reason }
}
