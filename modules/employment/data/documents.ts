import bulgariaAmendment from './BG/amendment.json' with { type: 'json' }
import bulgariaConfidentiality from './BG/confidentiality.json' with { type: 'json' }
import bulgariaContract from './BG/contract.json' with { type: 'json' }
import bulgariaLaws from './BG/laws.json' with { type: 'json' }
import bulgariaOffer from './BG/offer.json' with { type: 'json' }
import egyptAmendment from './EG/amendment.json' with { type: 'json' }
import egyptConfidentiality from './EG/confidentiality.json' with { type: 'json' }
import egyptContract from './EG/contract.json' with { type: 'json' }
import egyptLaws from './EG/laws.json' with { type: 'json' }
import egyptOffer from './EG/offer.json' with { type: 'json' }
import kuwaitAmendment from './KW/amendment.json' with { type: 'json' }
import kuwaitConfidentiality from './KW/confidentiality.json' with { type: 'json' }
import kuwaitContract from './KW/contract.json' with { type: 'json' }
import kuwaitLaws from './KW/laws.json' with { type: 'json' }
import kuwaitOffer from './KW/offer.json' with { type: 'json' }
import saudiAmendment from './SA/amendment.json' with { type: 'json' }
import saudiConfidentiality from './SA/confidentiality.json' with { type: 'json' }
import saudiContract from './SA/contract.json' with { type: 'json' }
import saudiLaws from './SA/laws.json' with { type: 'json' }
import saudiOffer from './SA/offer.json' with { type: 'json' }
import { contractType, type ContractType, type DocumentKind } from '../models/contract-type.js'
import type { EmploymentCountry } from '../models/employee.js'
import { lawFile, type LawFile, type LawRow, type LawTopic } from '../models/law.js'
import { mergeNamesOf, mergeFields } from './merge-fields.js'

/** Everything the module knows about contracts of the four countries; checked when the module is set up. */
export interface EmploymentData {
  readonly types: readonly ContractType[]
  readonly laws: readonly LawFile[]
}

let checked: EmploymentData | undefined

/** @throws ZodError, Error naming the file and place of what is wrong: the module is shown as failed and nothing is sent with it */
export function employmentData(): EmploymentData {
  checked ??= check(
    [
      saudiOffer,
      saudiContract,
      saudiAmendment,
      saudiConfidentiality,
      egyptOffer,
      egyptContract,
      egyptAmendment,
      egyptConfidentiality,
      kuwaitOffer,
      kuwaitContract,
      kuwaitAmendment,
      kuwaitConfidentiality,
      bulgariaOffer,
      bulgariaContract,
      bulgariaAmendment,
      bulgariaConfidentiality,
    ],
    [saudiLaws, egyptLaws, kuwaitLaws, bulgariaLaws],
  )
  return checked
}

/** Parses rows of data, and refuses merge fields that nothing fills and law rows of one topic that hold on one day with different values. */
export function check(types: readonly unknown[], laws: readonly unknown[]): EmploymentData {
  const parsedTypes = types.map((type) => contractType.parse(type))
  for (const type of parsedTypes) {
    for (const name of mergeNamesOf(type)) {
      if (!(name in mergeFields)) throw new Error(`${type.country}/${type.kind}: nothing fills {{${name}}}`)
    }
  }
  const parsedLaws = laws.map((file) => lawFile.parse(file))
  for (const { country, laws: rows } of parsedLaws) {
    for (const [index, row] of rows.entries()) {
      if (row.to !== null && row.to < row.from) throw new Error(`${country} ${row.topic}: ends before it begins`)
      const twin = rows.slice(index + 1).find((other) => other.topic === row.topic && other.value !== undefined && row.value !== undefined && overlap(row, other))
      if (twin !== undefined) throw new Error(`${country} ${row.topic}: two values hold on ${twin.from > row.from ? twin.from : row.from}`)
    }
  }
  return { types: parsedTypes, laws: parsedLaws }
}

function overlap(one: LawRow, other: LawRow): boolean {
  return one.from <= (other.to ?? '9999-12-31') && other.from <= (one.to ?? '9999-12-31')
}

/** @throws Error for a country or kind without data: callers offer only what there is */
export function contractTypeOf(country: EmploymentCountry, kind: DocumentKind): ContractType {
  const found = employmentData().types.find((type) => type.country === country && type.kind === kind)
  if (found === undefined) throw new Error(`no document ${country}/${kind}`)
  return found
}

/** The rules of a country on a day, all or of one topic. */
export function lawsOn(country: EmploymentCountry, day: string, topic?: LawTopic): readonly LawRow[] {
  const file = employmentData().laws.find((one) => one.country === country)
  return (file?.laws ?? []).filter(
    (row) => (topic === undefined || row.topic === topic) && row.from <= day && (row.to === null || day <= row.to),
  )
}

/** The rule with a value to compare with. */
export function lawValueOn(country: EmploymentCountry, day: string, topic: LawTopic): (LawRow & { readonly value: number }) | undefined {
  return lawsOn(country, day, topic).find((row): row is LawRow & { value: number } => row.value !== undefined)
}
