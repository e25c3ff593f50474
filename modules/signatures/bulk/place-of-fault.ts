import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { RequestInput } from '../models/request.js'

/** Paths of a request's input that stand at a person: `signers[1].email`, `signers[1].values.town`, `signers.staff`. */
const ofPerson = /^signers(?:\[(?<index>\d+)\]|\.(?<role>[^.]+))(?:\.(?<rest>.+))?$/

/**
 * Where in the table a fault stands, as the target of its column (see ColumnTarget): who corrects a sheet knows its columns and not the
 * paths of the API. A person who is missing altogether stands where the name belongs.
 * @returns undefined when the fault is of no column: of what all rows share, or of the host
 */
export function placeOfFault(input: Pick<RequestInput, 'signers'>, fault: Pick<FaultDetail, 'path'>): string | undefined {
  const path = fault.path ?? ''
  const variable = /^variables\.(.+)$/.exec(path)?.[1]
  if (variable !== undefined) return `variable.${variable}`
  if (path === 'name' || path === 'externalId') return `request.${path}`
  const { index, role, rest = 'name' } = ofPerson.exec(path)?.groups ?? {}
  const person = role ?? (index === undefined ? undefined : input.signers[Number(index)]?.role)
  if (person === undefined) return undefined
  const value = /^values\.([^.]+)$/.exec(rest)?.[1]
  return value === undefined ? `person.${person}.${rest}` : `field.${value}`
}
