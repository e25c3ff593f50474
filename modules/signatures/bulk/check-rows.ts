import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { isMailAddress } from '../../contacts/index.js'
import { requestInput, type RequestInput } from '../models/request.js'
import type { TemplateVersion } from '../models/template.js'
import { readInput } from '../services/requests/read-input.js'
import { showMerged } from '../templates/written/merge-values.js'

/**
 * Judges the rows of a table one after another, before anything is made: what each says by itself, and the same person asked twice in
 * one table. What only the host knows (a mail server, a key) is judged when a row is sent.
 */
export function rowChecker(version: TemplateVersion): (input: RequestInput, row: number) => readonly FaultDetail[] {
  const asked = new Map<string, number>()
  return (input, row) => {
    const faults = [
      ...faultsOfInput(input),
      ...missingPeople(version, input),
      ...strangeAddresses(input),
      ...missingVariables(version, input),
      ...wrongVariables(version, input),
    ]
    // By role and address: the company's own representative is the same in every row, and comes from no column.
    const main = input.signers.find((signer) => signer.email !== undefined && signer.role === version.roles.at(-1)?.id)
    const key = main?.email?.toLowerCase()
    const first = key === undefined ? undefined : asked.get(key)
    if (key !== undefined && first === undefined) asked.set(key, row)
    if (first !== undefined && main !== undefined)
      faults.push({
        code: 'SIGNATURES-BULK-TWICE',
        path: `signers[${String(input.signers.indexOf(main))}].email`,
        params: { email: main.email ?? '', row: first },
        level: 'warning',
      })
    return faults
  }
}

function faultsOfInput(input: RequestInput): FaultDetail[] {
  try {
    readInput(requestInput, input)
    return []
  } catch (error) {
    if (error instanceof Fault) return [...error.details]
    throw error
  }
}

function missingPeople(version: TemplateVersion, input: RequestInput): FaultDetail[] {
  return version.roles
    .filter((role) => !input.signers.some((signer) => signer.role === role.id))
    .map((role) => ({ code: 'SIGNATURES-BULK-PERSON-MISSING', path: `signers.${role.id}`, params: { role: role.name } }))
}

function strangeAddresses(input: RequestInput): FaultDetail[] {
  return input.signers.flatMap(({ email }, index) =>
    email === undefined || isMailAddress(email)
      ? []
      : [{ code: 'SIGNATURES-BULK-ADDRESS', path: `signers[${String(index)}].email`, params: { email: email.slice(0, 100) } }],
  )
}

function missingVariables(version: TemplateVersion, input: RequestInput): FaultDetail[] {
  if (version.content.kind !== 'text') return []
  return version.content.mergeFields
    .filter((field) => field.required && (input.variables?.[field.name] ?? '') === '')
    .map((field) => ({ code: 'SIGNATURES-BULK-VALUE-MISSING', path: `variables.${field.name}`, params: { field: field.name } }))
}

/** A word where an amount or a day belongs is seen before anything is sent, not when its turn comes. */
function wrongVariables(version: TemplateVersion, input: RequestInput): FaultDetail[] {
  const { content } = version
  if (content.kind !== 'text') return []
  const [language = 'ar'] = content.languages
  return content.mergeFields.flatMap((field) => {
    const value = (input.variables?.[field.name] ?? '').trim()
    // Whether it is of the field's type hangs neither on the language nor on the currency.
    if (value === '' || showMerged(value, field, { locale: language, digits: 'latin' }, field.currency ?? 'XXX') !== undefined) return []
    const name = field.label[language] ?? field.name
    return [
      {
        code: 'SIGNATURES-VARIABLE-INVALID',
        path: `variables.${field.name}`,
        params: { name, value: value.slice(0, 60) },
      },
    ]
  })
}
