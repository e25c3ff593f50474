import { randomUUID } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../document.js'
import type { InvoiceFinish } from '../hooks.js'
import type { InvoiceInput } from '../input.js'
import { lockDrafts } from './drafts.js'
import { parseInvoiceInput } from './input-faults.js'
import type { Original } from './originals.js'
import { documentsOf } from './read-invoices.js'
import type { Replaced } from './replace.js'
import { bodyHash, claimRequests } from './requests.js'

/** An invoice to be posted from JSON. The input is parsed here: give it as it came. */
export interface PostRequest {
  readonly input: unknown
  /** Same key and body: one effect, same answer. Same key, other body: INVOICE-IDEMPOTENCY-MISMATCH. */
  readonly idempotencyKey?: string
}
/** A stored draft to be posted. */
export interface PostDraft {
  readonly draftId: string
}

export interface PostedOutcome {
  readonly status: 'posted'
  readonly invoiceId: string
  readonly number: string
  readonly document: InvoiceDocument
  /** The request was answered before; nothing was posted now. */
  readonly replayed: boolean
  /** Warnings alone. */
  readonly faults: readonly FaultDetail[]
  /** What regimes did right after the transaction. */
  readonly finish: InvoiceFinish | null
}
export interface RefusedOutcome {
  readonly status: 'invalid'
  readonly faults: readonly FaultDetail[]
}
export type PostOutcome = PostedOutcome | RefusedOutcome

/** A request on its way: where its answer goes, and what is known of it. */
export interface Entry {
  readonly index: number
  readonly id: string
  readonly key: string | undefined
  input: InvoiceInput
  document?: InvoiceDocument
  original?: Original | undefined
  /** What it stands in the place of. */
  replaces?: Replaced | undefined
  warnings: FaultDetail[]
}
/** One place for each request; empty until its answer is known. */
export type Outcomes = (PostOutcome | undefined)[]

/** Parses inputs, loads drafts, claims idempotency keys; outcomes known by then are filled in. */
export async function readRequests(
  transaction: CompanyTransaction,
  requests: readonly (PostRequest | PostDraft)[],
  outcomes: Outcomes,
): Promise<Entry[]> {
  const entries: Entry[] = []
  const keyed = new Map<string, { key: string; bodyHash: string; invoiceId: string; index: number }>()
  const drafts = await lockDrafts(
    transaction,
    requests.flatMap((request) => ('draftId' in request ? [request.draftId] : [])),
  )
  for (const [index, request] of requests.entries()) {
    const draft = 'draftId' in request ? drafts.get(request.draftId) : undefined
    if ('draftId' in request && draft === undefined) {
      outcomes[index] = { status: 'invalid', faults: [{ code: 'INVOICE-NOT-DRAFT', params: { id: request.draftId } }] }
      continue
    }
    const key = 'input' in request ? request.idempotencyKey : undefined
    const id = 'draftId' in request ? request.draftId : randomUUID()
    const raw = 'input' in request ? request.input : draft
    if (key !== undefined) {
      const twin = keyed.get(key)
      const hash = bodyHash(raw)
      if (twin !== undefined) {
        if (twin.bodyHash !== hash) outcomes[index] = mismatch(key)
        continue
      }
      keyed.set(key, { key, bodyHash: hash, invoiceId: id, index })
    }
    const parsed = parseInvoiceInput(raw)
    if (parsed.input === null) {
      outcomes[index] = { status: 'invalid', faults: parsed.faults }
      if (key !== undefined) keyed.delete(key)
    } else entries.push({ index, id, key, input: parsed.input, warnings: [] })
  }
  const known = await claimRequests(transaction, [...keyed.values()])
  if (known.size === 0) return entries
  const documents = await documentsOf(
    transaction,
    [...known.values()].map((request) => request.invoiceId),
  )
  for (const [key, earlier] of known) {
    const now = keyed.get(key)
    const document = documents.get(earlier.invoiceId)
    if (now === undefined || document === undefined) continue
    outcomes[now.index] =
      now.bodyHash === earlier.bodyHash
        ? { status: 'posted', invoiceId: document.id, number: document.number, document, replayed: true, faults: [], finish: null }
        : mismatch(key)
  }
  return entries.filter((entry) => outcomes[entry.index] === undefined)
}

function mismatch(key: string): RefusedOutcome {
  return { status: 'invalid', faults: [{ code: 'INVOICE-IDEMPOTENCY-MISMATCH', params: { key } }] }
}

/** A request whose key stands twice in one batch gets the answer of its first. */
export function replayTwins(requests: readonly (PostRequest | PostDraft)[], outcomes: Outcomes): PostOutcome[] {
  const byKey = new Map<string, PostOutcome>()
  return requests.map((request, index) => {
    const key = 'input' in request ? request.idempotencyKey : undefined
    const own = outcomes[index]
    const first = key === undefined ? undefined : byKey.get(key)
    if (own !== undefined) {
      if (key !== undefined && first === undefined) byKey.set(key, own)
      return own
    }
    if (first === undefined) throw new Error('every request has an outcome')
    return first.status === 'posted' ? { ...first, replayed: true } : first
  })
}
