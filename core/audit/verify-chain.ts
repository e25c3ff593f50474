import type { CompanyTransaction } from '../db/database.js'
import type { OpenDatabase } from '../db/open-database.js'
import type { AnchorFile } from './anchor-file.js'
import type { AuditVerification } from './audit.js'
import { hashedOf, type EventRow } from './event-row.js'
import { chainStart, eventHash } from './event-hash.js'

const pageSize = 2_000

type Break = Pick<AuditVerification, 'brokenAt' | 'reason'>

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
  const broken = (fault: Break, events: number): AuditVerification => ({ companyId, events, intact: false, ...fault })

  let previous: Buffer = chainStart
  let sequence = 0
  for (;;) {
    const page = await knex<EventRow>('core_audit_event')
      .where({ company_id: companyId })
      .andWhere('sequence', '>', sequence)
      .andWhere('sequence', '<=', last)
      .orderBy('sequence')
      .limit(pageSize)
    for (const row of page) {
      const fault = faultOf(row, sequence + 1, previous, anchors)
      if (fault !== undefined) return broken(fault, last)
      previous = row.hash
      sequence = row.sequence
    }
    if (page.length < pageSize) break
  }
  if (head > last) return broken({ brokenAt: last + 1, reason: 'gap' }, last)
  if (head < last || !headHash.equals(previous)) return broken({ brokenAt: head + 1, reason: 'link' }, last)
  const beyond = [...anchors.keys()].filter((anchored) => anchored > last)
  if (beyond.length > 0) return broken({ brokenAt: last + 1, reason: 'anchor' }, last)
  return { companyId, events: last, intact: true }
}

/**
 * The pieces of a chain in which these events lie, each computed again between the heads that were written down outside the database
 * before and after it (or the chain's own end): what a long chain can say about a few events while somebody waits.
 */
export async function verifyPieces(
  { companyId, knex }: CompanyTransaction,
  anchors: ReadonlyMap<number, string>,
  sequences: readonly number[],
): Promise<AuditVerification> {
  const head = await knex<{ company_id: string; sequence: number; hash: Buffer }>('core_audit_head')
    .where({ company_id: companyId })
    .first('sequence', 'hash')
  const end = head?.sequence ?? 0
  const broken = (fault: Break, events: number): AuditVerification => ({ companyId, events, intact: false, ...fault })
  const places = [...anchors.keys()].sort((one, other) => one - other)
  if ((places.at(-1) ?? 0) > end) return broken({ brokenAt: end + 1, reason: 'anchor' }, 0)
  let checked = 0
  let events = 0
  for (const wanted of [...sequences].sort((one, other) => one - other)) {
    if (wanted <= checked) continue
    const from = Math.max(checked, places.findLast((place) => place < wanted) ?? 0)
    const to = places.find((place) => place >= wanted) ?? end
    const start = from === 0 ? chainStart.toString('hex') : (anchors.get(from) ?? '')
    let previous: Buffer = Buffer.from(start, 'hex')
    let sequence = from
    while (sequence < to) {
      const page = await knex<EventRow>('core_audit_event')
        .where({ company_id: companyId })
        .andWhere('sequence', '>', sequence)
        .andWhere('sequence', '<=', to)
        .orderBy('sequence')
        .limit(pageSize)
      for (const row of page) {
        const fault = faultOf(row, sequence + 1, previous, anchors)
        if (fault !== undefined) return broken(fault, events)
        previous = row.hash
        sequence = row.sequence
      }
      if (page.length === 0) return broken({ brokenAt: sequence + 1, reason: 'gap' }, events)
    }
    if (wanted > to) return broken({ brokenAt: to + 1, reason: 'gap' }, events)
    if (to === end && head?.hash.equals(previous) !== true) return broken({ brokenAt: end, reason: 'link' }, events)
    events += to - from
    checked = to
  }
  return { companyId, events, intact: true }
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
