import { canonicalJson } from '../../../core/audit/canonical-json.js'
import { requestEventTypes, type RequestEvent } from '../models/event.js'

/** What stands in one line of an event log: the event as it was hashed, then its hash. */
export function eventLine(event: RequestEvent): string {
  const { hash, at, ...rest } = event
  return canonicalJson({ ...rest, at: at.toISOString(), hash: hash.toString('hex') })
}

/** NDJSON of a log, first event first; every line can be hashed again without anything of ours. */
export function eventLines(events: readonly RequestEvent[]): Buffer {
  return Buffer.from(events.map((event) => `${eventLine(event)}\n`).join(''), 'utf8')
}

const types: ReadonlySet<string> = new Set(requestEventTypes)

/** Reads what `eventLines` wrote; undefined for anything that is not exactly that. */
export function readEventLines(bytes: Uint8Array): RequestEvent[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (text !== '' && !text.endsWith('\n')) return undefined
  const events: RequestEvent[] = []
  try {
    for (const line of text.split('\n').slice(0, -1)) {
      const event = eventOf(JSON.parse(line))
      if (event === undefined || eventLine(event) !== line) return undefined
      events.push(event)
    }
  } catch {
    return undefined
  }
  return events
}

function eventOf(value: unknown): RequestEvent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { at, hash, sequence, requestId, type, ...rest } = value as Record<string, unknown> // an object, checked above
  if (typeof at !== 'string' || typeof hash !== 'string' || typeof sequence !== 'number' || typeof requestId !== 'string') return undefined
  if (typeof type !== 'string' || !types.has(type)) return undefined
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return undefined
  // Whatever else stands in the line is hashed with it; the caller compares the line that is written from it.
  return { ...rest, at: time, hash: Buffer.from(hash, 'hex'), sequence, requestId, type } as RequestEvent // as eventLine wrote it
}
