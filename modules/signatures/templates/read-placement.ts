import { z } from 'zod'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { companyRole, templateField, type PageShape, type TemplateField, type TemplateFieldInput } from '../models/field.js'
import { templateRole, type TemplateRole, type TemplateRoleInput } from '../models/role.js'

export interface Placement {
  readonly roles: readonly TemplateRole[]
  readonly fields: readonly TemplateField[]
}

/** More than a reader can walk through, and more than a form of a PDF should hold. */
const mostFields = 1000

/** Beyond the edge by rounding of the browser. */
const tolerance = 1e-6

/**
 * Roles and fields as they are stored. What must hold whatever a request does with them is refused here; what a request needs
 * beyond that (a signature field for every signer) is told before sending.
 * @param pages of the document; empty for a text, whose fields are placed when it is rendered
 * @throws Fault SIGNATURES-TEMPLATE-INVALID and others, with details and paths `roles[0].id`, `fields[2].areas[0].page`
 */
export function readPlacement(
  input: { readonly roles: readonly TemplateRoleInput[]; readonly fields: readonly TemplateFieldInput[] },
  pages: readonly PageShape[],
): Placement {
  const parsed = z.object({ roles: z.array(templateRole).max(50), fields: z.array(templateField).max(mostFields) }).safeParse(input)
  if (!parsed.success) throw shapeFault(parsed.error)
  const { roles, fields } = parsed.data
  Fault.throwIfAny([...roleFaults(roles), ...fields.flatMap((field, index) => fieldFaults(field, index, roles, fields, pages))])
  return { roles, fields }
}

/** What zod found, in the terms of the caller: `fields[2].areas[0].x`. */
export function shapeFault(error: z.ZodError, code = 'SIGNATURES-TEMPLATE-INVALID'): Fault {
  const details = error.issues.map((issue): FaultDetail => ({ code, path: pathOf(issue.path), params: { place: pathOf(issue.path) } }))
  const [first] = details
  return new Fault(code, { path: first?.path, params: first?.params ?? { place: '' }, details })
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${String(part)}]` : `${index === 0 ? '' : '.'}${String(part)}`)).join('')
}

function roleFaults(roles: readonly TemplateRole[]): FaultDetail[] {
  const faults: FaultDetail[] = []
  roles.forEach((role, index) => {
    const path = `roles[${String(index)}]`
    if (role.id === companyRole) faults.push({ code: 'SIGNATURES-ROLE-RESERVED', path: `${path}.id`, params: { name: role.name } })
    if (roles.findIndex((other) => other.id === role.id) !== index)
      faults.push({ code: 'SIGNATURES-ROLE-TWICE', path: `${path}.id`, params: { name: role.name } })
    if (roles.findIndex((other) => other.name === role.name) !== index)
      faults.push({ code: 'SIGNATURES-ROLE-TWICE', path: `${path}.name`, params: { name: role.name } })
  })
  return faults
}

function fieldFaults(
  field: TemplateField,
  index: number,
  roles: readonly TemplateRole[],
  fields: readonly TemplateField[],
  pages: readonly PageShape[],
): FaultDetail[] {
  const path = `fields[${String(index)}]`
  const name = field.label === '' ? field.id : field.label
  const faults: FaultDetail[] = []
  const fault = (code: string, at: string, params: FaultDetail['params'] = {}): void => {
    faults.push({ code, path: `${path}.${at}`, params: { field: name, ...params } })
  }
  if (fields.findIndex((other) => other.id === field.id) !== index) fault('SIGNATURES-FIELD-TWICE', 'id')
  // `<role>.signature` and `company.seal` are names of signature fields of the PDF.
  if ((field.id === 'signature' && field.type !== 'signature') || (field.id === 'seal' && field.type !== 'stamp'))
    fault('SIGNATURES-FIELD-RESERVED', 'id')
  const role = roles.find(({ id }) => id === field.role)
  if (field.type === 'stamp' ? field.role !== companyRole : field.role !== companyRole && role === undefined)
    fault('SIGNATURES-FIELD-ROLE', 'role')
  else if (field.role === companyRole && (field.type === 'signature' || field.type === 'initials' || field.type === 'attachment'))
    fault('SIGNATURES-FIELD-ROLE', 'role')
  else if (role?.action === 'copy' || (role?.action === 'approve' && field.type === 'signature'))
    fault('SIGNATURES-FIELD-ACTION', 'role', { role: role.name })
  if (field.type === 'select' && (field.options ?? []).length === 0) fault('SIGNATURES-FIELD-OPTIONS', 'options')
  if (field.type === 'radio') {
    if ((field.options ?? []).length < 2) fault('SIGNATURES-FIELD-OPTIONS', 'options')
    field.areas.forEach((area, at) => {
      if (area.option === undefined || field.options?.includes(area.option) !== true) {
        fault('SIGNATURES-FIELD-OPTION', `areas[${String(at)}].option`)
      }
    })
  }
  field.areas.forEach((area, at) => {
    const where = `areas[${String(at)}]`
    if (pages.length > 0 && area.page > pages.length)
      fault('SIGNATURES-FIELD-PAGE', `${where}.page`, { page: area.page, pages: pages.length })
    else if (area.x + area.width > 1 + tolerance || area.y + area.height > 1 + tolerance || area.width <= 0 || area.height <= 0)
      fault('SIGNATURES-FIELD-OUTSIDE', where, { page: area.page })
  })
  field.conditions.forEach((condition, at) => {
    const other = fields.find(({ id }) => id === condition.field)
    if (other === undefined || other === field) fault('SIGNATURES-FIELD-CONDITION', `conditions[${String(at)}].field`)
  })
  const { minimumLength, maximumLength } = field.validation
  if (minimumLength !== undefined && maximumLength !== undefined && minimumLength > maximumLength)
    fault('SIGNATURES-FIELD-LENGTHS', 'validation.minimumLength')
  return faults
}
