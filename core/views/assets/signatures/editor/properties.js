import { freshId, h, icon, t } from './dom.js'
import { fieldName, roleLook, roleName } from './boxes.js'
import { edges } from './arrange.js'
import { addOption, companyRole, placesOf, removeOption, renameOption, setRole, updateFields } from './fields.js'
import { readingOrder, toPoints } from './geometry.js'

/** What can be said of the chosen field, or of several at once. */

const patterns = ['digits', 'letters', 'iban', 'national-id-sa', 'national-id-eg', 'egn-bg', 'civil-id-kw', 'url']
const links = ['name', 'nameAr', 'email', 'phone', 'company', 'address', 'city', 'country', 'nationalId', 'vat']
const typed = new Set(['name', 'email', 'phone', 'company', 'text', 'multiline', 'number'])
/** What the host keeps for a date that is the day of signing. */
const signingDay = 'today'
const written = new Set([...typed, 'date', 'select'])

export function showProperties(panel, store, actions, { fixed, direction, focusBox }) {
  function draw() {
    const active = globalThis.document.activeElement
    const held = panel.contains(active) ? active.dataset.name : undefined
    const chosen = store.chosen()
    const fields = [...new Set(chosen.map(({ field }) => field))]
    if (fields.length === 0) panel.replaceChildren(h('p', { className: 'se-empty' }, t('nothing-chosen')))
    else if (fields.length === 1) panel.replaceChildren(...one(fields[0], chosen))
    else panel.replaceChildren(...several(fields, chosen))
    if (held !== undefined) panel.querySelector(`[data-name="${CSS.escape(held)}"]`)?.focus({ preventScroll: true })
  }

  function head(title, badge, note) {
    return h(
      'div',
      { className: 'se-paneltitle' },
      h('h2', { textContent: title }),
      badge,
      note === undefined ? undefined : h('p', { className: 'se-hint', textContent: note }),
    )
  }

  function swatch(id) {
    return h(
      'span',
      { className: 'se-owner' },
      h('span', { className: 'se-swatch', data: { role: roleLook(store.document, id) }, 'aria-hidden': 'true' }),
      h('bdi', { textContent: roleName(store.document, id) }),
    )
  }

  function several(fields, chosen) {
    const ids = fields.map(({ id }) => id)
    const all = (read) => (fields.every((field) => read(field) === read(fields[0])) ? read(fields[0]) : undefined)
    return [
      head(t('selected-many', { count: chosen.length })),
      fixed ? undefined : arrangement(chosen.length),
      fixed ? undefined : ownerChoice(ids, all((field) => field.role) ?? '', false),
      check('required', all((field) => field.required) ?? false, (value) => actions.update(ids, { required: value })),
      fixed ? undefined : buttons(false),
    ].filter((part) => part !== undefined)
  }

  function arrangement(count) {
    const button = (name, work, off = false) =>
      h(
        'button',
        { type: 'button', className: 'k-iconbutton', 'aria-label': t(name), title: t(name), disabled: off, on: { click: work } },
        icon(name.replace('.', '-')),
      )
    return h(
      'div',
      { className: 'se-arrange', role: 'group', dir: 'ltr' },
      ...edges.map((edge) => button(`align.${edge}`, () => actions.align(edge))),
      button('distribute.x', () => actions.distribute('x'), count < 3),
      button('distribute.y', () => actions.distribute('y'), count < 3),
      button('same-size', () => actions.sameSize()),
    )
  }

  function buttons(single) {
    const button = (name, label, work, className = 'btn btn-sm') =>
      h('button', { type: 'button', className, on: { click: work } }, icon(name), h('span', { textContent: t(label) }))
    return h(
      'div',
      { className: 'se-buttons' },
      button('copy', 'duplicate', () => actions.duplicate()),
      single && store.pages.length > 1 ? button('copy-pages', 'copy-to-pages', () => actions.copyToAllPages()) : undefined,
      button('trash', 'delete', () => actions.remove(), 'btn btn-sm se-danger'),
    )
  }

  function one(field, chosen) {
    const { id, type } = field
    const area = chosen[0].area
    const set = (member, key) => (value) => actions.update([id], { [member]: value }, key ?? `${member} ${id}`)
    const inValidation = (member) => (value) =>
      actions.update([id], (now) => ({ validation: without({ ...now.validation, [member]: value }) }), `validation ${member} ${id}`)
    const inStyle = (member) => (value) =>
      actions.update([id], (now) => ({ style: without({ ...now.style, [member]: value }) }), `style ${member} ${id}`)
    const sealed = type === 'stamp'
    const drawnByHand = type === 'signature' || type === 'initials'
    return [
      head(
        t(`type.${type}`),
        swatch(field.role),
        field.areas.length > 1 && type !== 'radio' ? t('field-name', { count: field.areas.length }) : undefined,
      ),
      fixed || sealed ? undefined : ownerChoice([id], field.role, drawnByHand || type === 'attachment'),
      text('label', field.label, set('label'), { maxlength: 200, placeholder: t(`type.${type}`) }),
      sealed || field.role === companyRole ? undefined : text('help', field.help, set('help'), { maxlength: 500, lines: 2 }),
      typed.has(type) ? text('placeholder', field.placeholder, set('placeholder'), { maxlength: 200 }) : undefined,
      sealed ? undefined : check('required', field.required, set('required')),
      sealed || drawnByHand || type === 'attachment'
        ? undefined
        : check('readonly', field.readonly, set('readonly'), t('property.readonly-hint')),
      type === 'radio' || type === 'select' ? optionList(field) : undefined,
      ...[defaultValue(field, (value) => actions.update([id], { defaultValue: value === '' ? undefined : value }, `default ${id}`))].flat(),
      typed.has(type) || type === 'date'
        ? choice(
            'contactLink',
            field.contactLink ?? '',
            [['', t('link.none')], ...links.map((link) => [link, t(`link.${link}`)])],
            (value) => actions.update([id], { contactLink: value === '' ? undefined : value }),
          )
        : undefined,
      limits(field, inValidation),
      sealed ? undefined : conditionList(field),
      written.has(type)
        ? fold(
            'property.style',
            choice(
              'align',
              field.style.align,
              ['start', 'center', 'end'].map((value) => [value, t(`property.align.${value}`)]),
              inStyle('align'),
            ),
            number('fontSize', field.style.fontSize, inStyle('fontSize'), { min: 4, max: 72, step: 0.5, placeholder: t('font-size.auto') }),
          )
        : undefined,
      fixed || chosen.length !== 1 ? undefined : position(chosen[0], area),
      fixed ? undefined : buttons(type !== 'attachment' && type !== 'radio'),
    ].filter((part) => part !== undefined)
  }

  function without(members) {
    return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''))
  }

  function labelled(name, input, hint) {
    const id = freshId(name)
    input.id = id
    input.dataset.name ??= name
    const hintId = `${id}-hint`
    if (hint !== undefined) input.setAttribute('aria-describedby', hintId)
    return h(
      'div',
      { className: 'se-property' },
      h('label', { for: id, className: 'form-label', textContent: t(`property.${name}`) }),
      input,
      hint === undefined ? undefined : h('p', { id: hintId, className: 'se-hint', textContent: hint }),
    )
  }

  function text(name, value, work, { lines, ...attributes } = {}) {
    const input = h(lines === undefined ? 'input' : 'textarea', {
      className: 'form-control k-auto',
      value: value ?? '',
      rows: lines,
      ...attributes,
      on: { input: (event) => work(event.target.value) },
    })
    return labelled(name, input)
  }

  function number(name, value, work, attributes = {}) {
    const input = h('input', {
      type: 'number',
      dir: 'ltr',
      className: 'form-control',
      value: value === undefined ? '' : String(value),
      ...attributes,
      on: {
        input: (event) => {
          const { value: typedText, validity } = event.target
          if (typedText === '') work(undefined)
          else if (validity.valid) work(Number(typedText))
        },
      },
    })
    return labelled(name, input)
  }

  function check(name, value, work, hint) {
    const id = freshId(name)
    return h(
      'div',
      { className: 'se-property' },
      h(
        'label',
        { className: 'form-check', for: id },
        h('input', {
          id,
          type: 'checkbox',
          className: 'form-check-input',
          checked: value,
          data: { name },
          on: { change: (event) => work(event.target.checked) },
        }),
        h('span', { className: 'form-check-label', textContent: t(`property.${name}`) }),
      ),
      hint === undefined ? undefined : h('p', { className: 'se-hint', textContent: hint }),
    )
  }

  function choice(name, value, options, work, given = {}) {
    const input = h(
      'select',
      { className: 'form-select', data: { name }, ...given, on: { change: (event) => work(event.target.value) } },
      ...options.map(([one, label]) => h('option', { value: one, selected: one === value, textContent: label })),
    )
    return labelled(name, input)
  }

  function ownerChoice(ids, value, personal) {
    const roles = store.document.roles.filter(({ action }) => action !== 'copy').map((role) => [role.id, role.name])
    if (!personal) roles.push([companyRole, t('role.company')])
    if (value === '') roles.unshift(['', '–'])
    return choice('role', value, roles, (role) => {
      if (role !== '') store.change(setRole(store.document, ids, role), { name: t('changed-step') })
    })
  }

  function defaultValue(field, work) {
    const { type } = field
    if (type === 'checkbox') return check('checked', field.defaultValue === 'true', (value) => work(value ? 'true' : ''))
    if (type === 'radio' || type === 'select')
      return choice('defaultValue', field.defaultValue ?? '', [['', '–'], ...(field.options ?? []).map((option) => [option, option])], work)
    if (type === 'date') return dateDefault(field, work)
    if (type === 'multiline') return text('defaultValue', field.defaultValue, work, { lines: 3, maxlength: 5000 })
    if (typed.has(type))
      return text('defaultValue', field.defaultValue, work, { maxlength: 5000, inputmode: type === 'number' ? 'decimal' : undefined })
    return undefined
  }

  /** Nothing, the day of signing (of sending, where the sender fills it), or one day. */
  function dateDefault(field, work) {
    const day = field.defaultValue ?? ''
    const kind = day === signingDay ? signingDay : day === '' ? '' : 'day'
    const own = field.role === companyRole ? 'property.day-of-sending' : 'property.day-of-signing'
    return [
      choice(
        'defaultKind',
        kind,
        [
          ['', '–'],
          [signingDay, t(own)],
          ['day', t('property.fixed-day')],
        ],
        (value) => {
          const at = value === 'day' ? new Date().toLocaleDateString('sv-SE') : value
          // The day of signing is nobody's to change, unless the box is unticked afterwards.
          actions.update([field.id], { defaultValue: at === '' ? undefined : at, ...(at === signingDay ? { readonly: true } : {}) })
        },
      ),
      kind === 'day' ? text('defaultValue', day, work, { type: 'date' }) : undefined,
    ]
  }

  function optionList(field) {
    const { id } = field
    const rows = (field.options ?? []).map((option, index) =>
      h(
        'div',
        { className: 'se-row' },
        h('input', {
          className: 'form-control k-auto',
          value: option,
          maxlength: 200,
          'aria-label': t('option', { number: index + 1 }),
          data: { name: `option-${index}` },
          on: {
            change: (event) => {
              const words = event.target.value.trim()
              // A choice without words, or twice the same, could not be told apart.
              const now = store.document.fields.find((one) => one.id === id)?.options ?? []
              if (words === '' || now.some((other, at) => at !== index && other === words)) event.target.value = now[index] ?? option
              else store.change(renameOption(store.document, id, index, words), { name: t('changed-step'), source: 'panel' })
            },
          },
        }),
        h(
          'button',
          {
            type: 'button',
            className: 'k-iconbutton',
            'aria-label': `${t('option-remove')}: ${option}`,
            title: t('option-remove'),
            disabled: field.options.length <= 2 || (fixed && field.type === 'radio'),
            on: { click: () => store.change(removeOption(store.document, id, index), { name: t('changed-step') }) },
          },
          icon('x'),
        ),
      ),
    )
    const addition = h(
      'button',
      {
        type: 'button',
        className: 'k-linkbutton',
        disabled: fixed && field.type === 'radio',
        on: {
          click: () => {
            let count = field.options.length + 1
            while (field.options.includes(t('option', { number: count }))) count += 1
            store.change(addOption(store.document, id, t('option', { number: count }), store.pages), { name: t('changed-step') })
            panel.querySelector(`[data-name="option-${field.options.length}"]`)?.select()
          },
        },
      },
      icon('plus'),
      t('add-option'),
    )
    return h(
      'fieldset',
      { className: 'se-property' },
      h('legend', { className: 'form-label', textContent: t('property.options') }),
      ...rows,
      addition,
    )
  }

  function limits(field, setter) {
    const { type, validation: now } = field
    const message = text('message', now.message, setter('message'), { maxlength: 200 })
    if (type === 'number') {
      return fold(
        'property.validation',
        pair(
          text('minimum', now.minimum, setter('minimum'), { inputmode: 'decimal', dir: 'ltr' }),
          text('maximum', now.maximum, setter('maximum'), { inputmode: 'decimal', dir: 'ltr' }),
        ),
        number('decimals', now.decimals, setter('decimals'), { min: 0, max: 9, step: 1 }),
        message,
      )
    }
    if (type === 'date')
      return fold(
        'property.validation',
        pair(
          text('minimum', now.minimum, setter('minimum'), { type: 'date' }),
          text('maximum', now.maximum, setter('maximum'), { type: 'date' }),
        ),
        message,
      )
    if (type !== 'text' && type !== 'multiline') return undefined
    return fold(
      'property.validation',
      pair(
        number('minimumLength', now.minimumLength, setter('minimumLength'), { min: 0, max: 5000, step: 1 }),
        number('maximumLength', now.maximumLength, setter('maximumLength'), { min: 1, max: 5000, step: 1 }),
      ),
      type === 'text'
        ? choice(
            'pattern',
            now.pattern ?? '',
            [['', t('pattern.none')], ...patterns.map((one) => [one, t(`pattern.${one}`)])],
            setter('pattern'),
          )
        : undefined,
      message,
    )
  }

  function pair(...parts) {
    return h('div', { className: 'se-pair' }, ...parts)
  }

  const open = new Set()
  function fold(name, ...parts) {
    return h(
      'details',
      {
        className: 'se-fold',
        open: open.has(name),
        on: {
          toggle: (event) => {
            if (event.target.open) open.add(name)
            else open.delete(name)
          },
        },
      },
      h('summary', { textContent: t(name) }),
      ...parts.filter((part) => part !== undefined),
    )
  }

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

  function operatorsOf(field) {
    if (field.type === 'checkbox') return ['checked', 'unchecked']
    if (field.type === 'attachment') return ['filled', 'empty']
    if (field.type === 'number' || field.type === 'date') return ['filled', 'empty', 'equals', 'not_equals', 'greater', 'less']
    return ['filled', 'empty', 'equals', 'not_equals']
  }
  const compares = (operator) => ['equals', 'not_equals', 'greater', 'less'].includes(operator)

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
    if (rows.length > 0) open.add('condition.title')
    return fold('condition.title', h('p', { className: 'se-hint', textContent: t('condition.hint') }), ...rows, addition)
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

  /** Place and size in points, for who wants them exact. */
  function position(place, area) {
    const rect = toPoints(area, store.pages[area.page - 1])
    const input = (name, member) =>
      number(name, Math.round(rect[member] * 10) / 10, (value) => value !== undefined && actions.setRect(place.key, { [member]: value }), {
        min: 0,
        max: 5000,
        step: 0.5,
      })
    return fold('property.position', pair(input('left', 'x'), input('top', 'y')), pair(input('width', 'width'), input('height', 'height')))
  }

  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') focusBox()
  })
  store.on('selection', draw)
  store.on('document', ({ source }) => {
    // What is being typed is in the panel already.
    if (source !== 'panel') draw()
  })
  draw()
  return { draw }
}
