import { createHash, randomUUID } from 'node:crypto'
import { isUuid } from '../access/companies.js'
import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { Key, KeyPurpose, KeyUse } from './key.js'

/** What becomes of a request for approval; `consumed`: the key was used with it. */
export type ApprovalState = 'pending' | 'approved' | 'refused' | 'expired' | 'consumed'

/** One request to use a key, decided by another person. It is good for one use of exactly this document. */
export interface KeyApproval {
  readonly id: string
  readonly keyId: string
  readonly purpose: KeyPurpose
  readonly subject: KeyUse['subject']
  /** SHA-256 of the document, where the caller told it. */
  readonly documentHash: string | null
  readonly amount: { readonly value: string; readonly currency: string } | null
  readonly state: ApprovalState
  readonly askedBy: { readonly kind: string; readonly id: string | null; readonly name: string }
  readonly askedAt: Date
  /** A question nobody answers and an approval nobody uses end then. */
  readonly expiresAt: Date
  readonly decidedBy: { readonly id: string; readonly name: string } | null
  readonly decidedAt: Date | null
  readonly reason: string | null
}

interface ApprovalRow {
  id: string
  key_id: string
  purpose: KeyPurpose
  subject_type: string
  subject_id: string
  subject_label: string
  document_hash: string | null
  amount: string | null
  currency: string | null
  state: ApprovalState
  binding: string
  asked_by: string | null
  asked_kind: string
  asked_name: string
  asked_at: Date
  expires_at: Date
  decided_by: string | null
  decided_name: string | null
  decided_at: Date | null
  reason: string | null
}

const table = 'core_key_approval'
/** Three days for an answer, and three more to use it: a weekend fits in, a forgotten approval does not stay for months. */
const openMilliseconds = 72 * 3_600_000

/** What an approval is bound to: another document, amount, purpose or key needs another one. */
function bindingOf(keyId: string, use: KeyUse): string {
  const { purpose, subject, documentHash, amount } = use
  const parts = [keyId, purpose, subject.type, subject.id, documentHash ?? null, amount?.value ?? null, amount?.currency ?? null]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** How the uses of a key stand that need a second person. */
export interface ApprovalOutcome {
  /** Approvals that are there; every use that needs one has one. */
  readonly approved: readonly KeyApproval[]
  /** Requests that wait for an answer. */
  readonly waiting: readonly KeyApproval[]
  /** Requests that are new. */
  readonly asked: readonly KeyApproval[]
  readonly refused: KeyApproval | undefined
}

/**
 * Finds one approval for each of the uses; where any is lacking it is asked for. Nothing is used up here: that happens with the
 * first signature (`consumeApprovals`), so that a token that fails costs no approval.
 */
export async function findApprovals(
  transaction: CompanyTransaction,
  context: CompanyContext,
  key: Key,
  uses: readonly KeyUse[],
  now: Date,
): Promise<ApprovalOutcome> {
  await expire(transaction, now)
  const wanted = uses.map((use) => ({ use, binding: bindingOf(key.id, use) }))
  const rows = await transaction
    .knex(table)
    .where({ company_id: transaction.companyId })
    .whereIn(
      'binding',
      wanted.map(({ binding }) => binding),
    )
    .whereIn('state', ['pending', 'approved', 'refused'])
    .where('expires_at', '>', now)
    .orderBy(['asked_at', 'id'])
    .forUpdate()
    .select<ApprovalRow[]>('*')
  const refused = rows.find(
    (row) => row.state === 'refused' && !rows.some((other) => other.binding === row.binding && other.state !== 'refused'),
  )
  if (refused !== undefined) return { approved: [], waiting: [], asked: [], refused: toApproval(refused) }
  const open = new Map(rows.filter((row) => row.state !== 'refused').map((row) => [row.binding, row]))
  // The same use twice in one batch needs two approvals, and the second cannot be asked while the first is open.
  const bindings = new Set(wanted.map(({ binding }) => binding))
  if (bindings.size < wanted.length) throw new Fault('SIGN-USE-TWICE', { params: { name: key.name } })
  if (wanted.every(({ binding }) => open.get(binding)?.state === 'approved'))
    return { approved: [...open.values()].map(toApproval), waiting: [], asked: [], refused: undefined }
  const lacking = wanted.filter(({ binding }) => !open.has(binding))
  const asked = lacking.length === 0 ? [] : await ask(transaction, context, key.id, lacking, now)
  const waiting = [...open.values()].filter((row) => row.state === 'pending').map(toApproval)
  return { approved: [], waiting: [...waiting, ...asked], asked, refused: undefined }
}

/**
 * Uses approvals up, all or none. Two callers with one approval meet at its row, and only one gets it.
 * @returns false when any was used, withdrawn or ended meanwhile; the caller rolls back
 */
export async function consumeApprovals(transaction: CompanyTransaction, ids: readonly string[], now: Date): Promise<boolean> {
  const consumed = await transaction
    .knex(table)
    .where({ company_id: transaction.companyId, state: 'approved' })
    .whereIn('id', [...ids])
    .update({ state: 'consumed', consumed_at: now })
  return consumed === ids.length
}

async function ask(
  transaction: CompanyTransaction,
  { actor }: CompanyContext,
  keyId: string,
  lacking: readonly { readonly use: KeyUse; readonly binding: string }[],
  now: Date,
): Promise<KeyApproval[]> {
  const rows = lacking.map(({ use, binding }) => ({
    company_id: transaction.companyId,
    id: randomUUID(),
    key_id: keyId,
    purpose: use.purpose,
    subject_type: use.subject.type,
    subject_id: use.subject.id,
    subject_label: use.subject.label,
    document_hash: use.documentHash ?? null,
    amount: use.amount?.value ?? null,
    currency: use.amount?.currency ?? null,
    binding,
    asked_by: actor.id,
    asked_kind: actor.kind,
    asked_name: actor.name,
    asked_at: now,
    expires_at: new Date(now.getTime() + openMilliseconds),
  }))
  // Another process may have asked in this moment: its question stands for both.
  await transaction
    .knex(table)
    .insert(rows)
    .onConflict(transaction.knex.raw(`(company_id, binding) where state in ('pending', 'approved')`))
    .ignore()
  const stored = await transaction
    .knex(table)
    .where({ company_id: transaction.companyId })
    .whereIn(
      'binding',
      rows.map((row) => row.binding),
    )
    .whereIn('state', ['pending', 'approved'])
    .select<ApprovalRow[]>('*')
  return stored.map(toApproval)
}

/**
 * Answers a request.
 * @throws Fault SIGN-APPROVAL-UNKNOWN (404), SIGN-APPROVAL-CLOSED (409), SIGN-APPROVAL-NOT-YOURS (403), SIGN-APPROVAL-OWN (403)
 */
export async function decideApproval(
  transaction: CompanyTransaction,
  { actor, groups }: CompanyContext,
  approvalId: string,
  decision: { readonly approved: boolean; readonly reason?: string },
  keyOf: (keyId: string) => Promise<Key>,
  now: Date,
): Promise<KeyApproval> {
  await expire(transaction, now)
  const [row] = isUuid(approvalId)
    ? await transaction.knex(table).where({ company_id: transaction.companyId, id: approvalId }).forUpdate().select<ApprovalRow[]>('*')
    : []
  if (row === undefined) throw new Fault('SIGN-APPROVAL-UNKNOWN', { params: { id: approvalId }, status: 404 })
  const key = await keyOf(row.key_id)
  const group = key.access?.approval?.group
  // A person decides, and one who is in the group by today's policy; the host itself and API keys do not.
  const entitled = group !== undefined && actor.kind === 'user' && actor.id !== null && groups.has(group)
  if (!entitled) throw new Fault('SIGN-APPROVAL-NOT-YOURS', { params: { name: key.name, group: group ?? '' }, status: 403 })
  if ((await askerOf(transaction, row)) === actor.id) throw new Fault('SIGN-APPROVAL-OWN', { status: 403 })
  if (row.state !== 'pending') throw new Fault('SIGN-APPROVAL-CLOSED', { params: { state: row.state }, status: 409 })
  const [decided] = await transaction
    .knex(table)
    .where({ company_id: transaction.companyId, id: approvalId })
    .update({
      state: decision.approved ? 'approved' : 'refused',
      decided_by: actor.id,
      decided_name: actor.name,
      decided_at: now,
      reason: decision.reason ?? null,
      expires_at: new Date(now.getTime() + openMilliseconds),
    })
    .returning<ApprovalRow[]>('*')
  if (decided === undefined) throw new Fault('SIGN-APPROVAL-UNKNOWN', { params: { id: approvalId }, status: 404 })
  return toApproval(decided)
}

/** The person behind a request: a program with an API key asks for whoever made that key. */
async function askerOf(transaction: CompanyTransaction, { asked_by: id, asked_kind: kind }: ApprovalRow): Promise<string | null> {
  if (kind !== 'api-key' || id === null) return id
  const [key] = await transaction
    .knex('core_api_key')
    .where({ id, company_id: transaction.companyId })
    .select<{ created_by: string | null }[]>('created_by')
  return key?.created_by ?? id
}

/** Newest first; states and expiry as they are now. */
export async function readApprovals(
  transaction: CompanyTransaction,
  filter: { readonly keyId?: string; readonly states?: readonly ApprovalState[] },
  now: Date,
): Promise<KeyApproval[]> {
  const query = transaction.knex(table).where({ company_id: transaction.companyId })
  if (filter.keyId !== undefined) void query.where({ key_id: filter.keyId })
  const rows = await query.orderBy('asked_at', 'desc').orderBy('id').limit(200).select<ApprovalRow[]>('*')
  return rows
    .map((row) => toApproval(row))
    .map((one) => (['pending', 'approved'].includes(one.state) && one.expiresAt <= now ? { ...one, state: 'expired' as const } : one))
    .filter((one) => filter.states?.includes(one.state) ?? true)
}

async function expire(transaction: CompanyTransaction, now: Date): Promise<void> {
  await transaction
    .knex(table)
    .where({ company_id: transaction.companyId })
    .whereIn('state', ['pending', 'approved'])
    .where('expires_at', '<=', now)
    .update({ state: 'expired' })
}

function toApproval(row: ApprovalRow): KeyApproval {
  return {
    id: row.id,
    keyId: row.key_id,
    purpose: row.purpose,
    subject: { type: row.subject_type, id: row.subject_id, label: row.subject_label },
    documentHash: row.document_hash,
    amount: row.amount === null || row.currency === null ? null : { value: row.amount, currency: row.currency },
    state: row.state,
    askedBy: { kind: row.asked_kind, id: row.asked_by, name: row.asked_name },
    askedAt: row.asked_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by === null ? null : { id: row.decided_by, name: row.decided_name ?? '' },
    decidedAt: row.decided_at,
    reason: row.reason,
  }
}
