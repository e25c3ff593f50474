import { z } from 'zod'
import { employmentCountries } from './employee.js'

const localized = z.object({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) }).strict()

/** What checks and pages look a fact up by. */
export const lawTopics = [
  'probation.maximum',
  'notice.employer',
  'notice.employee',
  'leave.annual',
  'hours.week',
  'hours.day',
  'end-of-service',
  'contract.language',
  'contract.copies',
  'contract.form',
  'contract.registration',
  'fixed-term.maximum',
  'fixed-term.minimum',
  'fixed-term.foreigners',
  'electronic.signature',
  'data-protection',
  'wage.currency',
  'non-competition',
  'maternity',
] as const

/**
 * A rule of a law with the days it holds. A row that nobody confirmed says so: its check warns and never stops anything. A change of
 * law is a new row and an end of the old one, never a changed row.
 */
export const lawRow = z
  .object({
    topic: z.enum(lawTopics),
    /** Day from which it holds, and the last day; null: still. */
    from: z.iso.date(),
    to: z.iso.date().nullable(),
    /** What a check compares with; rows for reading alone have none. */
    value: z.number().nonnegative().optional(),
    unit: z.enum(['days', 'working-days', 'months', 'years', 'hours', 'copies']).optional(),
    /** Of a currency or language: its code. */
    code: z.string().max(10).optional(),
    text: localized,
    law: localized,
    article: z.string().max(60),
    /** Where it was read. */
    source: z.string().max(300),
    status: z.enum(['confirmed', 'UNCONFIRMED']),
    lastChecked: z.iso.date(),
  })
  .strict()
export type LawRow = z.infer<typeof lawRow>
export type LawTopic = LawRow['topic']

export const lawFile = z.object({ country: z.enum(employmentCountries), laws: z.array(lawRow).min(1) }).strict()
export type LawFile = z.infer<typeof lawFile>
