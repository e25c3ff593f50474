import { announce, h, icon, root, t } from './dom.js'
import { companyRole, placesOf } from './fields.js'
import { fieldName } from './boxes.js'
import { readingOrder } from './geometry.js'

/** The document as one of its signers will meet it: his own fields to fill, those of others left out, conditions at work. */

const iconOf = JSON.parse(root.dataset.icons)

/** Whether a field is shown, given what was entered so far. */
export function holds(field, fields, values, seen = new Set()) {
  if (seen.has(field.id)) return true
  return field.conditions.every((condition) => {
    const asked = fields.find(({ id }) => id === condition.field)
    if (asked === undefined) return true
    // A field that is not shown has no value, whatever was entered before it went.
    const there = holds(asked, fields, values, new Set([...seen, field.id]))
    const value = there ? (values.get(asked.id) ?? '') : ''
    const wanted = condition.value ?? ''
    if (condition.operator === 'checked') return value === 'true'
    if (condition.operator === 'unchecked') return value !== 'true'
    if (condition.operator === 'filled') return value !== ''
    if (condition.operator === 'empty') return value === ''
    if (condition.operator === 'equals') return value === wanted
    if (condition.operator === 'not_equals') return value !== wanted
    if (value === '') return false
    const above = asked.type === 'date' ? value > wanted : Number(value) > Number(wanted)
    const below = asked.type === 'date' ? value < wanted : Number(value) < Number(wanted)
    return condition.operator === 'greater' ? above : below
  })
}

export function makePreview(stage, bar, store, view, { direction, onEnd }) {
  let role
  let values = new Map()
  let order = []
  let at = -1

  function begin() {
    const roles = store.document.roles.filter(({ action }) => action !== 'copy')
    role = roles.find(({ id }) => id === store.role)?.id ?? roles[0]?.id
    values = new Map(
      store.document.fields
        .filter((field) => field.defaultValue !== undefined)
        .map((field) => [
          field.id,
          field.type === 'date' && field.defaultValue === 'today' ? new Date().toLocaleDateString('sv-SE') : field.defaultValue,
        ]),
    )
    stage.dataset.preview = ''
    root.dataset.mode = 'preview'
    draw()
    drawBar(roles)
    bar.hidden = false
    announce(t('preview.as', { name: roles.find(({ id }) => id === role)?.name ?? '' }))
  }

  function end() {
    delete stage.dataset.preview
    delete root.dataset.mode
    for (const layer of stage.querySelectorAll('.se-ask')) layer.remove()
    bar.hidden = true
    bar.replaceChildren()
    onEnd()
  }

  function drawBar(roles) {
    bar.replaceChildren(
      h(
        'label',
        { className: 'se-previewas' },
        h('span', { textContent: t('preview.role') }),
        h(
          'select',
          {
            className: 'form-select',
            on: {
              change: (event) => {
                role = event.target.value
                at = -1
                draw()
              },
            },
          },
          ...roles.map((one) => h('option', { value: one.id, selected: one.id === role, textContent: one.name })),
        ),
      ),
      h('span', { className: 'se-left', id: 'se-left', role: 'status' }),
      h('button', { type: 'button', className: 'btn btn-primary', on: { click: next } }, t('preview.next')),
      h('button', { type: 'button', className: 'btn', on: { click: end } }, t('preview.end')),
    )
    tellLeft()
  }

  function mine() {
    const { fields } = store.document
    return order.filter(({ field }) => field.role === role && !field.readonly && holds(field, fields, values))
  }

  function tellLeft() {
    const left = mine().filter(({ field }) => field.required && (values.get(field.id) ?? '') === '')
    const count = new Set(left.map(({ field }) => field.id)).size
    const place = bar.querySelector('#se-left')
    if (place !== null) place.textContent = mine().length === 0 ? t('preview.nothing') : t('preview.left', { count })
  }

  /** Walks the fields as the signer will. */
  function next() {
    const list = mine()
    if (list.length === 0) return
    at = (at + 1) % list.length
    const place = list[at]
    const box = stage.querySelector(`.se-ask[data-key="${CSS.escape(place.key)}"]`)
    box?.scrollIntoView({ block: 'center' })
    box?.querySelector('input, textarea, select, button')?.focus({ preventScroll: true })
  }

  function draw() {
    const held = document.activeElement?.closest?.('.se-ask')?.dataset.key
    for (const one of stage.querySelectorAll('.se-ask')) one.remove()
    order = readingOrder(placesOf(store.document), store.pages, direction)
    const { fields } = store.document
    for (const place of order) {
      const { field, area } = place
      const own = field.role === role
      const fixedText = field.readonly || field.role === companyRole
      if (!own && !fixedText) continue
      if (!holds(field, fields, values)) continue
      const box = h('div', { className: `se-ask${own && !field.readonly ? '' : ' se-given'}`, data: { key: place.key, type: field.type } })
      for (const [side, value] of [
        ['left', area.x],
        ['top', area.y],
        ['width', area.width],
        ['height', area.height],
      ])
        box.style.setProperty(side, `${value * 100}%`)
      box.append(own && !field.readonly ? control(field, area) : given(field))
      view.layerOf(area.page).append(box)
    }
    if (held !== undefined)
      stage.querySelector(`.se-ask[data-key="${CSS.escape(held)}"] :is(input, textarea, select)`)?.focus({ preventScroll: true })
    tellLeft()
  }

  function given(field) {
    if (field.type === 'stamp')
      return h('span', { className: 'se-given-seal' }, icon(iconOf.stamp), h('span', { textContent: t('preview.sealed-here') }))
    return h('span', { dir: 'auto', textContent: values.get(field.id) ?? field.label })
  }

  function enter(field, value) {
    values.set(field.id, value)
    // Only what asks for this field comes and goes; the field itself keeps the cursor.
    const asking = store.document.fields.some((other) => other.conditions.some((condition) => condition.field === field.id))
    if (asking || field.areas.length > 1) draw()
    else tellLeft()
  }

  function control(field, area) {
    const name = `${fieldName(field)}${field.required ? ' *' : ''}`
    const common = { 'aria-label': name, title: field.help === '' ? name : `${name}: ${field.help}` }
    const value = values.get(field.id) ?? ''
    if (field.type === 'signature' || field.type === 'initials' || field.type === 'attachment') {
      const done = value !== ''
      return h(
        'button',
        {
          type: 'button',
          className: done ? 'se-signed' : '',
          ...common,
          on: { click: () => (values.set(field.id, done ? '' : 'given'), draw()) },
        },
        icon(iconOf[field.type]),
        h('span', {
          dir: 'auto',
          textContent: field.label || t(field.type === 'attachment' ? 'preview.choose-file' : 'preview.sign-here'),
        }),
      )
    }
    if (field.type === 'checkbox')
      return h('input', {
        type: 'checkbox',
        ...common,
        checked: value === 'true',
        on: { change: (event) => enter(field, event.target.checked ? 'true' : '') },
      })
    if (field.type === 'radio')
      return h('input', {
        type: 'radio',
        name: `preview-${field.id}`,
        ...common,
        'aria-label': `${name}: ${area.option}`,
        checked: value === area.option,
        on: { change: () => enter(field, area.option) },
      })
    if (field.type === 'select')
      return h(
        'select',
        { ...common, on: { change: (event) => enter(field, event.target.value) } },
        h('option', { value: '', textContent: field.placeholder }),
        ...(field.options ?? []).map((option) => h('option', { value: option, selected: option === value, textContent: option })),
      )
    const input = h(field.type === 'multiline' ? 'textarea' : 'input', {
      ...common,
      dir: 'auto',
      value,
      placeholder: field.placeholder || fieldName(field),
      type: field.type === 'multiline' ? undefined : { date: 'date', email: 'email', phone: 'tel' }[field.type],
      inputmode: field.type === 'number' ? 'decimal' : undefined,
      on: { input: (event) => enter(field, event.target.value) },
    })
    const align = { start: 'start', center: 'center', end: 'end' }[field.style.align]
    input.style.textAlign = align
    if (field.style.fontSize !== undefined) input.style.fontSize = `calc(${field.style.fontSize}px * var(--se-scale))`
    return input
  }

  return { begin, end }
}
