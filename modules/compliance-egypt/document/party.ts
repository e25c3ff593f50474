import type { Party } from '../../invoicing/index.js'

/** Types of parties: business in Egypt, natural person, foreigner. */
export type PartyType = 'B' | 'P' | 'F'

/** Tax registration number of the authority. */
export function isRin(value: string): boolean {
  return /^\d{9}$/.test(value)
}

export function rinOf(party: Party): string | undefined {
  return numberOf(party, 'VAT')
}

export function numberOf(party: Party, scheme: string): string | undefined {
  const value = party.identifiers.find((identifier) => identifier.scheme === scheme)?.value.replace(/[\s-]/g, '')
  return value === '' ? undefined : value
}

/** The name on a document: the Arabic one where there is one, for the authority reads Arabic. */
export function etaName(party: Party): string {
  const arabic = (party.nameAr ?? '').trim()
  return arabic === '' ? party.name : arabic
}

export interface EtaIdentity {
  readonly type: PartyType
  readonly id: string | undefined
  /** Name of the identifier the id was taken from. */
  readonly scheme: string | null
}

/** How the receiver is named to the authority: abroad is foreign, a registration number makes a business, everybody else is a person. */
export function receiverIdentity(party: Party | null): EtaIdentity {
  if (party === null) return { type: 'P', id: undefined, scheme: null }
  const country = party.address?.country
  if (country !== undefined && country !== 'EG') {
    const first = party.identifiers.find(({ scheme }) => scheme === 'VAT') ?? party.identifiers[0]
    return { type: 'F', id: first?.value, scheme: first?.scheme ?? null }
  }
  const rin = rinOf(party)
  if (rin !== undefined) return { type: 'B', id: rin, scheme: 'VAT' }
  return { type: 'P', id: numberOf(party, 'NAT'), scheme: 'NAT' }
}
