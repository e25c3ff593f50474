import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type { CompanyTransaction } from '../../../db/database.js'
import type { KeyReference, KeyUse, SignDigestRequest } from '../../key.js'
import { largestDocument, largestMessage } from './protocol.js'
import type { RequestEndings } from './request-endings.js'
import { clipped, shownDocument, shownUses, type RequestRow } from './request-rows.js'

/** A signature that a desk is to be asked for; `publicKey` is DER SubjectPublicKeyInfo. */
export interface Question {
  readonly reference: KeyReference
  readonly publicKey: Buffer
  readonly request: SignDigestRequest
}

interface NewRequest {
  readonly row: { id: string; key_id: string; subject: string | null; state: string; settled_at: Date | null }
  readonly uses: readonly KeyUse[]
}

/** What asking rests on. */
export interface AskParts {
  readonly endings: RequestEndings
  readonly bell: EventEmitter
  readonly now: () => Date
  /** Hours after which an unanswered request ends. */
  readonly requestHours: number
}

/**
 * Makes the requests that are not there yet. A later question for a document replaces an earlier one that nobody answered.
 * @returns their ids, in the order of the questions
 */
export async function askAll(parts: AskParts, transaction: CompanyTransaction, questions: readonly Question[]): Promise<string[]> {
  await parts.endings.expire(transaction)
  const known = await knownRequests(transaction, questions)
  const now = parts.now()
  // A later question for the same document replaces an earlier one, in one group as well: the last in it stays open.
  const made = new Map<string, NewRequest>()
  const bySubject = new Map<string, NewRequest>()
  const ids = questions.map(({ reference, publicKey, request }) => {
    const sought = identity(reference.keyId, request.scheme, request.digestAlgorithm, request.digest)
    const open = known.get(sought) ?? made.get(sought)?.row.id
    if (open !== undefined) return open
    const uses = shownUses(request.uses ?? [])
    const document = shownDocument(request.uses ?? [], largestDocument)
    const subject = subjectOf(uses)
    const { tokenSerial, keyId } = reference.stored
    const row = {
      id: randomUUID(),
      company_id: transaction.companyId,
      key_id: reference.keyId,
      public_key: publicKey,
      token_serial: tokenSerial ?? null,
      token_key_id: keyId ?? null,
      scheme: request.scheme,
      digest_algorithm: request.digestAlgorithm,
      digest: Buffer.from(request.digest),
      message: request.message === undefined || request.message.length > largestMessage ? null : Buffer.from(request.message),
      uses: JSON.stringify(uses),
      document: document === undefined ? null : Buffer.from(document.bytes),
      document_type: document?.mediaType ?? null,
      asked_by: request.askedBy === undefined ? null : clipped(request.askedBy, 300),
      subject,
      state: 'pending',
      created_at: now,
      settled_at: null as Date | null,
      expires_at: new Date(now.getTime() + parts.requestHours * 3_600_000),
    }
    const one: NewRequest = { row, uses }
    if (subject !== null) {
      const key = JSON.stringify([reference.keyId, subject])
      const earlier = bySubject.get(key)
      if (earlier !== undefined) Object.assign(earlier.row, { state: 'superseded', settled_at: now, message: null, document: null })
      bySubject.set(key, one)
    }
    made.set(sought, one)
    return row.id
  })
  if (made.size === 0) return ids
  await parts.endings.supersede(
    transaction,
    [...bySubject.values()].map(({ row }) => row),
  )
  const { knex, companyId } = transaction
  const inserted = await knex('core_agent_request')
    .insert([...made.values()].map(({ row }) => row))
    .onConflict(knex.raw(`(company_id, key_id, scheme, digest_algorithm, digest) where state in ('pending', 'answered')`))
    .ignore()
    .returning<{ id: string }[]>('id')
  const fresh = new Set(inserted.map(({ id }) => id))
  for (const { row, uses } of made.values()) {
    if (!fresh.has(row.id)) continue
    parts.endings.record(transaction, undefined, 'agent.request-made', row.id, uses)
    if (row.state === 'superseded') parts.endings.record(transaction, undefined, 'agent.request-superseded', row.id, uses)
  }
  transaction.afterCommit(() => parts.bell.emit('request', companyId))
  if (fresh.size === made.size) return ids
  // Another process asked for the same at the same moment: both wait for one answer.
  const others = await knownRequests(transaction, questions)
  return questions.map(({ reference: { keyId }, request }, index) => {
    return others.get(identity(keyId, request.scheme, request.digestAlgorithm, request.digest)) ?? ids[index] ?? ''
  })
}

/** Open and answered requests for the same, and refusals nobody was told of: asked again after that, people are asked again. */
async function knownRequests(transaction: CompanyTransaction, questions: readonly Question[]): Promise<Map<string, string>> {
  const rows = await transaction
    .knex<RequestRow>('core_agent_request')
    .where({ company_id: transaction.companyId })
    .whereIn('digest', [...new Map(questions.map(({ request }) => [hex(request.digest), Buffer.from(request.digest)])).values()])
    .whereRaw(`(state in ('pending', 'answered') or (state = 'refused' and told_at is null))`)
    .select<RequestRow[]>('id', 'key_id', 'scheme', 'digest_algorithm', 'digest', 'state')
  rows.sort((one, other) => Number(one.state !== 'refused') - Number(other.state !== 'refused'))
  return new Map(rows.map((row) => [identity(row.key_id, row.scheme, row.digest_algorithm, row.digest), row.id]))
}

/** Which document a request is for: a later request for it with another digest replaces an older one that nobody answered. */
function subjectOf(uses: readonly KeyUse[]): string | null {
  const [first] = uses
  if (first === undefined || uses.length > 1) return null
  return JSON.stringify([first.purpose, first.subject.type, first.subject.id])
}

/** What makes two requests the same. */
function identity(keyId: string, scheme: string, digestAlgorithm: string, digest: Uint8Array): string {
  return JSON.stringify([keyId, scheme, digestAlgorithm, hex(digest)])
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
