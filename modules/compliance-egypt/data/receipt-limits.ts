import { z } from 'zod'
import { rowOfDay } from './row-of-day.js'

/** Limits of the authority for receipts, by the day they hold from. */
const table = z
  .array(
    z.object({
      from: z.iso.date(),
      to: z.iso.date().optional(),
      /** Of one submission. */
      receipts: z.number().int().positive(),
      bytes: z.number().int().positive(),
      /** Items of one receipt. */
      lines: z.number().int().positive(),
      /** From the sale until the authority must have it. */
      hours: z.number().positive(),
      /** From the sale until goods are taken back with its receipt. */
      returnDays: z.number().int().positive(),
      source: z.string(),
    }),
  )
  .parse([
    {
      from: '2022-04-15',
      receipts: 500,
      bytes: 1_500_000,
      lines: 300,
      hours: 24,
      returnDays: 540,
      source: 'sdk.invoicing.eta.gov.eg, receipt issuance FAQ, read 2026-10-01',
    },
  ])

export type ReceiptLimits = (typeof table)[number]

/** Limits of an ISO day; before the first row, those of the first. @throws Fault EG-TABLE-ENDED where no row holds any more */
export function receiptLimits(day: string, rows: readonly ReceiptLimits[] = table): ReceiptLimits {
  return rowOfDay('receipt-limits', rows, day)
}

/** `s` of general trade; SR … SU of trades that have types of their own (types of receipts, SDK). */
export const saleTypePattern = /^(?:s|S[A-Z])$/

/** The type that takes back what was sold under another: r for s, RR for SR … RU for SU; RWR where there is no receipt of the sale. */
export function returnTypeOf(saleType: string, withReceipt: boolean): string {
  if (!withReceipt) return 'RWR'
  return saleType === 's' ? 'r' : saleType.replace(/^S/, 'R')
}
