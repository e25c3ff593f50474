import type { FaultDetail } from '../../../core/i18n/fault.js'
import { companyRole, type FieldArea, type PageShape, type TemplateField } from '../models/field.js'
import type { TemplateRole } from '../models/role.js'

/** What is checked: a version of a template, or a request with its own copies. */
export interface CheckedFields {
  readonly roles: readonly TemplateRole[]
  readonly fields: readonly TemplateField[]
  /** Empty while they are not known (a text that is not rendered yet): places are then not checked. */
  readonly pages: readonly PageShape[]
}

/** Points that a field may stand beyond its page or over its neighbour: rounding of fractions, borders that touch. */
const slack = 0.5

/** Roles whose holders sign; an approver may fill but does not sign, a copy is only received. */
function signs(role: TemplateRole): boolean {
  return role.action === 'sign'
}

/**
 * Everything that keeps fields and roles from being sent, and what is likely a mistake (`level: 'warning'`). Paths are in terms of the
 * version: `roles[1]`, `fields[3].areas[0]`. Pure: the editor asks it while one edits, sending asks it once more.
 */
export function checkFields({ roles, fields, pages }: CheckedFields): FaultDetail[] {
  return [...checkRoles(roles, fields), ...checkOwners(roles, fields), ...checkPlaces(fields, pages), ...checkContents(roles, fields)]
}

/** How a field is called in a message: its label, else its id. */
function nameOf(field: TemplateField): string {
  return field.label === '' ? field.id : field.label
}

function repeated(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))
}

function checkRoles(roles: readonly TemplateRole[], fields: readonly TemplateField[]): FaultDetail[] {
  const found: FaultDetail[] = []
  if (!roles.some(signs)) found.push({ code: 'SIGNATURES-CHECK-NOBODY-SIGNS', path: 'roles' })
  for (const index of repeated(roles.map(({ id }) => id)))
    found.push({ code: 'SIGNATURES-CHECK-ROLE-TWICE', path: `roles[${index}].id`, params: { role: roles[index]?.name ?? '' } })
  for (const index of repeated(roles.map(({ name }) => name)))
    found.push({
      code: 'SIGNATURES-CHECK-ROLE-NAME-TWICE',
      path: `roles[${index}].name`,
      params: { role: roles[index]?.name ?? '' },
      level: 'warning',
    })
  for (const [index, role] of roles.entries()) {
    const params = { role: role.name }
    if (role.id === companyRole) found.push({ code: 'SIGNATURES-CHECK-ROLE-RESERVED', path: `roles[${index}].id`, params })
    if (signs(role) && !fields.some((field) => field.role === role.id && field.type === 'signature'))
      found.push({ code: 'SIGNATURES-CHECK-NO-SIGNATURE', path: `roles[${index}]`, params })
    if (role.action !== 'copy' && role.authentication.length === 0)
      found.push({ code: 'SIGNATURES-CHECK-NO-PROOF', path: `roles[${index}].authentication`, params })
  }
  return found
}

function checkOwners(roles: readonly TemplateRole[], fields: readonly TemplateField[]): FaultDetail[] {
  const found: FaultDetail[] = []
  for (const index of repeated(fields.map(({ id }) => id)))
    found.push({ code: 'SIGNATURES-CHECK-FIELD-TWICE', path: `fields[${index}].id`, params: { field: fields[index]?.id ?? '' } })
  for (const [index, field] of fields.entries()) {
    const path = `fields[${index}].role`
    const role = roles.find(({ id }) => id === field.role)
    const params = { field: nameOf(field), role: role?.name ?? field.role }
    if (field.type === 'stamp' && field.role !== companyRole) found.push({ code: 'SIGNATURES-CHECK-STAMP-OWNER', path, params })
    else if (field.role === companyRole) {
      if (field.type === 'signature' || field.type === 'initials' || field.type === 'attachment')
        found.push({ code: 'SIGNATURES-CHECK-COMPANY-CANNOT', path, params })
    } else if (role === undefined) found.push({ code: 'SIGNATURES-CHECK-ROLE-UNKNOWN', path, params })
    else if (role.action === 'copy' || (role.action === 'approve' && field.type === 'signature'))
      found.push({ code: 'SIGNATURES-CHECK-ROLE-FILLS-NOT', path, params })
  }
  return found
}

interface Place {
  readonly path: string
  readonly field: TemplateField
  readonly area: FieldArea
  readonly rect: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
}

function checkPlaces(fields: readonly TemplateField[], pages: readonly PageShape[]): FaultDetail[] {
  if (pages.length === 0) return []
  const found: FaultDetail[] = []
  const places = new Map<number, Place[]>()
  for (const [index, field] of fields.entries()) {
    for (const [at, area] of field.areas.entries()) {
      const path = `fields[${index}].areas[${at}]`
      const params = { field: nameOf(field), page: area.page }
      const page = pages[area.page - 1]
      if (page === undefined) {
        found.push({ code: 'SIGNATURES-CHECK-NO-PAGE', path, params: { ...params, pages: pages.length } })
        continue
      }
      const rect = {
        left: area.x * page.width,
        top: area.y * page.height,
        right: (area.x + area.width) * page.width,
        bottom: (area.y + area.height) * page.height,
      }
      if (rect.right > page.width + slack || rect.bottom > page.height + slack)
        found.push({ code: 'SIGNATURES-CHECK-OUTSIDE', path, params })
      const small = field.type === 'signature' ? { width: 36, height: 12 } : { width: 5, height: 5 }
      if (rect.right - rect.left < small.width || rect.bottom - rect.top < small.height)
        found.push({ code: 'SIGNATURES-CHECK-SMALL', path, params, level: field.type === 'signature' ? 'error' : 'warning' })
      const onPage = places.get(area.page)
      const place = { path, field, area, rect }
      if (onPage === undefined) places.set(area.page, [place])
      else onPage.push(place)
    }
  }
  for (const list of places.values()) found.push(...checkOverlaps(list))
  return found
}

/** Sweep over one page from the left: 1,000 fields are no 500,000 comparisons. */
function checkOverlaps(places: readonly Place[]): FaultDetail[] {
  const found: FaultDetail[] = []
  const sorted = [...places].sort((one, other) => one.rect.left - other.rect.left)
  let open: Place[] = []
  for (const place of sorted) {
    open = open.filter((one) => one.rect.right - slack > place.rect.left)
    const over = open.find((one) => one.rect.top < place.rect.bottom - slack && place.rect.top < one.rect.bottom - slack)
    if (over !== undefined)
      found.push({
        code: 'SIGNATURES-CHECK-OVERLAP',
        path: place.path,
        params: { field: nameOf(place.field), other: nameOf(over.field), page: place.area.page },
        level: 'warning',
      })
    open.push(place)
  }
  return found
}

function checkContents(roles: readonly TemplateRole[], fields: readonly TemplateField[]): FaultDetail[] {
  const groups = new Map(roles.map((role) => [role.id, role.group]))
  return fields.flatMap((field, index) => [
    ...checkOptions(field, index),
    ...checkConditions(field, index, fields, groups),
    ...checkLimits(field, index),
  ])
}

function checkOptions(field: TemplateField, index: number): FaultDetail[] {
  const path = `fields[${index}].options`
  const params = { field: nameOf(field) }
  if (field.type !== 'radio' && field.type !== 'select') return []
  const options = field.options ?? []
  const found: FaultDetail[] = []
  if (options.length < 2) found.push({ code: 'SIGNATURES-CHECK-OPTIONS', path, params })
  if (options.some((option) => option.trim() === '')) found.push({ code: 'SIGNATURES-CHECK-OPTION-EMPTY', path, params })
  for (const at of repeated(options))
    found.push({ code: 'SIGNATURES-CHECK-OPTION-TWICE', path: `${path}[${at}]`, params: { ...params, option: options[at] ?? '' } })
  if (field.defaultValue !== undefined && field.defaultValue !== '' && !options.includes(field.defaultValue))
    found.push({
      code: 'SIGNATURES-CHECK-DEFAULT',
      path: `fields[${index}].defaultValue`,
      params: { ...params, value: field.defaultValue },
    })
  if (field.type === 'radio') {
    for (const [at, area] of field.areas.entries())
      if (area.option === undefined || !options.includes(area.option))
        found.push({ code: 'SIGNATURES-CHECK-PLACE-OPTION', path: `fields[${index}].areas[${at}]`, params: { ...params, page: area.page } })
    for (const [at, option] of options.entries())
      if (!field.areas.some((area) => area.option === option))
        found.push({ code: 'SIGNATURES-CHECK-OPTION-PLACE', path: `${path}[${at}]`, params: { ...params, option } })
  }
  return found
}

/** A condition asks what is known when the field is reached: a field before it in the list, of the same group or an earlier one. */
function checkConditions(
  field: TemplateField,
  index: number,
  fields: readonly TemplateField[],
  groups: ReadonlyMap<string, number>,
): FaultDetail[] {
  const found: FaultDetail[] = []
  for (const [at, condition] of field.conditions.entries()) {
    const path = `fields[${index}].conditions[${at}]`
    const asked = fields.find(({ id }) => id === condition.field)
    const params = { field: nameOf(field), other: asked === undefined ? condition.field : nameOf(asked) }
    if (asked === undefined) {
      found.push({ code: 'SIGNATURES-CHECK-CONDITION-MISSING', path, params })
      continue
    }
    if (asked === field || leadsBack(asked, field.id, fields)) found.push({ code: 'SIGNATURES-CHECK-CONDITION-CIRCLE', path, params })
    else if ((groups.get(asked.role) ?? 0) > (groups.get(field.role) ?? 0))
      found.push({ code: 'SIGNATURES-CHECK-CONDITION-LATER', path, params })
    else if (field.role !== asked.role && asked.role !== companyRole && groups.get(asked.role) === groups.get(field.role))
      // Those of one group act at the same time: what the other will give is not known.
      found.push({ code: 'SIGNATURES-CHECK-CONDITION-LATER', path, params })
    const { operator, value } = condition
    const compares = operator === 'equals' || operator === 'not_equals' || operator === 'greater' || operator === 'less'
    if (compares && (value === undefined || value === '')) found.push({ code: 'SIGNATURES-CHECK-CONDITION-VALUE', path, params })
    else if (compares && asked.options !== undefined && value !== undefined && !asked.options.includes(value))
      found.push({ code: 'SIGNATURES-CHECK-CONDITION-OPTION', path, params: { ...params, value } })
  }
  return found
}

function leadsBack(from: TemplateField, id: string, fields: readonly TemplateField[], seen = new Set<string>()): boolean {
  if (seen.has(from.id)) return false
  seen.add(from.id)
  return from.conditions.some((condition) => {
    if (condition.field === id) return true
    const next = fields.find((field) => field.id === condition.field)
    return next !== undefined && leadsBack(next, id, fields, seen)
  })
}

function checkLimits(field: TemplateField, index: number): FaultDetail[] {
  const path = `fields[${index}].validation`
  const params = { field: nameOf(field) }
  const { minimumLength, maximumLength, minimum, maximum } = field.validation
  const found: FaultDetail[] = []
  if (minimumLength !== undefined && maximumLength !== undefined && minimumLength > maximumLength)
    found.push({ code: 'SIGNATURES-CHECK-LIMITS', path, params })
  if (minimum !== undefined && maximum !== undefined && isAbove(field, minimum, maximum))
    found.push({ code: 'SIGNATURES-CHECK-LIMITS', path, params })
  const fixed = field.readonly && field.type !== 'stamp'
  if (fixed && (field.defaultValue ?? '') === '' && field.contactLink === undefined)
    found.push({ code: 'SIGNATURES-CHECK-READONLY-EMPTY', path: `fields[${index}].defaultValue`, params, level: 'warning' })
  return found
}

function isAbove(field: TemplateField, minimum: string, maximum: string): boolean {
  // ISO days compare as texts.
  if (field.type === 'date') return minimum > maximum
  const [low, high] = [Number(minimum), Number(maximum)]
  return Number.isFinite(low) && Number.isFinite(high) && low > high
}
