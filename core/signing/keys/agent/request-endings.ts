import type { EventEmitter } from 'node:events'
import type { CompanyContext } from '../../../access/context.js'
import type { Audit } from '../../../audit/audit.js'
import type { CompanyTransaction } from '../../../db/database.js'
import type { KeyUse } from '../../key.js'
import type { RequestRow, RequestState } from './request-rows.js'

/** @param uses what was decided: purpose and document of each */
export type SettledListener = (transaction: CompanyTransaction, uses: readonly KeyUse[]) => Promise<void>

/** How requests to desks end, and who hears of it: the bell of this process, those who asked without waiting, the event log. */
export class RequestEndings {
  private readonly listeners = new Set<SettledListener>()

  constructor(
    private readonly parts: { readonly audit: Audit; readonly now: () => Date },
    /** Events: `request` (companyId), `settled <requestId>`. */
    private readonly bell: EventEmitter,
  ) {}

  /** @param listener told in the transaction of the ending */
  onSettled(listener: SettledListener): void {
    this.listeners.add(listener)
  }

  /** Tells the listeners. */
  async tell(transaction: CompanyTransaction, uses: readonly KeyUse[]): Promise<void> {
    for (const listener of this.listeners) await listener(transaction, uses)
  }

  /** Earlier requests for the documents of newer ones that nobody answered. */
  async supersede(
    transaction: CompanyTransaction,
    newer: readonly { readonly key_id: string; readonly subject: string | null }[],
  ): Promise<void> {
    if (newer.length === 0) return
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .whereIn(['key_id', 'subject'] as never, newer.map((row) => [row.key_id, row.subject ?? '']) as never) // a row's tuple: knex has no type for it
      .orderBy('id')
      .forUpdate()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    await this.end(transaction, rows, 'superseded')
  }

  /** Requests whose time is over; those another transaction holds are left to it. */
  async expire(transaction: CompanyTransaction): Promise<void> {
    const rows = await transaction
      .knex<RequestRow>('core_agent_request')
      .where({ company_id: transaction.companyId, state: 'pending' })
      .where('expires_at', '<=', this.parts.now())
      .forUpdate()
      .skipLocked()
      .select<{ id: string; uses: KeyUse[] }[]>('id', 'uses')
    await this.end(transaction, rows, 'expired')
  }

  /** Ends requests that no desk decided. */
  async end(
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
  async settle(
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

  /** After the commit: who waits in this process looks again. */
  ring(transaction: CompanyTransaction, ids: readonly string[]): void {
    const { companyId } = transaction
    transaction.afterCommit(() => {
      for (const id of ids) this.bell.emit(`settled ${id}`)
      this.bell.emit('request', companyId)
    })
  }

  /** Writes what became of a request into the audit log, in the same transaction; `agent` undefined: the host itself did it. */
  record(
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
function deskContext(companyId: string, agent: { id: string; name: string } | undefined): CompanyContext {
  const actor =
    agent === undefined ? { kind: 'system' as const, id: null, name: 'Khatm' } : { kind: 'signer' as const, id: agent.id, name: agent.name }
  return { companyId, actor, locale: 'en', source: agent === undefined ? 'job' : 'api', groups: new Set() }
}
