import { z } from 'zod'
import { compare } from '../../../core/money/decimal-text.js'
import { rowOfDay } from './row-of-day.js'

/**
 * Figures the authority sets as parameters and publishes nowhere in one place. `unconfirmed` means that sources contradict each other:
 * then the lowest figure warns and only the highest refuses. A company that knows its own figure states it.
 */
const table = z
  .array(
    z.object({
      name: z.enum(['person-invoice', 'person-receipt']),
      from: z.iso.date(),
      to: z.iso.date().optional(),
      lowest: z.string(),
      highest: z.string(),
      status: z.enum(['confirmed', 'unconfirmed']),
      source: z.string(),
    }),
  )
  .parse([
    {
      name: 'person-invoice',
      from: '2020-11-15',
      lowest: '25000',
      highest: '150000',
      status: 'unconfirmed',
      source: 'SDK validation rules: a parameter of the authority. In the field: 25,000, 45,000 and 150,000 pounds.',
    },
    {
      name: 'person-receipt',
      from: '2020-11-15',
      lowest: '25000',
      highest: '150000',
      status: 'unconfirmed',
      source: 'e-receipt 1.2 names 150,000 pounds; older sources name less.',
    },
  ])

export type PersonLimitRow = (typeof table)[number]
export type PersonLimitKind = 'invoice' | 'receipt'

/** From which total in pounds a person must be named by national id. */
export interface PersonLimit {
  readonly warnsFrom: string
  readonly refusesFrom: string
}

/**
 * @param own the company's figure, in pounds: it is then the only one
 * @throws Fault EG-TABLE-ENDED where no row holds any more and the company states none
 */
export function personLimit(kind: PersonLimitKind, day: string, own?: string, rows: readonly PersonLimitRow[] = table): PersonLimit {
  if (own !== undefined) return { warnsFrom: own, refusesFrom: own }
  const named = rows.filter(({ name }) => name === `person-${kind}`)
  const { lowest, highest } = rowOfDay(`person-${kind}`, named, day)
  return { warnsFrom: lowest, refusesFrom: highest }
}

export function reaches(amount: string, limit: string): boolean {
  return compare(amount, limit) >= 0
}

/** Days a document may be older than its sending. UNCONFIRMED: older ones are told, not refused. */
export const usualDays = 7
