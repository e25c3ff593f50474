import { z } from 'zod'
import type { Tax } from '../../invoicing/index.js'
import { exemptions, exemptionSource } from './exemptions.js'

const dated = z.object({
  code: z.string(),
  name: z.object({ ar: z.string(), en: z.string(), bg: z.string() }),
  rate: z.string(),
  category: z.enum(['S', 'Z', 'E', 'O']),
  from: z.iso.date(),
  to: z.iso.date().optional(),
  source: z.string(),
})

const standard = z.array(dated).parse([
  {
    code: 'S15',
    name: { ar: 'ضريبة القيمة المضافة 15%', en: 'VAT 15%', bg: 'ДДС 15%' },
    rate: '15',
    category: 'S',
    from: '2020-07-01',
    source: 'Royal Order A/638 of 2020-05-11 (rate 15% from 1 July 2020)',
  },
  {
    code: 'S5',
    name: { ar: 'ضريبة القيمة المضافة 5%', en: 'VAT 5%', bg: 'ДДС 5%' },
    rate: '5',
    category: 'S',
    from: '2018-01-01',
    to: '2020-06-30',
    source: 'VAT Law, Royal Decree M/113 of 2017 (rate 5%)',
  },
])

/** Codes of lines: `Z-32`, `E-29-7`, `O-OOS`; the tail of the authority's exemption code. */
function codeOf(category: string, exemption: string): string {
  return `${category}-${exemption.replace('VATEX-SA-', '')}`
}

const withReason: Tax[] = exemptions.map((one) => ({
  code: codeOf(one.category, one.code),
  name: one.reason,
  rate: '0',
  category: one.category,
  exemptionCode: one.code,
  exemptionReason: one.reason,
  from: '2018-01-01',
  source: exemptionSource,
}))

/** Dated taxes of the country, answered to `invoicing.taxes`. */
export const saudiTaxes: readonly Tax[] = [...standard, ...withReason]
