import type { CompanyTransaction } from '../../../db/database.js'
import type { KeyPurpose } from '../../key.js'
import type { DeskToken } from './protocol.js'
import type { RequestState } from './request-rows.js'

/** How a document stands with the people who are to sign it: its newest request. */
export interface DocumentStanding {
  readonly state: RequestState
  readonly keyId: string
  /** The desk that answered or refused, by its name. */
  readonly desk: string | null
  /** Why it was refused, in the words of who refused. */
  readonly reason: string | null
  readonly createdAt: Date
  readonly settledAt: Date | null
}

/** What waits for the holder of one key, and what he has decided of the same lot. */
export interface DeskProgress {
  readonly keyId: string
  /** Desks that show a token with this key, those that are there now first. */
  readonly desks: readonly { readonly name: string; readonly connected: boolean }[]
  readonly waiting: number
  readonly signed: number
  readonly refused: number
  readonly total: number
  /** When the oldest that waits was asked for. */
  readonly since: Date
}

/** Newest requests for documents, by the id of the document; documents nobody was asked about are left out. */
export async function standingsOfDocuments(
  transaction: CompanyTransaction,
  purpose: KeyPurpose,
  type: string,
  ids: readonly string[],
): Promise<Map<string, DocumentStanding>> {
  if (ids.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: (DocumentStanding & { documentId: string })[] }>(
    `select distinct on (request.subject) request.subject::jsonb ->> 2 as "documentId", request.state, request.key_id as "keyId",
       desk.name as desk, request.reason, request.created_at as "createdAt", request.settled_at as "settledAt"
     from core_agent_request as request left join core_agent as desk on desk.company_id = request.company_id and desk.id = request.agent_id
     where request.company_id = ? and request.subject = any(?::text[])
     order by request.subject, request.created_at desc, (request.state in ('pending', 'answered')) desc`,
    [transaction.companyId, ids.map((id) => JSON.stringify([purpose, type, id]))],
  )
  return new Map(rows.map(({ documentId, ...standing }) => [documentId, standing]))
}

/**
 * What waits at desks now, by key: `120 of 200 signed`. A lot begins with the oldest request that waits, so that what was signed
 * before it is no part of the count.
 */
export async function deskProgress(transaction: CompanyTransaction): Promise<DeskProgress[]> {
  const { knex, companyId } = transaction
  const { rows } = await knex.raw<{ rows: (Omit<DeskProgress, 'desks' | 'total'> & { publicKey: string })[] }>(
    `with lot as (
       select key_id, min(created_at) as since, (array_agg(public_key))[1] as public_key from core_agent_request
       where company_id = ? and state = 'pending' group by key_id)
     select lot.key_id as "keyId", lot.since, encode(lot.public_key, 'base64') as "publicKey",
       count(*) filter (where request.state = 'pending')::int as waiting,
       count(*) filter (where request.state = 'answered')::int as signed,
       count(*) filter (where request.state = 'refused')::int as refused
     from lot join core_agent_request as request on request.company_id = ? and request.key_id = lot.key_id and request.created_at >= lot.since
     group by lot.key_id, lot.since, lot.public_key order by lot.since`,
    [companyId, companyId],
  )
  if (rows.length === 0) return []
  const desks = await knex('core_agent')
    .where({ company_id: companyId, state: 'paired' })
    .select<{ name: string; tokens: DeskToken[]; connected_until: Date | null }[]>('name', 'tokens', 'connected_until')
  const now = Date.now()
  return rows.map(({ publicKey, ...counts }) => {
    const own = publicKey.replace(/\s/g, '')
    const holding = desks
      .filter(({ tokens }) => tokens.some((token) => token.keys.some((key) => key.publicKey === own)))
      .map(({ name, connected_until: until }) => ({ name, connected: until !== null && until.getTime() > now }))
      .sort((one, other) => Number(other.connected) - Number(one.connected))
    return { ...counts, desks: holding, total: counts.waiting + counts.signed + counts.refused }
  })
}
