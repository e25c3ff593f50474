import { z } from 'zod'

/** Countries whose law wants invoices filed electronically: a company there may not post without a regime that does it. */
const mandate = z.object({ country: z.string().regex(/^[A-Z]{2}$/), from: z.iso.date(), source: z.string().min(1) })

export const mandates = z.array(mandate).parse([
  { country: 'SA', from: '2021-12-04', source: 'E-Invoicing Regulation (ZATCA board decision 2-6-20), phases 1 and 2' },
  { country: 'EG', from: '2020-11-15', source: 'Ministry of Finance decree 188/2020 and the ETA decisions that name the issuers' },
])

export function isMandated(country: string, day: string): boolean {
  return mandates.some((one) => one.country === country && one.from <= day)
}
