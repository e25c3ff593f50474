import { z } from 'zod'
import { readTable } from './read-table.js'

const activities = readTable(
  'activity-codes.json',
  z.object({
    source: z.string(),
    from: z.iso.date(),
    codes: z.array(z.tuple([z.string().regex(/^\d{4}$/), z.string(), z.string()])).length(435),
  }),
)
const listed = readTable(
  'listed-codes.json',
  z.object({
    source: z.string(),
    from: z.iso.date(),
    countries: z.array(z.string().regex(/^[A-Z]{2}$/)).length(249),
    currencies: z.array(z.string().regex(/^[A-Z]{3}$/)).length(180),
    units: z.array(z.string().min(1)).length(100),
  }),
)

export interface ActivityCode {
  readonly code: string
  readonly en: string
  readonly ar: string
}

/** Activities of taxpayers, in the authority's order. */
export const activityCodes: readonly ActivityCode[] = activities.codes.map(([code, en, ar]) => ({ code, en, ar }))

const activityByCode = new Map(activityCodes.map((activity) => [activity.code, activity]))
const countries = new Set(listed.countries)
const currencies = new Set(listed.currencies)
const units = new Set(listed.units)

/** @param day of the document; the table holds from the first day of e-invoicing on */
export function activityOn(code: string, day: string): ActivityCode | undefined {
  return day >= activities.from ? activityByCode.get(code) : undefined
}

export const isCountry = (code: string): boolean => countries.has(code)
export const isCurrency = (code: string): boolean => currencies.has(code)
export const isUnit = (code: string): boolean => units.has(code)

/** Units of UN/ECE Recommendation 20 that invoices use and the authority names otherwise. */
const namedOtherwise: Readonly<Record<string, string>> = {
  PCE: 'EA',
  H87: 'EA',
  NAR: 'EA',
  MTR: 'M',
  XBX: 'BOX',
  XBG: 'BG',
  XBO: 'BO',
  XCT: 'CT',
  XPK: 'PK',
  XCS: 'CS',
  XDR: 'DRM',
  XSA: 'SK',
  XPX: 'PF',
  FOT: 'FOT',
  LBR: 'LB',
}

/** The authority's unit for one of ours; undefined when it has none. */
export function etaUnit(unit: string): string | undefined {
  const named = namedOtherwise[unit] ?? unit
  return units.has(named) ? named : undefined
}
