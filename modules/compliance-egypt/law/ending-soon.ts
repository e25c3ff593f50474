import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { deviceCertificates } from './device-certificates.js'
import { foreignAuthorities } from './foreign-authorities.js'
import { cairoDay } from '../data/cairo-day.js'
import { mandates } from './mandates.js'

/** Long enough for an authority to renew: a licensed one asks the holder to come in person, and ITIDA decides in weeks. */
const soonDays = 30

export const endingKinds = ['certificate', 'mandate', 'foreign', 'device'] as const
export type EndingKind = (typeof endingKinds)[number]

/** Something a signature rests on that stands today and ends within thirty days, with nothing entered that follows it. */
export interface EndingSoon {
  readonly kind: EndingKind
  /** Key, signer, authority or model, as people called it. */
  readonly name: string
  /** The last day on which it stands, in Cairo. */
  readonly until: string
  /** Where it is renewed. */
  readonly href: string
}

/**
 * What ends soon. A mandate, acceptance or device certificate that is followed by another without a gap does not; nor does a certificate
 * while another key of the company may sign for longer.
 * @param signing keys that may sign now, the one whose certificate lasts longest first
 */
export async function endingSoon(transaction: CompanyTransaction, now: Date, signing: readonly Key[]): Promise<EndingSoon[]> {
  const today = cairoDay(now)
  const [longest] = signing
  const active = new Set(signing.map(({ id }) => id))
  const [authorities, papers, devices] = [
    await foreignAuthorities(transaction),
    await mandates(transaction),
    await deviceCertificates(transaction),
  ]
  const law = '/app/compliance-egypt/law'
  return [
    ...(longest === undefined ? [] : ofKey(longest, today)),
    ...ending(
      'mandate',
      `${law}#mandates`,
      today,
      papers,
      ({ keyId, endedAt }) => (endedAt === null && active.has(keyId) ? keyId : null),
      ({ signer }) => signer,
    ),
    ...ending(
      'foreign',
      `${law}#authorities`,
      today,
      authorities,
      ({ sha256, withdrawnAt }) => (withdrawnAt === null ? sha256 : null),
      ({ holder }) => holder,
    ),
    ...ending(
      'device',
      `${law}#devices`,
      today,
      devices,
      ({ keyId }) => (active.has(keyId) ? keyId : null),
      ({ model }) => model,
    ),
  ]
}

/** Does a day lie within the next thirty? */
export function isSoon(until: string | null, today: string): boolean {
  return until !== null && until >= today && until <= later(today, soonDays)
}

function ofKey(key: Key, today: string): EndingSoon[] {
  const [own] = key.certificates
  const ends = [
    ...(own === undefined ? [] : [readCertificate(own).notAfter]),
    ...(key.limits?.until === undefined ? [] : [key.limits.until]),
  ]
  const [until] = ends.map(cairoDay).sort()
  if (until === undefined || !isSoon(until, today)) return []
  return [{ kind: 'certificate', name: key.name, until, href: `/app/credentials/keys/${key.id}` }]
}

interface Period {
  readonly from: string
  readonly until: string | null
}

/** Of rows that stand for the same thing, the end that no other of them carries on, when it is soon. */
function ending<Row extends Period>(
  kind: EndingKind,
  href: string,
  today: string,
  rows: readonly Row[],
  thingOf: (row: Row) => string | null,
  nameOf: (row: Row) => string,
): EndingSoon[] {
  const things = new Map<string, Row[]>()
  for (const row of rows) {
    const thing = thingOf(row)
    if (thing !== null) things.set(thing, [...(things.get(thing) ?? []), row])
  }
  return [...things.values()].flatMap((periods) => {
    const last = lastOf(periods, today)
    return last !== undefined && last.until !== null && isSoon(last.until, today)
      ? [{ kind, name: nameOf(last), until: last.until, href }]
      : []
  })
}

/** The period up to which the thing stands without a gap from today on; undefined: it does not stand today. */
function lastOf<Row extends Period>(periods: readonly Row[], today: string): Row | undefined {
  let last: Row | undefined
  for (const row of periods.toSorted((one, other) => (one.from < other.from ? -1 : 1))) {
    if (row.until !== null && row.until < today) continue
    const begins = last === undefined ? today : last.until === null ? null : later(last.until, 1)
    if (begins === null || row.from > begins) continue
    if (last === undefined || row.until === null || last.until === null || row.until > last.until) last = row
  }
  return last
}

/** A day some days later, both `YYYY-MM-DD`. */
function later(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
