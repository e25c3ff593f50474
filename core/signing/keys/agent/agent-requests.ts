import { EventEmitter } from 'node:events'
import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../access/context.js'
import type { Audit } from '../../../audit/audit.js'
import type { CompanyTransaction, Database } from '../../../db/database.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import type { KeyReference, KeyUse, SignDigestRequest } from '../../key.js'
import { GroupedWork } from './grouped-work.js'
import {
  answerText,
  largestDocument,
  largestMessage,
  readDeskKey,
  textIsSigned,
  type FromDesk,
  type Offer,
  type Outcome,
} from './protocol.js'
import {
  clipped,
  offerColumns,
  offerOf,
  requestOf,
  shownDocument,
  shownUses,
  type AgentRequest,
  type RequestRow,
  type RequestState,
  type Standing,
} from './request-rows.js'

export interface AgentRequestParts {
  readonly database: Database
  readonly audit: Audit
  readonly now: () => Date
  /** Hours after which an unanswered request ends. */
  readonly requestHours: number
}

/** A desk as the connection knows it. */
export interface AnsweringDesk {
  readonly id: string
  readonly name: string
  readonly publicKey: string
}

/** @param uses what was decided: purpose and document of each */
export type SettledListener = (transaction: CompanyTransaction, uses: readonly KeyUse[]) => Promise<void>

interface DeskAnswer {
  readonly agent: AnsweringDesk
  readonly id: string
  readonly signature: Buffer
  readonly proof: string
  /** What the desk says its person saw of the document. */
  readonly seen?: 'opened' | 'listed' | undefined
}

interface Question {
  readonly reference: KeyReference
  readonly publicKey: Buffer
  readonly request: SignDigestRequest
}

interface NewRequest {
  readonly row: { id: string; key_id: string; subject: string | null; state: string; settled_at: Date | null }
  readonly uses: readonly KeyUse[]
}

/** What is done together for one company. */
interface CompanyWork {
  readonly asked: GroupedWork<Question, string>
  readonly stood: GroupedWork<string, Standing>
  readonly ended: GroupedWork<string, Outcome | undefined>
  readonly answered: GroupedWork<DeskAnswer, Outcome>
}

/**
 * Requests to desks. Each is a row before anybody is asked, so it outlives the host, the connection and the desk; an answer
 * counts once, whoever gives it first. In this process `bell` rings at every change; other processes read the rows.
 */
export class AgentRequests {
  /** Events: `request` (companyId), `settled <requestId>`. */
  readonly bell = new EventEmitter()
  private readonly companies = new Map<string, CompanyWork>()
  private readonly listeners = new Set<SettledListener>()

  constructor(private readonly parts: AgentRequestParts) {
    this.bell.setMaxListeners(0)
  }

  /**
   * Told, in the transaction that writes it down, which documents were signed, refused or taken back at a desk: for those who asked
   * without waiting. What the listener writes stands if and only if the answer does.
   */
  onSettled(listener: SettledListener): void {
    this.listeners.add(listener)
  }

  /** Makes the request, or finds the one for the same key and digest: callers that ask again meet the answer that came meanwhile. */
  ask(reference: KeyReference, publicKey: Buffer, request: SignDigestRequest): Promise<string> {
    return this.company(reference.companyId).asked.do({ reference, publicKey, request })
  }

  standing(companyId: string, id: string): Promise<Standing> {
    return this.company(companyId).stood.do(id)
  }

  /** How a request ended that was on a desk; undefined while it is open. A refusal counts as told only to who asked. */
  ended(companyId: string, id: string): Promise<Outcome | undefined> {
    return this.company(companyId).ended.do(id)
  }

  /**
   * Takes a desk's signature, if it is one of the key over the digest, made for this request by this desk. Anything else
   * leaves the request open and is written down.
   */
  answer(
    companyId: string,
    agent: AnsweringDesk,
    { id, signature, proof, seen }: Omit<Extract<FromDesk, { type: 'answer' }>, 'type'>,
  ): Promise<Outcome> {
    return this.company(companyId).answered.do({ agent, id, signature: Buffer.from(signature, 'base64'), proof, seen })
  }

  /** Ids of what desks of the company are to be shown, oldest first. */
  async pendingIds(transaction: CompanyTransaction, limit = 2000): Promise<string[]> {
    await this.expire(transaction)
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .select<{ id: string }[]>('id')
    return rows.map(({ id }) => id)
  }

  /** Those of the requests that are still pending, oldest first. */
  async offers(transaction: CompanyTransaction, ids: readonly string[]): Promise<Offer[]> {
    if (ids.length === 0) return []
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .whereIn('id', [...ids])
      .orderBy('created_at')
      .orderBy('id')
      .select<RequestRow[]>(...offerColumns)
    return rows.map(offerOf)
  }

  private company(companyId: string): CompanyWork {
    const known = this.companies.get(companyId)
    if (known !== undefined) return known
    const { database } = this.parts
    const made: CompanyWork = {
      asked: new GroupedWork((questions) => database.company(companyId, (transaction) => this.askAll(transaction, questions))),
      stood: new GroupedWork((ids) => database.company(companyId, (transaction) => this.standingOfAll(transaction, ids))),
      ended: new GroupedWork((ids) => database.company(companyId, (transaction) => this.endedOfAll(transaction, ids))),
      answered: new GroupedWork((answers) => database.company(companyId, (transaction) => this.answerAll(transaction, answers))),
    }
    this.companies.set(companyId, made)
    return made
  }

  private async askAll(transaction: CompanyTransaction, questions: readonly Question[]): Promise<string[]> {
    await this.expire(transaction)
    const known = await this.known(transaction, questions)
    const now = this.parts.now()
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
        expires_at: new Date(now.getTime() + this.parts.requestHours * 3_600_000),
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
    await this.supersede(transaction, [...bySubject.values()])
    const { knex, companyId } = transaction
    const inserted = await knex('core_agent_request')
      .insert([...made.values()].map(({ row }) => row))
      .onConflict(knex.raw(`(company_id, key_id, scheme, digest_algorithm, digest) where state in ('pending', 'answered')`))
      .ignore()
      .returning<{ id: string }[]>('id')
    const fresh = new Set(inserted.map(({ id }) => id))
    for (const { row, uses } of made.values()) {
      if (!fresh.has(row.id)) continue
      this.record(transaction, undefined, 'agent.request-made', row.id, uses)
      if (row.state === 'superseded') this.record(transaction, undefined, 'agent.request-superseded', row.id, uses)
    }
    transaction.afterCommit(() => this.bell.emit('request', companyId))
    if (fresh.size === made.size) return ids
    // Another process asked for the same at the same moment: both wait for one answer.
    const others = await this.known(transaction, questions)
    return questions.map(({ reference: { keyId }, request }, index) => {
      return others.get(identity(keyId, request.scheme, request.digestAlgorithm, request.digest)) ?? ids[index] ?? ''
    })
  }

  /** Open and answered requests for the same, and refusals nobody was told of: asked again after that, people are asked again. */
  private async known(transaction: CompanyTransaction, questions: readonly Question[]): Promise<Map<string, string>> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId })
      .whereIn('digest', [...new Map(questions.map(({ request }) => [hex(request.digest), Buffer.from(request.digest)])).values()])
      .whereRaw(`(state in ('pending', 'answered') or (state = 'refused' and told_at is null))`)
      .select<RequestRow[]>('id', 'key_id', 'scheme', 'digest_algorithm', 'digest', 'state')
    rows.sort((one, other) => Number(one.state !== 'refused') - Number(other.state !== 'refused'))
    return new Map(rows.map((row) => [identity(row.key_id, row.scheme, row.digest_algorithm, row.digest), row.id]))
  }

  private async standingOfAll(transaction: CompanyTransaction, ids: readonly string[]): Promise<Standing[]> {
    await this.expire(transaction)
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId })
      .whereIn('id', [...new Set(ids)])
      .select<RequestRow[]>('id', 'state', 'signature', 'reason', 'told_at', 'agent_id')
    const untold = rows.filter(({ state, told_at: toldAt }) => state === 'refused' && toldAt === null).map(({ id }) => id)
    if (untold.length > 0) {
      await transaction
        .knex('core_agent_request')
        .where({ company_id: transaction.companyId })
        .whereIn('id', untold)
        .update({ told_at: this.parts.now() })
    }
    const desks = await deskNames(
      transaction,
      rows.flatMap(({ state, agent_id: agentId }) => (state === 'refused' && agentId !== null ? [agentId] : [])),
    )
    const found = new Map(rows.map((row) => [row.id, standingOf(row, desks)]))
    return ids.map((id) => found.get(id) ?? { state: 'expired' })
  }

  private async endedOfAll({ knex, companyId }: CompanyTransaction, ids: readonly string[]): Promise<(Outcome | undefined)[]> {
    const rows = await knex<RequestRow>('core_agent_request')
      .where({ company_id: companyId })
      .whereIn('id', [...new Set(ids)])
      .select<Pick<RequestRow, 'id' | 'state'>[]>('id', 'state')
    const found = new Map(rows.map(({ id, state }) => [id, state]))
    return ids.map((id) => {
      const state = found.get(id) ?? 'unknown'
      return state === 'pending' ? undefined : state
    })
  }

  private async answerAll(transaction: CompanyTransaction, answers: readonly DeskAnswer[]): Promise<Outcome[]> {
    // Locked in one order: two desks that answer at once come one after the other.
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId })
      .whereIn('id', [...new Set(answers.map(({ id }) => id))])
      .orderBy('id')
      .forUpdate()
      .select<RequestRow[]>('id', 'state', 'public_key', 'scheme', 'digest_algorithm', 'digest', 'uses')
    const found = new Map(rows.map((row) => [row.id, row]))
    const paired = await pairedDesks(transaction, [...new Set(answers.map(({ agent }) => agent.id))])
    const taken: DeskAnswer[] = []
    const settledUses: KeyUse[] = []
    const outcomes = answers.map((given): Outcome => {
      const { agent, id, signature, proof } = given
      const row = found.get(id)
      if (row === undefined || !paired.has(agent.id)) return 'unknown'
      const text = answerText(transaction.companyId, id, row.digest.toString('hex'), signature)
      if (!textIsSigned(readDeskKey(agent.publicKey), text, proof) || !verifies(row, signature)) {
        this.record(transaction, agent, 'agent.answer-wrong', id, row.uses)
        return 'wrong'
      }
      if (row.state === 'answered') return 'taken-before'
      if (row.state !== 'pending') return row.state
      row.state = 'answered'
      taken.push(given)
      settledUses.push(...row.uses)
      this.record(transaction, agent, 'agent.request-answered', id, row.uses, given.seen === undefined ? {} : { seen: given.seen })
      return 'taken'
    })
    if (taken.length > 0) {
      await this.storeAnswers(transaction, taken)
      await this.tell(transaction, settledUses)
    }
    return outcomes
  }

  private async storeAnswers(transaction: CompanyTransaction, taken: readonly DeskAnswer[]): Promise<void> {
    await transaction.knex.raw(
      `update core_agent_request as r
         set state = 'answered', message = null, document = null, settled_at = ?, agent_id = a.agent_id, signature = a.signature, proof = a.proof
       from (values ${taken.map(() => '(?::uuid, ?::uuid, ?::bytea, ?::bytea)').join(', ')}) as a (id, agent_id, signature, proof)
       where r.company_id = ? and r.id = a.id`,
      [
        this.parts.now(),
        ...taken.flatMap(({ id, agent, signature, proof }) => [id, agent.id, signature, Buffer.from(proof, 'base64')]),
        transaction.companyId,
      ],
    )
    this.ring(
      transaction,
      taken.map(({ id }) => id),
    )
  }

  async refuse(companyId: string, agent: { id: string; name: string }, id: string, reason: string): Promise<Outcome> {
    return this.parts.database.company(companyId, async (transaction) => {
      const row = await this.row(transaction, id)
      if (row === undefined || !(await pairedDesks(transaction, [agent.id])).has(agent.id)) return 'unknown'
      if (row.state === 'refused') return 'taken-before'
      if (row.state !== 'pending') return row.state
      await this.settle(transaction, [id], { state: 'refused', agent_id: agent.id, reason })
      this.record(transaction, agent, 'agent.request-refused', id, row.uses, { reason })
      await this.tell(transaction, row.uses)
      return 'taken'
    })
  }

  /** For pages: newest first. */
  async list(transaction: CompanyTransaction, limit = 100): Promise<AgentRequest[]> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId })
      .orderByRaw(`(state = 'pending') desc, created_at desc`)
      .limit(limit)
      .select<RequestRow[]>('*')
    return rows.map(requestOf)
  }

  /** Nobody answers a stopped key any more. Locked: an answer that comes at this moment is before the stop or finds the request ended. */
  async endOfKey(transaction: CompanyTransaction, keyId: string): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, key_id: keyId, state: 'pending' })
      .orderBy('id')
      .forUpdate()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    await this.end(transaction, rows, 'superseded')
    await this.tell(
      transaction,
      rows.flatMap(({ uses }) => uses),
    )
  }

  /** Requests that ended before the moment are forgotten; the event log and the desk's own log keep what was done. @returns how many */
  prune(companyId: string, before: Date): Promise<number> {
    return this.parts.database.company(companyId, ({ knex }) =>
      knex('core_agent_request').where({ company_id: companyId }).whereNot({ state: 'pending' }).where('settled_at', '<', before).delete(),
    )
  }

  private async tell(transaction: CompanyTransaction, uses: readonly KeyUse[]): Promise<void> {
    for (const listener of this.listeners) await listener(transaction, uses)
  }

  private async supersede(transaction: CompanyTransaction, newer: readonly NewRequest[]): Promise<void> {
    if (newer.length === 0) return
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .whereIn(['key_id', 'subject'] as never, newer.map(({ row }) => [row.key_id, row.subject ?? '']) as never) // a row's tuple: knex has no type for it
      .orderBy('id')
      .forUpdate()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    await this.end(transaction, rows, 'superseded')
  }

  private async expire(transaction: CompanyTransaction): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .where('expires_at', '<=', this.parts.now())
      .forUpdate()
      .skipLocked()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    await this.end(transaction, rows, 'expired')
  }

  private async end(
    transaction: CompanyTransaction,
    rows: readonly { id: string; uses: KeyUse[] }[],
    state: 'superseded' | 'expired',
  ): Promise<void> {
    if (rows.length === 0) return
    await this.settle(
      transaction,
      rows.map(({ id }) => id),
      { state },
    )
    for (const { id, uses } of rows) this.record(transaction, undefined, `agent.request-${state}`, id, uses)
  }

  /** The bytes that were shown go with the request's end; digest, signature and facts stay. */
  private async settle(
    transaction: CompanyTransaction,
    ids: readonly string[],
    change: { state: RequestState; agent_id?: string; reason?: string },
  ): Promise<void> {
    await transaction
      .knex('core_agent_request')
      .where({ company_id: transaction.companyId })
      .whereIn('id', [...ids])
      .update({ ...change, settled_at: this.parts.now(), message: null, document: null })
    this.ring(transaction, ids)
  }

  private ring(transaction: CompanyTransaction, ids: readonly string[]): void {
    const { companyId } = transaction
    transaction.afterCommit(() => {
      for (const id of ids) this.bell.emit(`settled ${id}`)
      this.bell.emit('request', companyId)
    })
  }

  /** Locked: two desks that answer at once come one after the other. */
  private async row(transaction: CompanyTransaction, id: string): Promise<RequestRow | undefined> {
    return transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, id })
      .forUpdate()
      .first<RequestRow | undefined>()
  }

  private record(
    transaction: CompanyTransaction,
    agent: { id: string; name: string } | undefined,
    action: string,
    id: string,
    uses: readonly KeyUse[],
    facts: object = {},
  ): void {
    const label = uses[0]?.subject.label
    const subject = { type: 'agent-request', id, ...(label === undefined ? {} : { label }) }
    this.parts.audit.record(transaction, deskContext(transaction.companyId, agent), {
      action,
      subject,
      facts: { ...facts, documents: uses.map((use) => use.subject) },
    })
  }
}

/** The actor of an entry: the desk by its name, or the host itself. */
export function deskContext(companyId: string, agent: { id: string; name: string } | undefined): CompanyContext {
  const actor =
    agent === undefined ? { kind: 'system' as const, id: null, name: 'Khatm' } : { kind: 'signer' as const, id: agent.id, name: agent.name }
  return { companyId, actor, locale: 'en', source: agent === undefined ? 'job' : 'api', groups: new Set() }
}

/** Which document a request is for: a later request for it with another digest replaces an older one that nobody answered. */
function subjectOf(uses: readonly KeyUse[]): string | null {
  const [first] = uses
  if (first === undefined || uses.length > 1) return null
  return JSON.stringify([first.purpose, first.subject.type, first.subject.id])
}

/** Asked in the transaction of the answer: a desk that another process unpaired a moment ago answers no more. */
async function pairedDesks(transaction: CompanyTransaction, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await transaction
    .knex('core_agent')
    .where({ company_id: transaction.companyId, state: 'paired' })
    .whereIn('id', [...ids])
    .select<{ id: string }[]>('id')
  return new Set(rows.map(({ id }) => id))
}

function verifies(row: RequestRow, signature: Buffer): boolean {
  try {
    const { public_key: publicKeySpki, scheme, digest_algorithm: digestAlgorithm, digest } = row
    return verifyDigestSignature({ publicKeySpki, scheme, digestAlgorithm, digest, signature })
  } catch {
    // Bytes that are no signature at all.
    return false
  }
}

function standingOf({ state, signature, reason, agent_id: agentId }: RequestRow, desks: ReadonlyMap<string, string>): Standing {
  if (state === 'answered') return signature === null ? { state: 'expired' } : { state, signature }
  return state === 'refused' ? { state, reason: reason ?? '', desk: desks.get(agentId ?? '') ?? '' } : { state }
}

async function deskNames(transaction: CompanyTransaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await transaction
    .knex('core_agent')
    .where({ company_id: transaction.companyId })
    .whereIn('id', [...new Set(ids)])
    .select<{ id: string; name: string }[]>('id', 'name')
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** What makes two requests the same. */
function identity(keyId: string, scheme: string, digestAlgorithm: string, digest: Uint8Array): string {
  return JSON.stringify([keyId, scheme, digestAlgorithm, hex(digest)])
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
