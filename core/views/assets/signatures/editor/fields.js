import { keepInside, toFractions, toPoints, usualSize } from './geometry.js'

/**
 * The edited document `{ roles, fields }` and what can be done to it. Every function answers with a new document and changes none.
 * A place (one area of one field) is named by its key, `<field id>/<index of the area>`.
 */

/** Role of what no signer fills: the seal. */
export const companyRole = 'company'

const contactLinkOf = { name: 'name', email: 'email', phone: 'phone', company: 'company' }

export function keyOf(id, index) {
  return `${id}/${index}`
}

export function placeOf(document, key) {
  const cut = key.lastIndexOf('/')
  const field = document.fields.find(({ id }) => id === key.slice(0, cut))
  const index = Number(key.slice(cut + 1))
  const area = field?.areas[index]
  return area === undefined ? undefined : { field, index, area, key }
}

/** All places of the document. */
export function placesOf(document) {
  return document.fields.flatMap((field) => field.areas.map((area, index) => ({ field, index, area, key: keyOf(field.id, index) })))
}

function freeId(fields, stem) {
  const taken = new Set(fields.map(({ id }) => id))
  for (let number = 1; ; number++) {
    const id = `${stem}-${number}`
    if (!taken.has(id)) return id
  }
}

/**
 * A new field around a point.
 * @param options texts of the first two options of a radio or a list
 */
export function newField(document, { type, role, page, at, pages, options }) {
  const shape = pages[page - 1]
  const size = usualSize(type)
  const start = { x: at.x - size.width / 2, y: at.y - size.height / 2, ...size }
  const rects = type === 'radio' ? [start, { ...start, y: start.y + size.height + 8 }] : [start]
  const field = {
    id: freeId(document.fields, type),
    type,
    role: type === 'stamp' ? companyRole : role,
    areas: rects.map((rect, index) => ({
      page,
      ...toFractions(keepInside(rect, shape), shape),
      ...(type === 'radio' ? { option: options[index] } : {}),
    })),
    label: '',
    help: '',
    placeholder: '',
    required: type !== 'checkbox',
    readonly: false,
    ...(contactLinkOf[type] === undefined ? {} : { contactLink: contactLinkOf[type] }),
    ...(type === 'radio' || type === 'select' ? { options } : {}),
    conditions: [],
    validation: {},
    style: { align: 'start' },
  }
  return { document: { ...document, fields: [...document.fields, field] }, field }
}

/** Sets members of fields; an undefined value takes the member away. */
export function updateFields(document, ids, change) {
  const wanted = new Set(ids)
  return {
    ...document,
    fields: document.fields.map((field) => {
      if (!wanted.has(field.id)) return field
      const members = typeof change === 'function' ? change(field) : change
      return Object.fromEntries(Object.entries({ ...field, ...members }).filter(([, value]) => value !== undefined))
    }),
  }
}

/** The seal is the company's; everything else may change hands. */
export function setRole(document, ids, role) {
  return updateFields(document, ids, (field) => (field.type === 'stamp' ? {} : { role }))
}

/** Gives places their new rectangles, in points; one that names a page goes there. */
export function moveTo(document, rects, pages) {
  return {
    ...document,
    fields: document.fields.map((field) => {
      if (!field.areas.some((_, index) => rects.has(keyOf(field.id, index)))) return field
      return {
        ...field,
        areas: field.areas.map((area, index) => {
          const rect = rects.get(keyOf(field.id, index))
          if (rect === undefined) return area
          const page = rect.page ?? area.page
          return { ...area, page, ...toFractions(rect, pages[page - 1]) }
        }),
      }
    }),
  }
}

/**
 * Takes places away; a field without any is gone, and a radio's option without place leaves its list. Conditions that asked for what is
 * gone go too: their number is answered, so that it can be told.
 */
export function remove(document, keys) {
  const gone = new Set(keys)
  const left = document.fields
    .map((field) => {
      const areas = field.areas.filter((_, index) => !gone.has(keyOf(field.id, index)))
      if (areas.length === field.areas.length) return field
      if (field.type !== 'radio') return { ...field, areas }
      // Two choices are the fewest; below that the whole question goes.
      const options = (field.options ?? []).filter((option) => areas.some((area) => area.option === option))
      return options.length < 2 ? { ...field, areas: [] } : { ...field, areas, options }
    })
    .filter(({ areas }) => areas.length > 0)
  return withoutLooseConditions(document, left)
}

function withoutLooseConditions(document, fields) {
  const known = new Set(fields.map(({ id }) => id))
  let conditions = 0
  const kept = fields.map((field) => {
    const held = field.conditions.filter((condition) => known.has(condition.field))
    conditions += field.conditions.length - held.length
    return held.length === field.conditions.length ? field : { ...field, conditions: held }
  })
  return { document: { ...document, fields: kept }, conditions }
}

/** What a copy holds: whole fields with the chosen places alone. */
export function copy(document, keys) {
  const chosen = new Set(keys)
  return document.fields
    .map((field) => ({ ...field, areas: field.areas.filter((_, index) => chosen.has(keyOf(field.id, index))) }))
    .filter(({ areas }) => areas.length > 0)
}

/**
 * Puts copied fields down as new ones.
 * @param page where to; without it, each on its own page
 * @param shift points to the side and down, so that a copy does not hide what it was made from
 */
export function paste(document, copied, { pages, page, shift = 0 }) {
  let fields = document.fields
  const keys = []
  const firstPage = Math.min(...copied.flatMap(({ areas }) => areas.map((area) => area.page)))
  const roles = new Set(document.roles.map(({ id }) => id))
  const present = new Set(fields.map(({ id }) => id))
  for (const one of copied) {
    const id = freeId(fields, one.type)
    const conditions = one.conditions.filter((condition) => present.has(condition.field))
    const areas = one.areas.map((area) => {
      const target = Math.min(page === undefined ? area.page : area.page - firstPage + page, pages.length)
      const rect = toPoints(area, pages[area.page - 1] ?? pages[target - 1])
      const shape = pages[target - 1]
      return { ...area, page: target, ...toFractions(keepInside({ ...rect, x: rect.x + shift, y: rect.y + shift }, shape), shape) }
    })
    const role = one.role === companyRole || roles.has(one.role) ? one.role : (document.roles[0]?.id ?? one.role)
    fields = [...fields, { ...one, id, role, areas, conditions }]
    areas.forEach((_, index) => keys.push(keyOf(id, index)))
  }
  return { document: { ...document, fields }, keys }
}

/** The same field on every page where it is not yet: same size, same distance from the nearer edges. */
export function copyToAllPages(document, key, pages) {
  const place = placeOf(document, key)
  if (place === undefined) return document
  const from = pages[place.area.page - 1]
  const rect = toPoints(place.area, from)
  const there = new Set(place.field.areas.map((area) => area.page))
  const added = pages.flatMap((shape, index) => {
    if (there.has(index + 1)) return []
    const right = rect.x + rect.width / 2 > from.width / 2
    const low = rect.y + rect.height / 2 > from.height / 2
    const moved = { ...rect, x: right ? rect.x + shape.width - from.width : rect.x, y: low ? rect.y + shape.height - from.height : rect.y }
    const { option } = place.area
    return [{ page: index + 1, ...toFractions(keepInside(moved, shape), shape), ...(option === undefined ? {} : { option }) }]
  })
  if (added.length === 0) return document
  return updateFields(document, [place.field.id], { areas: [...place.field.areas, ...added] })
}

/** Changes the words of a choice; the places of a radio and the conditions that name it follow. */
export function renameOption(document, id, index, text) {
  const field = document.fields.find((one) => one.id === id)
  const before = field?.options?.[index]
  if (before === undefined) return document
  const renamed = updateFields(document, [id], {
    options: field.options.map((option, at) => (at === index ? text : option)),
    areas: field.areas.map((area) => (area.option === before ? { ...area, option: text } : area)),
    ...(field.defaultValue === before ? { defaultValue: text } : {}),
  })
  return {
    ...renamed,
    fields: renamed.fields.map((one) =>
      one.conditions.some((condition) => condition.field === id && condition.value === before)
        ? {
            ...one,
            conditions: one.conditions.map((condition) =>
              condition.field === id && condition.value === before ? { ...condition, value: text } : condition,
            ),
          }
        : one,
    ),
  }
}

/** One choice more; a radio gets a place for it below its last. */
export function addOption(document, id, text, pages) {
  const field = document.fields.find((one) => one.id === id)
  if (field === undefined) return document
  const change = { options: [...(field.options ?? []), text] }
  const last = field.areas.at(-1)
  if (field.type === 'radio' && last !== undefined) {
    const shape = pages[last.page - 1]
    const rect = toPoints(last, shape)
    const below = keepInside({ ...rect, y: rect.y + rect.height + 8 }, shape)
    change.areas = [...field.areas, { page: last.page, ...toFractions(below, shape), option: text }]
  }
  return updateFields(document, [id], change)
}

export function removeOption(document, id, index) {
  const field = document.fields.find((one) => one.id === id)
  const option = field?.options?.[index]
  if (option === undefined) return document
  const areas = field.areas.filter((area) => area.option !== option)
  return updateFields(document, [id], {
    options: field.options.filter((_, at) => at !== index),
    areas: areas.length === 0 ? field.areas : areas,
    ...(field.defaultValue === option ? { defaultValue: undefined } : {}),
  })
}

export function addRole(document, name) {
  const order = Math.max(0, ...document.roles.map(({ group }) => group))
  const role = {
    id: freeId(document.roles, 'signer'),
    name,
    action: 'sign',
    group: Math.min(order + 1, 100),
    level: 'simple',
    authentication: ['email-code'],
    canDelegate: false,
    inPerson: false,
  }
  return { document: { ...document, roles: [...document.roles, role] }, role }
}

export function updateRole(document, id, change) {
  return { ...document, roles: document.roles.map((role) => (role.id === id ? { ...role, ...change } : role)) }
}

/** Takes a role away; its fields go to another role, or with it. */
export function removeRole(document, id, heir) {
  const fields =
    heir === undefined
      ? document.fields.filter((field) => field.role !== id)
      : document.fields.map((field) => (field.role === id ? { ...field, role: heir } : field))
  return withoutLooseConditions({ ...document, roles: document.roles.filter((role) => role.id !== id) }, fields)
}
