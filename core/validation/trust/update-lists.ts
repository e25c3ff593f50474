import { Fault, type FaultDetail } from '../../i18n/fault.js'
import type { TrustListSignatureCheck, TrustLists } from './trust-lists.js'

/** Where the list of the lists lies (Commission Implementing Decision (EU) 2015/1505, as published 2026-11). */
export const listOfTheListsAddress = 'https://ec.europa.eu/tools/lotl/eu-lotl.xml'

const listType = 'application/vnd.etsi.tsl+xml'

/** Which lists are brought up to date, and how. */
export interface UpdateOptions {
  /** Territories wanted; all that are pointed to when empty. */
  readonly territories: readonly string[]
  readonly address: string
  readonly fetch: (url: string) => Promise<Buffer>
  readonly checkSignature: TrustListSignatureCheck
  readonly now: Date
  /** Told as each list is done. */
  readonly done: (outcome: UpdateOutcome) => void
}

/** What became of one list. */
export interface UpdateOutcome {
  readonly territory: string
  readonly sequence: number | null
  /** Why the list at hand stays. */
  readonly fault: FaultDetail | null
}

/**
 * Fetches the list of the lists and the lists it points to. Each is checked as an import by hand is; one that cannot be had leaves the
 * one at hand in place, and is told. The first list of the lists is imported by a person, who checked its signers.
 * @throws Fault TRUST-LIST-FIRST when there is none yet
 */
export async function updateTrustLists(lists: TrustLists, options: UpdateOptions): Promise<UpdateOutcome[]> {
  const isThere = lists.stored().some((one) => one.list.territory === 'EU')
  if (!isThere) throw new Fault('TRUST-LIST-FIRST', { params: { address: options.address } })
  const outcomes = [await updateOne(lists, 'EU', options.address, options)]
  const pointers = lists.stored().find((one) => one.list.territory === 'EU')?.list.pointers ?? []
  for (const pointer of pointers) {
    const wanted = options.territories.length === 0 || options.territories.includes(pointer.territory)
    if (pointer.territory === 'EU' || pointer.mimeType !== listType || !wanted) continue
    outcomes.push(await updateOne(lists, pointer.territory, pointer.location, options))
  }
  return outcomes
}

async function updateOne(lists: TrustLists, territory: string, address: string, options: UpdateOptions): Promise<UpdateOutcome> {
  let outcome: UpdateOutcome
  try {
    const xml = await options.fetch(address)
    const { checkSignature, now } = options
    const stored = await lists.import(xml, { checkSignature, now, territory })
    outcome = { territory, sequence: stored.list.sequence, fault: null }
  } catch (error) {
    const fault =
      error instanceof Fault ? { code: error.code, params: error.params } : { code: 'TRUST-LIST-UNREACHABLE', params: { address } }
    outcome = { territory, sequence: null, fault }
  }
  options.done(outcome)
  return outcome
}
