import { h, icon, t } from './dom.js'
import { fieldName, roleName } from './boxes.js'
import { companyRole, placesOf, updateFields } from './fields.js'
import { readingOrder } from './geometry.js'

/** When a field is asked for: what others that come before it must hold. */

function operatorsOf(field) {
  if (field.type === 'checkbox') return ['checked', 'unchecked']
  if (field.type === 'attachment') return ['filled', 'empty']
  if (field.type === 'number' || field.type === 'date') return ['filled', 'empty', 'equals', 'not_equals', 'greater', 'less']
  return ['filled', 'empty', 'equals', 'not_equals']
}
const compares = (operator) => ['equals', 'not_equals', 'greater', 'less'].includes(operator)

export function conditionEditor(store, direction, { fold, unfold }) {
  /** Only what is known by the time the field is reached: earlier in reading, and not of somebody who comes later. */
  function askable(field) {
    const groups = new Map(store.document.roles.map((role) => [role.id, role.group]))
    const order = readingOrder(placesOf(store.document), store.pages, direction).map((place) => place.field)
    const before = new Set(order.slice(0, order.indexOf(field)))
    return [...before].filter((other) => {
      if (other === field || other.type === 'signature' || other.type === 'initials' || other.type === 'stamp') return false
      if (other.role === field.role || other.role === companyRole) return true
      return (groups.get(other.role) ?? 0) < (groups.get(field.role) ?? 0)
    })
  }

  function conditionList(field) {
    const known = askable(field)
    const { id } = field
    const put = (index, condition, source) =>
      store.change(
        updateFields(store.document, [id], (now) => ({
          conditions:
            condition === undefined
              ? now.conditions.filter((_, at) => at !== index)
              : index === now.conditions.length
                ? [...now.conditions, condition]
                : now.conditions.map((one, at) => (at === index ? condition : one)),
        })),
        { name: t('changed-step'), key: `condition ${id} ${index}`, source },
      )
    const start = (asked) => {
      const [operator] = operatorsOf(asked)
      return { field: asked.id, operator }
    }
    const rows = field.conditions.map((condition, index) => {
      const asked = store.document.fields.find((one) => one.id === condition.field)
      const offered = asked === undefined || known.includes(asked) ? known : [asked, ...known]
      const selects = h(
        'div',
        { className: 'se-condition' },
        h(
          'select',
          {
            className: 'form-select',
            'aria-label': t('condition.field'),
            data: { name: `condition-${index}-field` },
            on: { change: (event) => put(index, start(store.document.fields.find((one) => one.id === event.target.value))) },
          },
          ...offered.map((one) =>
            h('option', {
              value: one.id,
              selected: one === asked,
              textContent: `${fieldName(one)} · ${roleName(store.document, one.role)}`,
            }),
          ),
        ),
        h(
          'select',
          {
            className: 'form-select',
            'aria-label': t('condition.operator'),
            data: { name: `condition-${index}-operator` },
            on: {
              change: (event) => {
                const operator = event.target.value
                const value = compares(operator) ? (condition.value ?? asked?.options?.[0] ?? '') : undefined
                put(index, { field: condition.field, operator, ...(value === undefined ? {} : { value }) })
              },
            },
          },
          ...operatorsOf(asked ?? { type: 'text' }).map((operator) =>
            h('option', { value: operator, selected: operator === condition.operator, textContent: t(`condition.operator.${operator}`) }),
          ),
        ),
        compares(condition.operator) ? conditionValue(condition, asked, index, put) : undefined,
        h(
          'button',
          {
            type: 'button',
            className: 'k-iconbutton',
            'aria-label': t('condition.remove'),
            title: t('condition.remove'),
            on: { click: () => put(index, undefined) },
          },
          icon('x'),
        ),
      )
      return selects
    })
    const addition =
      known.length === 0
        ? h('p', { className: 'se-hint', textContent: t('condition.none-before') })
        : h(
            'button',
            { type: 'button', className: 'k-linkbutton', on: { click: () => put(field.conditions.length, start(known.at(-1))) } },
            icon('plus'),
            t('condition.add'),
          )
    if (rows.length > 0) unfold('condition.title')
    return fold('condition.title', h('p', { className: 'se-hint', textContent: t('condition.hint') }), ...rows, addition)
  }

  return conditionList
}

function conditionValue(condition, asked, index, put) {
  const name = `condition-${index}-value`
  if (asked?.options !== undefined)
    return h(
      'select',
      {
        className: 'form-select',
        'aria-label': t('condition.value'),
        data: { name },
        on: { change: (event) => put(index, { ...condition, value: event.target.value }) },
      },
      ...asked.options.map((option) => h('option', { value: option, selected: option === condition.value, textContent: option })),
    )
  return h('input', {
    className: 'form-control k-auto',
    'aria-label': t('condition.value'),
    type: asked?.type === 'date' ? 'date' : 'text',
    value: condition.value ?? '',
    maxlength: 500,
    data: { name },
    on: { change: (event) => put(index, { ...condition, value: event.target.value }, 'panel') },
  })
}
