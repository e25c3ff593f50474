import type { RequestEvent } from '../models/event.js'
import type { SignRequest } from '../models/request.js'
import type { LabelledValue } from './completion-data.js'
import { eventChainStart } from '../services/events.js'
import { grouped, type EvidenceWords } from './words.js'

interface EventBlock {
  readonly sequence: string
  readonly what: string
  readonly who: string
  readonly local: string
  readonly utc: string
  /** Where it came from and what is known of it, line by line. */
  readonly facts: readonly { readonly label: string; readonly value: string }[]
  readonly hash: string
}

export interface EventLogData {
  readonly languages: readonly string[]
  readonly title: readonly string[]
  readonly intro: readonly string[]
  readonly how: readonly string[]
  readonly facts: readonly LabelledValue[]
  readonly heads: readonly (readonly string[])[]
  readonly events: readonly EventBlock[]
  readonly foot: string
  readonly page: string
}

/** What the template of the event log is filled with. */
export function eventLogData(request: SignRequest, events: readonly RequestEvent[], words: EvidenceWords): EventLogData {
  const row = (key: string, value: string, code = true): LabelledValue => ({ label: words.pair(key), value, code })
  const names = new Map(request.signers.map((signer) => [signer.id, signer.name]))
  return {
    languages: words.languages,
    title: words.pair('log.title'),
    intro: words.pair('log.intro'),
    how: words.pair('log.how', { file: logFileName }),
    facts: [
      row('name', request.name, false),
      row('number', request.number),
      row('log.count', String(events.length)),
      row('log.start', grouped(eventChainStart.toString('hex'))),
      row('log.first', grouped(events[0]?.hash.toString('hex') ?? '')),
      row('log.last', grouped(events.at(-1)?.hash.toString('hex') ?? '')),
      row('zone', words.zone),
    ],
    heads: [words.pair('log.number'), words.pair('log.event'), words.pair('log.time')],
    events: events.map((event) => eventBlock(event, names, words)),
    foot: words.say('foot', { number: request.number, name: request.name }),
    page: words.say('page'),
  }
}

/** Name of the attachment in the event log. */
export const logFileName = 'events.ndjson'

function eventBlock(event: RequestEvent, names: ReadonlyMap<string, string>, words: EvidenceWords): EventBlock {
  const { origin, signerId } = event
  const about = signerId === null ? undefined : names.get(signerId)
  const at = event.at.toISOString()
  const facts = [
    ...(about !== undefined && about !== event.actor.name ? [{ label: words.say('log.person'), value: about }] : []),
    ...(origin.ip === undefined ? [] : [{ label: words.say('ip'), value: origin.ip }]),
    ...(origin.timeZone === undefined ? [] : [{ label: words.say('device-zone'), value: origin.timeZone }]),
    ...(origin.place === undefined
      ? []
      : [
          {
            label: words.say('place'),
            value: `${origin.place.latitude.toFixed(4)}, ${origin.place.longitude.toFixed(4)} ± ${Math.round(origin.place.accuracyMetres)} m`,
          },
        ]),
    ...(origin.userAgent === undefined ? [] : [{ label: words.say('device'), value: origin.userAgent.slice(0, 200) }]),
    ...Object.entries(event.facts).map(([name, value]) => ({ label: name, value: factText(value) })),
  ]
  return {
    sequence: String(event.sequence),
    what: words.other(`signatures.event.${event.type}`, event.type),
    who: event.actor.name,
    local: words.moment(at),
    utc: at,
    facts,
    hash: grouped(event.hash.toString('hex')),
  }
}

/** As the log has it; long texts (a consent) are whole in the attached file. */
function factText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const letters = Array.from(text)
  return letters.length <= 300 ? text : `${letters.slice(0, 300).join('')}…`
}
