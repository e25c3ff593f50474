import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { findApprovals, type KeyApproval } from './approvals.js'
import { approvalFacts, subjectOf } from './key-events.js'
import type { Key, KeyUse } from './key.js'
import { needsApproval } from './policy.js'

/**
 * Asks, where nobody asked yet, for the approvals that a key's policy wants for these uses; what is asked is in the event log.
 * @returns the approvals of the uses that need one, or why they may not go on: SIGN-APPROVAL-NEEDED, SIGN-APPROVAL-REFUSED. It is
 * returned and not thrown, because the question must commit.
 */
export async function approveUses(
  audit: Audit,
  transaction: CompanyTransaction,
  context: CompanyContext,
  key: Key,
  uses: readonly KeyUse[],
  now: Date,
): Promise<Fault | readonly KeyApproval[]> {
  const wanting = uses.filter((use) => needsApproval(key, use))
  if (wanting.length === 0) return []
  const { approved, asked, waiting, refused } = await findApprovals(transaction, context, key, wanting, now)
  for (const one of asked) {
    audit.record(transaction, context, { action: 'key.approval-asked', subject: subjectOf(key), facts: approvalFacts(one) })
  }
  const { name } = key
  if (refused !== undefined) {
    const params = { name, id: refused.id, by: refused.decidedBy?.name ?? '', reason: refused.reason ?? '' }
    return new Fault('SIGN-APPROVAL-REFUSED', { params, status: 403 })
  }
  const [first] = waiting
  if (first === undefined) return approved
  const params = { name, id: first.id, group: key.access?.approval?.group ?? '', document: first.subject.label, count: waiting.length }
  return new Fault('SIGN-APPROVAL-NEEDED', { params, status: 409 })
}
