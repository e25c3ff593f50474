import type { CompanyTransaction } from '../db/database.js'
import type { OpenDatabase } from '../db/open-database.js'
import type { AnchorFile } from './anchor-file.js'
import type { AuditVerification } from './audit.js'
import { chainHead, type ChainHead } from './chain-head.js'
import { hashedOf, type EventRow } from './event-row.js'
import { chainStart, eventHash } from './event-hash.js'

const pageSize = 2_000

/** The first event that does not fit, and in what. */
interface Break {
  readonly brokenAt: number
  readonly reason: NonNullable<AuditVerification['reason']>
}

/** Recomputes the chains and holds them against the anchors. Companies known only to the anchors are looked at too. */
export async function verifyChains(database: OpenDatabase, anchors: AnchorFile, companyId?: string): Promise<AuditVerification[]> {
  const written = await anchors.read()
  let companies = [companyId ?? '']
  if (companyId === undefined) {
    const known = await database.host((transaction) => transaction<{ id: string }>('core_company').select('id').orderBy('created_at'))
    companies = [...new Set([...known.map((row) => row.id), ...written.keys()])]
  }
  const results: AuditVerification[] = []
  for (const id of companies) {
    results.push(await database.company(id, (transaction) => verifyChain(transaction, written.get(id) ?? new Map<number, string>())))
  }
  return results
}

async function verifyChain(transaction: CompanyTransaction, anchors: ReadonlyMap<number, string>): Promise<AuditVerification> {
  const { companyId, knex } = transaction
  // One statement sees one moment: head and last event belong together even while others write.
  const { rows } = await knex.raw<{ rows: { head: number | null; head_hash: Buffer | null; last: number | null }[] }>(
    `select (select sequence from core_audit_head where company_id = :companyId) as head,
            (select hash from core_audit_head where company_id = :companyId) as head_hash,
            (select max(sequence) from core_audit_event where company_id = :companyId) as last`,
    { companyId },
  )
  const head = rows[0]?.head ?? 0
  const headHash = rows[0]?.head_hash ?? chainStart
  const last = rows[0]?.last ?? 0
  const broken = (fault: Break): AuditVerification => ({ companyId, events: last, intact: false, ...fault })

  const end = await walk(transaction, anchors, { sequence: 0, hash: chainStart }, last)
  if ('reason' in end) return broken(end)
  if (head > last) return broken({ brokenAt: last + 1, reason: 'gap' })
  if (head < last || !headHash.equals(end.hash)) return broken({ brokenAt: head + 1, reason: 'link' })
  if (furthest(anchors) > last) return broken({ brokenAt: last + 1, reason: 'anchor' })
  return { companyId, events: last, intact: true }
}

/**
 * The pieces of a chain in which these events lie, each computed again between the heads that were written down outside the database
 * before and after it (or the chain's own end): what a long chain can say about a few events while somebody waits.
 */
export async function verifyPieces(
  transaction: CompanyTransaction,
  anchors: ReadonlyMap<number, string>,
  sequences: readonly number[],
): Promise<AuditVerification> {
  const { companyId } = transaction
  const head = await chainHead(transaction)
  let checked = 0
  let events = 0
  const broken = (fault: Break): AuditVerification => ({ companyId, events, intact: false, ...fault })
  const places = [...anchors.keys()].sort((one, other) => one - other)
  if (furthest(anchors) > head.sequence) return broken({ brokenAt: head.sequence + 1, reason: 'anchor' })
  for (const wanted of [...sequences].sort((one, other) => one - other)) {
    if (wanted <= checked) continue
    const from = Math.max(checked, places.findLast((place) => place < wanted) ?? 0)
    const to = places.find((place) => place >= wanted) ?? head.sequence
    const start = from === 0 ? chainStart : Buffer.from(anchors.get(from) ?? '', 'hex')
    const end = await walk(transaction, anchors, { sequence: from, hash: start }, to)
    if ('reason' in end) return broken(end)
    if (wanted > to) return broken({ brokenAt: to + 1, reason: 'gap' })
    if (to === head.sequence && !head.hash.equals(end.hash)) return broken({ brokenAt: to, reason: 'link' })
    events += to - from
    checked = to
  }
  return { companyId, events, intact: true }
}

/** Computes every event after a place again, up to and with another one, page by page. @returns the place reached, or what does not fit */
async function walk(
  { companyId, knex }: CompanyTransaction,
  anchors: ReadonlyMap<number, string>,
  after: ChainHead,
  through: number,
): Promise<ChainHead | Break> {
  let { sequence, hash } = after
  while (sequence < through) {
    const page = await knex<EventRow>('core_audit_event')
      .where({ company_id: companyId })
      .andWhere('sequence', '>', sequence)
      .andWhere('sequence', '<=', through)
      .orderBy('sequence')
      .limit(pageSize)
    for (const row of page) {
      const fault = faultOf(row, sequence + 1, hash, anchors)
      if (fault !== undefined) return fault
      hash = row.hash
      sequence = row.sequence
    }
    if (page.length === 0) return { brokenAt: sequence + 1, reason: 'gap' }
  }
  return { sequence, hash }
}

/** The last place that was written down; 0: none. */
function furthest(anchors: ReadonlyMap<number, string>): number {
  let last = 0
  for (const place of anchors.keys()) last = Math.max(last, place)
  return last
}

function faultOf(row: EventRow, expected: number, previous: Buffer, anchors: ReadonlyMap<number, string>): Break | undefined {
  if (row.sequence !== expected) return { brokenAt: expected, reason: 'gap' }
  const computed = eventHash(row.previous, hashedOf(row))
  if (!computed.equals(row.hash)) return { brokenAt: expected, reason: 'hash' }
  if (!row.previous.equals(previous)) return { brokenAt: expected, reason: 'link' }
  const anchored = anchors.get(expected)
  if (anchored !== undefined && anchored !== row.hash.toString('hex')) return { brokenAt: expected, reason: 'anchor' }
  return undefined
}
