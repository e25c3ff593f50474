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

/** Duties of a country on an ISO day. */
export function dutiesOf(duties: readonly RetentionDuty[], country: string, day: string): readonly RetentionDuty[] {
  return duties.filter((duty) => duty.countries.includes(country) && duty.from <= day && (duty.until === null || day <= duty.until))
}

/**
 * Day from which files of a request may be deleted: the company's own term, never earlier than a duty of its country. Undefined: kept for ever.
 * @param certificatesEnd when the last certificate of a signer ends
 */
export function deletableFrom(
  completedAt: Date,
  retentionYears: number,
  duties: readonly RetentionDuty[],
  certificatesEnd: Date | undefined,
): Date | undefined {
  if (retentionYears === 0) return undefined
  const ends = [
    plusYears(completedAt, retentionYears),
    ...duties.map((duty) => plusYears(duty.counted === 'certificate-end' ? (certificatesEnd ?? completedAt) : completedAt, duty.years)),
  ]
  return new Date(Math.max(...ends.map((end) => end.getTime())))
}

/** The same day so many years on; from 29 February to 1 March where there is none. */
function plusYears(from: Date, years: number): Date {
  const end = new Date(from)
  end.setUTCFullYear(end.getUTCFullYear() + years)
  return end
}
