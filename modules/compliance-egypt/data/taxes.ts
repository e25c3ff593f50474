import { z } from 'zod'
import type { Tax } from '../../invoicing/index.js'
import { readTable } from './read-table.js'

const table = readTable(
  'tax-subtypes.json',
  z.object({
    source: z.string(),
    from: z.iso.date(),
    subtypes: z
      .array(
        z.object({
          code: z.string(),
          type: z.string().regex(/^T(?:[1-9]|1\d|20)$/),
          rate: z.string().nullable(),
          fixed: z.boolean(),
          name: z.object({ ar: z.string(), en: z.string(), bg: z.string() }),
        }),
      )
      .length(56),
  }),
)

/** A subtype of the authority: `V009` of T1. */
export interface TaxSubtype {
  readonly code: string
  readonly type: string
  /** Percent; null where it is stated on the line. */
  readonly rate: string | null
  /** An amount, not a percentage. */
  readonly fixed: boolean
  readonly name: Tax['name']
}

export const taxSubtypes: readonly TaxSubtype[] = table.subtypes

const byCode = new Map(taxSubtypes.map((subtype) => [subtype.code, subtype]))

export function subtypeOf(code: string): TaxSubtype | undefined {
  return byCode.get(code)
}

/** Category of UN/EDIFACT 5305 for value added tax; the others are named by their type. */
function categoryOf({ code, type }: TaxSubtype): string {
  if (type !== 'T1') return type
  if (code === 'V009' || code === 'V010') return 'S'
  if (code === 'V001' || code === 'V002') return 'Z'
  return code === 'V004' ? 'O' : 'E'
}

/** What invoicing offers: value added tax as main tax of a line, everything else beside it. General VAT comes first. */
export const egyptTaxes: readonly Tax[] = taxSubtypes
  .map((subtype): Tax => {
    const category = categoryOf(subtype)
    const free = ['Z', 'E', 'O'].includes(category)
    return {
      code: subtype.code,
      name: subtype.name,
      rate: subtype.rate ?? '0',
      category,
      ...(free ? { exemptionCode: subtype.code, exemptionReason: subtype.name } : {}),
      from: table.from,
      source: table.source,
    }
  })
  .sort((a, b) => Number(b.code === 'V009') - Number(a.code === 'V009'))
