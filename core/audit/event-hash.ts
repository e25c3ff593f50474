import { createHash } from 'node:crypto'
import { canonicalJson, storableText } from './canonical-json.js'

/** What is hashed of one event: everything that is stored of it but the hashes themselves. */
export interface HashedEvent {
  readonly companyId: string
  readonly sequence: number
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string
  readonly action: string
  readonly subjectType: string
  readonly subjectId: string
  readonly subjectLabel: string | null
  readonly facts: unknown
  readonly actorKind: string
  readonly actorId: string | null
  readonly actorName: string
  readonly source: string
}

/** Stands before the first event of every company. */
export const chainStart = Buffer.alloc(32)

/** SHA-256(previous hash || canonical JSON of the event). */
export function eventHash(previous: Buffer, event: HashedEvent): Buffer {
  return createHash('sha256').update(previous).update(canonicalJson(event)).digest()
}

/** A text as PostgreSQL can keep it, so that what is hashed is what will be read back; null and undefined are null. */
export function storable(text: string): string
export function storable(text: string | null | undefined): string | null
export function storable(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storableText(text)
}
