import { z } from 'zod'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { egyptCompany, type EtaEnvironment } from '../company/company-rows.js'
import { cairoDay } from '../data/cairo-day.js'

/** How much goes in one call. The authority publishes no figures; it answers MaximumSizeExceeded, and then halves are sent. */
export interface BatchLimits {
  readonly from: string
  readonly environments: readonly EtaEnvironment[]
  readonly documents: number
  /** Bytes of the whole request body. */
  readonly bytes: number
  /** How late its search may show a document that it has taken. */
  readonly searchSeconds: number
  readonly status: 'UNCONFIRMED' | 'CONFIRMED'
  readonly source: string
}

const own = { from: '2020-11-15', documents: 100, bytes: 1_000_000, status: 'UNCONFIRMED' } as const

export const batchLimits: readonly BatchLimits[] = [
  {
    ...own,
    environments: ['preprod', 'production'],
    searchSeconds: 120,
    source: 'own caps; the SDK pages on submissions name no figure, nor do those on the search',
  },
  { ...own, environments: ['sandbox'], searchSeconds: 0, source: 'our sandbox shows at once what it has taken' },
]

/** A company that knows other figures states them on the module's page of settings; empty: those of the table. */
export const transmissionSettings = z.object({
  batchDocuments: z.number().int().min(1).max(1000).nullable().default(null),
  batchBytes: z.number().int().min(10_000).max(50_000_000).nullable().default(null),
  searchSeconds: z.number().int().min(0).max(3600).nullable().default(null),
})

/** The limits of a day. */
export function limitsOn(day: string, environment: EtaEnvironment = 'production'): BatchLimits {
  const rows = batchLimits.filter((one) => one.environments.includes(environment))
  const found = rows.filter((one) => one.from <= day).at(-1) ?? rows[0]
  if (found === undefined) throw new Error('no batch limits')
  return found
}

/** The limits that hold for this company now: its own figures before those of the table. */
export async function limitsOf(
  host: Host,
  transaction: CompanyTransaction,
): Promise<Pick<BatchLimits, 'documents' | 'bytes' | 'searchSeconds'>> {
  const company = await egyptCompany(transaction)
  const table = limitsOn(cairoDay(host.now()), company?.environment)
  const settings = transmissionSettings.parse(await host.settings.get(transaction, 'compliance-egypt'))
  return {
    documents: settings.batchDocuments ?? table.documents,
    bytes: settings.batchBytes ?? table.bytes,
    searchSeconds: settings.searchSeconds ?? table.searchSeconds,
  }
}

/** Cuts into batches in order; one that is larger than the limit alone goes alone. */
export function inBatches<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  limits: Pick<BatchLimits, 'documents' | 'bytes'>,
): Item[][] {
  const batches: Item[][] = []
  let current: Item[] = []
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item) + 1
    if (current.length > 0 && (current.length >= limits.documents || bytes + size > limits.bytes)) {
      batches.push(current)
      current = []
      bytes = 0
    }
    current.push(item)
    bytes += size
  }
  if (current.length > 0) batches.push(current)
  return batches
}
