import type { FaultDetail } from '../../../core/i18n/fault.js'
import {
  readBulgarianForeignerNumber,
  readBulgarianNumber,
  readEgyptianNumber,
  readKuwaitiNumber,
  readSaudiNumber,
  type IdentityFacts,
} from '../../../core/identity/identity-numbers.js'
import { identityDocuments, type IdentityDocument } from '../data/identity-documents.js'

const bad = (code: string, params: Record<string, string> = {}): FaultDetail => ({ code, path: 'identityNumber', params })

/**
 * Checks a number by the form its document has on a day, and compares what it tells with what the record says.
 *
 * @returns errors for a number that cannot be, warnings where it and the record disagree
 */
export function checkIdentity(
  given: { readonly type: string; readonly number: string; readonly birthDate: string | null; readonly gender: 'male' | 'female' | null },
  day: string,
): FaultDetail[] {
  const document = identityDocuments.find(({ type, from, to }) => type === given.type && from <= day && (to === null || day <= to))
  if (document === undefined) return [{ code: 'EMPLOYMENT-IDENTITY-TYPE', path: 'identityType', params: { type: given.type } }]
  const number = given.number.replace(/[\s-]/g, '')
  const facts = factsOf(document, number)
  if (facts === undefined) return [bad(`EMPLOYMENT-IDENTITY-${document.form.toUpperCase()}`, { value: given.number })]
  const faults: FaultDetail[] = []
  if (facts.birthDate !== undefined && given.birthDate !== null && facts.birthDate !== given.birthDate) {
    const params = { said: given.birthDate, told: facts.birthDate }
    faults.push({ code: 'EMPLOYMENT-IDENTITY-BIRTH', path: 'birthDate', level: 'warning', params })
  }
  if (facts.gender !== undefined && given.gender !== null && facts.gender !== given.gender) {
    faults.push({ code: 'EMPLOYMENT-IDENTITY-GENDER', path: 'gender', level: 'warning' })
  }
  return faults
}

/** Undefined for a number that cannot be one of this document. */
export function factsOf(document: Pick<IdentityDocument, 'form' | 'first'>, number: string): IdentityFacts | undefined {
  switch (document.form) {
    case 'sa-10':
      return document.first === undefined || number.startsWith(document.first) ? readSaudiNumber(number) : undefined
    case 'eg-14':
      return readEgyptianNumber(number)
    case 'kw-12':
      return readKuwaitiNumber(number)
    case 'bg-egn':
      return readBulgarianNumber(number)
    case 'bg-lnch':
      return readBulgarianForeignerNumber(number)
    case 'passport':
      return /^[A-Z0-9]{5,15}$/i.test(number) ? {} : undefined
  }
}
