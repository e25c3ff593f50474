import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const localized = z.object({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) }).strict()

/** A duty to keep, as data/retention/duties.json has it: dated, and with whether it was read in the law itself. */
const dutyRow = z
  .object({
    id: z.string().regex(/^[a-z0-9-]+$/),
    countries: z.array(z.string().length(2)).min(1),
    years: z.number().int().min(1).max(100),
    /** From what the years are counted: the end of the request, or the end of the certificates in it. */
    counted: z.enum(['request-end', 'certificate-end']).default('request-end'),
    from: z.iso.date(),
    until: z.iso.date().nullable(),
    /** `unconfirmed`: kept to all the same, since deleting too late harms less than too early; shown as such. */
    status: z.enum(['confirmed', 'unconfirmed']),
    law: localized,
    article: z.string(),
    about: localized,
  })
  .strict()
export type RetentionDuty = z.infer<typeof dutyRow>

const file = join(import.meta.dirname, '../data/retention/duties.json')

export function readDuties(from = file): readonly RetentionDuty[] {
  return z.array(dutyRow).parse(JSON.parse(readFileSync(from, 'utf8')))
}

/**
 * Duties of a country on an ISO day. One that has ended still counts until another of the same kind follows it: a law that
 * ran out in our data may have been prolonged, and deleting too late harms less than too early.
 */
export function dutiesOf(duties: readonly RetentionDuty[], country: string, day: string): readonly RetentionDuty[] {
  const begun = duties.filter((duty) => duty.countries.includes(country) && duty.from <= day)
  return begun.filter(({ until, counted }) => {
    if (until === null || day <= until) return true
    return !begun.some((next) => next.counted === counted && next.from > until)
  })
}

/** Till when files are kept, and the duty that asks for it; without one it is the company's own term. */
export interface KeptUntil {
  readonly from: Date
  readonly duty?: RetentionDuty
}

/**
 * Day from which files of a request may be deleted: the company's own term, never earlier than a duty of its country.
 * @param years the company's own term; 0 leaves the duties alone
 * @param certificatesEnd when the last certificate of a signer ends
 */
export function keptUntil(
  completedAt: Date,
  years: number,
  duties: readonly RetentionDuty[],
  certificatesEnd: Date | undefined,
): KeptUntil {
  return duties.reduce<KeptUntil>(
    (latest, duty) => {
      const from = plusYears(duty.counted === 'certificate-end' ? (certificatesEnd ?? completedAt) : completedAt, duty.years)
      return from > latest.from ? { from, duty } : latest
    },
    { from: plusYears(completedAt, years) },
  )
}

/** The same day so many years on; from 29 February to 1 March where there is none. */
function plusYears(from: Date, years: number): Date {
  const end = new Date(from)
  end.setUTCFullYear(end.getUTCFullYear() + years)
  return end
}
