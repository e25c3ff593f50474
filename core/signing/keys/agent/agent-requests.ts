import { EventEmitter } from 'node:events'
import type { Audit } from '../../../audit/audit.js'
import type { CompanyTransaction, Database } from '../../../db/database.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import type { KeyReference, KeyUse, SignDigestRequest } from '../../key.js'
import { askAll, type AskParts, type Question } from './ask-desks.js'
import { GroupedWork } from './grouped-work.js'
import { answerText, readDeskKey, textIsSigned, type FromDesk, type Offer, type Outcome } from './protocol.js'
import { RequestEndings, type SettledListener } from './request-endings.js'
import { offerColumns, offerOf, requestOf, type AgentRequest, type RequestRow, type Standing } from './request-rows.js'

/** What requests to desks rest on. */
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

interface DeskAnswer {
  readonly agent: AnsweringDesk
  readonly id: string
  readonly signature: Buffer
  readonly proof: string
  /** What the desk says its person saw of the document. */
  readonly seen?: 'opened' | 'listed' | undefined
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
  private readonly endings: RequestEndings
  private readonly asking: AskParts

  constructor(private readonly parts: AgentRequestParts) {
    this.bell.setMaxListeners(0)
    this.endings = new RequestEndings(parts, this.bell)
    this.asking = { endings: this.endings, bell: this.bell, now: parts.now, requestHours: parts.requestHours }
  }

  /**
   * Told, in the transaction that writes it down, which documents were signed, refused or taken back at a desk: for those who asked
   * without waiting. What the listener writes stands if and only if the answer does.
   */
  onSettled(listener: SettledListener): void {
    this.endings.onSettled(listener)
  }

  /** Makes the request, or finds the one for the same key and digest: callers that ask again meet the answer that came meanwhile. */
  ask(reference: KeyReference, publicKey: Buffer, request: SignDigestRequest): Promise<string> {
    return this.company(reference.companyId).asked.do({ reference, publicKey, request })
  }

  /** How the request stands; questions that come together are one query. */
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
    await this.endings.expire(transaction)
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
      asked: new GroupedWork((questions) => database.company(companyId, (transaction) => askAll(this.asking, transaction, questions))),
      stood: new GroupedWork((ids) => database.company(companyId, (transaction) => this.standingOfAll(transaction, ids))),
      ended: new GroupedWork((ids) => database.company(companyId, (transaction) => this.endedOfAll(transaction, ids))),
      answered: new GroupedWork((answers) => database.company(companyId, (transaction) => this.answerAll(transaction, answers))),
    }
    this.companies.set(companyId, made)
    return made
  }

  private async standingOfAll(transaction: CompanyTransaction, ids: readonly string[]): Promise<Standing[]> {
    await this.endings.expire(transaction)
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
        this.endings.record(transaction, agent, 'agent.answer-wrong', id, row.uses)
        return 'wrong'
      }
      if (row.state === 'answered') return 'taken-before'
      if (row.state !== 'pending') return row.state
      row.state = 'answered'
      taken.push(given)
      settledUses.push(...row.uses)
      this.endings.record(transaction, agent, 'agent.request-answered', id, row.uses, given.seen === undefined ? {} : { seen: given.seen })
      return 'taken'
    })
    if (taken.length > 0) {
      await this.storeAnswers(transaction, taken)
      await this.endings.tell(transaction, settledUses)
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
    this.endings.ring(
      transaction,
      taken.map(({ id }) => id),
    )
  }

  /**
   * A person at the desk declined. Answers what the desk must know: taken, taken before, how it was settled otherwise, or unknown
   * to this desk.
   */
  async refuse(companyId: string, agent: { id: string; name: string }, id: string, reason: string): Promise<Outcome> {
    return this.parts.database.company(companyId, async (transaction) => {
      const row = await this.row(transaction, id)
      if (row === undefined || !(await pairedDesks(transaction, [agent.id])).has(agent.id)) return 'unknown'
      if (row.state === 'refused') return 'taken-before'
      if (row.state !== 'pending') return row.state
      await this.endings.settle(transaction, [id], { state: 'refused', agent_id: agent.id, reason })
      this.endings.record(transaction, agent, 'agent.request-refused', id, row.uses, { reason })
      await this.endings.tell(transaction, row.uses)
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
    await this.endings.end(transaction, rows, 'superseded')
    await this.endings.tell(
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

  /** Locked: two desks that answer at once come one after the other. */
  private async row(transaction: CompanyTransaction, id: string): Promise<RequestRow | undefined> {
    return transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, id })
      .forUpdate()
      .first<RequestRow | undefined>()
  }
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
