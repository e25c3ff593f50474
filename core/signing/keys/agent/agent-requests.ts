import { EventEmitter } from 'node:events'
import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../access/context.js'
import type { Audit } from '../../../audit/audit.js'
import type { CompanyTransaction, Database } from '../../../db/database.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import type { KeyReference, KeyUse, SignDigestRequest } from '../../key.js'
import { answerText, largestMessage, readDeskKey, textIsSigned, type Offer, type Outcome } from './protocol.js'

export type RequestState = 'pending' | 'answered' | 'refused' | 'superseded' | 'expired'

interface RequestRow {
  id: string
  company_id: string
  key_id: string
  public_key: Buffer
  token_serial: string | null
  scheme: Offer['scheme']
  digest_algorithm: Offer['digestAlgorithm']
  digest: Buffer
  message: Buffer | null
  uses: KeyUse[]
  asked_by: string | null
  state: RequestState
  created_at: Date
  expires_at: Date
  settled_at: Date | null
  told_at: Date | null
  agent_id: string | null
  signature: Buffer | null
  reason: string | null
}

/** A request as pages show it. */
export interface AgentRequest {
  readonly id: string
  readonly keyId: string
  readonly state: RequestState
  readonly uses: readonly KeyUse[]
  readonly digest: string
  readonly askedBy: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly settledAt: Date | null
  readonly agentId: string | null
  readonly reason: string | null
}

/** How a request stands, for the caller that waits for it. */
export type Standing =
  | { readonly state: 'pending' | 'superseded' | 'expired' }
  | { readonly state: 'answered'; readonly signature: Buffer }
  | { readonly state: 'refused'; readonly reason: string }

export interface AgentRequestParts {
  readonly database: Database
  readonly audit: Audit
  readonly now: () => Date
  /** Hours after which an unanswered request ends. */
  readonly requestHours: number
}

/**
 * Requests to desks. Each is a row before anybody is asked, so it outlives the host, the connection and the desk; an answer
 * counts once, whoever gives it first. In this process `bell` rings at every change; other processes read the rows.
 */
export class AgentRequests {
  /** Events: `request` (companyId), `settled` (requestId). */
  readonly bell = new EventEmitter()

  constructor(private readonly parts: AgentRequestParts) {
    this.bell.setMaxListeners(0)
  }

  /** Makes the request, or finds the one for the same key and digest: callers that ask again meet the answer that came meanwhile. */
  async ask(reference: KeyReference, publicKey: Buffer, request: SignDigestRequest): Promise<string> {
    return this.parts.database.company(reference.companyId, async (transaction) => {
      const { knex, companyId } = transaction
      const now = this.parts.now()
      const same = {
        company_id: companyId,
        key_id: reference.keyId,
        scheme: request.scheme,
        digest_algorithm: request.digestAlgorithm,
        digest: Buffer.from(request.digest),
      }
      await this.expire(transaction)
      const open = await knex<RequestRow>('core_agent_request').where(same).whereIn('state', ['pending', 'answered']).first('id')
      if (open !== undefined) return open.id
      // A refusal is told once to the caller; asked again after that, people are asked again.
      const refused = await knex<RequestRow>('core_agent_request').where(same).where({ state: 'refused' }).whereNull('told_at').first('id')
      if (refused !== undefined) return refused.id
      const uses = request.uses ?? []
      const subject = subjectOf(uses)
      if (subject !== null) await this.supersede(transaction, reference.keyId, subject)
      const id = randomUUID()
      const { tokenSerial, keyId } = reference.stored
      const inserted = await knex('core_agent_request')
        .insert({
          ...same,
          id,
          public_key: publicKey,
          token_serial: tokenSerial ?? null,
          token_key_id: keyId ?? null,
          message: request.message === undefined || request.message.length > largestMessage ? null : Buffer.from(request.message),
          uses: JSON.stringify(uses),
          asked_by: request.askedBy ?? null,
          subject,
          created_at: now,
          expires_at: new Date(now.getTime() + this.parts.requestHours * 3_600_000),
        })
        .onConflict(knex.raw(`(company_id, key_id, scheme, digest_algorithm, digest) where state in ('pending', 'answered')`))
        .ignore()
        .returning<{ id: string }[]>('id')
      if (inserted.length === 0) {
        // Another caller asked for the same at the same moment: both wait for one answer.
        const other = await knex<RequestRow>('core_agent_request').where(same).whereIn('state', ['pending', 'answered']).first('id')
        return other?.id ?? id
      }
      this.record(transaction, undefined, 'agent.request-made', id, uses)
      transaction.afterCommit(() => this.bell.emit('request', companyId))
      return id
    })
  }

  async standing(companyId: string, id: string): Promise<Standing> {
    return this.parts.database.company(companyId, async (transaction) => {
      const row = await transaction
        .knex<RequestRow>('core_agent_request')
        .where({ company_id: companyId, id })
        .first<RequestRow | undefined>()
      if (row === undefined) return { state: 'expired' }
      if (row.state === 'answered' && row.signature !== null) return { state: 'answered', signature: row.signature }
      if (row.state === 'pending' && row.expires_at <= this.parts.now()) {
        await this.expire(transaction)
        return { state: 'expired' }
      }
      if (row.state === 'refused') {
        await transaction
          .knex('core_agent_request')
          .where({ company_id: companyId, id })
          .update({ told_at: row.told_at ?? this.parts.now() })
        return { state: 'refused', reason: row.reason ?? '' }
      }
      return { state: row.state === 'superseded' ? 'superseded' : row.state === 'pending' ? 'pending' : 'expired' }
    })
  }

  /** What desks of the company are to be shown, oldest first. */
  async pending(companyId: string, limit = 2000): Promise<Offer[]> {
    return this.parts.database.company(companyId, async (transaction) => {
      await this.expire(transaction)
      const rows = await transaction
        .knex<RequestRow>('core_agent_request')
        .where({ company_id: companyId, state: 'pending' })
        .orderBy('created_at')
        .limit(limit)
        .select<RequestRow[]>('*')
      return rows.map(offerOf)
    })
  }

  /**
   * Takes a desk's signature, if it is one of the key over the digest, made for this request by this desk. Anything else
   * leaves the request open and is written down.
   */
  async answer(
    companyId: string,
    agent: { id: string; name: string; publicKey: string },
    id: string,
    signature: Buffer,
    proof: string,
  ): Promise<Outcome> {
    return this.parts.database.company(companyId, async (transaction) => {
      const row = await this.row(transaction, id)
      if (row === undefined || !(await isPaired(transaction, agent.id))) return 'unknown'
      const digest = row.digest.toString('hex')
      const signed =
        textIsSigned(readDeskKey(agent.publicKey), answerText(companyId, id, digest, signature), proof) &&
        verifies({
          publicKeySpki: row.public_key,
          scheme: row.scheme,
          digestAlgorithm: row.digest_algorithm,
          digest: row.digest,
          signature,
        })
      if (!signed) {
        this.record(transaction, agent, 'agent.answer-wrong', id, row.uses)
        return 'wrong'
      }
      if (row.state === 'answered') return 'taken-before'
      if (row.state !== 'pending') return row.state
      await this.settle(transaction, id, { state: 'answered', agent_id: agent.id, signature, proof: Buffer.from(proof, 'base64') })
      this.record(transaction, agent, 'agent.request-answered', id, row.uses)
      return 'taken'
    })
  }

  async refuse(companyId: string, agent: { id: string; name: string }, id: string, reason: string): Promise<Outcome> {
    return this.parts.database.company(companyId, async (transaction) => {
      const row = await this.row(transaction, id)
      if (row === undefined || !(await isPaired(transaction, agent.id))) return 'unknown'
      if (row.state === 'refused') return 'taken-before'
      if (row.state !== 'pending') return row.state
      await this.settle(transaction, id, { state: 'refused', agent_id: agent.id, reason })
      this.record(transaction, agent, 'agent.request-refused', id, row.uses, { reason })
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
    return rows.map((row) => ({
      id: row.id,
      keyId: row.key_id,
      state: row.state,
      uses: row.uses,
      digest: row.digest.toString('hex'),
      askedBy: row.asked_by,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      settledAt: row.settled_at,
      agentId: row.agent_id,
      reason: row.reason,
    }))
  }

  /** Nobody answers a stopped key any more. */
  async endOfKey(transaction: CompanyTransaction, keyId: string): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, key_id: keyId, state: 'pending' })
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    for (const { id, uses } of rows) {
      await this.settle(transaction, id, { state: 'superseded' })
      this.record(transaction, undefined, 'agent.request-superseded', id, uses)
    }
  }

  private async supersede(transaction: CompanyTransaction, keyId: string, subject: string): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, key_id: keyId, state: 'pending' })
      .where('subject' as 'id', subject)
      .forUpdate()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    for (const { id, uses } of rows) {
      await this.settle(transaction, id, { state: 'superseded' })
      this.record(transaction, undefined, 'agent.request-superseded', id, uses)
    }
  }

  private async expire(transaction: CompanyTransaction): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .where('expires_at', '<=', this.parts.now())
      .forUpdate()
      .skipLocked()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    for (const { id, uses } of rows) {
      await this.settle(transaction, id, { state: 'expired' })
      this.record(transaction, undefined, 'agent.request-expired', id, uses)
    }
  }

  /** The bytes that were shown go with the request's end; digest, signature and facts stay. */
  private async settle(
    transaction: CompanyTransaction,
    id: string,
    change: { state: RequestState; agent_id?: string; signature?: Buffer; proof?: Buffer; reason?: string },
  ): Promise<void> {
    await transaction
      .knex('core_agent_request')
      .where({ company_id: transaction.companyId, id })
      .update({ ...change, settled_at: this.parts.now(), message: null })
    const { companyId } = transaction
    transaction.afterCommit(() => {
      this.bell.emit('settled', id)
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

function offerOf(row: RequestRow): Offer {
  return {
    id: row.id,
    keyId: row.key_id,
    publicKey: row.public_key.toString('base64'),
    tokenSerial: row.token_serial,
    scheme: row.scheme,
    digestAlgorithm: row.digest_algorithm,
    digest: row.digest.toString('hex'),
    message: row.message?.toString('base64') ?? null,
    uses: row.uses,
    askedBy: row.asked_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/** Asked in the transaction of the answer: a desk that another process unpaired a moment ago answers no more. */
async function isPaired(transaction: CompanyTransaction, agentId: string): Promise<boolean> {
  const where = { company_id: transaction.companyId, id: agentId, state: 'paired' }
  return (await transaction.knex('core_agent').where(where).first<{ id: string } | undefined>('id')) !== undefined
}

function verifies(check: Parameters<typeof verifyDigestSignature>[0]): boolean {
  try {
    return verifyDigestSignature(check)
  } catch {
    // Bytes that are no signature at all.
    return false
  }
}
